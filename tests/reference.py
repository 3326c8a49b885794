"""An independent reference for outlines: exact winding numbers at pixel centres, numpy only.

It shares nothing with the library: no shapely, no rasterio, no maskbench, and no rounding. A pixel
belongs to an outline when the winding number about its centre (x + 0.5, y + 0.5) is not zero
(the non-zero rule). Where a centre lies exactly on an edge, the crossing of the edge with the
pixel row decides as in GDAL's fill, found by experiment and half-open in both directions, so that
two shapes which share an edge never both claim a pixel and leave none unclaimed:

* rows: an edge from (., a) to (., b), a < b, crosses the rows with a <= centre < b: a centre on a
  shape's top is inside, on its bottom outside; horizontal edges cross no row;
* columns: a crossing at x lies to the left of the centres > x: a centre on a shape's left edge is
  outside, on its right edge inside.
"""

from fractions import Fraction

import numpy as np

_UNSURE = 1e-9  # relative; float64 crossings are good to about 1e-15


def winding(ring, width, height):
    """Winding numbers about all pixel centres, shape (height, width), for vertices (x, y)."""
    steps = np.zeros((height, width + 1), dtype=np.int64)
    points = [(float(x), float(y)) for x, y in ring]
    for start, end in zip(points, [*points[1:], *points[:1]], strict=True):
        _add_edge(steps, start, end, width, height)
    return np.cumsum(steps, axis=1)[:, :width]


def nonzero(ring, width, height):
    """The pixels of an outline by the non-zero rule, shape (height, width) bool."""
    return winding(ring, width, height) != 0


def edge_distance(ring, width, height):
    """How far each pixel centre lies from the nearest edge, shape (height, width), in pixels.

    Where that is nothing, a centre lies on an edge: a tie, which the rules above decide.
    """
    x = np.arange(width) + 0.5
    y = (np.arange(height) + 0.5)[:, np.newaxis]
    points = np.asarray(ring, dtype=np.float64)
    nearest = np.full((height, width), np.inf)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        length = (x2 - x1) ** 2 + (y2 - y1) ** 2
        along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / (length or 1.0)
        along = np.clip(along, 0.0, 1.0)
        off = np.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))
        nearest = np.minimum(nearest, off)
    return nearest


def _add_edge(steps, start, end, width, height):
    upward = end[1] < start[1]
    (x1, y1), (x2, y2) = (end, start) if upward else (start, end)
    first = max(0, _least_centre(y1))
    stop = min(height, _least_centre(y2))
    if first >= stop:
        return
    rows = np.arange(first, stop)
    crossing = x1 + (rows + 0.5 - y1) * ((x2 - x1) / (y2 - y1))
    columns = np.floor(crossing + 0.5)
    size = 1.0 + abs(x1) + abs(x2)
    doubtful = np.abs(crossing + 0.5 - np.round(crossing + 0.5)) < _UNSURE * size
    for i in np.flatnonzero(doubtful):
        columns[i] = _exact_column(int(rows[i]), (x1, y1), (x2, y2))
    np.add.at(steps, (rows, np.clip(columns, 0, width).astype(np.int64)), -1 if upward else 1)


def _least_centre(y):
    """The first row whose centre is at y or below it (greater)."""
    return -int(-(Fraction(y) - Fraction(1, 2)) // 1)


def _exact_column(row, top, bottom):
    """The first column whose centre lies beyond the edge's crossing with the row's centres."""
    x1, y1, x2, y2 = (Fraction(c) for c in (*top, *bottom))
    crossing = x1 + (row + Fraction(1, 2) - y1) * (x2 - x1) / (y2 - y1)
    return int((crossing + Fraction(1, 2)) // 1)


def ellipse_distance(centre, radii, degrees, width, height):
    """How far out each pixel centre is in units of the ellipse: 1 on its outline, shape (H, W).

    The implicit equation itself: turn back about the centre, divide by the radii, take the length.
    """
    turn = np.deg2rad(degrees)
    x = np.arange(width) + 0.5 - centre[0]
    y = (np.arange(height) + 0.5 - centre[1])[:, np.newaxis]
    along = x * np.cos(turn) + y * np.sin(turn)
    across = y * np.cos(turn) - x * np.sin(turn)
    return np.hypot(along / radii[0], across / radii[1])
