"""Turn what the checks found into findings: with ids, a box in whole pixels, and advice."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from maskbench.quality.checks import CHECKS
from maskbench.quality.checks.shapes import Hit
from maskbench.quality.findings import Finding
from maskbench.regions.task import Annotation, Task, task_and_project


def where(task: Task, annotation: Annotation) -> dict[str, int | None]:
    """Return the ids that a finding names."""
    number, project = task_and_project(task, annotation)
    return {
        "task": number,
        "project": project,
        "annotation": annotation.id,
        "annotator": annotation.completed_by,
    }


def finding(
    name: str, hit: Hit, key: str, ids: Mapping[str, Any], size: tuple[int, int] = (0, 0)
) -> Finding:
    """Make a finding of what a check found in an image.

    Args:
        name: The check.
        hit: What it found.
        key: The item's key; empty if it concerns no single image.
        ids: The ids of task, project, annotation and annotator, from :func:`where`.
        size: Width and height of the image in pixels.
    """
    check = CHECKS[name]
    x, y, width, height = whole_box(hit.box, *size)
    return Finding(
        kind=name,
        severity=check.severity,
        key=key,
        **ids,
        regions=tuple(hit.regions),
        label=hit.label,
        value=float(f"{hit.value:.4g}"),
        what=f"{hit.what}; {check.advice}",
        x=x,
        y=y,
        width=width,
        height=height,
    )


def whole_box(box: Sequence[float] | None, width: int, height: int) -> tuple[int, int, int, int]:
    """Return a box in whole pixels within the image: left, top, width, height.

    All are 0, for the whole image, if there is no box or nothing of it lies on the image.
    """
    if box is None:
        return 0, 0, 0, 0
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = max(left + 1, math.ceil(box[2])), max(top + 1, math.ceil(box[3]))
    right, bottom = min(width, right), min(height, bottom)
    if left >= right or top >= bottom:
        return 0, 0, 0, 0
    return left, top, right - left, bottom - top
