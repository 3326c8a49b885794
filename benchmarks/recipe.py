"""Make PNG masks of an export in one process: the least that an exact way has to do.

``python benchmarks/recipe.py EXPORT OUT LABELS``. Small regions are packed into an atlas and filled
by one call of rasterio, large ones each within their box; a bit per label, in byte planes; a table
from bits to classes, looked up in blocks of rows; an unfiltered PNG of run-length deflate. It keeps
no label sets, checks nothing and cannot skip unchanged images, so it shows what the pipeline's
guarantees cost. The strongest label on a pixel is the first one.
"""

import gc
import json
import struct
import sys
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize
from zlib_ng import zlib_ng

LARGE = 1 << 16
"""Pixels of a box from which a region is filled in a call of its own."""

ATLAS = 2048
"""The width of an atlas in pixels."""

BLOCK = 32
"""Rows looked up at a time."""

Array = Any  # arrays of several types


class Region:
    """Outline of a region, its box clipped to the image, and its label's number."""

    def __init__(self, result: Any, size: Array, label: int) -> None:
        self.points = np.array(result["value"]["points"], dtype=np.float64) / 100.0 * size
        self.label = label
        low = np.clip(np.floor(self.points.min(axis=0)), 0, size).astype(int).tolist()
        high = np.clip(np.ceil(self.points.max(axis=0)), 0, size).astype(int).tolist()
        self.left, self.top, self.right, self.bottom = *low, *high
        self.width, self.height = self.right - self.left, self.bottom - self.top

    def shapes(self, left: int, top: int) -> Iterator[tuple[dict[str, Any], int]]:
        """Yield what rasterio fills, the box moved to (left, top); its value is the label's bit.

        GDAL fills by the even-odd rule. An outline that crosses itself is split into simple
        polygons first, so that everything it winds around is filled.
        """
        points = self.points + np.array([left - self.left, top - self.top])
        polygon = shapely.Polygon(points)
        if shapely.is_valid(polygon):
            closed = [*points.tolist(), points[0].tolist()]
            yield {"type": "Polygon", "coordinates": [closed]}, 1 << self.label % 8
            return
        for part in shapely.get_parts(shapely.make_valid(polygon, method="structure")):
            if part.geom_type == "Polygon":
                yield part.__geo_interface__, 1 << self.label % 8


def placed(regions: list[Region]) -> Iterator[list[tuple[Region, int, int]]]:
    """Yield regions with their places (left, top), one list for each raster: shelves by height."""
    large, small = [], []
    for region in regions:
        (small if region.width * region.height < LARGE else large).append(region)
    yield from ([(region, 0, 0)] for region in large)
    shelf: list[tuple[Region, int, int]] = []
    left = top = height = 0
    for region in sorted(small, key=lambda region: -region.height):
        if left + region.width > ATLAS:
            left, top, height = 0, top + height, 0
        shelf.append((region, left, top))
        left, height = left + region.width, max(height, region.height)
    yield shelf


def planes(regions: list[Region], width: int, height: int, labels: int) -> Array:
    """Return which labels lie on each pixel: bit ``k % 8`` of plane ``k // 8``."""
    found = np.zeros((-(-labels // 8), height, width), dtype=np.uint8)
    for group in placed([region for region in regions if region.width and region.height]):
        if not group:
            continue
        shape = (
            max(top + region.height for region, _, top in group),
            max(left + region.width for region, left, _ in group),
        )
        shapes = [shape for region, left, top in group for shape in region.shapes(left, top)]
        if not shapes:
            continue
        raster = rasterize(shapes, out_shape=shape, dtype="uint8")
        for region, left, top in group:
            rows = slice(region.top, region.bottom), slice(region.left, region.right)
            cell = raster[top : top + region.height, left : left + region.width]
            found[region.label // 8][rows] |= cell
    return found


def table(labels: int) -> Array:
    """Return the class of each set of labels: the strongest label's number + 1, or 0."""
    sets = np.arange(1 << labels)
    classes = np.zeros(1 << labels, dtype=np.uint8)
    for label in reversed(range(labels)):
        classes[(sets >> label) & 1 == 1] = label + 1
    return classes


def classes_of(found: Array, lookup: Array) -> Array:
    """Return the class mask."""
    _, height, width = found.shape
    mask = np.empty((height, width), dtype=np.uint8)
    for top in range(0, height, BLOCK):
        rows = slice(top, min(top + BLOCK, height))
        index = found[0, rows]
        if len(found) > 1:
            index = index.astype(np.intp)
            for i, plane in enumerate(found[1:, rows], start=1):
                index |= plane.astype(np.intp) << (8 * i)
        np.take(lookup, index, out=mask[rows], mode="clip")
    return mask


def png(mask: Array) -> bytes:
    """Encode a mask as an unfiltered 8-bit grey PNG."""
    height, width = mask.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)
    rows[:, 1:] = mask
    deflate = zlib_ng.compressobj(6, zlib_ng.DEFLATED, 15, 8, zlib_ng.Z_RLE)
    packed = deflate.compress(rows) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n"
    for name, part in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")):
        check = zlib.crc32(part, zlib.crc32(name))
        content += struct.pack(">I", len(part)) + name + part + struct.pack(">I", check)
    return content


def main(export: Path, out: Path, labels: int) -> None:
    """Write all masks."""
    gc.disable()  # parsing large JSON takes half as long
    out.mkdir(parents=True)
    lookup = table(labels)
    warnings.simplefilter("ignore", NotGeoreferencedWarning)
    with rasterio.Env():
        for task in json.loads(export.read_bytes()):
            results = task["annotations"][0]["result"]
            width, height = results[0]["original_width"], results[0]["original_height"]
            size = np.array([width, height], dtype=np.float64)
            regions = [
                Region(r, size, int(r["value"]["polygonlabels"][0].rpartition("_")[2]))
                for r in results
            ]
            mask = classes_of(planes(regions, width, height, labels), lookup)
            (out / f"{task['id']:06d}.png").write_bytes(png(mask))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
