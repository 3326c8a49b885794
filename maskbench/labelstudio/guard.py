"""Which addresses an image may be got from: a task is input from people who may not be trusted.

An address in a task could name a service that only this machine can reach: a cloud's metadata
(which hands out credentials), a database on the same host, a router. So what is not of the Label
Studio server itself has to be on the public internet, or listed in ``fetch.private_hosts``. That is
asked of the name, of every address the name has, and of the address a connection really reached,
before a byte is sent: a name that answers otherwise the second time gains nothing. Redirects are
connections like any other.
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

from maskbench.errors import SourceError

Address = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}
"""Ports that an address need not tell."""

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
    """An address that a task may not name."""


def origin(url: str) -> tuple[str, str, int | None]:
    r"""Scheme, host and port of an address, as a request to it understands them: who gets the key.

    ``http://evil.com\@host/`` is read as ``host`` by Python's :mod:`urllib.parse` and as
    ``evil.com`` by the code that connects; what decides who gets the key has to ask the latter. An
    address that cannot be read has the host ``""``.
    """
    try:
        parts = parse_url(url.lstrip())
    except LocationParseError:
        return "", "", None
    scheme = (parts.scheme or "").lower()
    host = (parts.host or "").lower().strip("[]").rstrip(".")
    return scheme, host, parts.port or PORTS.get(scheme)


def is_private(address: Address) -> bool:
    """Whether an address is anything but a machine on the public internet.

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
    """The IPv4 address that an IPv6 address stands for, if it does."""
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
class Allowed:
    """Hosts that images may lie on although they are private.

    Attributes:
        hosts: (name or address, port) pairs; port None: any port.
    """

    hosts: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "Allowed":
        """From the entries of ``fetch.private_hosts``, which :mod:`maskbench.params` has checked.

        >>> sorted(Allowed.of(["minio.lan:9000"]).hosts)
        [('minio.lan', 9000)]
        """
        return cls(frozenset(_entry(entry) for entry in entries))

    def has(self, host: str, port: int | None) -> bool:
        """Whether this host, by name or address, is listed."""
        return bool(self.hosts & {(host, port), (host, None)})


def _entry(text: str) -> tuple[str, int | None]:
    try:
        return str(ip_address(text)), None  # an IPv6 address without brackets is no host and port
    except ValueError:
        _, host, port = origin(f"//{text}")
        return _spelt(host), port


def _spelt(host: str) -> str:
    """A host in one spelling, if it is an address."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host


def check_url(url: str, allowed: Allowed) -> None:
    """Raise PrivateAddressError if a request to the address could reach a private machine.

    A name that has no address here is let through: whoever connects fails, or is a proxy that knows
    more names and decides for itself.
    """
    _, host, port = origin(url)
    if allowed.has(_spelt(host), port):
        return
    if any(host == name or host.endswith(f".{name}") for name in _PRIVATE_NAMES):
        raise _refused(host, port)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    for entry in found:
        check_address(str(entry[4][0]), host, port, allowed)


def check_address(text: str, host: str, port: int | None, allowed: Allowed) -> None:
    """Raise PrivateAddressError if the address ``text`` of ``host`` is private and not listed."""
    address = ip_address(text.partition("%")[0])
    names = {_spelt(host), str(address), str(_inner(address) or address)}
    if is_private(address) and not any(allowed.has(name, port) for name in names):
        raise _refused(host, port)


def _refused(host: str, port: int | None) -> PrivateAddressError:
    shown = f"[{host}]" if ":" in host else host
    shown += "" if port is None or port in PORTS.values() else f":{port}"
    return PrivateAddressError(
        f"{shown} is this machine or on a private network, where a task's address may not lead; if "
        f"images do lie there, list it: fetch.private_hosts: ['{shown}']"
    )


class GuardedAdapter(HTTPAdapter):
    """Sends requests to public machines only, and to those listed.

    Args:
        allowed: Private hosts that may be reached.
    """

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """As the parent; connections look at whom they have reached."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._allowed)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        """As the parent, after a look at the address; behind a proxy that is the only look."""
        check_url(str(request.url), self._allowed)
        return super().send(request, *args, **options)


def _pools(allowed: Allowed) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools by scheme whose connections are closed unless their peer may be reached."""

    def checked(connection: HTTPConnection, reached: socket.socket) -> socket.socket:
        try:
            check_address(str(reached.getpeername()[0]), connection.host, connection.port, allowed)
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
