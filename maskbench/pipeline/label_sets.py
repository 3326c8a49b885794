"""What *rasterize* does with one task: its regions become pixels of a label set."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from maskbench.codecs import LabelSetFile, write_label_set
from maskbench.errors import DataError, Problem
from maskbench.files import sha256
from maskbench.labelstudio.canonical import task_of
from maskbench.pipeline.work import LabelSetWork, Outcome
from maskbench.regions.build import RasterizedTask, build_label_set, region_faults
from maskbench.regions.task import Task


def make_label_set(work: LabelSetWork) -> Outcome:
    """Write a task's label set.

    Raises:
        DataError: The task's file is damaged, or not the one that it was.
    """
    stored = work.source.read_bytes()
    if sha256(stored) != work.seal:
        raise DataError("rasterize: data/annotations changes while it is read; try again")
    task = task_of(stored, work.source.name)
    rasterized = build_label_set(task, work.params)
    if rasterized is None:
        return Outcome(facts={"annotation": None})
    problems = region_problems(task, rasterized, work.labels)
    if problems:
        return Outcome(problems=tuple(problems))
    path = f"label_sets/{task.key}.tif"
    image = {"file": rasterized.image.file, "sha256": rasterized.image.sha256}
    drawn = rasterized.label_set
    content = LabelSetFile(drawn.labels, drawn.planes, task.id, rasterized.annotation.id, image)
    written = write_label_set(work.target / path, content)
    return Outcome({path: written}, region_facts(task, rasterized))


def region_problems(
    task: Task, rasterized: RasterizedTask, labels: Collection[str]
) -> list[Problem]:
    """List what is wrong with the regions of the annotation that counts.

    Args:
        task: The task.
        rasterized: What became of it.
        labels: The labels that ``labels_map`` has.
    """
    return [
        Problem(fault, task=task.id, annotation=rasterized.annotation.id, region=result.region.id)
        for result in rasterized.regions
        for fault in region_faults(result, rasterized.image, labels)
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
