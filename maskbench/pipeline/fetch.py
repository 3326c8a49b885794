"""Stage *fetch*: tasks and images from their source, stored in canonical form."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from maskbench.errors import DataError, Problem, group_by_cause
from maskbench.files.atomic import link_or_copy, write_bytes, write_text
from maskbench.files.hashing import digest, sha256
from maskbench.files.images import inspect
from maskbench.files.json import json_text
from maskbench.labelstudio.export import TaskError, parse_task
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.image_file import HasImage, ImageFile
from maskbench.labelstudio.server.auth import read_key
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.project import Project, compare_labels
from maskbench.labelstudio.server.source import Server
from maskbench.labelstudio.stored import task_json
from maskbench.params import FetchParams, Params
from maskbench.pipeline.incremental import Job, Memory, Outcome, Recipe, build, staging
from maskbench.pipeline.layout import Layout
from maskbench.regions.task import Annotation, Image, Region, Task, could_count

SHOWN_KEYS = 5
"""Keys of tasks that are gone, as listed in the summary."""


class TaskSource(Protocol):
    """Where tasks and images come from."""

    def tasks(self) -> Iterator[tuple[Any, str]]:
        """Yield the raw tasks, each with the name of its origin for messages."""

    def fingerprint(self, raw: Any, origin: str) -> str | None:
        """Return a digest that equal raw tasks share; None if the task must be parsed."""

    def image_fields(self, origin: str) -> Mapping[str, str]:
        """Return the data field behind each image tag, for tasks of this origin, if known."""

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Get the images of these tasks ready for :meth:`find`."""

    def find(self, task: HasImage) -> ImageFile:
        """Return a local file with a task's image; raises ValueError if there is none."""

    def finish(self) -> None:
        """Clear up after the images have become outputs."""


def fetch(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        SourceError: The source cannot be read.
        DataError: Tasks or images have problems; the previous data is left as it was.
    """
    source = open_source(params, layout)
    before = {path.stem for path in layout.annotations.glob("*.json")}
    chosen = params.fetch.image_field
    source.prepare(_tasks_with_image(source, chosen))
    recipe = Recipe("fetch", _store, ("annotations", "images"), _without_annotation)
    built = build(recipe, layout, _jobs(source, layout, chosen))
    source.finish()
    metrics = _metrics(list(built.facts.values()))
    if isinstance(source, Server):
        metrics["projects"] = {str(p.id): p.fingerprint() for p in source.projects}
    write_text(layout.metrics("fetch"), json_text(metrics))
    return (
        f"{metrics['tasks']['all']} tasks, {metrics['images']} images, "
        f"{metrics['regions']} regions ({built.made} tasks new or changed)"
        f"{_gone(before - built.facts.keys())}"
    )


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


def _tasks_with_image(source: TaskSource, chosen: Mapping[str, str] | None) -> Iterator[Task]:
    """Yield the tasks whose image is needed; :func:`_jobs` reports those that cannot be read."""
    for raw, origin in source.tasks():
        try:
            task = parse_task(raw, origin, source.image_fields(origin), chosen)
        except TaskError:
            continue
        if task.reference and needs_image(task):
            yield task


def needs_image(task: Task) -> bool:
    """Tell whether an annotation could count: only then is the image needed."""
    return could_count(task.annotations)


class _TaskSummary(NamedTuple):
    """What is remembered of a raw task, so that it is not parsed again.

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


def _summary(task: Task) -> _TaskSummary:
    reference = task.reference if task.reference and needs_image(task) else None
    return _TaskSummary(task.id, task.key, reference, sha256(task_json(task)))


@dataclass(frozen=True)
class _TaskWork:
    """What :func:`_store` gets of a task.

    Attributes:
        raw: The task as the source has it.
        origin: Where it comes from.
        image_fields: The data field behind each image tag, from the labelling setup.
        chosen: The same from ``fetch.image_field``.
        image: The file with its image, if it needs one.
        target: The folder that stands for the data folder.
    """

    raw: Any
    origin: str
    image_fields: Mapping[str, str]
    chosen: Mapping[str, str] | None
    image: ImageFile | None
    target: Path


def _jobs(source: TaskSource, layout: Layout, chosen: Mapping[str, str] | None) -> Iterator[Job]:
    """Yield a job for each task.

    Raises:
        DataError: Tasks cannot be read; raised after the last task, with all of them.
    """
    problems: list[Problem] = []
    origins: dict[int, str] = {}
    memory = Memory(layout, "fetch", "tasks")
    summaries: dict[str, _TaskSummary] = {}
    target = staging(layout, "fetch")
    choice = digest(chosen) if chosen else ""
    for raw, origin in source.tasks():
        fields = source.image_fields(origin)
        fingerprint = source.fingerprint(raw, origin)
        fingerprint = fingerprint and fingerprint + choice
        known = memory.known.get(fingerprint) if fingerprint else None
        try:
            if known:
                summary = _TaskSummary(*known)
            else:
                summary = _summary(parse_task(raw, origin, fields, chosen))
            image = source.find(summary) if summary.reference else None
        except TaskError as error:
            problems += error.problems
            continue
        except ValueError as error:
            problems.append(Problem(str(error), origin, raw["id"]))
            continue
        if summary.id in origins:
            what = f"is there twice (first in {origins[summary.id]}); give each task once"
            problems.append(Problem(what, origin, summary.id))
        origins[summary.id] = origin
        if fingerprint:
            summaries[fingerprint] = summary
        inputs = f"{summary.content} {image.sha256 if image else None}"
        yield Job(summary.key, inputs, _TaskWork(raw, origin, fields, chosen, image, target))
    memory.save(summaries, summaries.keys() != memory.known.keys())
    problems = group_by_cause(problems)
    if problems:
        count = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
        raise DataError(f"fetch: {count} in the source; nothing was changed", problems)


def _store(work: _TaskWork) -> Outcome:
    """Write a task's two files into the staging folder."""
    task = parse_task(work.raw, work.origin, work.image_fields, work.chosen)
    outputs = {}
    if work.image is not None:
        try:
            info = inspect(work.image.path)
        except ValueError as error:
            return Outcome(problems=(_bad_image(work.image, task, str(error)),))
        image = Image(f"{task.key}{info.suffix}", info.width, info.height, info.sha256)
        task = replace(task, image=image, annotations=tuple(sized(task.annotations, image)))
        outputs[f"images/{image.file}"] = image.sha256
        _take(work.image, work.target / "images" / image.file)
    path, content = f"annotations/{task.key}.json", task_json(task)
    write_bytes(work.target / path, content)
    return Outcome({path: sha256(content), **outputs}, _facts(task))


def _bad_image(image: ImageFile, task: Task, what: str) -> Problem:
    if not image.is_download:
        return Problem(what, str(image.path), task.id)
    image.path.unlink(missing_ok=True)  # the next fetch downloads it again
    name = str(task.reference)[:200]  # the whole image may be in it
    return Problem(f"the image {name} cannot be used: {what}", task=task.id)


def sized(annotations: Iterable[Annotation], image: Image) -> Iterator[Annotation]:
    """Yield annotations without the sizes that agree with the image, which a mere save rewrites."""
    for annotation in annotations:
        regions = tuple(_without_size(region, image) for region in annotation.regions)
        yield replace(annotation, regions=regions)


def _without_size(region: Region, image: Image) -> Region:
    agrees = region.original_size == (image.width, image.height)
    return region._replace(original_size=None) if agrees else region


def _take(image: ImageFile, target: Path) -> None:
    """Link a download; copy a file of the user's, who may change it in place."""
    if image.is_download:
        link_or_copy(image.path, target)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image.path, target)


def _facts(task: Task) -> dict[str, Any]:
    return {
        "image": int(task.image is not None),
        "annotations": len(task.annotations),
        "skipped": sum(annotation.was_cancelled for annotation in task.annotations),
        "ground_truth": sum(annotation.ground_truth for annotation in task.annotations),
        "regions": sum(len(annotation.regions) for annotation in task.annotations),
        "annotators": sorted({a.completed_by for a in task.annotations if a.completed_by}),
    }


def _without_annotation(facts: Mapping[str, Mapping[str, Any]]) -> Sequence[Problem]:
    """Find out whether there is nothing to build masks from."""
    if any(fact["annotations"] > fact["skipped"] for fact in facts.values()):
        return ()
    skipped = sum(fact["skipped"] for fact in facts.values())
    what = (
        f"no task has an annotation that counts (tasks: {len(facts)}, skipped annotations: "
        f"{skipped}); label some in Label Studio and submit them"
    )
    return (Problem(what),)


def _metrics(facts: list[Mapping[str, Any]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for fact in facts:
        total.update({name: value for name, value in fact.items() if name != "annotators"})
    return {
        "tasks": {
            "all": len(facts),
            "annotated": sum(fact["annotations"] > fact["skipped"] for fact in facts),
            "only_skipped": sum(0 < fact["annotations"] == fact["skipped"] for fact in facts),
            "unlabelled": sum(fact["annotations"] == 0 for fact in facts),
        },
        "annotations": {
            "all": total["annotations"],
            "skipped": total["skipped"],
            "ground_truth": total["ground_truth"],
        },
        "annotators": len({annotator for fact in facts for annotator in fact["annotators"]}),
        "images": total["image"],
        "regions": total["regions"],
    }


def _gone(keys: set[str]) -> str:
    """Return the summary's words on tasks that were there before, so that nobody misses them."""
    if not keys:
        return ""
    shown = ", ".join(sorted(keys)[:SHOWN_KEYS]) + (", …" if len(keys) > SHOWN_KEYS else "")
    return f" — {len(keys)} of last time's tasks are not there any more: {shown}"
