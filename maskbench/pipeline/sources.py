"""Open what tasks and images come from: a folder of exports, or a Label Studio server."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from maskbench.errors import Problem, TaskLink, group_by_cause
from maskbench.labelstudio.export import RawTask, parse_task
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.image_file import HasImage, ImageFile
from maskbench.labelstudio.image_names import public_form
from maskbench.labelstudio.server.auth import read_key
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.project import Project, compare_labels
from maskbench.labelstudio.server.source import Server
from maskbench.params import FetchParams, Params
from maskbench.pipeline.layout import Layout
from maskbench.regions.task import Task
from maskbench.text import SHOWN, counted


class TaskSource(Protocol):
    """Where tasks and images come from."""

    @property
    def notes(self) -> Sequence[str]:
        """Return what a user should know of the source, a line each."""

    @property
    def problems(self) -> Sequence[Problem]:
        """Return what is wrong with the source apart from single tasks."""

    def tasks(self) -> Iterator[RawTask]:
        """Yield the raw tasks."""

    def fingerprint(self, raw: Any, origin: str) -> str | None:
        """Return a digest that equal raw tasks share; None if the task must be parsed."""

    def image_fields(self, origin: str) -> Mapping[str, str]:
        """Return the data field behind each image tag, for tasks of this origin, if known."""

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Get the images of these tasks ready for :meth:`find`."""

    def find(self, task: HasImage) -> ImageFile:
        """Return a local file with a task's image.

        Raises:
            MissingImageError: There is none.
            ValueError: It cannot be told or had.
        """

    def finish(self) -> None:
        """Clear up after the images have become outputs."""


def open_source(params: Params, layout: Layout) -> Folder | Server:
    """Open the source that the params name, with its tasks up to date.

    Raises:
        SourceError: It cannot be reached or read.
    """
    if params.fetch.server is None:
        return Folder(Path(params.fetch.folder), layout.work("digests") / "source.json")
    server = connect(params.fetch, layout)
    for warning in setup_warnings(server.projects, params):
        print(f"warning: {warning}", file=sys.stderr)
    server.sync()
    return server


def connect(params: FetchParams, layout: Layout, work: Path | None = None) -> Server:
    """Connect to the server that the params name and look its projects up, but not their tasks.

    Args:
        params: Address and projects.
        layout: The repository.
        work: A scratch folder; None: the stage's own, which is kept between runs.

    Raises:
        SourceError: It cannot be reached, refuses the key, or has no such project.
    """
    if params.server is None:
        raise ValueError("these params name no server")
    key = read_key(layout.root, params.server)
    client = Client(params.server, key, private_hosts=params.private_hosts)
    return Server(client, params.projects, work or layout.work("fetch"), layout.images)


def setup_warnings(projects: Iterable[Project], params: Params) -> list[Problem]:
    """Find where the labelling setups of projects and the params disagree."""
    aliases = params.rasterize.label_aliases
    drawn = {aliases.get(n, n) for project in projects for n in project.labeling.labels}
    offered = {label for label in drawn if label is not None}
    several = [
        Problem(
            f"project {project.id} shows several images of a task ({', '.join(lists)}); tasks "
            "that have more than one are refused"
        )
        for project in projects
        if (lists := project.labeling.lists)
    ]
    return compare_labels(offered, params.labels_map, params.rules) + several


def parse(raw: RawTask, source: TaskSource, chosen: Mapping[str, str] | None) -> Task:
    """Read a task of a source; ``chosen`` is ``fetch.image_field``. Raise as :func:`parse_task`."""
    return parse_task(raw.value, raw.origin, source.image_fields(raw.origin), chosen, raw.qualifier)


class MissingImages:
    """The tasks whose images are missing.

    Attributes:
        is_skipped: Whether they are left out; otherwise each is a problem.
        references: How they name their images, by key.
        problems: Why the images of the first ones are missing.
    """

    def __init__(self, is_skipped: bool) -> None:
        self.is_skipped = is_skipped
        self.references: dict[str, str] = {}
        self.problems: list[Problem] = []

    def add(self, task: HasImage, reason: ValueError) -> None:
        """Count a task."""
        self.references[task.key] = public_form(str(task.reference))
        if len(self.problems) < SHOWN:
            self.problems.append(Problem(str(reason), task=task.id))

    def __len__(self) -> int:
        return len(self.references)

    @property
    def summary(self) -> str:
        """Return how many there are."""
        tasks = counted(len(self), "task is", "tasks are")
        return f"{tasks} left out, with images missing (fetch.missing_images: skip)"

    def describe(self, link: TaskLink) -> str:
        """Return how many there are, and why their images are missing."""
        rest = len(self) - len(self.problems)
        reasons = "; ".join(map(str, group_by_cause(self.problems, link=link)))
        return f"{self.summary}: {reasons}" + (f" and {rest} more" if rest else "")
