"""What exports are made from. Needs numpy and Pillow only; their regions: ``instances``."""

from dataclasses import dataclass
from pathlib import Path

from maskbench.dataset import Benchmark


@dataclass(frozen=True)
class Source:
    """A benchmark, and where the regions behind its masks lie.

    Attributes:
        benchmark: The benchmark, all splits.
        annotations: Folder of the stored tasks; None: ``annotations`` beside the benchmark.
        brush_threshold: As ``rasterize.brush_threshold`` in params.yaml.
    """

    benchmark: Benchmark
    annotations: Path | None = None
    brush_threshold: int = 128

    def size_wh(self, key: str) -> tuple[int, int]:
        """Width and height of a key's scene; raises DataError."""
        row = self.benchmark.row(key)
        return row.width, row.height
