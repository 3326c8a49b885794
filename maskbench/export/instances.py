"""Turn the regions behind a benchmark's masks into instances. Needs ``maskbench[build]``."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio import features
from shapely.geometry import shape

from maskbench.dataset import Benchmark
from maskbench.errors import DataError, Problem
from maskbench.export.trace import Ring, trace
from maskbench.files.masks import Mask
from maskbench.labelstudio.stored import read_task
from maskbench.params import RasterizeParams
from maskbench.regions.draw import RegionResult, draw_regions
from maskbench.regions.rasterize import RegionPixels, crop, fill


@dataclass(frozen=True)
class Instance:
    """One region with one of its labels.

    Attributes:
        value: The label's value in masks.
        pixels: The region's pixels, the same that masks are made of, in the smallest window.
        area: The number of its pixels.
    """

    value: int
    pixels: RegionPixels
    area: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Return the pixels' bounding box: left, top, width and height in pixels."""
        rows, columns = self.pixels.inside.shape
        return self.pixels.left, self.pixels.top, columns, rows

    @property
    def outlines(self) -> list[Ring]:
        """Return the outline of each part, as :func:`maskbench.export.trace.trace` does."""
        return trace(self.pixels)


def instances(
    benchmark: Benchmark, key: str, annotations: Path, params: RasterizeParams
) -> Iterator[Instance]:
    """Yield the regions of the annotation that counts, one for each label that has a class.

    Where several annotators voted, no annotation is behind the mask: each connected part of a class
    is an instance.

    Regions keep all their pixels: ``multi_label_rules`` and ``rasterize.overlap`` shape masks, not
    instances. Regions without pixels in a mask, such as open lines, are left out. So are class 0
    (the background is no object) and labels without a class (those that mean "ignore").

    Args:
        benchmark: The benchmark.
        key: The image's key.
        annotations: The folder of the stored tasks.
        params: How regions become pixels.

    Raises:
        DataError: The task is missing, is not the one that the mask was made from, or a region's
            geometry cannot be read.
    """
    if benchmark.row(key).voters:
        yield from _parts(benchmark.mask(key), len(benchmark.classes))
        return
    path = annotations / f"{key}.json"
    if not path.is_file():
        what = "is missing; instances are made from regions: run `dvc pull fetch`"
        raise DataError("there are no regions to export", [Problem(what, str(path))])
    task = read_task(path)
    number = benchmark.row(key).annotation
    chosen = next((found for found in task.annotations if found.id == number), None)
    if chosen is None or task.image is None:
        what = f"has no annotation {number}, from which the mask was made; run `dvc checkout`"
        raise DataError("regions and masks are of different versions", [Problem(what, str(path))])
    for result in draw_regions(chosen.regions, task.image, params):
        if result.error is not None:
            problem = Problem(result.error, str(path), region=result.region.id)
            raise DataError("a region cannot be exported", [problem])
        if result.pixels is not None:
            yield from _by_label(result, result.pixels, benchmark.classes)


def _parts(mask: Mask, classes: int) -> Iterator[Instance]:
    """Yield the connected parts of the classes of a mask, without the background."""
    is_object = (mask > 0) & (mask < classes)
    found = list(features.shapes(mask, mask=is_object, connectivity=8))
    height, width = mask.shape
    filled = fill([shape(outline) for outline, _ in found], width, height)
    for (_, value), pixels in zip(found, filled, strict=True):
        yield Instance(int(value), pixels, int(np.count_nonzero(pixels.inside)))


def _by_label(
    result: RegionResult, pixels: RegionPixels, classes: tuple[str, ...]
) -> Iterator[Instance]:
    inside = crop(pixels.inside)
    left, top = pixels.left + inside.left, pixels.top + inside.top
    smallest = RegionPixels(left, top, inside.inside)
    values = [classes.index(label) for label in result.region.labels if label in classes]
    yield from (Instance(value, smallest, result.count) for value in values if value)
