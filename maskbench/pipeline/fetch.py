"""Run the stage *fetch*: store tasks and images from their source in canonical form."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from maskbench.errors import Problem
from maskbench.files.atomic import link_or_copy, write_bytes, write_text
from maskbench.files.hashing import digest, sha256
from maskbench.files.images import inspect
from maskbench.files.json import compact_json, json_text
from maskbench.files.levels import describe_badly_seen
from maskbench.labelstudio.export import RawTask, TaskError, parse_task
from maskbench.labelstudio.image_file import ImageFile, MissingImageError
from maskbench.labelstudio.image_names import public_form
from maskbench.labelstudio.results import is_id
from maskbench.labelstudio.server.source import Server
from maskbench.labelstudio.stored import task_json, with_image
from maskbench.params import FetchParams, Params
from maskbench.pipeline.fetch_report import (
    MISSING_ADVICE,
    MissingImages,
    badly_seen,
    describe_gone,
    fetch_metrics,
    task_facts,
    without_annotation,
)
from maskbench.pipeline.incremental import Job, LastRun, Outcome, StageDefinition, build, staging
from maskbench.pipeline.layout import Layout, TaskOrigin
from maskbench.pipeline.same_image import equal_ids, unite
from maskbench.pipeline.sources import TaskSource, open_source, parse
from maskbench.regions.task import Image, Task, could_count
from maskbench.text import counted, escape_terminal


def fetch(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        SourceError: The source cannot be read.
        DataError: Tasks or images have problems; the previous data is left as it was.
    """
    source = open_source(params, layout)
    for note in source.notes:
        print(f"warning: {escape_terminal(note)}", file=sys.stderr)
    before = {path.stem for path in layout.annotations.glob("*.json")}
    source.prepare(_tasks_with_image(source, params.fetch.image_field))
    missing = MissingImages(params.fetch.missing_images == "skip")
    definition = StageDefinition(
        "fetch",
        _store,
        ("annotations", "images"),
        lambda facts: without_annotation(facts, missing),
        lambda facts: MISSING_ADVICE if missing and not missing.is_skipped else "",
    )
    problems = list(source.problems)
    jobs = _jobs(source, layout, params.fetch, missing, problems)
    if params.fetch.same_image == "one":
        jobs = _one_per_image(jobs)
    built = build(definition, layout, jobs, found=problems)
    source.finish()
    metrics = fetch_metrics(built.facts)
    warning = describe_badly_seen(badly_seen(built.facts), None)
    if warning and params.combine.scaling is None:  # else combine judges
        print(f"warning: {'; '.join(warning)}", file=sys.stderr)
    if missing.is_skipped:
        metrics["missing_images"] = {"all": len(missing), "tasks": missing.references}
        if missing:
            print(f"warning: {missing.describe(params.fetch.task_link)}", file=sys.stderr)
    if isinstance(source, Server):
        metrics["projects"] = {str(p.id): p.fingerprint() for p in source.projects}
    write_text(layout.metrics("fetch"), json_text(metrics))
    gone = describe_gone(before - built.facts.keys())
    return (
        f"{counted(metrics['tasks']['all'], 'task')}, {counted(metrics['images'], 'image')}, "
        f"{counted(metrics['regions'], 'region')} in "
        f"{counted(metrics['annotations']['all'], 'annotation')} "
        f"({counted(built.made, 'task')} new or changed)" + (f" — {gone}" if gone else "")
    )


def _tasks_with_image(source: TaskSource, chosen: Mapping[str, str] | None) -> Iterator[Task]:
    """Yield the tasks whose image is needed; :func:`_jobs` reports those that cannot be read."""
    for raw in source.tasks():
        try:
            task = parse(raw, source, chosen)
        except TaskError:
            continue
        if task.reference and needs_image(task):
            yield task


def needs_image(task: Task) -> bool:
    """Return whether an annotation could count: only then is the image needed."""
    return could_count(task.annotations)


class _TaskSummary(NamedTuple):
    """The record of a raw task, kept so that it is not parsed again.

    Attributes:
        id: Label Studio's task id.
        key: The task's key.
        reference: How its data names the image; None if the image is not needed.
        content: Digest of its canonical form.
    """

    id: int
    key: str
    reference: str | None
    content: str


def _summaries(
    source: TaskSource, layout: Layout, chosen: Mapping[str, str] | None, problems: list[Problem]
) -> Iterator[tuple[RawTask, _TaskSummary]]:
    """Yield raw tasks with their summaries; add to ``problems`` why others cannot be read.

    A task that the last fetch has read, by its source's fingerprint, is not parsed again.
    """
    last = LastRun(layout, "fetch", "tasks")
    summaries: dict[str, _TaskSummary] = {}
    choice = digest(chosen) if chosen else ""
    for raw in source.tasks():
        fingerprint = source.fingerprint(raw.value, raw.origin)
        name = f"{fingerprint}{choice}{raw.qualifier}"
        known = last.items.get(name) if fingerprint else None
        try:
            summary = _TaskSummary(*known) if known else _summary(parse(raw, source, chosen))
        except TaskError as error:
            problems += error.problems
            continue
        if fingerprint:
            summaries[name] = summary
        yield raw, summary
    last.save(summaries, summaries.keys() != last.items.keys())


def _summary(task: Task) -> _TaskSummary:
    reference = task.reference if task.reference and needs_image(task) else None
    return _TaskSummary(task.id, task.key, reference, sha256(task_json(task)))


@dataclass(frozen=True)
class _TaskWork:
    """The input of :func:`_store`.

    Attributes:
        raw: The task as the source has it.
        image_fields: The data field behind each image tag, from the labelling setup.
        chosen: The same from ``fetch.image_field``.
        image: The file with its image, if it needs one.
        max_pixels: The most pixels the image may have.
        target: The staging folder, which mirrors the data folder.
        others: The other tasks with the same image, if they are stored as one.
    """

    raw: RawTask
    image_fields: Mapping[str, str]
    chosen: Mapping[str, str] | None
    image: ImageFile | None
    max_pixels: int
    target: Path
    others: tuple["_TaskWork", ...] = ()

    @property
    def task(self) -> Task:
        """Return the task, parsed."""
        value, origin, qualifier = self.raw
        return parse_task(value, origin, self.image_fields, self.chosen, qualifier)


def _jobs(
    source: TaskSource,
    layout: Layout,
    fetched: FetchParams,
    missing: MissingImages,
    problems: list[Problem],
) -> Iterator[Job]:
    """Yield a job for each task; add to ``problems`` what is wrong with those that have none.

    Tasks with missing images go to ``missing``, too.
    """
    chosen = fetched.image_field
    keys: set[str] = set()
    origins: dict[int, TaskOrigin] = {}
    target = staging(layout, "fetch")
    for raw, summary in _summaries(source, layout, chosen, problems):
        try:
            image = source.find(summary) if summary.reference else None
        except ValueError as error:
            if isinstance(error, MissingImageError):
                missing.add(summary, error)
                if missing.is_skipped:
                    continue
            problems.append(Problem(str(error), raw.origin, summary.id))
            continue
        if summary.key in keys:
            problems.append(equal_keys(summary.key, raw.origin, summary.id))
            continue
        keys.add(summary.key)
        project = raw.value.get("project")
        origin = TaskOrigin(raw.origin, project if is_id(project) else None)
        if origins.setdefault(summary.id, origin) != origin:  # equal ids in several projects
            origins[summary.id] = TaskOrigin()
        inputs = f"{summary.content} {image.sha256 if image else None}"
        fields = source.image_fields(raw.origin)
        work = _TaskWork(raw, fields, chosen, image, fetched.max_pixels, target)
        yield Job(summary.key, inputs, work)
    write_bytes(layout.origins, compact_json(origins))


def _one_per_image(jobs: Iterable[Job]) -> Iterator[Job]:
    """Unite the jobs of tasks that show the same image; these are held until all are read."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        if job.work.image is None:
            yield job
        else:
            groups.setdefault(job.work.image.sha256, []).append(job)
    for group in groups.values():
        first, *others = sorted(group, key=lambda job: (job.work.raw.value["id"], job.key))
        if not others:
            yield first
            continue
        inputs = sha256("\n".join(job.inputs for job in (first, *others)).encode())
        yield Job(first.key, inputs, replace(first.work, others=tuple(j.work for j in others)))


def equal_keys(key: str, origin: str, task: int) -> Problem:
    """Return the problem that two tasks would be stored under one key."""
    what = f"has the key {key}, as another task has; rename one of their images"
    return Problem(what, origin, task)


def _store(work: _TaskWork) -> Outcome:
    """Write a task's two files into the staging folder."""
    task = unite([work.task, *(other.task for other in work.others)])
    if problems := equal_ids(task):
        return Outcome(problems=tuple(problems))
    outputs, levels = {}, None
    if work.image is not None:
        try:
            info = inspect(work.image.path, work.max_pixels)
        except ValueError as error:
            return Outcome(problems=(_bad_image(work.image, task, str(error)),))
        image = Image(f"{task.key}{info.suffix}", info.width, info.height, info.sha256)
        task = with_image(task, image)
        levels = info.levels
        outputs[f"images/{image.file}"] = image.sha256
        _take(work.image, work.target / "images" / image.file)
    path, content = f"annotations/{task.key}.json", task_json(task)
    write_bytes(work.target / path, content)
    return Outcome({path: sha256(content), **outputs}, task_facts(task) | {"levels": levels})


def _bad_image(image: ImageFile, task: Task, what: str) -> Problem:
    if not image.is_download:
        return Problem(what, str(image.path), task.id, project=task.project)
    image.path.unlink(missing_ok=True)  # the next fetch downloads it again
    name = public_form(str(task.reference))
    return Problem(f"the image {name} cannot be used: {what}", task=task.id, project=task.project)


def _take(image: ImageFile, target: Path) -> None:
    """Link a download; copy a user's file, because the user may change it in place."""
    if image.is_download:
        link_or_copy(image.path, target)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image.path, target)
