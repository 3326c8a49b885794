"""What exports are made from. Needs numpy and Pillow only; its regions: ``instances``."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from maskbench.dataset import Benchmark
from maskbench.params import RasterizeParams, load_params


@dataclass(frozen=True)
class ExportSource:
    """A benchmark, where the regions behind its masks lie, and how they became pixels.

    Attributes:
        benchmark: The benchmark, all splits.
        annotations: Folder of the stored tasks; None: ``annotations`` beside the benchmark.
        params: Section ``rasterize`` of the params that the benchmark was built with; None: that of
            the nearest ``params.yaml`` above the benchmark, or the defaults if there is none.
    """

    benchmark: Benchmark
    annotations: Path | None = None
    params: RasterizeParams | None = None

    @cached_property
    def rasterize(self) -> RasterizeParams:
        """How regions become pixels: ``params``, or what None stands for.

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
        """Return width and height of a key's scene; raises DataError."""
        row = self.benchmark.row(key)
        return row.width, row.height
