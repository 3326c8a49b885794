"""Say what a file holds that is not what its name promises: by its first bytes."""

from pathlib import Path

_HEAD = 512  # bytes that are looked at

_BEGINNINGS = {
    (b"version https://git-lfs",): "is a pointer of Git LFS, not the file: run `git lfs pull`",
    (b"pk\x03\x04",): "is a zip archive: unpack it here",
    (b"\x1f\x8b",): "is a gzip archive: unpack it here",
    (b"%pdf",): "is a PDF: convert it to PNG or JPEG",
    (b"<svg",): "is an SVG, which is not read: convert it to PNG",
    (
        b"<!doctype html",
        b"<html",
    ): "is a web page, perhaps of a log-in or an error: get the file again",
}
"""What files are, and what to do, by how they begin, in lower case."""
_BRANDS = {b"avif": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF"}


def impostor(path: Path) -> str | None:
    """Return what a file is, and what to do, if its first bytes tell; else None."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head.strip():
        return "is empty: copy or export it again"
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return f"is {_BRANDS[head[8:12]]}, whatever its name says: convert it to PNG or JPEG"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<?xml") and b"<svg" in text:
        text = b"<svg"
    return next((what for starts, what in _BEGINNINGS.items() if text.startswith(starts)), None)
