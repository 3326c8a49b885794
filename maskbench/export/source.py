"""Give export formats what they are made from: a benchmark and the regions behind its masks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.dataset import Benchmark
from maskbench.params import RasterizeParams, load_params

if TYPE_CHECKING:
    from maskbench.export.instances import Instance


@dataclass(frozen=True)
class ExportSource:
    """A benchmark, the folder of the regions behind its masks, and how they became pixels.

    Attributes:
        benchmark: The benchmark, with all splits.
        annotations: The folder of the stored tasks; None: ``annotations`` beside the benchmark.
        params: The section ``rasterize`` of the params that the benchmark was built with; None:
            that of the nearest ``params.yaml`` above the benchmark, or the defaults without one.
    """

    benchmark: Benchmark
    annotations: Path | None = None
    params: RasterizeParams | None = None

    @cached_property
    def rasterize(self) -> RasterizeParams:
        """Return the params by which regions become pixels: ``params``, or those found for None.

        Raises:
            ParamsError: ``params.yaml`` cannot be read, or breaks a rule.
        """
        if self.params is not None:
            return self.params
        for folder in self.benchmark.root.resolve().parents:
            if (folder / "params.yaml").is_file():
                return load_params(folder / "params.yaml").rasterize
        return RasterizeParams()

    def size_wh(self, key: str) -> tuple[int, int]:
        """Return width and height of a key's scene in pixels, from the manifest.

        Raises:
            DataError: The manifest is missing or damaged, or has no such row.
        """
        row = self.benchmark.row(key)
        return row.width, row.height

    def instances(self, key: str) -> "Iterator[Instance]":
        """Yield a key's regions as instances; see :func:`maskbench.export.instances.instances`."""
        from maskbench.export.instances import instances  # noqa: PLC0415 - needs maskbench[build]

        folder = self.annotations or self.benchmark.root.parent / "annotations"
        return instances(self.benchmark, key, folder, self.rasterize)
