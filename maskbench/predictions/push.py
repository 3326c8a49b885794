"""Push a model's masks into Label Studio as predictions.

Everything is checked before anything is sent. What was sent under the same model version before is
replaced; a push that stopped goes on where it was, as long as files and options are the same.
"""

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from maskbench.errors import DataError, Problem
from maskbench.files.atomic import write_text
from maskbench.files.hashing import digest, sha256_file
from maskbench.files.masks import values_in
from maskbench.labelstudio.server.source import Server
from maskbench.parallel.run import progress, run_all
from maskbench.params import Params
from maskbench.pipeline.combine import codes
from maskbench.pipeline.layout import Layout
from maskbench.predictions.draw import draw_mask
from maskbench.predictions.folder import find_files, read_prediction
from maskbench.predictions.plan import DrawingPlan, make_plan
from maskbench.predictions.server import ProjectPredictions
from maskbench.predictions.tasks import image_sizes, open_server, tasks_by_key
from maskbench.regions.task import Task
from maskbench.text import counted, some

CHUNK = 100
"""Predictions sent at once: about a second, and a few megabytes."""

_SHOWN = "\nshown"  # at the end of what is kept of a push: annotators got this version before it


@dataclass(frozen=True)
class PushOptions:
    """How masks are pushed.

    Attributes:
        version: The model version.
        kind: ``polygon`` or ``brush``; None: polygons where the setup has them.
        tolerance: How far outlines may lie from the pixels' own, in pixels.
        show: Make the version the one that annotators get.
        dry_run: Only say what would be sent.
    """

    version: str
    kind: str | None = None
    tolerance: float = 1.0
    show: bool = False
    dry_run: bool = False


class Work(NamedTuple):
    """A prediction to send: its file, its task, its image's size, and the project's plan."""

    path: Path
    task: Task
    size: tuple[int, int]
    plan: DrawingPlan


def _find_problems(classes: tuple[str, ...], work: Work) -> list[Problem]:
    """Return what is wrong with a prediction."""
    try:
        mask = read_prediction(work.path, work.size, classes).mask
    except ValueError as error:
        return [Problem(str(error), str(work.path), work.task.id)]
    found = (work.plan.impossible.get(value) for value in values_in(mask))
    place = Problem("", str(work.path), work.task.id, param="labels_map")
    return [place._replace(what=why) for why in found if why]


def _draw(classes: tuple[str, ...], tolerance: float, work: Work) -> tuple[int, dict[str, Any]]:
    """Draw a prediction as regions; return the task's id, and what the server gets."""
    mask, score, _ = read_prediction(work.path, work.size, classes)
    result = draw_mask(mask, work.plan, tolerance)
    return work.task.id, {"result": result, **({} if score is None else {"score": score})}


def push(params: Params, layout: Layout, folder: Path, options: PushOptions) -> str:
    """Push the predictions of a folder; return a summary.

    Raises:
        DataError: Predictions have problems (nothing was sent), or the server lost some.
        SourceError: The server fails or refuses; the same command goes on where it stopped.
    """
    files = find_files(folder)
    with closing(open_server(params.fetch, layout)) as server:
        tasks = tasks_by_key(server, params)
        surplus = [key for key in files if key not in tasks]
        if len(surplus) == len(files):
            what = "no task of the server has an image of these names"
            raise DataError(f"{what}: {some(surplus)}; name each file as its image's key")
        known = [tasks[key] for key in files if key in tasks]
        sizes = image_sizes(server, known, params.fetch, layout)
        plans = {
            project.id: make_plan(params, project.labeling, options.kind)
            for project in server.projects
        }
        work = [Work(files[t.key], t, sizes[t.key], plans[_project(t, server)]) for t in known]
        classes = tuple(codes(params.labels_map))
        checked = progress(work, len(work), "check")
        found = run_all(partial(_find_problems, classes), checked, "check")
        problems = [problem for problems in found for problem in problems]
        if problems:
            raise DataError(f"{folder}: nothing was sent", problems)
        lines = []
        for number, plan in plans.items():
            own = [entry for entry in work if _project(entry.task, server) == number]
            if own:
                project = ProjectPredictions(server.client, number)
                lines.append(_Push(project, options, layout, classes).run(own, plan))
    if surplus:
        names = counted(len(surplus), "prediction is", "predictions are")
        lines.append(f"{names} of no task on the server, and left out: {some(surplus)}")
    return "\n".join(lines)


def _project(task: Task, server: Server) -> int:
    return task.project if task.project is not None else server.projects[0].id


@dataclass(frozen=True)
class _Push:
    """Pushes the predictions of one project."""

    project: ProjectPredictions
    options: PushOptions
    layout: Layout
    classes: tuple[str, ...]

    def run(self, work: list[Work], plan: DrawingPlan) -> str:
        """Push them; return a summary."""
        left = work if self.options.dry_run else self._left(work, plan)
        shown = progress(left, len(left), "predictions")
        draw = partial(_draw, self.classes, self.options.tolerance)
        drawn = run_all(draw, shown, "predictions")
        regions, lost = 0, dict[int, str]()
        with ThreadPoolExecutor(1) as sender:  # one chunk is sent while the next one is drawn
            sent: Future[dict[int, str]] | None = None
            while chunk := dict(islice(drawn, CHUNK)):
                regions += sum(len({r["id"] for r in v["result"]}) for v in chunk.values())
                if not self.options.dry_run:
                    lost |= sent.result() if sent else {}
                    sent = sender.submit(self.project.create, self.options.version, chunk)
            lost |= sent.result() if sent else {}
        if lost:
            raise DataError(
                f"project {self.project.project}: {counted(len(lost), 'prediction')} of "
                f"{len(work):,} did not arrive; run the same command to send only these",
                [Problem(why, task=number) for number, why in lost.items()],
            )
        return self._finish(len(left), regions, plan)

    def _left(self, work: list[Work], plan: DrawingPlan) -> list[Work]:
        """Return what is still to be sent, after what it replaces was deleted."""
        job = digest([self.options.kind, self.options.tolerance, repr(plan), _contents(work)])
        there = self.project.tasks_with(self.options.version)
        if self._begun() != job:
            # Deleting a version takes it off show: written first, so that a stop forgets nothing.
            shown = _SHOWN if self._was_shown() else ""
            write_text(self._state, shown)
            self._replace(there, {entry.task.id for entry in work})
            write_text(self._state, job + shown)
            return work
        left = [entry for entry in work if entry.task.id not in there]
        sent = counted(len(work) - len(left), "prediction was", "predictions were")
        print(f"continuing: {sent} sent before", file=sys.stderr)
        return left

    def _replace(self, there: set[int], tasks: set[int]) -> None:
        """Delete the version's predictions of these tasks, and of no other."""
        if there and there <= tasks:
            self.project.delete(self.options.version)
        else:
            self.project.delete_of_tasks(self.options.version, sorted(there & tasks))

    def _begun(self) -> str:
        """Return the digest of the push that has begun; empty if none has."""
        text = self._state.read_text(encoding="utf-8") if self._state.is_file() else ""
        return text.removesuffix(_SHOWN)

    def _was_shown(self) -> bool:
        """Tell whether annotators got the version before this push, or one that stopped."""
        if self._state.is_file() and self._state.read_text(encoding="utf-8").endswith(_SHOWN):
            return True
        return self.project.versions().shown == self.options.version

    @property
    def _state(self) -> Path:
        """The file that says which push of this version has begun and not finished."""
        name = digest([self.project.client.server, self.project.project, self.options.version])
        return self.layout.work("predictions") / f"{name[:20]}.txt"

    def _finish(self, count: int, regions: int, plan: DrawingPlan) -> str:
        """Show the version if asked to or shown before, and forget the push; return a summary."""
        shown = self.options.version
        if not self.options.dry_run:
            if self.options.show or self._was_shown():
                self.project.show(self.options.version)
            self._state.unlink(missing_ok=True)
            shown = self.project.versions().shown
        what = f"{counted(count, 'prediction')} with {counted(regions, 'region')}"
        return self._summary(what, shown, plan)

    def _summary(self, what: str, shown: str, plan: DrawingPlan) -> str:
        version = self.options.version
        verb = "would push" if self.options.dry_run else "pushed"
        lines = [f"project {self.project.project}: {verb} {what} as {version!r}", *plan.notes]
        if shown != version:
            now = f"those of {shown!r}" if shown else "no predictions"
            lines.append(f"annotators see {now}; --show shows them this version")
        return "; ".join(lines)


def _contents(work: Iterable[Work]) -> Mapping[str, str]:
    return {entry.task.key: sha256_file(entry.path) for entry in work}
