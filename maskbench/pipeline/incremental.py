"""Build incrementally, all or nothing, in the stages that make files for each task.

A stage makes its files in a staging folder and moves them into place when all of them are good: bad
input leaves the previous outputs as they were. A record of the last run says which files were made
from which inputs. A task is skipped only if its inputs are the same, its files still hold the bytes
that were written, *and* the stage's code (:data:`~.stage_code.STAGE_CODE`) is the same. Without
that record everything is made again, with equal bytes.
"""

import shutil
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from maskbench.errors import DataError, Problem, count_problems
from maskbench.files.atomic import remove_others, replacing
from maskbench.files.hashing import Digests, build_id
from maskbench.files.json import PackedJson
from maskbench.parallel.run import progress, run_all
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.stage_code import STAGE_CODE


@dataclass(frozen=True)
class Outcome:
    """What one job made.

    Attributes:
        outputs: The digests of its files by path relative to the data folder; they lie in the
            staging folder.
        facts: JSON values that metrics and tables are made from.
        problems: What is wrong with its input; if any, nothing of the run is published.
    """

    outputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


class Job(NamedTuple):
    """One item to make.

    Attributes:
        key: The item's key.
        inputs: Digest of everything that shapes its files.
        work: The argument of the worker function.
    """

    key: str
    inputs: str
    work: Any


class Built(NamedTuple):
    """The result of a build: facts by key (all items), and how many items were made."""

    facts: PackedJson[Mapping[str, Any]]
    made: int


class StageDefinition(NamedTuple):
    """How a stage makes its files.

    Attributes:
        stage: The stage's name.
        make: Makes one item from ``job.work``, writing into :func:`staging`.
        folders: Names of the data folders that hold this stage's files and nothing else.
        check_all: Finds problems of all items together, from the facts by key.
        advise: Returns advice on the problems, from the facts by key; may be empty.
        last_run: The name of its :class:`LastRun`, for a stage that keeps several.
    """

    stage: str
    make: Callable[[Any], Outcome]
    folders: Sequence[str]
    check_all: Callable[[Mapping[str, Mapping[str, Any]]], Sequence[Problem]] = lambda facts: ()
    advise: Callable[[Mapping[str, Mapping[str, Any]]], str] = lambda facts: ""
    last_run: str = "last_run"


def build(
    definition: StageDefinition,
    layout: Layout,
    jobs: Iterable[Job],
    total: int | None = None,
    found: Sequence[Problem] = (),
) -> Built:
    """Make what is outdated, publish it, and delete from the folders what belongs to no job.

    Args:
        definition: How to do each job.
        layout: Where files lie.
        jobs: The items, in any order; the iterable may raise a MaskbenchError at its end.
        total: How many jobs there are, for the progress bar, if that is known.
        found: Problems of items without a job; the iterable may add to them until its end.

    Raises:
        DataError: Items have problems; all of them are in it, and nothing was published.
    """
    stage = definition.stage
    shutil.rmtree(staging(layout, stage).parent, ignore_errors=True)
    outputs = _Outputs(layout, definition.folders)
    last = LastRun(layout, stage, definition.last_run)
    waiting: deque[tuple[str, str]] = deque()  # keys and inputs; the work itself may be large
    items: PackedJson[Mapping[str, Any]] = PackedJson()

    def outdated() -> Iterable[Any]:
        for job in progress(jobs, total, stage):
            entry = last.items.get(job.key)
            if entry is None or entry["inputs"] != job.inputs or not outputs.have(entry["outputs"]):
                waiting.append((job.key, job.inputs))
                yield job.work
            else:
                items.copy(job.key, last.items)

    made: dict[str, Mapping[str, str]] = {}
    wrong: dict[str, tuple[Problem, ...]] = {}
    for outcome in run_all(definition.make, outdated(), stage):
        key, inputs = waiting.popleft()
        made[key], wrong[key] = outcome.outputs, outcome.problems
        items.pack(key, {"inputs": inputs, "facts": outcome.facts, "outputs": outcome.outputs})
    items = items.only(sorted(items))
    facts: PackedJson[Mapping[str, Any]] = items.view(lambda entry: entry["facts"])
    problems = [*found, *(problem for key in sorted(wrong) for problem in wrong[key])]
    problems += definition.check_all(facts) if not found else []
    if problems:
        what = f"{stage}: {count_problems(problems)}; nothing was changed"
        raise DataError(what, problems, definition.advise(facts))
    _publish(layout, stage, [path for paths in made.values() for path in paths])
    for paths in made.values():
        outputs.record(paths)
    outputs.save(path for entry in items.values() for path in entry["outputs"])
    last.save(items, bool(made))
    return Built(facts, len(made))


def staging(layout: Layout, stage: str) -> Path:
    """Return the folder in which a stage's workers write; it mirrors the data folder.

    Each run has its own, so that what a worker of a killed run still writes is not published.
    """
    return layout.work(stage) / "staging" / _run()


@cache
def _run() -> str:
    return uuid.uuid4().hex


def _publish(layout: Layout, stage: str, paths: Iterable[str]) -> None:
    """Move finished files into place."""
    source = staging(layout, stage)
    for path in paths:
        target = layout.data / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (source / path).replace(target)
    shutil.rmtree(source.parent, ignore_errors=True)


class _Outputs:
    """The files in the output folders of a stage."""

    def __init__(self, layout: Layout, folders: Iterable[str]) -> None:
        self._layout = layout
        self._digests = {folder: folder_digests(layout, folder) for folder in folders}

    def have(self, digests: Mapping[str, str]) -> bool:
        """Return whether these files, by path, still have these digests."""
        for path, sha256 in digests.items():
            folder, _, name = path.rpartition("/")
            if self._digests[folder].get(name) != sha256:
                return False
        return True

    def record(self, digests: Mapping[str, str]) -> None:
        """Remember the digests, by path, of files that were just published."""
        for path, sha256 in digests.items():
            folder, _, name = path.rpartition("/")
            self._digests[folder].record(name, sha256)

    def save(self, paths: Iterable[str]) -> None:
        """Delete all other files, and save the digests of these."""
        names: dict[str, set[str]] = {folder: set() for folder in self._digests}
        for path in paths:
            folder, _, name = path.rpartition("/")
            names[folder].add(name)
        for folder, digests in self._digests.items():
            remove_others(self._layout.data / folder, names[folder])
            digests.save(names[folder])


def folder_digests(layout: Layout, name: str) -> Digests:
    """Return the digests of the files in a data folder; all stages share them."""
    last_run = layout.work("digests") / f"{name.replace('/', '-')}.json"
    return Digests(layout.data / name, last_run)


class LastRun:
    """The record of what the stage made from which inputs, if the same code made it.

    Args:
        layout: Where files lie.
        stage: The stage.
        name: The name of the record, for a stage that keeps several.

    Attributes:
        items: The record by key; empty if other code wrote it.
    """

    def __init__(self, layout: Layout, stage: str, name: str = "last_run") -> None:
        self._file = layout.last_run(stage, name)
        self._build_id = build_id(STAGE_CODE[stage])
        try:
            self.items = PackedJson.from_bytes(self._file.read_bytes(), self._build_id)
        except (OSError, ValueError):  # missing or damaged: everything is made again
            self.items = PackedJson()

    def save(self, items: Mapping[str, Any], changed: bool) -> None:
        """Write the record of all current items, if it has ``changed`` or items have gone."""
        if changed or len(items) != len(self.items):
            packed = items if isinstance(items, PackedJson) else PackedJson.of(items)
            with replacing(self._file) as temporary, temporary.open("wb") as stream:
                stream.writelines(packed.to_lines(self._build_id))
