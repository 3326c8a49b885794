"""Hold the facts about every image that the checks of images and classes compare.

If several annotators vote on an image, its labels are the classes of the mask on which they voted;
regions and times are kept for each of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from maskbench.files.manifest import Row
from maskbench.files.masks import Mask, values_in
from maskbench.quality.checks.shapes import Box, Drawn

GRID = 16
"""Rows and columns of points at which the labels of two images are compared."""


class RegionMeasures(NamedTuple):
    """The measures of a region.

    Attributes:
        id: The region's id.
        label: Its label or labels, as one text.
        area: Its share of the image's area.
        roundness: 4π · area / perimeter²: 1 for a disk, near 0 for thin or jagged regions.
        box: Where it lies, as shares of the image's width and height.
    """

    id: str
    label: str
    area: float
    roundness: float
    box: Box


class VoteFacts(NamedTuple):
    """The facts about an annotation that counts, as JSON values.

    Attributes:
        annotator: The annotator's user id, if it is known.
        seconds: How long the annotator took, if that is known.
        regions: A :class:`RegionMeasures` for each region with an area.
    """

    annotator: int | None
    seconds: float | None
    regions: Sequence[Sequence[Any]]

    @property
    def measured(self) -> list[RegionMeasures]:
        """Return the measures of the regions."""
        return [RegionMeasures(*region) for region in self.regions]


class ImageFacts(NamedTuple):
    """The facts about an image, as JSON values.

    Attributes:
        width: The image's width in pixels.
        height: Its height.
        image: The digest of its file.
        look: Its grey thumbnail in hexadecimal; see :mod:`maskbench.quality.similar`.
        labelled: The share of the image that has a label.
        areas: By label, the share of the image that it covers, overlaps counted twice.
        boxes: By label, the box around it, as shares of the image's width and height.
        points: By label, which points of a grid over the image it covers, in hexadecimal.
        votes: A :class:`VoteFacts` for each annotation that counts, saved first to last.
    """

    width: int
    height: int
    image: str
    look: str
    labelled: float
    areas: Mapping[str, float]
    boxes: Mapping[str, Box]
    points: Mapping[str, str]
    votes: Sequence[Sequence[Any]]

    @property
    def counting(self) -> list[VoteFacts]:
        """Return the facts about the annotations."""
        return [VoteFacts(*vote) for vote in self.votes]

    def grid(self, label: str) -> npt.NDArray[np.bool_]:
        """Return which points of the grid a label covers, shape (GRID²,)."""
        code = bytes.fromhex(self.points.get(label, "00" * (GRID * GRID // 8)))
        return np.unpackbits(np.frombuffer(code, dtype=np.uint8)).view(np.bool_)


class Collected(NamedTuple):
    """All images of the benchmark.

    Attributes:
        images: The facts about each, by key.
        rows: The manifest's rows by key; empty before the first build.
        classes: The names of the classes, without that of unlabelled pixels.
    """

    images: Mapping[str, ImageFacts]
    rows: Mapping[str, Row]
    classes: Sequence[str]


def image_facts(
    drawn: Drawn,
    image: str,
    look: str = "",
    seconds: float | None = None,
    annotator: int | None = None,
) -> ImageFacts:
    """Return the facts about an image with one annotation.

    Args:
        drawn: The annotation.
        image: The digest of the image.
        look: Its grey thumbnail in hexadecimal.
        seconds: How long the annotator took.
        annotator: The annotator's user id.
    """
    regions = measure_regions(drawn)
    areas: dict[str, float] = {}
    boxes: dict[str, list[Box]] = {}
    for region in regions:
        areas[region.label] = areas.get(region.label, 0.0) + region.area
        boxes.setdefault(region.label, []).append(region.box)
    return ImageFacts(
        width=drawn.width,
        height=drawn.height,
        image=image,
        look=look,
        labelled=labelled_share(drawn),
        areas={label: _short(area) for label, area in sorted(areas.items())},
        boxes={label: _around(own) for label, own in sorted(boxes.items())},
        points=label_points(drawn),
        votes=[list(VoteFacts(annotator, seconds, [list(region) for region in regions]))],
    )


def facts_of_vote(
    seen: Sequence[ImageFacts], mask: Mask | None, classes: Mapping[int, str]
) -> ImageFacts:
    """Return the facts about an image whose annotators vote.

    Args:
        seen: The facts with each annotation, saved first to last.
        mask: The mask on which they voted, shape (H, W), uint8; None: it is not built yet, and the
            annotation saved last is used instead.
        classes: Names of the classes by value, without those of unlabelled and ignored pixels.
    """
    together = seen[-1]._replace(votes=[vote for each in seen for vote in each.votes])
    if mask is None:
        return together
    height, width = mask.shape
    planes = {classes[v]: mask == v for v in values_in(mask) if v in classes}
    rows, columns = (((np.arange(GRID) + 0.5) / GRID * side).astype(int) for side in mask.shape)
    return together._replace(
        labelled=_short(np.isin(mask, list(classes)).mean()),
        areas={name: _short(plane.mean()) for name, plane in sorted(planes.items())},
        boxes={
            name: _in_shares(_bounds(plane), width, height)
            for name, plane in sorted(planes.items())
        },
        points={
            name: np.packbits(plane[np.ix_(rows, columns)]).tobytes().hex()
            for name, plane in sorted(planes.items())
        },
    )


def _bounds(plane: npt.NDArray[np.bool_]) -> Box:
    """Return the box around the pixels that are True; at least one is."""
    rows, columns = (np.flatnonzero(plane.any(axis=axis)) for axis in (1, 0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _in_shares(box: Box, width: int, height: int) -> Box:
    left, top, right, bottom = (np.array(box) / ([width, height] * 2)).round(4).tolist()
    return left, top, right, bottom


def _around(boxes: Sequence[Box]) -> Box:
    """Return the box around some boxes."""
    corners = np.array(boxes)
    left, top = corners[:, :2].min(axis=0).tolist()
    right, bottom = corners[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


def measure_regions(drawn: Drawn) -> list[RegionMeasures]:
    """Return the measures of an annotation's regions that have an area."""
    found = []
    for shape in drawn.shapes:
        if not shape.area.area:
            continue
        area, length = shape.area.area, shape.area.length
        share = area / (drawn.width * drawn.height)
        roundness = 4 * np.pi * area / length**2
        box = _in_shares(shape.area.bounds, drawn.width, drawn.height)
        found.append(RegionMeasures(shape.id, shape.label, _short(share), _short(roundness), box))
    return found


def labelled_share(drawn: Drawn) -> float:
    """Return the share of the image that has a label; an upper bound if GEOS cannot unite them."""
    size = drawn.width * drawn.height
    try:
        labelled = shapely.clip_by_rect(drawn.union, 0, 0, drawn.width, drawn.height).area
    except shapely.errors.GEOSException:
        labelled = min(size, sum(shape.area.area for shape in drawn.shapes))
    return _short(labelled / size)


def label_points(drawn: Drawn) -> dict[str, str]:
    """Return by label, in hexadecimal, which points of a grid over the image it covers."""
    steps = (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid(steps * drawn.width, steps * drawn.height)
    covered: dict[str, npt.NDArray[np.bool_]] = {}
    for shape in drawn.shapes:
        inside = shapely.contains_xy(shape.area, x.ravel(), y.ravel())
        covered[shape.label] = covered.get(shape.label, False) | inside
    return {label: np.packbits(own).tobytes().hex() for label, own in sorted(covered.items())}


def _short(number: float) -> float:
    """Round to six significant digits: a little difference between machines changes no byte."""
    return float(f"{number:.6g}")
