"""Hold the facts about every image that the checks of images and classes compare."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from maskbench.files.manifest import Row
from maskbench.quality.checks.shapes import Box, Drawn, shared

GRID = 16
"""Rows and columns of points at which the labels of two images are compared."""


class Measured(NamedTuple):
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


class ImageFacts(NamedTuple):
    """The facts about an image, as JSON values.

    Attributes:
        width: The image's width in pixels.
        height: Its height.
        image: The digest of its file.
        look: Its grey thumbnail in hexadecimal; see :mod:`maskbench.quality.similar`.
        seconds: How long the annotator took, if that is known.
        labelled: The share of the image that has a label.
        regions: A :class:`Measured` for each region with an area.
        points: By label, which points of a grid over the image it covers, in hexadecimal.
    """

    width: int
    height: int
    image: str
    look: str
    seconds: float | None
    labelled: float
    regions: Sequence[Sequence[Any]]
    points: Mapping[str, str]

    @property
    def measured(self) -> list[Measured]:
        """Return the measures of the regions."""
        return [Measured(*region) for region in self.regions]

    def area(self, label: str) -> float:
        """Return the share of the image that regions of a label cover, overlaps counted twice."""
        return sum(region.area for region in self.measured if region.label == label)

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
    drawn: Drawn, image: str, look: str = "", seconds: float | None = None
) -> ImageFacts:
    """Return the facts about an image.

    Args:
        drawn: Its annotation.
        image: The digest of its file.
        look: Its grey thumbnail in hexadecimal.
        seconds: How long the annotator took.
    """
    return ImageFacts(
        width=drawn.width,
        height=drawn.height,
        image=image,
        look=look,
        seconds=seconds,
        labelled=labelled_share(drawn),
        regions=[list(region) for region in measure_regions(drawn)],
        points=label_points(drawn),
    )


def measure_regions(drawn: Drawn) -> list[Measured]:
    """Return the measures of an annotation's regions that have an area."""
    scale = np.array([drawn.width, drawn.height] * 2)
    found = []
    for shape in drawn.shapes:
        if not shape.area.area:
            continue
        area, length = shape.area.area, shape.area.length
        left, top, right, bottom = (np.array(shape.area.bounds) / scale).round(4).tolist()
        share = area / (drawn.width * drawn.height)
        roundness = 4 * np.pi * area / length**2
        box = (left, top, right, bottom)
        found.append(Measured(shape.id, shape.label, _short(share), _short(roundness), box))
    return found


def labelled_share(drawn: Drawn) -> float:
    """Return the share of the image that has a label; an upper bound if GEOS cannot unite them."""
    image = shapely.box(0, 0, drawn.width, drawn.height)
    try:
        labelled = shared(drawn.union, image).area
    except shapely.errors.GEOSException:
        labelled = min(image.area, sum(shape.area.area for shape in drawn.shapes))
    return _short(labelled / image.area)


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
