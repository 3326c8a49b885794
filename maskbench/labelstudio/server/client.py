"""Send requests to a Label Studio server, and repeat those that may succeed later.

urllib3 repeats requests with growing pauses while the server is down or overloaded
(``Retry-After`` is respected). A request is repeated here if its answer is cut off or is a web
page instead of data. After a limit there is one clear error. The key goes to the server's own
origin and nowhere else, redirects included.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError

from maskbench.errors import SourceError
from maskbench.labelstudio.server.auth import Credentials, Key, refusal
from maskbench.labelstudio.server.errors import (
    REDIRECTS,
    RETRIED,
    GaveUpError,
    NotThereError,
    TransientError,
    detail,
    raise_for_status,
    short_reason,
    without_query,
)
from maskbench.labelstudio.server.private_network import (
    AllowedHosts,
    PublicHostsAdapter,
    is_loopback,
    origin,
)
from maskbench.labelstudio.server.retry import PatientRetry
from maskbench.text import counted

Result = TypeVar("Result")

_MOST_REDIRECTS = 5
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
    """Send requests to one server.

    Args:
        server: Its address, such as ``https://labels.example.org``.
        key: The key; None for requests that need none.
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
        self._allowed = AllowedHosts.of(private_hosts)
        self._local = threading.local()
        self._headers = requests.Session().headers  # shared by all sessions with the server

    def version(self) -> str:
        """Return the server's release, which proves that it is one; asked without the key.

        Raises:
            SourceError: Nothing answers at the address, or something else does.
        """
        try:
            hasty = self._with_retries(_FIRST_RETRIES)
            return hasty.repeat("/api/version", hasty._version_once)
        except (GaveUpError, NotThereError) as error:
            what = f"no Label Studio answers at {self.server}: {error}; check fetch.server"
            raise SourceError(what) from None

    def _version_once(self) -> str:
        url = f"{self.server}/api/version"
        response = raise_for_status(self._send("GET", url))
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
            raise TransientError("answered with something other than its version") from None

    def json(
        self, path: str, params: Mapping[str, Any] | None = None, retries: int | None = None
    ) -> Any:
        """Return the parsed answer to a GET of a path below the server's address; NaN becomes None.

        Args:
            path: The path, from ``/api/`` on.
            params: The query.
            retries: How often to repeat the request, if less often than the client's patience says.

        Raises:
            SourceError: The server does not give it; :class:`NotThereError` where it says so.
        """
        client = self if retries is None else self._with_retries(retries)
        return client.repeat(path, lambda: client._json_once(path, params))

    def _with_retries(self, retries: int) -> "Client":
        """Return a client for the same server that gives up earlier."""
        client = copy(self)
        client._local = threading.local()
        client.patience = replace(self.patience, retries=min(retries, self.patience.retries))
        return client

    def _json_once(self, path: str, params: Mapping[str, Any] | None) -> Any:
        response = self.once(self.server + path, params=params)
        kind = response.headers.get("Content-Type", "")
        if "json" not in kind:
            raise TransientError(f"sent {kind or 'an answer without a type'} instead of JSON")
        try:
            return response.json(parse_constant=lambda name: None)
        except ValueError:
            raise TransientError("sent damaged JSON") from None

    def send(self, method: str, path: str, body: Any) -> Any:
        """Send JSON that changes something, only once, and return the parsed answer.

        After :class:`TransientError` or :class:`GaveUpError` the change may have been made.
        """
        once, url = self._with_retries(0), self.server + path
        response = raise_for_status(once._exchange(url, method, json=body))
        try:
            return response.json() if response.content else None
        except ValueError:
            raise TransientError("sent something other than JSON") from None

    def repeat(self, name: str, attempt: Callable[[], Result]) -> Result:
        """Return what ``attempt`` returns, repeating it while it raises :class:`TransientError`.

        urllib3 repeats requests up to the answer's headers; whether the body is good shows later.

        Args:
            name: Path or address, for messages.
            attempt: One try.

        Raises:
            GaveUpError: It failed too often.
        """
        retry = self._retry()
        while True:
            try:
                return attempt()
            except TransientError as failure:
                place = (self.server if name.startswith("/") else "") + without_query(name)
                if not retry.total:
                    repeated = f"gave up after {counted(len(retry.history), 'repetition')}"
                    raise GaveUpError(f"{place} {failure}; {repeated}") from None
                retry = retry.increment("GET", place, error=failure)
                retry.sleep()

    def _retry(self) -> PatientRetry:
        """Return the rule by which a request is repeated."""
        return PatientRetry(
            total=self.patience.retries,
            allowed_methods=None,
            status_forcelist=RETRIED,
            backoff_factor=self.patience.pause,
            raise_on_status=False,
        )

    def once(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """Send a GET request and follow redirects; the server's own origin gets the key.

        Args:
            url: The address.
            params: The query.
            headers: Headers beside the client's own.
            stream: Whether the body is read later.

        Raises:
            TransientError: The answer is bad, but a repetition may help.
            SourceError: The server fails or refuses.
        """
        for _ in range(_MOST_REDIRECTS):
            came_from = url
            response = self._exchange(url, params=params, headers=headers, stream=stream)
            location = response.headers.get("Location")
            if response.status_code not in REDIRECTS or not location:
                return raise_for_status(response)
            url, params = urljoin(url, location), None
            response.close()
            if self.is_own(url) and origin(url)[1] != origin(came_from)[1]:
                # Another site must not choose what the server is asked with the key.
                where = without_query(came_from)
                raise SourceError(f"{where} redirects to the Label Studio server")
        raise SourceError(f"{without_query(url)} redirects in a circle")

    def _exchange(self, url: str, method: str = "GET", **options: Any) -> requests.Response:
        """Send a request to one address; a refused access token is renewed once."""
        if self.credentials is None or not self.is_own(url):
            return self._send(method, url, **options)
        response = self._send(method, url, auth=self.credentials, **options)
        if response.status_code == 401 and self.credentials.renew(response.request):
            response.close()
            response = self._send(method, url, auth=self.credentials, **options)
        if response.status_code == 401:
            raise refusal(self.credentials.key.kind, self.server, detail(response))
        return response

    def is_own(self, url: str) -> bool:
        """Return whether an address has the server's own origin."""
        return origin(url) == origin(self.server)

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._session(url).request(
                method, url, timeout=self.patience.timeout, allow_redirects=False, **options
            )
        except requests.exceptions.SSLError as error:
            reason = short_reason(error)
            raise SourceError(f"{without_query(url)}: no safe connection: {reason}") from None
        except (requests.ConnectionError, requests.Timeout) as error:
            reason = short_reason(error)
            late = reason == "timed out"
            what = "did not answer in time" if late else f"cannot be reached ({reason})"
            if not isinstance(error.args[0], MaxRetryError):  # in the middle of the body
                raise TransientError(what) from None
            repeated = f"gave up after {counted(self.patience.retries, 'repetition')}"
            raise GaveUpError(f"{without_query(url)} {what}; {repeated}") from None
        except requests.exceptions.ChunkedEncodingError:
            raise TransientError("cut its answer off") from None
        except (requests.RequestException, ValueError) as error:
            what = f"cannot be asked: {type(error).__name__}"
            raise SourceError(f"{without_query(url)} {what}") from None

    def _session(self, url: str) -> requests.Session:
        """Return a session of this thread; this machine itself is asked without a proxy."""
        own, near = self.is_own(url), is_loopback(url)
        sessions: dict[Any, requests.Session] = self._local.__dict__
        name = f"{own} {near}"
        if name not in sessions:
            sessions[name] = session = requests.Session()
            if own:
                session.headers = self._headers
            session.trust_env = not near
            session.auth = _no_other_key
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # a login, too
            retry = self._retry()
            for scheme in ("http://", "https://"):
                adapter = HTTPAdapter(max_retries=retry)
                session.mount(scheme, adapter if own else PublicHostsAdapter(self._allowed, retry))
        return sessions[name]

    def _trade(self, personal: str) -> str:
        return self.repeat("/api/token/refresh/", lambda: self._trade_once(personal))

    def _trade_once(self, personal: str) -> str:
        url = f"{self.server}/api/token/refresh/"
        response = self._send("POST", url, json={"refresh": personal})
        if response.status_code in (400, 401):
            raise refusal("personal access token", self.server, detail(response))
        try:
            return str(raise_for_status(response).json()["access"])
        except (ValueError, KeyError, TypeError):
            raise TransientError("sent no access token for the personal one") from None


def _no_other_key(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep ``requests`` from adding a password of ``~/.netrc``."""
    return request
