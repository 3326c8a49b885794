"""Byte planes as TIFF files (TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf).

One plane after the other, in strips of rows, each deflated by itself (compression 8 of Adobe's
supplement), so that a strip is made from a few runs and pixels are never in memory all at once.
GDAL, Pillow and OpenCV read what is written here; read back is only what was written here, with
runs instead of pixels, several times faster than through GDAL.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from maskbench.raster import LabelSet, Plane, run_starts

ROWS = 256
"""Rows of a strip: smaller ones compress worse, larger ones leave the cache."""

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _DESCRIPTION = 256, 257, 258, 259, 262, 270
_OFFSETS, _SAMPLES, _ROWS, _BYTES, _PLANAR, _EXTRA = 273, 277, 278, 279, 284, 338
_ASCII, _SHORT, _LONG = 2, 3, 4
_FORMATS = {_ASCII: "s", _SHORT: "H", _LONG: "I"}
_DEFLATE, _DARK_IS_ZERO, _PLANE_BY_PLANE = 8, 1, 2


def tiff_bytes(runs: LabelSet, description: str = "") -> bytes:
    """The planes of a label set as a TIFF file.

    Args:
        runs: What stands in the planes.
        description: ASCII text for the tag ImageDescription; no tag if it is empty.
    """
    strips = _strips(runs)
    tags = {
        _WIDTH: (_LONG, [runs.width]),
        _HEIGHT: (_LONG, [runs.height]),
        _BITS: (_SHORT, [8] * len(runs.states)),
        _COMPRESSION: (_SHORT, [_DEFLATE]),
        _PHOTOMETRIC: (_SHORT, [_DARK_IS_ZERO]),
        _OFFSETS: (_LONG, [0] * len(strips)),
        _SAMPLES: (_SHORT, [len(runs.states)]),
        _ROWS: (_LONG, [ROWS]),
        _BYTES: (_LONG, [len(strip) for strip in strips]),
        _PLANAR: (_SHORT, [_PLANE_BY_PLANE if len(runs.states) > 1 else 1]),
    }
    if len(runs.states) > 1:
        tags[_EXTRA] = (_SHORT, [0] * (len(runs.states) - 1))
    texts = {_DESCRIPTION: description.encode("ascii") + b"\0"} if description else {}
    size = len(_head(tags, texts))
    ends = np.cumsum([size, *tags[_BYTES][1]]).tolist()
    if ends[-1] >= 1 << 32:
        raise ValueError("more than 4 GiB, which no TIFF file can hold")
    tags[_OFFSETS] = (_LONG, ends[:-1])
    return b"".join([_head(tags, texts), *strips])


def _head(tags: dict[int, tuple[int, list[int]]], texts: dict[int, bytes]) -> bytes:
    """Everything before the strips: header, directory, and values that do not fit into it."""
    packed = {
        tag: (kind, len(values), struct.pack(f"<{len(values)}{_FORMATS[kind]}", *values))
        for tag, (kind, values) in tags.items()
    }
    packed |= {tag: (_ASCII, len(text), text) for tag, text in texts.items()}
    entries, behind = [], b""
    start = 8 + 2 + 12 * len(packed) + 4
    for tag, (kind, count, value) in sorted(packed.items()):
        if len(value) > 4:
            place = struct.pack("<I", start + len(behind))
            behind += value + bytes(len(value) % 2)  # values start at even places
        else:
            place = value.ljust(4, b"\0")
        entries.append(struct.pack("<HHI", tag, kind, count) + place)
    header = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    return header + b"".join(entries) + bytes(4) + behind


def _strips(runs: LabelSet) -> list[bytes]:
    """All strips of the first plane, then those of the second, and so on."""
    found: list[list[bytes]] = [[] for _ in runs.states]
    end = runs.height * runs.width
    for begin in range(0, end, ROWS * runs.width):
        stop = min(begin + ROWS * runs.width, end)
        first = int(np.searchsorted(runs.starts, begin, side="right")) - 1
        last = int(np.searchsorted(runs.starts, stop))
        lengths = np.diff(runs.starts[first:last].clip(begin), append=stop)
        for strips, state in zip(found, runs.states, strict=True):
            strips.append(deflated(np.repeat(state[first:last], lengths)))
    return [strip for strips in found for strip in strips]


def deflated(pixels: Plane) -> bytes:
    """Pixels as a zlib stream of runs: smaller and faster than matching longer patterns."""
    deflate = zlib_ng.compressobj(1, zlib_ng.DEFLATED, 15, 8, zlib_ng.Z_RLE)
    return deflate.compress(pixels) + deflate.flush()


def read_tiff(content: bytes) -> tuple[str, LabelSet]:
    """The description and the planes (as a label set without labels) of :func:`tiff_bytes`.

    Raises:
        ValueError: It was written by another program, or is damaged.
    """
    tags = _Tags.of(content)
    (height,), (width,), (planes,) = (tags[tag] for tag in (_HEIGHT, _WIDTH, _SAMPLES))
    if (tags[_COMPRESSION], tags[_ROWS]) != ((_DEFLATE,), (ROWS,)) or not height * width * planes:
        raise ValueError("another program has written it")
    places = list(zip(tags[_OFFSETS], tags[_BYTES], strict=True))
    starts, states = [], []
    for i, top in enumerate(range(0, height, ROWS)):
        size = min(ROWS, height - top) * width
        strips = places[i :: -(-height // ROWS)]
        if len(strips) != planes:
            raise ValueError("strips are missing")
        flat = [_inflated(content[p : p + n], size) for p, n in strips]
        here = run_starts(flat)
        starts.append(here + top * width)
        states.append(np.stack([pixels[here] for pixels in flat]))
    runs = LabelSet((), height, width, np.concatenate(starts), np.concatenate(states, axis=1))
    return tags.text(_DESCRIPTION), runs


def _inflated(packed: bytes, size: int) -> npt.NDArray[np.uint8]:
    """The ``size`` pixels of a strip; not one more is ever made, whatever the stream holds."""
    inflate = zlib_ng.decompressobj()
    try:
        pixels = np.frombuffer(inflate.decompress(packed, size + 1), dtype=np.uint8)
    except zlib_ng.error as error:  # type: ignore[misc]
        raise ValueError(f"a strip is damaged: {error}") from None
    if len(pixels) != size or not inflate.eof:
        raise ValueError("a strip has not the length it should have")
    return pixels


@dataclass(frozen=True)
class _Tags:
    """The directory of a TIFF file: values by tag."""

    content: bytes
    entries: dict[int, tuple[int, int, int]]  # kind, count, where the value lies

    @classmethod
    def of(cls, content: bytes) -> "_Tags":
        try:
            order, version, first = struct.unpack_from("<2sHI", content)
            if (order, version) != (b"II", 42):
                raise ValueError("it is no TIFF file of ours")
            (count,) = struct.unpack_from("<H", content, first)
            entries = dict(cls._entries(content, first + 2, count))
        except struct.error:
            raise ValueError("it is cut off") from None
        return cls(content, entries)

    @staticmethod
    def _entries(
        content: bytes, start: int, count: int
    ) -> Iterator[tuple[int, tuple[int, int, int]]]:
        for place in range(start, start + 12 * count, 12):
            tag, kind, number, value = struct.unpack_from("<HHII", content, place)
            if kind in _FORMATS:
                inside = number * struct.calcsize(_FORMATS[kind]) <= 4
                yield tag, (kind, number, place + 8 if inside else value)

    def __getitem__(self, tag: int) -> Sequence[int]:
        if tag not in self.entries:
            raise ValueError(f"the TIFF tag {tag} is missing")
        kind, count, place = self.entries[tag]
        if kind == _ASCII or count > len(self.content):
            raise ValueError(f"the TIFF tag {tag} is damaged")
        try:
            return struct.unpack_from(f"<{count}{_FORMATS[kind]}", self.content, place)
        except struct.error:
            raise ValueError(f"the TIFF tag {tag} is damaged") from None

    def text(self, tag: int) -> str:
        _, count, place = self.entries.get(tag, (_ASCII, 0, 0))
        return self.content[place : place + count].rstrip(b"\0").decode("ascii")
