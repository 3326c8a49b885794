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
from maskbench.text import counted, some


def rasterize(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        DataError: Regions cannot be rasterized; the previous label sets are left as they were.
    """
    recipe = Recipe(
        "rasterize", make_label_set, ("label_sets",), lambda facts: no_mask_at_all(facts, params)
    )
    digests = folder_digests(layout, "annotations")
    names = [name for name in digests if name.endswith(".json")]
    built = build(recipe, layout, _jobs(names, digests, params, layout), len(names))
    digests.save()
    metrics = _metrics(built.facts)
    write_text(layout.metrics("rasterize"), json_text(metrics))
    _write_dropped(built, layout)
    drawn, dropped = sum(metrics["shapes"].values()), sum(metrics["dropped"].values())
    tasks = metrics["tasks"]
    empty = describe_empty_masks(built.facts)
    return (
        f"{tasks['counted']} of {counted(tasks['all'], 'task')} with an annotation that counts, "
        f"{counted(drawn + dropped, 'region')}, {dropped} of them dropped (plots/dropped.csv); "
        f"{counted(built.made, 'task')} rasterized anew{f' — {empty}' if empty else ''}"
    )


NOTHING_COUNTS = "no task has an annotation that counts"


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
    faults = find_faults(rasterized, work.labels, work.params.strict)
    problems = region_problems(task, rasterized, faults)
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
        Problem(fault, task=task.id, annotation=number, region=region.id, project=task.project)
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


def empty_masks(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Find the masks without a labelled pixel although regions were drawn.

    Args:
        facts: What :func:`region_facts` counted, by key; tasks without an annotation that counts
            have none.

    Returns:
        Why their regions were dropped, by key.
    """
    empty = {}
    for key, fact in facts.items():
        if fact["annotation"] is None or fact["regions"]:
            continue
        reasons = {entry["reason"] for entry in fact["dropped"]} - {"not_a_region"}
        if reasons:
            empty[key] = sorted(reasons)
    return empty


_REMEDIES = {
    "no_label": "carry no label: give them one (a per-region choice is none)",
    "no_pixel": "have no pixel inside the image: draw them larger, or where the image is",
    "no_area": "are key points or open lines, which have no area: draw polygons, rectangles, "
    "ellipses or brush strokes",
    "other_image": "lie on another image than fetch.image_field chooses: correct it",
}
"""What is the matter with the regions of empty masks, and what to do, by reason."""


def no_mask_at_all(facts: Mapping[str, Mapping[str, Any]], params: Params) -> list[Problem]:
    """Find out why no mask would have a labelled pixel; empty if one has.

    Args:
        facts: What :func:`region_facts` counted, by key.
        params: How the annotation that counts is chosen.
    """
    counting = [fact for fact in facts.values() if fact["annotation"] is not None]
    if not counting:
        chosen = ", ".join(params.rasterize.annotation)
        what = f"{NOTHING_COUNTS}: annotate some tasks, or widen this choice ({chosen})"
        return [Problem(what, param="rasterize.annotation")]
    if any(fact["regions"] for fact in counting):
        return []
    keys: dict[str, list[str]] = {}
    for key, reasons in empty_masks(facts).items():
        for reason in reasons:
            keys.setdefault(reason, []).append(key)
    return [
        Problem(
            f"no mask has a labelled pixel although regions were drawn: in "
            f"{counted(len(where), 'task')} ({some(where)}) regions {_REMEDIES[reason]}"
        )
        for reason, where in sorted(keys.items())
    ]


def describe_empty_masks(facts: Mapping[str, Mapping[str, Any]]) -> str:
    """Say which masks are empty although regions were drawn, and why; empty if none is."""
    empty = [f"{key} ({', '.join(reasons)})" for key, reasons in empty_masks(facts).items()]
    if not empty:
        return ""
    are = counted(len(empty), "mask is", "masks are")
    return f"{are} empty although regions were drawn: {some(empty)}"


def _metrics(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    empty = empty_masks(facts)
    counting = [fact for fact in facts.values() if fact["annotation"] is not None]
    causes = Counter(reason for reasons in empty.values() for reason in reasons)
    regions: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    for fact in counting:
        regions.update(fact["regions"])
        shapes.update(fact["shapes"])
    dropped = Counter(entry["reason"] for fact in counting for entry in fact["dropped"])
    return {
        "tasks": {
            "all": len(facts),
            "counted": len(counting),
            "without_annotation_that_counts": len(facts) - len(counting),
            "without_region": sum(not fact["regions"] for fact in counting),
        },
        "regions": dict(sorted(regions.items())),
        "shapes": dict(sorted(shapes.items())),
        "dropped": {reason: dropped[reason] for reason in REASONS},
        "empty_masks": {
            "all": len(empty),
            **{reason: causes[reason] for reason in _REMEDIES},
        },
        "reach_off_the_image": sum(fact["clipped"] for fact in counting),
    }


def _write_dropped(built: Built, layout: Layout) -> None:
    columns = ("key", "task", "annotation", "region", "label", "reason")
    rows = (
        {"key": key, **entry}
        for key, fact in built.facts.items()
        for entry in fact.get("dropped", ())
    )
    write_table(layout.plot("dropped"), columns, rows)
