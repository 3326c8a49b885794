"""What a server's answers mean: good, worth another try, not there, or refused for good."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from maskbench.errors import SourceError

REDIRECTS = (301, 302, 303, 307, 308)

LONGEST_WAIT = 300
"""Seconds of ``Retry-After`` that are waited for."""

_PASSING = (408, 425, 429, 500, 502, 503, 504)
_MISSING = "'NoneType' object has no attribute"  # how a server words an upload that is gone


class Passing(Exception):
    """A failure that may pass: the request is worth repeating.

    Args:
        what: What the server did, after its address in the message.
        response: The answer, if there was one; its ``Retry-After`` is heeded.
        slow: Whether a smaller question may be answered.
    """

    def __init__(
        self, what: str, response: requests.Response | None = None, slow: bool = False
    ) -> None:
        super().__init__(what)
        self.what = what
        self.slow = slow
        self.wait = _retry_after(response) if response is not None else None


class GaveUpError(SourceError):
    """A request failed however often it was repeated; ``slow`` tells that less may be answered."""

    def __init__(self, message: str, slow: bool = False) -> None:
        super().__init__(message)
        self.slow = slow


class NotThereError(SourceError):
    """The server has no such project, task or file."""


def checked(response: requests.Response) -> requests.Response:
    """The answer if it is a good one; else the fitting error."""
    status = response.status_code
    if response.ok:
        return response
    said = detail(response)
    response.close()
    name = bare(response.url)
    if status in (404, 410) or (status == 500 and _MISSING in said):
        raise NotThereError(f"{name} is not there ({said or status})")
    if status in _PASSING:
        what = f"answered {status}" + (f" ({said})" if said else "")
        raise Passing(what, response, slow=status in (408, 502, 504))
    if status in (413, 414):
        raise GaveUpError(f"{name} answered {status}: the question is too long", slow=True)
    raise SourceError(f"{name} answered {status}: {said or response.reason}")


def detail(response: requests.Response) -> str:
    """The server's own words, short; nothing of a web page, and no key that it repeats."""
    try:
        value = response.json()
    except (ValueError, requests.RequestException):
        return ""
    text = value.get("detail") or value.get("error") if isinstance(value, dict) else None
    said = " ".join(str(text).split()) if text else ""
    for secret in _sent(response.request):
        said = said.replace(secret, "(the key)")
    return said[:300]


def _sent(request: requests.PreparedRequest | None) -> Iterator[str]:
    """What a request held that nobody may read: in its header, or to be traded in its body."""
    if request is None:
        return
    key = (request.headers.get("Authorization") or "").partition(" ")[2]
    body = request.body if isinstance(request.body, bytes) else b""
    found = re.findall(rb'"refresh": *"([^"]+)"', body)
    for secret in filter(None, [key, *(text.decode("latin-1") for text in found)]):
        yield secret
        yield quote(secret, safe="")
        yield base64.b64encode(secret.encode()).decode().rstrip("=")


def bare(url: str) -> str:
    """An address without its query, which can hold a signature."""
    return url.partition("?")[0]


def cause(error: Exception) -> str:
    """The innermost reason of a failed connection, without addresses of objects."""
    text = str(error)
    for known in ("refused", "Name or service not known", "CERTIFICATE_VERIFY_FAILED", "reset"):
        if known in text:
            return {"refused": "connection refused", "reset": "connection reset"}.get(known, known)
    return type(error).__name__


def gave_up(said: str, failure: Passing, repeated: int) -> GaveUpError:
    """The error after the last try."""
    if failure.wait is not None and failure.wait > LONGEST_WAIT:
        text = f"{said} and asks to wait longer than {LONGEST_WAIT} s; try again later"
        return GaveUpError(text, failure.slow)
    return GaveUpError(f"{said}; gave up after {repeated} repetitions", failure.slow)


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that the server asks to wait, if it does."""
    try:
        return Retry().get_retry_after(response.raw)
    except InvalidHeader:
        return None
