"""Stage *rasterize*: every region of the annotation that counts becomes pixels of a label set."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from maskbench.errors import DataError, Problem
from maskbench.files.atomic import write_text
from maskbench.files.csv import write_table
from maskbench.files.hashing import Digests, digest, sha256
from maskbench.files.json import json_text
from maskbench.files.label_sets import LabelSetFile, write_label_set
from maskbench.labelstudio.stored import task_of
from maskbench.params import Params, RasterizeParams
from maskbench.pipeline.incremental import (
    Built,
    Job,
    Outcome,
    Recipe,
    build,
    folder_digests,
    staging,
)
from maskbench.pipeline.layout import Layout
from maskbench.regions.build import REASONS, RasterizedTask, build_label_set, find_faults
from maskbench.regions.task import Region, Task


def rasterize(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        DataError: Regions cannot be rasterized; the previous label sets are left as they were.
    """
    recipe = Recipe("rasterize", make_label_set, ("label_sets",))
    digests = folder_digests(layout, "annotations")
    names = [name for name in digests if name.endswith(".json")]
    built = build(recipe, layout, _jobs(names, digests, params, layout), len(names))
    digests.save()
    metrics = _metrics(list(built.facts.values()))
    write_text(layout.metrics("rasterize"), json_text(metrics))
    _write_dropped(built, layout)
    regions = sum(metrics["regions"].values())
    dropped = sum(metrics["dropped"].values())
    tasks = metrics["tasks"]
    return (
        f"{tasks['counted']} of {tasks['all']} tasks count, {regions} labelled regions, "
        f"{dropped} dropped (plots/dropped.csv); {built.made} tasks rasterized anew"
    )


class LabelSetWork(NamedTuple):
    """What a label set is made of.

    Attributes:
        source: The file of the task's stored form.
        sha256: Its digest.
        labels: The labels of ``labels_map``, sorted.
        params: How regions become pixels.
        target: The folder that stands for the data folder.
    """

    source: Path
    sha256: str | None
    labels: tuple[str, ...]
    params: RasterizeParams
    target: Path


def _jobs(names: Sequence[str], digests: Digests, params: Params, layout: Layout) -> Iterator[Job]:
    """Yield a job for each task's file in ``data/annotations``."""
    labels = tuple(sorted(params.labels_map))
    target = staging(layout, "rasterize")
    shaping = digest([repr(params.rasterize), labels])
    for name in names:
        task_sha256 = digests.get(name)
        source = layout.annotations / name
        work = LabelSetWork(source, task_sha256, labels, params.rasterize, target)
        yield Job(source.stem, sha256(f"{task_sha256} {shaping}".encode()), work)


def make_label_set(work: LabelSetWork) -> Outcome:
    """Write a task's label set.

    Raises:
        DataError: The task's file is damaged, or not the one that it was.
    """
    stored = work.source.read_bytes()
    if sha256(stored) != work.sha256:
        raise DataError("rasterize: data/annotations changes while it is read; try again")
    task = task_of(stored, work.source.name)
    rasterized = build_label_set(task, work.params)
    if rasterized is None:
        return Outcome(facts={"annotation": None})
    problems = region_problems(task, rasterized, find_faults(rasterized, work.labels))
    if problems:
        return Outcome(problems=tuple(problems))
    path = f"label_sets/{task.key}.tif"
    image = {"file": rasterized.image.file, "sha256": rasterized.image.sha256}
    drawn = rasterized.label_set
    content = LabelSetFile(drawn.labels, drawn.planes, task.id, rasterized.annotation.id, image)
    written = write_label_set(work.target / path, content)
    return Outcome({path: written}, region_facts(task, rasterized))


def region_problems(
    task: Task, rasterized: RasterizedTask, faults: Iterable[tuple[Region, str]]
) -> list[Problem]:
    """Return the faults of a task's regions as problems that name task, annotation and region."""
    number = rasterized.annotation.id
    return [
        Problem(fault, task=task.id, annotation=number, region=region.id)
        for region, fault in faults
    ]


def region_facts(task: Task, rasterized: RasterizedTask) -> dict[str, Any]:
    """Count for the metrics what became of an annotation's regions."""
    drawn = [result.region for result in rasterized.regions if result.count]
    return {
        "annotation": rasterized.annotation.id,
        "regions": dict(Counter(label for region in drawn for label in region.labels)),
        "shapes": dict(Counter(region.shape for region in drawn)),
        "dropped": [
            {
                "task": task.id,
                "annotation": rasterized.annotation.id,
                "region": result.region.id,
                "label": " + ".join(result.region.labels),
                "reason": result.dropped,
            }
            for result in rasterized.regions
            if result.dropped is not None
        ],
        "clipped": sum(result.is_clipped for result in rasterized.regions),
    }


def _metrics(facts: list[Mapping[str, Any]]) -> dict[str, Any]:
    counted = [fact for fact in facts if fact["annotation"] is not None]
    regions: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    for fact in counted:
        regions.update(fact["regions"])
        shapes.update(fact["shapes"])
    dropped = Counter(entry["reason"] for fact in counted for entry in fact["dropped"])
    return {
        "tasks": {
            "all": len(facts),
            "counted": len(counted),
            "without_annotation_that_counts": len(facts) - len(counted),
            "without_region": sum(not fact["regions"] for fact in counted),
        },
        "regions": dict(sorted(regions.items())),
        "shapes": dict(sorted(shapes.items())),
        "dropped": {reason: dropped[reason] for reason in REASONS},
        "reach_off_the_image": sum(fact["clipped"] for fact in counted),
    }


def _write_dropped(built: Built, layout: Layout) -> None:
    columns = ("key", "task", "annotation", "region", "label", "reason")
    rows = (
        {"key": key, **entry}
        for key, fact in built.facts.items()
        for entry in fact.get("dropped", ())
    )
    write_table(layout.plot("dropped"), columns, rows)
