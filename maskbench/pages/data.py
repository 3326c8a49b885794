"""The JSON that pages' scripts read: its types, and how it is written.

docs/pages.md tells it in words, and ``assets/masks.js`` has the same types for the scripts; a test
compares them.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from maskbench.files.atomic import write_text
from maskbench.pages.palette import hex_color, palette

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
    """Return a page's classes in the palette's colours; the name at place 0 is the background."""
    colors = palette().tolist()
    return [{"name": n, "color": hex_color(colors[min(i, 255)])} for i, n in enumerate(names)]


def plain_mask(classes: ClassNumbers, reason: str = "") -> MaskData:
    """Return a mask of which nothing but the classes is known, such as a prediction."""
    height, width = classes.shape
    found = np.flatnonzero(np.bincount(classes.reshape(-1)))
    table = np.zeros(int(found[-1]) + 1, dtype=np.uint16)
    table[found] = np.arange(len(found))
    cells: list[CellData] = [
        {"class_number": int(i), "reason": reason, "regions": [], "deciding": []} for i in found
    ]
    packed = pack(table[classes], len(cells))
    return {"size": (width, height), "cells": cells, "pixels": packed, "regions": []}


def pack(numbers: npt.NDArray[Any], many: int) -> str:
    """Return numbers below ``many``, shape (H, W), as text: base64 of a zlib stream.

    They are the smallest unsigned numbers that hold them, little endian, row by row, and each is
    stored as its difference from the one above it, which makes nearly all of them 0.
    """
    kind = "<u1" if many <= 1 << 8 else "<u2" if many <= 1 << 16 else "<u4"
    stored = numbers.astype(kind)
    stored[1:] -= stored[:-1].copy()
    return base64.b64encode(zlib.compress(stored.tobytes(), 6)).decode("ascii")


def write_item(folder: Path, name: str, data: Any) -> None:
    """Write the data of an image as ``items/<name>.js``: pages in files can load scripts only."""
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    write_text(folder / "items" / f"{name}.js", f"maskbenchItem({json.dumps(name)},{text});\n")
