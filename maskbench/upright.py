"""Scenes: images as the annotator saw them, for loaders that ignore EXIF."""

from pathlib import Path

from maskbench.files import link_or_copy

_LOOKED_AT = 1 << 12  # bytes: all segments before the pixels, where there is no metadata


def write_upright(source: Path, target: Path) -> bool:
    """Write an image as the annotator saw it, so that loaders that ignore EXIF show it right.

    An image that is upright as stored keeps its bytes (linked where possible); another is turned
    (:func:`maskbench.images.write_turned`).

    Returns:
        Whether the bytes are the source's.
    """
    with source.open("rb") as stream:
        start = stream.read(_LOOKED_AT)
    if not is_plain_jpeg(start):
        from maskbench.images import write_turned  # noqa: PLC0415 - Pillow's start-up

        if write_turned(source, target):
            return False
    link_or_copy(source, target)
    return True


def is_plain_jpeg(start: bytes) -> bool:
    """Whether a file is a JPEG without the metadata that could lay it on its side.

    EXIF and XMP stand in APP1 segments before the first scan (ITU-T T.81, B.1.1.3 and B.2.1; EXIF
    2.32, 4.7.2; XMP part 3, 1.1.3).

    Args:
        start: The file's first bytes. If they do not reach the scan, or anything is unusual, the
            answer is no.
    """
    if start[:2] != b"\xff\xd8":
        return False
    at = 2
    while at + 4 <= len(start) and start[at] == 0xFF:
        kind, length = start[at + 1], int.from_bytes(start[at + 2 : at + 4], "big")
        if kind == _SCAN:
            return True
        if kind not in _SEGMENTS or length < 2:
            return False
        at += 2 + length
    return False


_SCAN = 0xDA
_SEGMENTS = {
    *range(0xC0, 0xD0), 0xDB, 0xDD, 0xFE,  # frames and tables, restart interval, comment
    *range(0xE0, 0xF0),  # what applications add
} - {0xC8, 0xE1}  # fmt: skip
"""Passed over. Not so APP1, and 0xC8 (reserved), into whose content Pillow looks for segments."""
