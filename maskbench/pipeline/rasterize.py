"""Stage *rasterize*: every region of the annotation that counts becomes pixels of a label set."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.codecs import LabelSetFile, write_label_set
from maskbench.digests import Digests
from maskbench.errors import DataError, GeometryError, Problem, did_you_mean
from maskbench.files import digest, json_text, sha256, write_text
from maskbench.geometry import OUTLINES
from maskbench.labelstudio.brush import decode_bitmask, decode_rle
from maskbench.labelstudio.canonical import task_of
from maskbench.labelstudio.choose import choose
from maskbench.labelstudio.model import (
    AREAS,
    NO_AREA,
    NOT_A_REGION,
    Annotation,
    Image,
    Region,
    Task,
)
from maskbench.params import Params, RasterizeParams
from maskbench.pipeline.build import Built, Job, Outcome, Recipe, build, staging
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.memory import folder_digests
from maskbench.pipeline.tables import write_table
from maskbench.raster import Patch, Plane, Window, fill, label_set, raster_environment, threshold
from maskbench.vector import is_closed, vector_outline

REASONS = ("no_label", "no_pixel", "no_area", "not_a_region")
"""Why a region has no part in a mask without being an error."""


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
    write_label_set(work.target / path, LabelSetFile(labels, task.id, annotation.id, image))
    return Outcome((path,), facts)


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
    clipped = 0
    with raster_environment():
        for region in annotation.regions:
            faults = _faults(region, task.image, work.labels)
            try:
                reason, patch, outside = region_patch(region, task.image, work.params)
            except GeometryError as error:
                faults.append(str(error))
                reason, patch, outside = None, None, False
            problems += [
                Problem(fault, task=task.id, annotation=annotation.id, region=region.id)
                for fault in faults
            ]
            clipped += outside
            if reason is not None:
                dropped.append(_dropped(task, annotation, region, reason))
            elif patch is not None:
                patches.append((region, patch))
    facts = {
        "annotation": annotation.id,
        "regions": dict(Counter(label for region, _ in patches for label in region.labels)),
        "shapes": dict(Counter(region.shape for region, _ in patches)),
        "dropped": dropped,
        "clipped": clipped,
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


def _is_open(region: Region) -> bool:
    """Whether the region is a line that was never closed (a polygon is closed by default)."""
    if region.shape == "vector":
        return not is_closed(region.value)
    return region.shape == "polygon" and region.value.get("closed") is False


def region_patch(
    region: Region, image: Image, params: RasterizeParams
) -> tuple[str | None, Patch | None, bool]:
    """The pixels of one region.

    Returns:
        Why it is dropped (one of :data:`REASONS`, or None), its pixels (None if it is dropped), and
        whether it reaches off the image.

    Raises:
        GeometryError: Its geometry cannot be read.
    """
    if region.shape == NOT_A_REGION:
        return "not_a_region", None, False
    if region.shape in NO_AREA or _is_open(region):
        return "no_area", None, False
    if region.shape not in AREAS:
        raise GeometryError(f"regions of the type {region.shape!r} cannot be turned into pixels")
    (window, plane), outside = _pixels(region, image, params)
    if not region.labels:
        return "no_label", None, False
    if not plane.any():
        return "no_pixel", None, outside
    return None, Patch(region.labels, window, plane), outside


_ALPHA: Mapping[str, tuple[str, Callable[[Any, int, int], Plane]]] = {
    "brush": ("rle", decode_rle),
    "bitmask": ("imageDataURL", decode_bitmask),
}


def _pixels(
    region: Region, image: Image, params: RasterizeParams
) -> tuple[tuple[Window, Plane], bool]:
    width, height = image.width, image.height
    if region.shape in _ALPHA:
        name, decode = _ALPHA[region.shape]
        code = region.value.get(name)
        if not code:  # an erased stroke is stored as an empty code
            return threshold(np.zeros((0, 0), dtype=np.uint8), 1), False
        return threshold(decode(code, width, height), params.brush_threshold), False
    outline = vector_outline if region.shape == "vector" else OUTLINES[region.shape]
    ring = outline(region.value, width, height)
    outside = bool((ring < 0).any() or (ring > (width, height)).any())
    return fill(ring, width, height, params.all_touched), outside


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
