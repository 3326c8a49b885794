"""What *rasterize* does with one task: its regions become pixels of a label set."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from maskbench.codecs import LabelSetFile, write_label_set
from maskbench.drawing import draw
from maskbench.errors import DataError, Problem, did_you_mean
from maskbench.files import sha256
from maskbench.labelstudio.arrays import task_with_arrays
from maskbench.labelstudio.choose import choose
from maskbench.labelstudio.model import Annotation, Image, Region, Task
from maskbench.params import RasterizeParams
from maskbench.pipeline.work import LabelSetWork, Outcome
from maskbench.raster import Patch, label_set


def make_label_set(work: LabelSetWork) -> Outcome:
    """Write a task's label set.

    Raises:
        DataError: The task's file is damaged, or not the one that it was.
    """
    stored = work.source.read_bytes()
    if sha256(stored) != work.seal:
        raise DataError("rasterize: data/annotations changes while it is read; try again")
    task = task_with_arrays(stored, work.source.name)
    annotation = choose(task.annotations, work.params.annotation)
    if annotation is None or task.image is None:
        return Outcome(facts={"annotation": None})
    patches, facts, problems = region_patches(task, annotation, work.params, work.labels)
    if problems:
        return Outcome(problems=tuple(problems))
    labels = label_set(patches, task.image.width, task.image.height, work.params.overlap)
    path = f"label_sets/{task.key}.tif"
    image = {"file": task.image.file, "sha256": task.image.sha256}
    content = LabelSetFile(labels, task.id, annotation.id, image)
    return Outcome({path: write_label_set(work.target / path, content)}, facts)


def region_patches(
    task: Task, annotation: Annotation, params: RasterizeParams, labels: Collection[str]
) -> tuple[list[Patch], dict[str, Any], list[Problem]]:
    """What the stage makes of an annotation whose task has its image.

    Args:
        task: The task.
        annotation: One of its annotations.
        params: How regions become pixels.
        labels: The labels that ``labels_map`` has.

    Returns:
        The pixels of its regions, facts about them for the metrics, and what is wrong with them.
    """
    assert task.image is not None  # noqa: S101 - the caller has checked
    patches, problems, dropped = [], [], []
    known = frozenset(labels)
    found = draw(annotation.regions, task.image, params)
    for region, drawn in zip(annotation.regions, found, strict=True):
        if drawn.error or region.original_size is not None or not known.issuperset(region.labels):
            faults = [*_faults(region, task.image, labels), *([drawn.error] if drawn.error else [])]
            problems += [
                Problem(fault, task=task.id, annotation=annotation.id, region=region.id)
                for fault in faults
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


def _faults(region: Region, image: Image, labels: Collection[str]) -> list[str]:
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
