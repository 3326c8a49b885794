"""The JSON that pages' scripts read: its types, and how it is written.

docs/pages.md tells it in words, and ``assets/masks.js`` has the same types for the scripts; a test
compares them.
"""

import base64
import json
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from maskbench.files.atomic import write_text
from maskbench.files.manifest import Row
from maskbench.pages.palette import hex_color, palette
from maskbench.params import IGNORE, IGNORED

ClassNumbers = npt.NDArray[np.uint16]
"""The class of each pixel as its place in the page's list of classes, shape (H, W), uint16."""


class ClassEntry(TypedDict):
    """A class of a page; its place in the page's list is its number. Number 0 is transparent."""

    name: str
    color: str


class RegionData(TypedDict):
    """A region and its outline in pixels: a polygon's ``ring``, or a stroke's ``rows``.

    ``ring`` holds x, y, x, y …; ``rows`` holds y, first x, end x of each run of pixels.
    """

    id: str
    shape: str
    labels: list[str]
    pixels: int
    ring: NotRequired[list[float]]
    rows: NotRequired[list[int]]


class CellData(TypedDict):
    """Pixels on which the same regions lie, with the same class, and why they have it."""

    class_number: int
    reason: str
    regions: list[int]
    deciding: list[int]


class MaskData(TypedDict):
    """A mask: the cell of each pixel, packed by :func:`maskbench.pages.item.pack`."""

    size: tuple[int, int]
    cells: list[CellData]
    pixels: str
    regions: list[RegionData]


def class_entries(names: Sequence[str]) -> list[ClassEntry]:
    """Return a page's classes in the palette's colours; the first name is the background.

    >>> class_entries(["Wall", "(ignored)"])
    [{'name': 'Wall', 'color': '#000000'}, {'name': '(ignored)', 'color': '#808080'}]
    """
    colors = palette().tolist()
    places = [IGNORE if name == IGNORED else min(i, IGNORE) for i, name in enumerate(names)]
    return [{"name": n, "color": hex_color(colors[i])} for n, i in zip(names, places, strict=True)]


def plain_mask(classes: ClassNumbers, reason: str = "") -> MaskData:
    """Return a mask that has only classes, such as a prediction."""
    height, width = classes.shape
    starts = run_starts(classes)
    found, numbers = np.unique(classes.reshape(-1)[starts], return_inverse=True)
    cells: list[CellData] = [
        {"class_number": int(i), "reason": reason, "regions": [], "deciding": []} for i in found
    ]
    packed = pack(starts, numbers, width)
    return {"size": (width, height), "cells": cells, "pixels": packed, "regions": []}


def run_starts(*layers: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return where runs begin, in rows of arrays of shape (H, W), as places in the flat arrays.

    The pixels of a run lie side by side and are equal in each of the layers.
    """
    is_first = np.zeros(layers[0].shape, dtype=np.bool_)
    is_first[:, 0] = True
    for layer in layers:
        is_first[:, 1:] |= layer[:, 1:] != layer[:, :-1]
    return np.flatnonzero(is_first)


def pack(starts: npt.NDArray[np.intp], numbers: npt.NDArray[Any], width: int) -> str:
    """Return the pixels of a mask as text for ``unpack`` of ``masks.js``.

    A run is stored as its difference from the run at the same place in the row above, which is
    mostly 0. The text is base64 of a zlib stream of three arrays of uint16, little endian: runs in
    each row, differences of beginnings, differences of numbers.

    Args:
        starts: Where the runs begin, from :func:`run_starts`.
        numbers: The number of each run, below 65,536.
        width: Pixels of a row.
    """
    rows, begins = np.divmod(starts, width)
    counts = np.bincount(rows)
    first = np.cumsum(counts) - counts
    place = np.arange(len(rows)) - first[rows]
    has_above = (rows > 0) & (place < counts[rows - 1])
    above = np.where(has_above, first[rows - 1] + place, 0)
    runs = np.stack([begins, numbers.astype(np.int64)])
    stored = np.concatenate([counts, *(runs - has_above * runs[:, above])])
    return _zlib_text(stored.astype("<u2").tobytes())


def write_item(folder: Path, name: str, data: Any) -> None:
    """Write an image's data as ``items/<name>.js``: pages on the disk can load only scripts."""
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    packed = _zlib_text(text.encode("ascii"))
    write_text(folder / "items" / f"{name}.js", f'maskbenchItem({json.dumps(name)},"{packed}");\n')


def row_data(row: Row) -> dict[str, Any]:
    """Return what each list of images shows of one: its annotator, last save and size."""
    return {
        "key": row.key,
        "split": row.split,
        "task": row.task,
        "annotator": ", ".join(row.authors),
        "when": row.updated_at[:16].replace("T", " "),
        "size": [row.width, row.height],
    }


def remove_older(folder: Path) -> None:
    """Delete the pictures and data of an older page in ``folder``, and nothing else."""
    for kind in ("images", "items"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        names = sorted(entry.name for entry in (folder / kind).iterdir())
        for stale in filter(_ITEM_FILE.fullmatch, names):
            (folder / kind / stale).unlink()


_ITEM_FILE = re.compile(r"\d{5}(-[a-z-]+)?\.(jpg|png|js)")


def _zlib_text(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 6)).decode("ascii")
