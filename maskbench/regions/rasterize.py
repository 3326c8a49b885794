"""Turn outlines into pixels, with shapely and rasterio. Pure functions.

A pixel belongs to a region when its centre (x + 0.5, y + 0.5) lies inside, which is rasterio's
default; ``all_touched`` takes every pixel that the region touches, which enlarges it. rasterio
(GDAL) fills even-odd, the annotator's canvas non-zero: an outline that crosses itself is first
replaced by the polygons that it winds around.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.features
import shapely

from maskbench.files.tiff import pixel_space

GRID = 65536.0
"""Steps of a pixel to which vertices are rounded.

Moving an outline by whole pixels is exact then: it has the same pixels in any window in which it is
filled, and regions that share an edge never both claim a pixel nor leave a gap.
"""

SMALL = 1 << 19
"""Pixels of a box up to which outlines are filled together, in one call of rasterio."""

STACK = 1 << 22
"""The most pixels to fill together, so that memory is bounded."""

IntArray = npt.NDArray[np.int64]


class RegionPixels(NamedTuple):
    """The pixels of one region: a window of the image, True where the region lies.

    Attributes:
        left: Column of the window's first pixel.
        top: Row of the window's first pixel.
        inside: Shape (rows, columns), bool; the window lies within the image.
    """

    left: int
    top: int
    inside: npt.NDArray[np.bool_]

    @property
    def window(self) -> tuple[slice, slice]:
        """Return where in the image the pixels lie: rows and columns."""
        rows, columns = self.inside.shape
        return slice(self.top, self.top + rows), slice(self.left, self.left + columns)

    def contains(self, x: int, y: int) -> bool:
        """Return whether the region has the pixel in column ``x`` and row ``y``."""
        rows, columns = self.inside.shape
        is_near = 0 <= x - self.left < columns and 0 <= y - self.top < rows
        return is_near and bool(self.inside[y - self.top, x - self.left])


NO_PIXELS = RegionPixels(0, 0, np.zeros((0, 0), dtype=np.bool_))
"""The pixels of an empty region."""


def crop(inside: npt.NDArray[np.bool_]) -> RegionPixels:
    """Return the pixels of an image that are True, shape (H, W), as the smallest window."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return NO_PIXELS
    top, left = int(rows[0]), int(columns[0])
    return RegionPixels(left, top, inside[top : rows[-1] + 1, left : columns[-1] + 1])


def fill(
    polygons: Sequence[shapely.Polygon], width: int, height: int, all_touched: bool = False
) -> Iterator[RegionPixels]:
    """Find the pixels of each polygon, in the polygons' order.

    Args:
        polygons: In pixels, (x, y); they may cross themselves and reach off the image.
        width: Image width in pixels.
        height: Image height in pixels.
        all_touched: Take every pixel that a polygon touches.

    >>> pentagon = shapely.Polygon([[0, 2], [2.5, 0], [5, 2], [4, 5], [1, 5]])
    >>> [found] = fill([pentagon], 5, 5)
    >>> found.inside.astype(int)
    array([[0, 0, 1, 0, 0],
           [0, 1, 1, 1, 0],
           [1, 1, 1, 1, 1],
           [0, 1, 1, 1, 1],
           [0, 1, 1, 1, 0]])
    """
    simple = make_simple(polygons)
    boxes = _boxes(simple, all_touched)
    image = np.array([0, 0, width, height])
    cut = np.concatenate([boxes[:, :2].clip(0, image[2:]), boxes[:, 2:].clip(0, image[2:])], axis=1)
    is_whole = (cut == boxes).all(axis=1)
    for group in _groups(cut, is_whole & (not all_touched)):
        yield from _fill_stack(simple[group], cut[group], all_touched)


def pixel_box(bounds: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    """Return the box of pixels in which a flattened curve may lie.

    Args:
        bounds: Left, top, right and bottom of the flattened curve in pixels.
        width: Image width in pixels.
        height: Image height in pixels.

    Returns:
        Left, top, right and bottom in whole pixels, one more each way, within the image.
    """
    low, high = np.floor(bounds[:2]) - 1, np.ceil(bounds[2:]) + 1
    left, top = np.clip(low, 0, (width, height)).astype(int).tolist()
    right, bottom = np.clip(high, 0, (width, height)).astype(int).tolist()
    return left, top, right, bottom


def make_simple(polygons: Sequence[shapely.Polygon]) -> npt.NDArray[Any]:
    """Round polygons to the grid, and make valid those that are not, by the non-zero rule.

    ``shapely.make_valid(method="structure")`` keeps all that an outline winds around, such as the
    centre of a pentagram, which the default method loses. A valid polygon keeps its vertices.

    Returns:
        Polygons and multipolygons, shape (N,); empty where nothing has an area.

    >>> bow_tie = shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    >>> [valid] = make_simple([bow_tie])
    >>> valid.geom_type, valid.area
    ('MultiPolygon', 8.0)
    """
    simple: npt.NDArray[Any] = shapely.transform(np.asarray(polygons, dtype=object), _to_grid)
    broken = np.flatnonzero(~shapely.is_valid(simple))
    outlines = [_without_idle_vertices(polygon) for polygon in simple[broken]]
    fixed = shapely.make_valid(outlines, method="structure", keep_collapsed=False)
    simple[broken] = shapely.transform(fixed, _to_grid)
    return simple


def _to_grid(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rounded: npt.NDArray[np.float64] = np.round(points * GRID) / GRID
    return rounded


def _without_idle_vertices(polygon: shapely.Polygon) -> shapely.Polygon:
    """Drop vertices that repeat another or lie on the line through their neighbours.

    They enclose nothing. An outline that was dragged past the image's edge has many, because it
    runs back and forth along the edge. With them, ``make_valid`` takes several times as long and
    loses shapes whose outline runs along a line three times.
    """
    points = shapely.get_coordinates(polygon)[:-1]
    while True:
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        is_idle = (points == before).all(axis=1)
        if not is_idle.any():  # repeated corners must be gone before corners are compared
            (ux, uy), (vx, vy) = (points - before).T, (after - points).T
            is_idle = ux * vy == uy * vx
        if not is_idle.any():
            return shapely.Polygon(points) if len(points) else shapely.Polygon()
        points = points[~is_idle]


def _boxes(polygons: npt.NDArray[Any], all_touched: bool) -> IntArray:
    """Return each polygon's box of whole pixels, shape (N, 4): left, top, right, bottom."""
    bounds = np.nan_to_num(shapely.bounds(polygons))  # nothing has no bounds
    margin = 1 if all_touched else 0  # GDAL touches pixels that an outline meets at their border
    low, high = np.floor(bounds[:, :2]) - margin, np.ceil(bounds[:, 2:]) + margin
    return np.concatenate([low, high], axis=1).astype(np.int64)


def _groups(boxes: IntArray, can_stack: npt.NDArray[np.bool_]) -> Iterator[slice]:
    """Yield slices of consecutive polygons with small boxes, to be filled together.

    A polygon that extends off the image is filled alone, so that the window's border cuts it. So is
    every polygon with ``all_touched``: rounding decides whether it touches a pixel at whose corner
    it ends, and rounding depends on the place in the stack.
    """
    sizes = boxes[:, 2:] - boxes[:, :2]
    fits = can_stack & (sizes.prod(axis=1) <= SMALL)
    first = widest = total = 0
    for i, (columns, rows) in enumerate(sizes.tolist()):
        stack = max(widest, columns) * (total + rows)
        if first < i and not (fits[i] and fits[i - 1] and stack <= STACK):
            yield slice(first, i)
            first, widest, total = i, 0, 0
        widest, total = max(widest, columns), total + rows
    if len(boxes):
        yield slice(first, len(boxes))


def _fill_stack(
    polygons: npt.NDArray[Any], boxes: IntArray, all_touched: bool
) -> Iterator[RegionPixels]:
    """Fill polygons in one call, their boxes one below the other."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    tops = np.cumsum([0, *sizes[:, 1]])
    shapes = _geojson(polygons, np.column_stack([-boxes[:, 0], tops[:-1] - boxes[:, 1]]))
    stack = np.zeros((tops[-1], sizes[:, 0].max()), dtype=np.uint8)
    if shapes and stack.size:
        with pixel_space():
            rasterio.features.rasterize(shapes, out=stack, all_touched=all_touched)
    inside = stack.view(np.bool_)
    for (left, box_top, _, _), (columns, rows), top in zip(
        boxes.tolist(), sizes.tolist(), tops.tolist(), strict=False
    ):
        yield RegionPixels(left, box_top, inside[top : top + rows, :columns])


def _geojson(polygons: npt.NDArray[Any], moves: IntArray) -> list[dict[str, Any]]:
    """Return polygons and multipolygons, each moved by whole pixels, as polygons for rasterio."""
    parts, of_polygon = shapely.get_parts(polygons, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    moved = (points + moves[of_polygon[of_part[of_ring]]]).tolist()
    ends = np.cumsum(shapely.get_num_coordinates(rings)).tolist()
    coordinates: list[list[Any]] = [[] for _ in parts]
    for part, start, end in zip(of_part.tolist(), [0, *ends], ends, strict=False):
        coordinates[part].append(moved[start:end])
    return [{"type": "Polygon", "coordinates": rings} for rings in coordinates if rings]
