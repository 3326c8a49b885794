"""Name the paths of the pipeline's files, relative to the repository."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from maskbench.errors import MaskbenchError
from maskbench.files.json import parse_json


class Layout:
    """The folders and files of one benchmark repository.

    Args:
        root: The repository's folder (where ``dvc.yaml`` lies).

    Attributes:
        root: The same.
        params: All settings.
        data: The folder of all data of the stages.
        annotations: The folder of canonical tasks, ``<key>.json``.
        images: The folder of images as served, ``<key>.<ext>``.
        label_sets: The folder of label sets, ``<key>.tif``.
        benchmark: The folder that a training machine pulls.
        combined: The table of masks, from which *split* reads without opening them.
        lock: The file that a stage locks while it runs.
        origins: The origin of each task of the last fetch, for messages.
    """

    def __init__(self, root: Path = Path()) -> None:
        self.root = root
        self.params = root / "params.yaml"
        self.data = root / "data"
        self.annotations = self.data / "annotations"
        self.images = self.data / "images"
        self.label_sets = self.data / "label_sets"
        self.benchmark = self.data / "benchmark"
        self.combined = self.data / "combined.csv"
        self.lock = self.data / ".maskbench" / "lock"
        self.origins = self.work("fetch") / "origins.json"

    def metrics(self, stage: str) -> Path:
        """Return the metrics file of a stage."""
        return self.root / "metrics" / f"{stage}.json"

    def plot(self, name: str) -> Path:
        """Return a table in ``plots/``."""
        return self.root / "plots" / f"{name}.csv"

    def written(self) -> tuple[Path, ...]:
        """Return the folders in which stages write files directly, not through staging."""
        scratch = self.lock.parent.glob("*/")
        return (self.data, self.benchmark, self.root / "metrics", self.root / "plots", *scratch)

    def work(self, stage: str) -> Path:
        """Return a stage's scratch folder: unfinished files and the record of its last run.

        It lies beside the outputs, so that a finished file is moved, not copied, into its place.
        DVC does not track it.
        """
        return self.data / ".maskbench" / stage

    def last_run(self, stage: str, name: str) -> Path:
        """Return the file that records a stage's last run; a stage can have several by name."""
        return self.work(stage) / f"{name}.jsonl"


class TaskOrigin(NamedTuple):
    """Where a task of the last fetch came from: its export or project, and the project's id."""

    file: str | None = None
    project: int | None = None


def read_origins(layout: Layout) -> dict[int, TaskOrigin]:
    """Return the origin of each task, by id; empty if it is unknown."""
    try:
        origins = parse_json(layout.origins.read_bytes())
        return {int(task): TaskOrigin(*origin) for task, origin in origins.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def require_tasks(paths: Sequence[Path]) -> None:
    """Raise MaskbenchError if there are no files of fetched tasks, as in a clone without them."""
    if not paths:
        raise MaskbenchError(
            "data/annotations holds no tasks: run `dvc repro fetch`, or `dvc pull fetch` in a clone"
        )


def find_root(start: Path) -> Path:
    """Return the folder at or above ``start`` that holds ``dvc.yaml``.

    Raises:
        MaskbenchError: There is none.
    """
    for folder in (start, *start.resolve().parents):
        if (folder / "dvc.yaml").is_file():
            return folder
    raise MaskbenchError("no dvc.yaml here or above: run maskbench inside a benchmark repository")


def find_benchmark() -> Path:
    """Return ``data/benchmark`` of the repository here or above; of this folder if there is none.

    A training machine may have a benchmark without its repository.
    """
    try:
        return Layout(find_root(Path())).benchmark
    except MaskbenchError:
        return Layout().benchmark
