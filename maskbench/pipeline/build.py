"""Incremental, all-or-nothing builds: what the stages that make a file per task share.

A stage's files are made aside and moved into place when all of them are good, so that bad input
leaves the previous outputs as they were. What was made from what is remembered beside them; an item
is skipped only when its inputs are the same *and* its files still hold the bytes that were written.
The memory is a shortcut only: without it everything is made anew, with equal bytes.
"""

import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from maskbench.code import code_digest
from maskbench.errors import DataError, Problem
from maskbench.executor import progress, run_all
from maskbench.files import json_text, remove_stale, sha256_file, signature, write_text
from maskbench.pipeline.layout import Layout


@dataclass(frozen=True)
class Outcome:
    """What one job made.

    Attributes:
        outputs: Its files, relative to the data folder; they lie in the staging folder.
        facts: What metrics and tables need to know of it (JSON values).
        problems: What is wrong with its input; then nothing of the run is published.
    """

    outputs: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Job:
    """One item to make.

    Attributes:
        key: The item's key.
        inputs: Digest of everything that shapes its files.
        work: What the worker function gets.
    """

    key: str
    inputs: str
    work: Any


@dataclass(frozen=True)
class Built:
    """The result of a build: facts by key (all items), and how many items were made anew."""

    facts: Mapping[str, Mapping[str, Any]]
    made: int


@dataclass(frozen=True)
class Recipe:
    """How a stage makes its files.

    Attributes:
        stage: The stage's name.
        function: Makes one item from ``job.work``, writing into :func:`staging`.
        folders: Names of the data folders that hold this stage's files and nothing else.
        judge: Finds problems that show only over all items, from the facts by key.
        travels: Its work may run where our files are not (see :mod:`maskbench.shared`): each file
            that the function reads is a path in the job, and it changes none of them.
    """

    stage: str
    function: Callable[[Any], Outcome]
    folders: Sequence[str]
    judge: Callable[[Mapping[str, Mapping[str, Any]]], Sequence[Problem]] = lambda facts: ()
    travels: bool = True


def build(recipe: Recipe, layout: Layout, jobs: Iterable[Job], total: int | None = None) -> Built:
    """Make what is outdated, publish it, and delete from the folders what belongs to no job.

    Args:
        recipe: What to do with each job.
        layout: Where files lie.
        jobs: The items, in any order; the iterable may raise a MaskbenchError at its end.
        total: How many jobs there are, for the progress bar, if that is known.

    Raises:
        DataError: Items have problems; all of them are in it, and nothing was published.
    """
    stage = recipe.stage
    memory = _Memory(layout, stage)
    shutil.rmtree(staging(layout, stage).parent, ignore_errors=True)
    todo: dict[str, str] = {}  # inputs by key; the jobs themselves may be large
    old: dict[str, dict[str, Any]] = {}

    def outdated() -> Iterable[Job]:
        for job in progress(jobs, total, stage):
            entry = memory.recall(job)
            if entry is None:
                todo[job.key] = job.inputs
                yield job
            else:
                old[job.key] = entry

    outcomes = list(run_all(_Call(recipe.function, recipe.travels), outdated(), stage))
    made = dict(zip(todo, outcomes, strict=True))
    facts = {key: entry["facts"] for key, entry in old.items()}
    facts |= {key: outcome.facts for key, outcome in made.items()}
    facts = dict(sorted(facts.items()))
    problems = [problem for key in sorted(made) for problem in made[key].problems]
    problems += recipe.judge(facts) if not problems else []
    if problems:
        raise DataError(f"{stage}: {_count(problems)}; nothing was changed", problems)
    outputs = [path for entry in old.values() for path in entry["outputs"]]
    outputs += _publish(layout, stage, made)
    for name in recipe.folders:
        inside = (Path(path) for path in outputs if Path(path).parent == Path(name))
        remove_stale(layout.data / name, inside)
    memory.remember(old, todo, made)
    return Built(facts, len(made))


def staging(layout: Layout, stage: str) -> Path:
    """The folder in which a stage's workers write; it mirrors the data folder.

    Each process has its own: what a worker of a killed run still writes, elsewhere, is not taken.
    """
    return layout.work(stage) / "staging" / _run()


@cache
def _run() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class _Call:
    """The worker function applied to a job's work; a class, so that it travels to processes."""

    function: Callable[[Any], Outcome]
    travels: bool

    def __call__(self, job: Job) -> Outcome:
        return self.function(job.work)


def _count(problems: Sequence[Problem]) -> str:
    return f"{len(problems)} problem{'s' * (len(problems) > 1)}"


def _publish(layout: Layout, stage: str, made: Mapping[str, Outcome]) -> list[str]:
    """Move finished files into place, whole ones over whole ones; returns their paths."""
    source = staging(layout, stage)
    moved = []
    for outcome in made.values():
        for path in outcome.outputs:
            target = layout.data / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (source / path).replace(target)
            moved.append(path)
    shutil.rmtree(source.parent, ignore_errors=True)
    return moved


class _Memory:
    """What was made from what, by key: ``{inputs, facts, outputs: {path: [digest, signature]}}``.

    A signature is a file's inode, size and times of change: while it is the same, so is the
    content (the time of the last status change cannot be set back); otherwise the digest decides.
    """

    def __init__(self, layout: Layout, stage: str) -> None:
        self.data = layout.data
        self.file = layout.work(stage) / "memory.json"
        self.entries = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.file.read_bytes())
        except (OSError, ValueError):
            return {}
        same = isinstance(content, dict) and content.get("code") == code_digest()
        return content["items"] if same and isinstance(content.get("items"), dict) else {}

    def recall(self, job: Job) -> dict[str, Any] | None:
        """The entry of a job that need not run again."""
        entry = self.entries.get(job.key)
        if not entry or entry["inputs"] != job.inputs:
            return None
        return entry if all(self._intact(*output) for output in entry["outputs"].items()) else None

    def _intact(self, path: str, seal: list[Any]) -> bool:
        file = self.data / path
        try:
            if signature(file) == seal[1]:
                return True
            if sha256_file(file) != seal[0]:
                return False
            seal[1] = signature(file)
        except OSError:
            return False
        return True

    def remember(
        self,
        old: Mapping[str, Any],
        inputs: Mapping[str, str],
        made: Mapping[str, Outcome],
    ) -> None:
        """Write the memory of all current items."""
        items = dict(old)
        for key, outcome in made.items():
            seals = {path: self._seal(path) for path in outcome.outputs}
            items[key] = {"inputs": inputs[key], "facts": outcome.facts, "outputs": seals}
        write_text(self.file, json_text({"code": code_digest(), "items": items}))

    def _seal(self, path: str) -> list[Any]:
        file = self.data / path
        return [sha256_file(file), signature(file)]
