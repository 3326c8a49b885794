"""The HTTP side of a Label Studio server: patient where it stumbles, clear where it refuses.

Every request is retried with growing pauses when the server is down, overloaded (``Retry-After`` is
heeded), cuts its answer, or sends a web page instead of data; after a limit there is one clear
error. The key goes to the server's own origin and nowhere else, redirects included.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urljoin

import requests
from urllib3.util.retry import Retry

from maskbench.errors import SourceError
from maskbench.labelstudio.answers import (
    LONGEST_WAIT,
    REDIRECTS,
    GaveUpError,
    NotThereError,
    Passing,
    bare,
    cause,
    checked,
    detail,
    gave_up,
)
from maskbench.labelstudio.auth import Credentials, Key, refusal
from maskbench.labelstudio.guard import Allowed, GuardedAdapter, origin

Result = TypeVar("Result")

_MOST_REDIRECTS = 5
_LOG = logging.getLogger(__name__)
_WORTH_SAYING = 4.0  # seconds of waiting that are told
_FIRST_RETRIES = 2  # of the first request: a wrong address shows at once, not after a minute


@dataclass(frozen=True)
class Patience:
    """How long to go on when a server fails.

    Attributes:
        retries: How often a request is repeated.
        pause: Seconds; the pauses are 0, 2, 4, 8 … times this, so about a minute in all.
        timeout: Seconds to wait for a connection, and for each part of an answer.
    """

    retries: int = 7
    pause: float = 0.5
    timeout: tuple[float, float] = (10.0, 120.0)


class Client:
    """Requests to one server.

    Args:
        server: Its address, such as ``https://labels.example.org``.
        key: The key; None for what needs none.
        patience: When to give up.
        private_hosts: Hosts beside the server's own that may be asked although they are private.
    """

    def __init__(
        self,
        server: str,
        key: Key | None,
        patience: Patience | None = None,
        private_hosts: Iterable[str] = (),
    ) -> None:
        self.server = server.rstrip("/")
        self.patience = patience or Patience()
        self.credentials = Credentials(key, self._trade) if key else None
        self._allowed = Allowed.of(private_hosts)
        self._local = threading.local()
        self._headers: dict[str, str] = {}

    def version(self) -> str:
        """The release of the server, which proves that it is one; asked without the key.

        Raises:
            SourceError: Nothing answers at the address, or something else does.
        """
        what = f"no Label Studio answers at {self.server}"
        try:
            return self.persist("/api/version", self._version_once, _FIRST_RETRIES)
        except (GaveUpError, NotThereError) as error:
            raise SourceError(f"{what}: {error}; check fetch.server") from None

    def _version_once(self) -> str:
        response = checked(self._send("GET", f"{self.server}/api/version"))
        if response.status_code in REDIRECTS:
            target = urljoin(self.server, response.headers.get("Location", ""))
            place = target.removesuffix("/").removesuffix("/api/version")
            raise SourceError(f"{self.server} redirects to {place}: put that into fetch.server")
        if "WSGIServer" in response.headers.get("Server", ""):
            # Django's own server: on a connection that stays open each answer takes 40 ms more.
            self._headers["Connection"] = "close"
        try:
            return str(response.json()["release"])
        except (ValueError, KeyError, TypeError, requests.RequestException):
            raise Passing("told something else than its version") from None

    def json(
        self, path: str, params: Mapping[str, Any] | None = None, slow_retries: int | None = None
    ) -> Any:
        """The parsed answer to a GET of a path below the server's address; NaN becomes None.

        Args:
            path: The path, from ``/api/`` on.
            params: The query.
            slow_retries: How often to repeat a question to which the server is too slow, where a
                smaller one could be asked instead.

        Raises:
            SourceError: The server does not give it; :class:`NotThereError` where it says so.
        """
        url = self.server + path
        return self.persist(path, lambda: self._json_once(url, params), slow=slow_retries)

    def _json_once(self, url: str, params: Mapping[str, Any] | None) -> Any:
        response = self.once(url, params=params)
        kind = response.headers.get("Content-Type", "")
        if "json" not in kind:
            raise Passing(f"sent {kind or 'an answer without a type'} instead of JSON")
        try:
            return response.json(parse_constant=lambda name: None)
        except ValueError:
            raise Passing("sent damaged JSON") from None
        except requests.RequestException as error:
            raise Passing(f"cut its answer off ({type(error).__name__})") from None

    def persist(
        self,
        name: str,
        attempt: Callable[[], Result],
        retries: int | None = None,
        slow: int | None = None,
    ) -> Result:
        """What ``attempt`` returns, repeating it while it raises :class:`Passing`.

        Args:
            name: What is asked for, for the message.
            attempt: One try.
            retries: How often to repeat it, if less often than the client's patience says.
            slow: The same where the server was too slow.

        Raises:
            GaveUpError: It failed too often.
        """
        most = self.patience.retries if retries is None else min(retries, self.patience.retries)
        retry = Retry(total=most, backoff_factor=self.patience.pause)
        while True:
            try:
                return attempt()
            except Passing as failure:
                place = (self.server if name.startswith("/") else "") + bare(name)
                said = f"{place} {failure.what}"
                enough = failure.slow and slow is not None and len(retry.history) >= slow
                if not retry.total or enough or (failure.wait or 0) > LONGEST_WAIT:
                    raise gave_up(said, failure, len(retry.history)) from None
                retry = retry.increment("GET", name, error=failure)
                pause = retry.get_backoff_time() if failure.wait is None else failure.wait
                if pause >= _WORTH_SAYING:
                    _LOG.warning("%s; trying again in %g s", said, pause)
                time.sleep(pause)

    def once(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """One GET, following redirects; the key is added where the origin is the server's.

        Raises:
            Passing: A failure that may pass.
            SourceError: One that will not.
        """
        for _ in range(_MOST_REDIRECTS):
            came_from = url
            options = {"params": params, "headers": dict(headers or {}), "stream": stream}
            response = self._exchange(url, options)
            location = response.headers.get("Location")
            if response.status_code not in REDIRECTS or not location:
                return checked(response)
            url, params = urljoin(url, location), None
            response.close()
            if self.is_own(url) and origin(url)[1] != origin(came_from)[1]:
                # A stranger must not have us ask our server something, with our key.
                raise SourceError(f"{bare(came_from)} redirects to the Label Studio server")
        raise SourceError(f"{bare(url)} redirects in a circle")

    def _exchange(self, url: str, options: dict[str, Any]) -> requests.Response:
        """One request to one address; a refused access token is renewed once."""
        if self.credentials is None or not self.is_own(url):
            return self._send("GET", url, **options)
        header = self.credentials.header()
        response = self._authorized(url, header, options)
        if response.status_code == 401 and self.credentials.refused(header):
            response.close()
            header = self.credentials.header()
            response = self._authorized(url, header, options)
        if response.status_code == 401:
            raise refusal(self.credentials.key.kind, self.server, detail(response))
        return response

    def _authorized(self, url: str, header: str, options: dict[str, Any]) -> requests.Response:
        headers = {**self._headers, **options["headers"], "Authorization": header}
        return self._send("GET", url, **{**options, "headers": headers})

    def is_own(self, url: str) -> bool:
        """Whether an address is of the server's own origin."""
        return origin(url) == origin(self.server)

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._session(url).request(
                method, url, timeout=self.patience.timeout, allow_redirects=False, **options
            )
        except requests.Timeout:
            raise Passing("did not answer in time", slow=True) from None
        except requests.exceptions.SSLError as error:
            raise SourceError(f"{bare(url)}: no safe connection: {cause(error)}") from None
        except requests.ConnectionError as error:
            slow = "timed out" in str(error)
            what = "did not answer in time" if slow else f"cannot be reached ({cause(error)})"
            raise Passing(what, slow=slow) from None
        except requests.exceptions.ChunkedEncodingError:
            raise Passing("cut its answer off") from None
        except (requests.RequestException, ValueError) as error:
            raise SourceError(f"{bare(url)} cannot be asked: {type(error).__name__}") from None

    def _session(self, url: str) -> requests.Session:
        """A session of this thread; no proxy stands between us and our own machine."""
        own, near = self.is_own(url), is_loopback(url)
        if not hasattr(self._local, "sessions"):
            self._local.sessions = {}
        sessions: dict[tuple[bool, bool], requests.Session] = self._local.sessions
        if (own, near) not in sessions:
            sessions[own, near] = session = requests.Session()
            session.trust_env = not near
            session.auth = _no_other_key
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # a login, too
            if not own:
                session.mount("http://", GuardedAdapter(self._allowed))
                session.mount("https://", GuardedAdapter(self._allowed))
        return sessions[own, near]

    def _trade(self, personal: str) -> str:
        return self.persist("/api/token/refresh/", lambda: self._trade_once(personal))

    def _trade_once(self, personal: str) -> str:
        url = f"{self.server}/api/token/refresh/"
        response = self._send("POST", url, json={"refresh": personal}, headers=self._headers)
        if response.status_code in (400, 401):
            raise refusal("personal access token", self.server, detail(response))
        try:
            return str(checked(response).json()["access"])
        except (ValueError, KeyError, TypeError):
            raise Passing("sent no access token for the personal one") from None


def _no_other_key(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps ``requests`` from adding a password of ``~/.netrc``."""
    return request


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    _, host, _ = origin(url)
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
