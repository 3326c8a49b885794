"""Where the pipeline's files lie, relative to the repository."""

from pathlib import Path
from typing import NamedTuple


class Layout(NamedTuple):
    """The folders and files of one benchmark repository.

    Attributes:
        root: The repository's folder (where ``dvc.yaml`` lies).
    """

    root: Path = Path()

    @property
    def data(self) -> Path:
        """All data of the stages."""
        return self.root / "data"

    @property
    def annotations(self) -> Path:
        """Canonical tasks, ``<key>.json``."""
        return self.data / "annotations"

    @property
    def images(self) -> Path:
        """Images as served, ``<key>.<ext>``."""
        return self.data / "images"

    @property
    def label_sets(self) -> Path:
        """Label sets, ``<key>.tif``."""
        return self.data / "label_sets"

    @property
    def benchmark(self) -> Path:
        """What a training machine pulls."""
        return self.data / "benchmark"

    @property
    def combined(self) -> Path:
        """A row a mask: what *split* needs to know of it without opening it."""
        return self.data / "combined.csv"

    def metrics(self, stage: str) -> Path:
        """The metrics file of a stage."""
        return self.root / "metrics" / f"{stage}.json"

    def plot(self, name: str) -> Path:
        """A table in ``plots/``."""
        return self.root / "plots" / f"{name}.csv"

    @property
    def lock(self) -> Path:
        """The file that a stage locks while it runs."""
        return self.data / ".maskbench" / "lock"

    def written(self) -> tuple[Path, ...]:
        """The folders in which stages write single files, rather than move staged ones there."""
        scratch = self.lock.parent.glob("*/")
        return (self.data, self.benchmark, self.root / "metrics", self.root / "plots", *scratch)

    def work(self, stage: str) -> Path:
        """A stage's scratch folder: unfinished files and its memory of finished ones, not in DVC.

        It lies beside the outputs, so that a finished file is moved, not copied, into its place.
        """
        return self.data / ".maskbench" / stage

    def memory(self, stage: str, name: str = "memory") -> Path:
        """What a stage remembers of what it has made; ``name``: which of its memories."""
        return self.work(stage) / f"{name}.json"
