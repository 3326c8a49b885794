"""The regions behind a benchmark's masks as instances. Needs what building needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from maskbench.errors import DataError, Problem
from maskbench.export.source import ExportSource
from maskbench.labelstudio.stored import read_task
from maskbench.regions.build import RegionResult, draw_regions
from maskbench.regions.rasterize import RegionPixels, crop


@dataclass(frozen=True)
class Instance:
    """One region with one of its labels.

    Attributes:
        value: The label's value in masks.
        pixels: The region's pixels, as masks are made of them; the window is the smallest.
        area: How many pixels it has.
    """

    value: int
    pixels: RegionPixels
    area: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the pixels' bounding box."""
        rows, columns = self.pixels.inside.shape
        return self.pixels.left, self.pixels.top, columns, rows


def instances(source: ExportSource, key: str) -> Iterator[Instance]:
    """Yield the regions of the annotation that counted, one for each label that has a class.

    Regions keep all their pixels: ``multi_label_rules`` and ``rasterize.overlap`` shape masks, not
    instances. What has no part in a mask is left out (open lines, what has no pixel), and so are
    class 0 (the background is no object) and labels without a class (those that mean "ignore").

    Raises:
        DataError: The task is missing, is not the one that the mask was made from, or a region's
            geometry cannot be read.
        ParamsError: The benchmark's ``params.yaml`` cannot be used.
    """
    folder = source.annotations or source.benchmark.root.parent / "annotations"
    path = folder / f"{key}.json"
    if not path.is_file():
        what = "is missing; instances are made from regions: run `dvc pull fetch`"
        raise DataError("there are no regions to export", [Problem(what, str(path))])
    task = read_task(path)
    number = source.benchmark.row(key).annotation
    chosen = [annotation for annotation in task.annotations if annotation.id == number]
    if not chosen or task.image is None:
        what = f"has no annotation {number}, from which the mask was made; run `dvc checkout`"
        raise DataError("regions and masks are of different versions", [Problem(what, str(path))])
    for result in draw_regions(chosen[0].regions, task.image, source.rasterize):
        if result.error is not None:
            problem = Problem(result.error, str(path), region=result.region.id)
            raise DataError("a region cannot be exported", [problem])
        yield from _of_region(result, source.benchmark.classes)


def _of_region(result: RegionResult, classes: tuple[str, ...]) -> Iterator[Instance]:
    if result.pixels is None:
        return
    inside = crop(result.pixels.inside)
    left, top = result.pixels.left + inside.left, result.pixels.top + inside.top
    pixels = RegionPixels(left, top, inside.inside)
    values = [classes.index(label) for label in result.region.labels if label in classes]
    yield from (Instance(value, pixels, result.count) for value in values if value)
