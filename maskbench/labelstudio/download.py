"""Getting one image: whole or not at all, and not again when it has not changed."""

import base64
import binascii
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import requests
from requests.structures import CaseInsensitiveDict

from maskbench.errors import SourceError
from maskbench.labelstudio.addresses import (
    direct_address,
    image_address,
    is_cloud,
    is_question,
    is_upload,
)
from maskbench.labelstudio.answers import GaveUpError, Passing
from maskbench.labelstudio.auth import KeyRefusedError
from maskbench.labelstudio.client import Client

_BLOCK = 1 << 14  # after a cut, whole blocks are kept
_MOST_PARTS = 1000  # pieces of one image, for servers that give a few megabytes at a time
_MOST_BYTES = 1 << 32  # of one image: what the largest that is taken has if nothing is packed
_DIRECT = "direct"  # a validator of ours, for what is read without the server
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True)
class Wanted:
    """An image to get.

    Attributes:
        reference: What the task's data holds.
        task: Id of a task that names it.
        target: The file to make.
        validator: What was remembered with the copy at hand; None to get it in any case.
    """

    reference: str
    task: int
    target: Path
    validator: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Got:
    """What became of a wanted image.

    Attributes:
        validator: Headers with which to ask, another time, whether it has changed.
        changed: Whether ``target`` was written; False where the copy at hand is up to date.
    """

    validator: Mapping[str, str]
    changed: bool


def get_image(client: Client, wanted: Wanted) -> Got:
    """Write an image to ``wanted.target``, unless the copy at hand is up to date.

    Raises:
        ValueError: This image cannot be had; the message says why.
        SourceError: The server fails altogether.
    """
    reference = wanted.reference
    if reference.startswith("data:"):
        _store(_inline(reference), wanted.target)
        return Got({}, True)
    address = image_address(reference, client.server, wanted.task)
    if client.is_own(address) and is_question(address, client.server):
        raise ValueError(f"the image {reference[:200]!r} is a question to Label Studio's API")
    try:
        return _transfer(client, address, wanted)
    except (GaveUpError, KeyRefusedError):
        raise
    except SourceError as error:
        if not is_cloud(reference):
            raise ValueError(f"the image cannot be had: {error}") from None
        return _directly(wanted, str(error))


def _inline(reference: str) -> bytes:
    head, _, body = reference.partition(",")
    try:
        return base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
    except binascii.Error:
        raise ValueError("the image's data: address is damaged") from None


def _store(content: bytes, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    part.write_bytes(content)
    part.replace(target)


@dataclass
class _State:
    """How far an image's transfer is; kept over repetitions, so that they go on there."""

    part: Path
    done: int = 0
    total: int | None = None
    etag: str | None = None


def _transfer(client: Client, address: str, wanted: Wanted) -> Got:
    if wanted.validator is not None and is_upload(address) and client.is_own(address):
        return Got({}, False)  # a new upload has a new address
    state = _State(wanted.target.with_name(f"{wanted.target.name}.part"))
    try:
        for _ in range(_MOST_PARTS):
            got = client.persist(address, lambda: _part(client, address, wanted, state))
            if got is not None:
                if got.changed:
                    state.part.replace(wanted.target)
                return got
    except _EndlessError:
        state.part.unlink(missing_ok=True)  # it may have filled the disk
        raise
    raise ValueError("the image comes in too many pieces")


class _EndlessError(ValueError):
    """A host sends more than any image has."""

    def __init__(self) -> None:
        super().__init__(f"the image has more than {_MOST_BYTES:,} bytes")


def _part(client: Client, address: str, wanted: Wanted, state: _State) -> Got | None:
    """One request; None when there is more to come."""
    headers = _request_headers(client, address, wanted, state)
    with client.once(address, headers=headers, stream=True) as response:
        if response.status_code == 304:
            return Got(wanted.validator or {}, False)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise Passing("sent a web page instead of an image")
        _place(response, state)
        _receive(response, state)
        validator = _validator(response.headers)
    if state.total is not None and state.done < state.total:
        return None
    return Got(validator, True)


def _request_headers(client: Client, address: str, wanted: Wanted, state: _State) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}
    if state.done:
        headers |= {"Range": f"bytes={state.done}-"}
        headers |= {"If-Range": state.etag} if state.etag else {}
    elif wanted.validator:
        headers |= {name: v for name, v in wanted.validator.items() if name != _DIRECT}
    elif client.is_own(address) and is_upload(address):
        headers["Range"] = "bytes=0-"  # else the length is not told, and a cut does not show
    return headers


def _place(response: requests.Response, state: _State) -> None:
    """Take the answer's place in the file; a full answer begins it anew."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status_code == 206 and found and int(found[1]) == state.done:
        state.total = int(found[2])
    elif response.status_code == 206:
        state.done = 0
        raise Passing("sent another part of the image than asked for")
    else:
        length = response.headers.get("Content-Length", "")
        state.done, state.total = 0, int(length) if length.isdecimal() else None
    if state.total is not None and state.total > _MOST_BYTES:
        raise _EndlessError
    etag = response.headers.get("ETag", "")
    state.etag = etag if etag.startswith('"') else None


def _receive(response: requests.Response, state: _State) -> None:
    """Add the answer's body to the file; after a cut, what came is kept if it can be continued."""
    before = state.done
    try:
        with state.part.open("r+b" if state.done else "wb") as stream:
            stream.seek(state.done)
            stream.truncate()
            for block in response.iter_content(_BLOCK):
                stream.write(block)
                state.done += len(block)
                if state.done > _MOST_BYTES:
                    raise _EndlessError
    except requests.RequestException:
        moved = state.done > before
        if not (state.total and (state.etag or response.status_code == 206)):
            state.done = 0
        if not (moved and state.done):
            raise Passing("cut an image off") from None
    if state.total is not None and state.done == before < state.total:
        raise Passing("sent nothing of an image")


def _validator(headers: "CaseInsensitiveDict[str]") -> dict[str, str]:
    if "ETag" in headers:
        return {"If-None-Match": headers["ETag"]}
    if "Last-Modified" in headers:
        return {"If-Modified-Since": headers["Last-Modified"]}
    return {}


def _directly(wanted: Wanted, refused: str) -> Got:
    """Read from cloud storage with this machine's own credentials."""
    fsspec = import_module("fsspec")  # here: it takes a moment, and is rarely needed
    address = direct_address(wanted.reference)
    try:
        # Not url_to_fs: that would take hosts, options and chained addresses from the text.
        system = fsspec.filesystem(address.partition("://")[0])
        path = system._strip_protocol(address)
        about = system.info(path)
        mark = {_DIRECT: _mark(about)}
        if int(about.get("size") or 0) > _MOST_BYTES:
            raise _EndlessError
        if wanted.validator == mark:
            return Got(mark, False)
        part = wanted.target.with_name(f"{wanted.target.name}.part")
        with system.open(path, "rb") as source, part.open("wb") as target:
            shutil.copyfileobj(source, target)
    except ImportError as error:
        raise ValueError(f"{refused}; to read it without the server: {error}") from None
    except Exception as error:  # each kind of storage has errors of its own
        raise ValueError(f"{refused}; reading {address} itself: {error}") from None
    part.replace(wanted.target)
    return Got(mark, True)


def _mark(info: Mapping[str, Any]) -> str:
    """What tells one version of an object from another, as far as the storage says."""
    names = ("ETag", "etag", "content_md5", "md5Hash", "mtime", "LastModified", "updated", "size")
    return "; ".join(f"{name}={info[name]}" for name in names if info.get(name) is not None)
