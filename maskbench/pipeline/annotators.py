"""Report tasks in which another person's annotation counts than before, and how far both agree.

When somebody adds an annotation to a task, ``latest`` replaces the whole mask by that person's;
people should know before they look for the cause.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from maskbench.errors import Problem
from maskbench.labelstudio.stored import read_task
from maskbench.params import Params, RasterizeParams
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.tables import read_combined
from maskbench.regions.build import build_label_set
from maskbench.regions.label_set import LabelSet
from maskbench.regions.task import Annotation, Task, least_voters
from maskbench.text import SHOWN, counted, some

_Facts = Mapping[str, Mapping[str, Any]]


def unmet_choices(facts: _Facts, params: RasterizeParams) -> list[Problem]:
    """Find lines in the table of ``rasterize.annotation`` whose annotator did not annotate."""
    if params.table is None or not params.annotation[0].startswith("file:"):
        return []  # what comes before the table may choose somebody else
    return [
        Problem(
            f"annotator {user} is chosen for {key!r}, but has no annotation there that counts; "
            "choose another one, or delete the line",
            params.table,
            param="rasterize.annotation",
        )
        for key, user in sorted(params.choices.items())
        if key in facts and facts[key].get("annotator") != user
    ]


def is_lonely_consensus(facts: _Facts, params: Params) -> bool:
    """Tell whether a consensus is asked for, and each task that counts has a single annotator."""
    asked = any(least_voters(criterion) for criterion in params.rasterize.annotation)
    return asked and not any(fact.get("annotators", 0) > 1 for fact in facts.values())


def describe_annotators(facts: _Facts, params: Params, layout: Layout) -> list[str]:
    """Report whose annotation replaces another person's, and which lines of the table do nothing.

    Args:
        facts: What *rasterize* counted, by key.
        params: How the annotation that counts is chosen.
        layout: Where the tasks lie, and the masks that were made before.
    """
    notes = []
    exchanged = _exchanged(facts, layout)
    said = [_exchange(*first, params) for first in islice(exchanged, SHOWN)]
    if said:
        rest = sum(1 for _ in exchanged)
        more = f" and {rest} more" if rest else ""
        where, what = counted(len(said) + rest, "task"), ", ".join(said)
        notes.append(f"another annotator's annotation counts now in {where}: {what}{more}")
    if is_lonely_consensus(facts, params):
        notes.append(
            "no task has several annotators who could vote; tasks that show the same image become "
            "one with fetch.same_image: one"
        )
    idle = sorted(params.rasterize.choices.keys() - facts.keys())
    if idle:
        lines = counted(len(idle), "line")
        notes.append(f"{lines} of {params.rasterize.table} of no task: {some(idle)}")
    return notes


def _exchanged(facts: _Facts, layout: Layout) -> Iterator[tuple[Task, Annotation, Annotation]]:
    """Yield tasks of which another person's annotation counted in the last masks, with both."""
    rows = read_combined(layout) if layout.combined.is_file() else []  # absent before the first run
    before = {row["key"]: int(row["annotation"]) for row in rows}
    for key, fact in facts.items():
        if fact["annotation"] is None or before.get(key, fact["annotation"]) == fact["annotation"]:
            continue
        if len(fact["voters"]) > 1:  # nobody takes the place of another
            continue
        task = read_task(layout.annotations / f"{key}.json")
        known = {annotation.id: annotation for annotation in task.annotations}
        old, new = known.get(before[key]), known[fact["annotation"]]
        if old is not None and old.completed_by != new.completed_by:
            yield task, old, new


def _exchange(task: Task, old: Annotation, new: Annotation, params: Params) -> str:
    drawn = [_alone(task, annotation, params.rasterize) for annotation in (old, new)]
    share = shared_labels(*drawn)
    agree = (
        "neither labels a pixel" if share is None else f"they agree on {share:.0%} of the labels"
    )
    return f"{task.key} ({_name(new)} in place of {_name(old)}; {agree})"


def _name(annotation: Annotation) -> str:
    return f"annotator {annotation.completed_by or 'unknown'}"


def _alone(task: Task, annotation: Annotation, params: RasterizeParams) -> LabelSet:
    able = replace(annotation, was_cancelled=False)
    built = build_label_set(
        replace(task, annotations=(able,)), params._replace(annotation=("latest",))
    )
    if built is None:
        raise ValueError(f"task {task.id} has no image")
    return built.label_set


def shared_labels(one: LabelSet, other: LabelSet) -> float | None:
    """Return how many of the labels on pixels two label sets share, from 0 to 1 (IoU).

    Returns:
        Labels on pixels in both, divided by those in either; None if there are none.
    """
    both = either = 0
    for label in {*one.labels, *other.labels}:
        first, second = one.on(label), other.on(label)
        both += int(np.count_nonzero(first & second))
        either += int(np.count_nonzero(first | second))
    return both / either if either else None
