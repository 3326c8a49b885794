"""Stage *fetch*: tasks and images from their source, stored in canonical form."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from maskbench.errors import DataError, Problem, SourceError
from maskbench.files import digest, json_text, sha256_file, write_bytes, write_text
from maskbench.images import inspect
from maskbench.labelstudio.canonical import task_json
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.model import Annotation, Image, Region, Task
from maskbench.labelstudio.parse import TaskError, parse_task
from maskbench.params import FetchParams, Params
from maskbench.pipeline.build import Job, Outcome, Recipe, build, staging
from maskbench.pipeline.layout import Layout


class Source(Protocol):
    """Where tasks and images come from."""

    def tasks(self) -> Iterator[tuple[Any, str]]:
        """The raw tasks, each with the name of its origin for messages."""

    def image(self, reference: str) -> Path:
        """A local file with the image that a task's reference names; raises ValueError."""


def open_source(params: FetchParams) -> Source:
    """The source that the params name.

    Raises:
        SourceError: It cannot be reached or read.
    """
    if params.server is not None:
        raise SourceError("fetch.server: servers are not supported yet; export to a folder")
    return Folder(Path(params.folder))


def fetch(params: Params, layout: Layout) -> str:
    """Run the stage; returns its one-line summary.

    Raises:
        SourceError: The source cannot be read.
        DataError: Tasks or images have problems; the previous data is left as it was.
    """
    source = open_source(params.fetch)
    recipe = Recipe("fetch", _store, ("annotations", "images"))
    built = build(recipe, layout, _jobs(source, staging(layout, "fetch")))
    metrics = _metrics(list(built.facts.values()))
    write_text(layout.metrics("fetch"), json_text(metrics))
    return (
        f"{metrics['tasks']['all']} tasks, {metrics['images']} images, "
        f"{metrics['regions']} regions ({built.made} tasks new or changed)"
    )


@dataclass(frozen=True)
class _Work:
    task: Task
    image: Path | None
    target: Path


def _jobs(source: Source, target: Path) -> Iterator[Job]:
    """A job a task; what cannot be read is collected and raised when all tasks are known."""
    problems: list[Problem] = []
    origins: dict[int, str] = {}
    for raw, origin in source.tasks():
        try:
            task = parse_task(raw, origin)
            image = source.image(task.reference) if task.reference and _counts(task) else None
        except TaskError as error:
            problems += error.problems
            continue
        except ValueError as error:
            problems.append(Problem(str(error), origin, raw["id"]))
            continue
        if task.id in origins:
            what = f"is there twice (first in {origins[task.id]}); give each task once"
            problems.append(Problem(what, origin, task.id))
        origins[task.id] = origin
        seal = sha256_file(image) if image else None
        yield Job(task.key, digest([task_json(task).decode(), seal]), _Work(task, image, target))
    if problems:
        count = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
        raise DataError(f"fetch: {count} in the source; nothing was changed", problems)


def _counts(task: Task) -> bool:
    """Whether an annotation could count: only then is the image needed."""
    return any(not annotation.was_cancelled for annotation in task.annotations)


def _store(work: _Work) -> Outcome:
    """Write a task's two files into the staging folder."""
    task = work.task
    outputs = [f"annotations/{task.key}.json"]
    if work.image is not None:
        try:
            info = inspect(work.image)
        except ValueError as error:
            return Outcome(problems=(Problem(f"{error}", str(work.image), task.id),))
        image = Image(f"{task.key}{info.suffix}", info.width, info.height, info.sha256)
        task = replace(task, image=image, annotations=tuple(_sized(task.annotations, image)))
        outputs.append(f"images/{image.file}")
        _copy(work.image, work.target / outputs[1])
    write_bytes(work.target / outputs[0], task_json(task))
    return Outcome(tuple(outputs), _facts(task))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _sized(annotations: tuple[Annotation, ...], image: Image) -> Iterator[Annotation]:
    """The annotations without the sizes that agree with the image, which a mere save rewrites."""
    for annotation in annotations:
        regions = tuple(_without_size(region, image) for region in annotation.regions)
        yield replace(annotation, regions=regions)


def _without_size(region: Region, image: Image) -> Region:
    agrees = region.original_size == (image.width, image.height)
    return replace(region, original_size=None) if agrees else region


def _facts(task: Task) -> dict[str, Any]:
    return {
        "image": task.image is not None,
        "annotations": len(task.annotations),
        "skipped": sum(annotation.was_cancelled for annotation in task.annotations),
        "ground_truth": sum(annotation.ground_truth for annotation in task.annotations),
        "regions": sum(len(annotation.regions) for annotation in task.annotations),
        "annotators": sorted({a.completed_by for a in task.annotations if a.completed_by}),
    }


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
