"""Judge a server's answer: good, worth repeating, not there, or refused."""

import base64
import re
from collections.abc import Iterator
from typing import cast
from urllib.parse import quote

import requests
from urllib3.util.retry import Retry

from maskbench.errors import SourceError
from maskbench.text import counted

REDIRECTS = (301, 302, 303, 307, 308)

RETRIED = (408, 425, 429, 502, 503, 504)
"""Status codes after which urllib3 repeats a request.

500 is not among them: Label Studio answers 500 for a missing upload, too, and only the body shows
the difference, so :func:`raise_for_status` decides.
"""

LONGEST_WAIT = 300
"""Longest ``Retry-After`` that is obeyed, in seconds."""

_MISSING = "'NoneType' object has no attribute"  # how a server words an upload that is gone

_MISSING_CAUSES = {
    "/data/upload/": "the upload was deleted from Label Studio: import the image again, or delete "
    "the task",
    "/data/local-files": "no such file lies below Label Studio's document root, or no local "
    "storage of the project covers its folder: look at the project's Settings, Cloud Storage",
    "/resolve/": "no storage of the project serves this address: look at the project's Settings, "
    "Cloud Storage",
}
"""Why Label Studio does not have the image that a task names, and where to fix it, by address."""

_FORBIDDEN = (
    "who asks may not see it; on Label Studio: sign in as the key's user and look whether the "
    "project opens; on another host: make the image public, or import an address that still works"
)


class TransientError(Exception):
    """A bad answer to a request that is worth repeating.

    The message says what the server did; callers put the address before it.
    """


class GaveUpError(SourceError):
    """A request failed with all its repetitions; a smaller one may succeed."""


class BusyError(GaveUpError):
    """The server asks to wait longer than :data:`LONGEST_WAIT`; a smaller request does not help."""


class NotThereError(SourceError):
    """The server has no such project, task or file."""


def raise_for_status(response: requests.Response) -> requests.Response:
    """Return a good answer unchanged.

    Raises:
        TransientError: The request is worth repeating.
        GaveUpError: All repetitions failed, or the request was too long.
        NotThereError: What it asks for does not exist.
        SourceError: The request is refused.
    """
    status = response.status_code
    if response.ok:
        return response
    said = detail(response)
    response.close()
    name = without_query(response.url)
    if status in (404, 410) or (status == 500 and _MISSING in said):
        causes = (cause for part, cause in _MISSING_CAUSES.items() if part in name)
        otherwise = f"answered {status}" if status == 500 or not said else said
        raise NotThereError(f"{name} is not there: {next(causes, otherwise)}")
    if status == 403:
        raise SourceError(f"{name} answered 403{f' ({said})' if said else ''}: {_FORBIDDEN}")
    what = f"answered {status}" + (f" ({said})" if said else "")
    if status == 500:
        raise TransientError(what)
    if status in RETRIED:
        raise _not_repeated(f"{name} {what}", response)
    if status in (413, 414):
        raise GaveUpError(f"{name} answered {status}: the question is too long")
    raise SourceError(f"{name} answered {status}: {said or response.reason}")


def _not_repeated(said: str, response: requests.Response) -> GaveUpError:
    """Return the error for an answer after which urllib3 has stopped repeating the request."""
    retries = cast(Retry, response.raw.retries)  # urllib3 leaves it on every response
    if (retries.get_retry_after(response.raw) or 0) > LONGEST_WAIT:
        return BusyError(f"{said} and asks to wait longer than {LONGEST_WAIT} s; try again later")
    return GaveUpError(f"{said}; gave up after {counted(len(retries.history), 'repetition')}")


def detail(response: requests.Response) -> str:
    """Return the server's own words, short; nothing of a web page, and no key that it repeats."""
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
    """Yield the secrets that a request held, in its header or its body, in each encoding."""
    if request is None:
        return
    key = (request.headers.get("Authorization") or "").partition(" ")[2]
    body = request.body if isinstance(request.body, bytes) else b""
    found = re.findall(rb'"refresh": *"([^"]+)"', body)
    for secret in filter(None, [key, *(text.decode("latin-1") for text in found)]):
        yield secret
        yield quote(secret, safe="")
        yield base64.b64encode(secret.encode()).decode().rstrip("=")


def without_query(url: str) -> str:
    """Return an address without its query, which can hold a signature."""
    return url.partition("?")[0]


def short_reason(error: Exception) -> str:
    """Return why a request failed, in a few words without addresses of objects."""
    text = str(error)
    if isinstance(error, TransientError):
        return text
    known = {
        "timed out": "timed out",
        "refused": "connection refused",
        "Name or service not known": "Name or service not known",
        "CERTIFICATE_VERIFY_FAILED": "CERTIFICATE_VERIFY_FAILED",
        "reset": "connection reset",
    }
    found = (words for sign, words in known.items() if sign in text)
    return next(found, type(error).__name__)
