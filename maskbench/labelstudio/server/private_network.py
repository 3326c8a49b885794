"""Keep requests for images off private networks: a task's author may not be trusted.

An address in a task could name a service that only this machine can reach: a cloud's metadata
(which hands out credentials), a database on the same host, a router. So every host but the Label
Studio server has to be on the public internet, or listed in ``fetch.private_hosts``. The name is
checked, every address that it resolves to, and the address that a connection has reached, before a
byte is sent, so a name that resolves differently the second time gains nothing. Redirects and
repeated requests are checked like any other.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url
from urllib3.util.retry import Retry

from maskbench.errors import SourceError

Address = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}
"""Ports that an address can leave out."""

_PRIVATE_NAMES = ("localhost", "internal", "local", "home.arpa")  # also as a name's end
_MORE_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's host, public by number only
        "192.0.0.0/24",  # Oracle's metadata, and other special uses
        "192.88.99.0/24",  # relays
    )
)
_TRANSLATED = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


class PrivateAddressError(SourceError):
    """A task names an address on a private network."""


def origin(url: str) -> tuple[str, str, int | None]:
    r"""Return scheme, host and port of an address, as the code that connects understands them.

    Python's :mod:`urllib.parse` takes the host of ``http://evil.com\@host/`` for ``host``, but the
    request goes to ``evil.com``: what decides who gets the key has to see the latter. An address
    that cannot be read has the host ``""``.
    """
    try:
        parts = parse_url(url.lstrip())
    except LocationParseError:
        return "", "", None
    scheme = (parts.scheme or "").lower()
    host = (parts.host or "").lower().strip("[]").rstrip(".")
    return scheme, host, parts.port or PORTS.get(scheme)


def is_loopback(url: str) -> bool:
    """Return whether an address is of this machine."""
    _, host, _ = origin(url)
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(address: Address) -> bool:
    """Return whether an address is anything but a machine on the public internet.

    >>> is_private(ip_address("::ffff:10.0.0.1")), is_private(ip_address("9.9.9.9"))
    (True, False)
    """
    inner = _inner(address)
    if inner is not None:
        return is_private(inner)
    if any(address.version == net.version and address in net for net in _MORE_PRIVATE):
        return True
    return (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )


def _inner(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if not isinstance(address, IPv6Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in net for net in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@dataclass(frozen=True)
class AllowedHosts:
    """Hosts that images may lie on although they are private.

    Attributes:
        hosts: (name or address, port) pairs; port None: any port.
    """

    hosts: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "AllowedHosts":
        """Read the entries of ``fetch.private_hosts``, which :mod:`maskbench.params` has checked.

        >>> sorted(AllowedHosts.of(["minio.lan:9000"]).hosts)
        [('minio.lan', 9000)]
        """
        return cls(frozenset(_entry(entry) for entry in entries))

    def has(self, host: str, port: int | None) -> bool:
        """Return whether this host, by name or address, is listed."""
        return bool(self.hosts & {(host, port), (host, None)})


def _entry(text: str) -> tuple[str, int | None]:
    try:
        # Tried first, because an IPv6 address without brackets is not a host and port.
        return str(ip_address(text)), None
    except ValueError:
        _, host, port = origin(f"//{text}")
        return _normalized(host), port


def _normalized(host: str) -> str:
    """Return a host in one spelling, if it is an address."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host


def check_url(url: str, allowed: AllowedHosts) -> None:
    """Check that a request to an address cannot reach a private machine.

    A name that does not resolve here is let through: the connection fails, or a proxy that knows
    more names decides for itself.

    Raises:
        PrivateAddressError: It can.
    """
    _, host, port = origin(url)
    if allowed.has(_normalized(host), port):
        return
    if any(host == name or host.endswith(f".{name}") for name in _PRIVATE_NAMES):
        raise _refused(host, port)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    for entry in found:
        check_ip(str(entry[4][0]), host, port, allowed)


def check_ip(text: str, host: str, port: int | None, allowed: AllowedHosts) -> None:
    """Check that ``text``, an address of ``host``, is public or listed.

    Raises:
        PrivateAddressError: It is neither.
    """
    address = ip_address(text.partition("%")[0])
    names = {_normalized(host), str(address), str(_inner(address) or address)}
    if is_private(address) and not any(allowed.has(name, port) for name in names):
        raise _refused(host, port)


def _refused(host: str, port: int | None) -> PrivateAddressError:
    shown = f"[{host}]" if ":" in host else host
    shown += "" if port is None or port in PORTS.values() else f":{port}"
    return PrivateAddressError(
        f"{shown} is this machine or on a private network, where a task's address may not lead; if "
        f"images do lie there, list it: fetch.private_hosts: ['{shown}']"
    )


class PublicHostsAdapter(HTTPAdapter):
    """Send requests to public machines only, and to those listed.

    Args:
        allowed: Private hosts that may be reached.
        retry: How requests are repeated.
    """

    def __init__(self, allowed: AllowedHosts, retry: Retry) -> None:
        self._allowed = allowed
        super().__init__(max_retries=retry)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Set up connections that check whom they have reached."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._allowed)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        """Send a request after checking its address; behind a proxy, that is the only check."""
        check_url(str(request.url), self._allowed)
        return super().send(request, *args, **options)


def _pools(allowed: AllowedHosts) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools by scheme that close connections to peers that are not allowed."""

    def checked(connection: HTTPConnection, reached: socket.socket) -> socket.socket:
        try:
            check_ip(str(reached.getpeername()[0]), connection.host, connection.port, allowed)
        except BaseException:
            reached.close()
            raise
        return reached

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return checked(self, super()._new_conn())

    class Safe(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return checked(self, super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SafePool(HTTPSConnectionPool):
        ConnectionCls = Safe

    return {"http": PlainPool, "https": SafePool}
