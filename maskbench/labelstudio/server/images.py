"""Download images that have changed, each whole or not at all.

A transfer that is cut off in the middle, which urllib3 does not repair, is continued from where it
stopped if the server can do that.
"""

import base64
import binascii
import posixpath
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import fsspec
import requests
from requests.structures import CaseInsensitiveDict

from maskbench.errors import SourceError
from maskbench.files.atomic import write_bytes
from maskbench.labelstudio.image_file import MissingImageError
from maskbench.labelstudio.image_names import public_form
from maskbench.labelstudio.server.auth import KeyRefusedError
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.errors import GaveUpError, NotThereError, TransientError

_CLOUD = {"s3": "s3", "gs": "gs", "azure-blob": "abfs"}
"""Schemes of cloud storage, as Label Studio and as fsspec write them."""

_BLOCK = 1 << 14  # after a cut, whole blocks are kept
_MOST_PARTS = 1000  # pieces of one image, for servers that give a few megabytes at a time
_MOST_BYTES = 1 << 32  # of one image: more than the largest accepted one has uncompressed
_UNSERVED = "direct"  # name of the validator for what is read from cloud storage itself
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True)
class ImageRequest:
    """An image to download.

    Attributes:
        reference: What the task's data holds.
        task: Id of a task that names it.
        target: The file to make.
        validator: The validator of the copy at hand; None to download it in any case.
    """

    reference: str
    task: int
    target: Path
    validator: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ImageResult:
    """The result of a request.

    Attributes:
        validator: Headers that ask, another time, whether the image has changed.
        changed: Whether ``target`` was written; False where the copy at hand is up to date.
    """

    validator: Mapping[str, str]
    changed: bool


def get_image(client: Client, request: ImageRequest) -> ImageResult:
    """Download an image to ``request.target``, unless the copy at hand is up to date.

    Raises:
        MissingImageError: This image is not there.
        ValueError: It cannot be downloaded; the message says why.
        SourceError: The server fails or refuses the key.
    """
    reference = request.reference
    if reference.startswith("data:"):
        write_bytes(request.target, _inline(reference))
        return ImageResult({}, True)
    address = image_address(reference, client.server, request.task)
    if client.is_own(address) and is_question(address, client.server):
        raise ValueError(
            f"the image {public_form(reference)!r} is a question to Label Studio's API"
        )
    try:
        return _transfer(client, address, request)
    except (GaveUpError, KeyRefusedError):
        raise
    except SourceError as error:
        if urlsplit(reference).scheme not in _CLOUD:
            kind = MissingImageError if isinstance(error, NotThereError) else ValueError
            raise kind(f"the image cannot be had: {error}") from None
        return _directly(request, str(error))


def _inline(reference: str) -> bytes:
    head, _, body = reference.partition(",")
    try:
        return base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
    except binascii.Error:
        raise ValueError("the image's data: address is damaged") from None


@dataclass
class _Progress:
    """The progress of a transfer, from which a repetition continues."""

    part: Path
    done: int = 0
    total: int | None = None
    etag: str | None = None


def _transfer(client: Client, address: str, request: ImageRequest) -> ImageResult:
    if request.validator is not None and is_upload_address(address) and client.is_own(address):
        return ImageResult({}, False)  # a new upload has a new address
    progress = _Progress(request.target.with_name(f"{request.target.name}.part"))
    try:
        for _ in range(_MOST_PARTS):
            result = client.repeat(address, lambda: _part(client, address, request, progress))
            if result is not None:
                if result.changed:
                    progress.part.replace(request.target)
                return result
    except _EndlessError:
        progress.part.unlink(missing_ok=True)  # it may have filled the disk
        raise
    raise ValueError("the image comes in too many pieces")


class _EndlessError(ValueError):
    """A host sends more than any image has."""

    def __init__(self) -> None:
        super().__init__(f"the image has more than {_MOST_BYTES:,} bytes")


def _part(
    client: Client, address: str, request: ImageRequest, progress: _Progress
) -> ImageResult | None:
    """Make one request; return None when there is more to come."""
    headers = _headers(client, address, request, progress)
    with client.once(address, headers=headers, stream=True) as response:
        if response.status_code == 304:
            return ImageResult(request.validator or {}, False)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise TransientError("sent a web page instead of an image")
        _place(response, progress)
        _receive(response, progress)
        validator = _validator(response.headers)
    if progress.total is not None and progress.done < progress.total:
        return None
    return ImageResult(validator, True)


def _headers(
    client: Client, address: str, request: ImageRequest, progress: _Progress
) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}
    if progress.done:
        headers |= {"Range": f"bytes={progress.done}-"}
        headers |= {"If-Range": progress.etag} if progress.etag else {}
    elif request.validator:
        headers |= {name: v for name, v in request.validator.items() if name != _UNSERVED}
    elif client.is_own(address) and is_upload_address(address):
        headers["Range"] = "bytes=0-"  # else no length is sent, and a cut goes unnoticed
    return headers


def _place(response: requests.Response, progress: _Progress) -> None:
    """Find where in the file the answer begins: a full answer at 0."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status_code == 206 and found and int(found[1]) == progress.done:
        progress.total = int(found[2])
    elif response.status_code == 206:
        progress.done = 0
        raise TransientError("sent another part of the image than asked for")
    else:
        length = response.headers.get("Content-Length", "")
        progress.done, progress.total = 0, int(length) if length.isdecimal() else None
    if progress.total is not None and progress.total > _MOST_BYTES:
        raise _EndlessError
    etag = response.headers.get("ETag", "")
    progress.etag = etag if etag.startswith('"') else None


def _receive(response: requests.Response, progress: _Progress) -> None:
    """Append the answer's body to the file; a cut-off one is kept if it can be continued."""
    before = progress.done
    try:
        with progress.part.open("r+b" if progress.done else "wb") as stream:
            stream.seek(progress.done)
            stream.truncate()
            for block in response.iter_content(_BLOCK):
                stream.write(block)
                progress.done += len(block)
                if progress.done > _MOST_BYTES:
                    raise _EndlessError
    except requests.RequestException:
        moved = progress.done > before
        if not (progress.total and (progress.etag or response.status_code == 206)):
            progress.done = 0
        if not (moved and progress.done):
            raise TransientError("cut an image off") from None
    if progress.total is not None and progress.done == before < progress.total:
        raise TransientError("sent nothing of an image")


def _validator(headers: "CaseInsensitiveDict[str]") -> dict[str, str]:
    if "ETag" in headers:
        return {"If-None-Match": headers["ETag"]}
    if "Last-Modified" in headers:
        return {"If-Modified-Since": headers["Last-Modified"]}
    return {}


def _directly(request: ImageRequest, refused: str) -> ImageResult:
    """Read an image from cloud storage with this machine's own credentials."""
    scheme = urlsplit(request.reference).scheme
    address = request.reference.replace(scheme, _CLOUD[scheme], 1)
    try:
        # Not url_to_fs: that would take hosts, options and chained addresses from the text.
        system = fsspec.filesystem(_CLOUD[scheme])
        path = system._strip_protocol(address)
        about = system.info(path)
        validator = {_UNSERVED: _fingerprint(about)}
        if int(about.get("size") or 0) > _MOST_BYTES:
            raise _EndlessError
        if request.validator == validator:
            return ImageResult(validator, False)
        part = request.target.with_name(f"{request.target.name}.part")
        with system.open(path, "rb") as source, part.open("wb") as target:
            shutil.copyfileobj(source, target)
    except ImportError as error:
        raise ValueError(f"{refused}; to read it without the server: {error}") from None
    except FileNotFoundError:
        raise MissingImageError(f"{refused}; {address} itself is not there") from None
    except Exception as error:  # each kind of storage has errors of its own
        raise ValueError(f"{refused}; reading {address} itself: {error}") from None
    part.replace(request.target)
    return ImageResult(validator, True)


def _fingerprint(info: Mapping[str, Any]) -> str:
    """Return the properties of a stored object that differ between its versions."""
    names = ("ETag", "etag", "content_md5", "md5Hash", "mtime", "LastModified", "updated", "size")
    return "; ".join(f"{name}={info[name]}" for name in names if info.get(name) is not None)


def image_address(reference: str, server: str, task: int) -> str:
    """Return the address to get an image from.

    Args:
        reference: What the task's data holds.
        server: The server's address, perhaps with a path (``https://host/ls``).
        task: The task's id: cloud storage is resolved for a task.

    Raises:
        ValueError: The reference is not an address; the message says so.

    >>> image_address("/data/upload/1/x.png", "http://localhost:8080", 7)
    'http://localhost:8080/data/upload/1/x.png'
    """
    parts = urlsplit(reference)
    if parts.scheme in ("http", "https"):
        return reference
    if parts.scheme in _CLOUD:
        code = base64.urlsafe_b64encode(reference.encode()).decode()
        return f"{server}/tasks/{task}/resolve/?fileuri={code}"
    if reference.startswith("/") and not reference.startswith("//"):
        # With LABEL_STUDIO_HOST=http://host/ls the reference itself begins with /ls.
        base = urlsplit(server)
        below = base.path and reference.startswith(f"{base.path}/")
        return (f"{base.scheme}://{base.netloc}" if below else server) + reference
    raise ValueError(
        f"the image {public_form(reference)!r} is not an address that the server could give: it "
        "needs to begin with /data/, http://, https://, s3://, gs:// or azure-blob://"
    )


def is_upload_address(address: str) -> bool:
    """Return whether an address is of an upload, whose content never changes."""
    return "/data/upload/" in urlsplit(address).path


def is_question(address: str, server: str) -> bool:
    """Return whether an address leads to the server's API, which a task must not use.

    >>> is_question("http://host/data/../api/users", "http://host")
    True
    """
    path = unquote(urlsplit(address.replace("\\", "/")).path).replace("\\", "/")
    steps = posixpath.normpath(path).lower().lstrip("/")
    base = urlsplit(server).path.strip("/").lower()
    inner = steps.removeprefix(f"{base}/") if base else steps
    return any(path == "api" or path.startswith("api/") for path in (steps, inner))
