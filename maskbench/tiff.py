"""Byte planes as TIFF files (TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf).

One plane after the other, in strips of rows, as PackBits (compression 32773): runs of up to 128
equal pixels of a row, two bytes each. A run of a label set is a few of them, so that pixels are
never made, neither to write nor to read. Deflated strips would be half as large or less, and take
five times as long to write and to read. GDAL, Pillow and OpenCV read what is written here; read
back is only what was written here.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from maskbench.raster import LabelSet, Runs, runs_of
from maskbench.winding import Whole

ROWS = 256
"""Rows of a strip."""

LONGEST = 128
"""Pixels that one packet holds at most: the byte before their value is 257 less how many they are.

A single pixel is one that is not repeated: 0. Of several pixels that differ we write none. So the
byte is 1 less how many they are, modulo 256.
"""

_SHIFT = LONGEST.bit_length() - 1

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _DESCRIPTION = 256, 257, 258, 259, 262, 270
_OFFSETS, _SAMPLES, _ROWS, _BYTES, _PLANAR, _EXTRA = 273, 277, 278, 279, 284, 338
_ASCII, _SHORT, _LONG = 2, 3, 4
_FORMATS = {_ASCII: "s", _SHORT: "H", _LONG: "I"}
_PACK_BITS, _DARK_IS_ZERO, _PLANE_BY_PLANE = 32773, 1, 2


def tiff_bytes(label_set: LabelSet, description: str = "") -> bytes:
    """The planes of a label set as a TIFF file.

    Args:
        label_set: What stands in the planes.
        description: ASCII text for the tag ImageDescription; no tag if it is empty.
    """
    height, width, planes = label_set.height, label_set.width, len(label_set.runs)
    strips = [strip for plane in label_set.runs for strip in _strips(plane, height, width)]
    tags = {
        _WIDTH: (_LONG, [width]),
        _HEIGHT: (_LONG, [height]),
        _BITS: (_SHORT, [8] * planes),
        _COMPRESSION: (_SHORT, [_PACK_BITS]),
        _PHOTOMETRIC: (_SHORT, [_DARK_IS_ZERO]),
        _OFFSETS: (_LONG, [0] * len(strips)),
        _SAMPLES: (_SHORT, [planes]),
        _ROWS: (_LONG, [ROWS]),
        _BYTES: (_LONG, [len(strip) for strip in strips]),
        _PLANAR: (_SHORT, [_PLANE_BY_PLANE if planes > 1 else 1]),
    }
    if planes > 1:
        tags[_EXTRA] = (_SHORT, [0] * (planes - 1))
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


def _strips(plane: Runs, height: int, width: int) -> list[bytes]:
    """The strips of a plane."""
    starts, values = plane
    rows = np.arange(0, height * width, width)
    run = np.searchsorted(starts, rows, side="right") - 1
    is_cut = starts.take(run) != rows  # rows that begin within a run
    at = run + np.cumsum(is_cut)  # where rows begin among the runs, once these are cut
    cut = np.flatnonzero(is_cut)
    is_start = np.ones(len(starts) + len(cut), dtype=np.bool_)
    is_start[at[cut]] = False
    run = np.cumsum(is_start) - 1
    places = np.append(starts.take(run), height * width)
    places[at[cut]] = rows[cut]
    lengths = places[1:] - places[:-1]
    counts = (lengths + LONGEST - 1) >> _SHIFT
    ends = np.cumsum(counts)
    pairs = values.take(run).astype("<u2") << 8
    packets = np.repeat(pairs | 257 - LONGEST, counts)
    packets[ends - 1] = pairs | -(lengths - 1 & LONGEST - 1) & 255
    tops = at[::ROWS]
    content = packets.tobytes()
    bounds = [*(2 * (ends[tops] - counts[tops])).tolist(), len(content)]
    return [content[begin:end] for begin, end in pairwise(bounds)]


def read_tiff(content: bytes) -> tuple[str, LabelSet]:
    """The description and the planes (as a label set without labels) of :func:`tiff_bytes`.

    Raises:
        ValueError: It was written by another program, or is damaged.
    """
    tags = _Tags.of(content)
    (height,), (width,), (planes,) = (tags[tag] for tag in (_HEIGHT, _WIDTH, _SAMPLES))
    if (tags[_COMPRESSION], tags[_ROWS]) != ((_PACK_BITS,), (ROWS,)) or not height * width * planes:
        raise ValueError("another program has written it")
    places = list(zip(tags[_OFFSETS], tags[_BYTES], strict=True))
    strips = -(-height // ROWS)
    if len(places) != planes * strips:
        raise ValueError("strips are missing")
    ends = np.minimum(np.arange(1, strips + 1) * ROWS, height) * width
    flat = [content[place : place + count] for place, count in places]
    runs = tuple(_read_plane(flat[i : i + strips], ends) for i in range(0, len(flat), strips))
    return tags.text(_DESCRIPTION), LabelSet((), height, width, runs)


def _read_plane(strips: Sequence[bytes], ends: Whole) -> Runs:
    """The runs of a plane.

    Args:
        strips: The plane's strips.
        ends: The place after the last pixel of each.
    """
    sizes = np.array([len(strip) for strip in strips])
    if sizes.min() < 1 or (sizes % 2).any():
        raise ValueError("a strip is damaged")
    packets = np.frombuffer(b"".join(strips), dtype="<u2")
    pairs = packets.view(np.uint8).reshape(-1, 2)
    lengths, values = 1 - pairs[:, 0], pairs[:, 1]  # modulo 256
    if (lengths - 1).max() >= LONGEST:
        raise ValueError("a strip is damaged, or another program has written it")
    stops = np.cumsum(lengths, dtype=np.int64)
    if (stops[np.cumsum(sizes // 2) - 1] != ends).any():
        raise ValueError("a strip has not the length it should have")
    return runs_of(np.append(0, stops[:-1]), values)


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
