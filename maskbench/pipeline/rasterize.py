"""Stage *rasterize*: every region of the annotation that counts becomes pixels of a label set."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskbench.codecs import LabelSetFile, write_label_set
from maskbench.digests import Digests
from maskbench.drawing import REASONS, draw
from maskbench.errors import DataError, Problem, did_you_mean
from maskbench.files import digest, json_text, sha256, write_text
from maskbench.labelstudio.canonical import task_of
from maskbench.labelstudio.choose import choose
from maskbench.labelstudio.model import Annotation, Image, Region, Task
from maskbench.params import Params, RasterizeParams
from maskbench.pipeline.build import Built, Job, Outcome, Recipe, build, staging
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.memory import folder_digests
from maskbench.pipeline.tables import write_table
from maskbench.raster import Patch, label_set


@dataclass(frozen=True)
class _Work:
    content: bytes
    name: str
    labels: tuple[str, ...]
    params: RasterizeParams
    target: Path


def rasterize(params: Params, layout: Layout) -> str:
    """Run the stage; returns its one-line summary.

    Raises:
        DataError: Regions cannot be rasterized; the previous label sets are left as they were.
    """
    recipe = Recipe("rasterize", _rasterize_task, ("label_sets",))
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


def _jobs(names: Sequence[str], digests: Digests, params: Params, layout: Layout) -> Iterator[Job]:
    settings = params.rasterize
    labels = tuple(sorted(params.labels_map))
    target = staging(layout, "rasterize")
    shaping = digest([repr(settings), labels])
    for name in names:
        seal = digests.get(name)

        def work(name: str = name, seal: str | None = seal) -> _Work:
            content = (layout.annotations / name).read_bytes()
            if sha256(content) != seal:
                raise DataError("rasterize: data/annotations changes while it is read; try again")
            return _Work(content, name, labels, settings, target)

        yield Job(name.removesuffix(".json"), sha256(f"{seal} {shaping}".encode()), work)


def _rasterize_task(work: _Work) -> Outcome:
    task = task_of(work.content, work.name)
    annotation = choose(task.annotations, work.params.annotation)
    if annotation is None or task.image is None:
        return Outcome(facts={"annotation": None})
    patches, facts, problems = _patches(task, annotation, work)
    if problems:
        return Outcome(problems=tuple(problems))
    labels = label_set(patches, task.image.width, task.image.height, work.params.overlap)
    path = f"label_sets/{task.key}.tif"
    image = {"file": task.image.file, "sha256": task.image.sha256}
    content = LabelSetFile(labels, task.id, annotation.id, image)
    return Outcome({path: write_label_set(work.target / path, content)}, facts)


_Patches = tuple[list[Patch], dict[str, Any], list[Problem]]


def region_patches(
    task: Task, annotation: Annotation, params: Params
) -> tuple[list[Patch], dict[str, Any], list[Problem]]:
    """What the stage would make of an annotation: (pixels of its regions, facts, problems)."""
    labels = tuple(sorted(params.labels_map))
    return _patches(task, annotation, _Work(b"", task.key, labels, params.rasterize, Path()))


def _patches(task: Task, annotation: Annotation, work: _Work) -> _Patches:
    """The pixels of an annotation's regions, the facts about them, and what is wrong."""
    assert task.image is not None  # noqa: S101 - the caller has checked
    patches, problems, dropped = [], [], []
    found = draw(annotation.regions, task.image, work.params)
    for region, drawn in zip(annotation.regions, found, strict=True):
        faults = _faults(region, task.image, work.labels)
        problems += [
            Problem(fault, task=task.id, annotation=annotation.id, region=region.id)
            for fault in [*faults, *([drawn.error] if drawn.error else [])]
        ]
        if drawn.reason is not None:
            dropped.append(_dropped(task, annotation, region, drawn.reason))
        elif drawn.patch is not None:
            patches.append((region, drawn.patch))
    facts = {
        "annotation": annotation.id,
        "regions": dict(Counter(label for region, _ in patches for label in region.labels)),
        "shapes": dict(Counter(region.shape for region, _ in patches)),
        "dropped": dropped,
        "clipped": sum(drawn.outside for drawn in found),
    }
    return [patch for _, patch in patches], facts, problems


def _dropped(task: Task, annotation: Annotation, region: Region, reason: str) -> dict[str, Any]:
    return {
        "task": task.id,
        "annotation": annotation.id,
        "region": region.id,
        "label": " + ".join(region.labels),
        "reason": reason,
    }


def _faults(region: Region, image: Image, labels: tuple[str, ...]) -> list[str]:
    """What is wrong with a region beside its geometry."""
    faults = [
        f"the label {label!r} is not in labels_map (params.yaml); {did_you_mean(label, labels)}"
        for label in region.labels
        if label not in labels
    ]
    if region.original_size is not None:
        drawn, real = (f"{w} x {h}" for w, h in (region.original_size, (image.width, image.height)))
        faults.append(
            f"was drawn on an image of {drawn} pixels, but {image.file} has {real}: "
            "the image was replaced; put the right one back or draw the region anew"
        )
    return faults


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
