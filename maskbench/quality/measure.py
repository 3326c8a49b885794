"""Draw what each annotator made of one image, and count how far they agree."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from maskbench.evaluation.confusion import Counts
from maskbench.evaluation.figures import Values
from maskbench.files.masks import Mask
from maskbench.labelstudio.stored import read_unchanged
from maskbench.params import Params
from maskbench.pipeline.incremental import Outcome
from maskbench.quality.agreement import count_values, most_given
from maskbench.quality.joint import Joint, PairCounter
from maskbench.regions.build import build_mask
from maskbench.regions.consensus import decide
from maskbench.regions.rules import ClassRules
from maskbench.regions.task import Annotation, Task, choose

UNKNOWN = "unknown"
"""The name for annotations without an annotator."""

PARTS = ("pairs", "against_the_others", "against_consensus", "against_ground_truth")
"""With whom each annotator, or one of a pair, is compared."""


class ImageWork(NamedTuple):
    """An image that several people annotated.

    Attributes:
        files: The stored tasks that show it.
        sha256: Their digests.
        params: How regions become classes.
        classes: The number of classes.
        votes: Whether the annotators vote on the mask: ``rasterize.annotation: [consensus]``.
    """

    files: tuple[Path, ...]
    sha256: tuple[str | None, ...]
    params: Params
    classes: int
    votes: bool = False


@dataclass(frozen=True)
class Drawing:
    """What one annotator made of an image.

    Attributes:
        annotation: The annotation, the latest of this person.
        mask: Its classes, shape (H, W), uint8; None if it cannot be drawn.
        fault: Why it cannot be drawn.
    """

    annotation: Annotation
    mask: Mask | None
    fault: str = ""


def measure(work: ImageWork) -> Outcome:
    """Count how far the annotators of one image agree; the counts are the outcome's facts.

    Raises:
        DataError: A task's file is damaged, or not the one that it was.
    """
    tasks = list(read_tasks(work))
    drawn = dict(draw_people(tasks, work.params))
    facts = {
        "tasks": [task.key for task in tasks],
        **_count(drawn, _ground_truth(tasks, work.params, drawn), work),
        "left_out": [
            [found.annotation.id, who, found.fault] for who, found in drawn.items() if found.fault
        ],
    }
    return Outcome(facts=facts)


def _count(
    drawn: Mapping[str, Drawing], truth: Drawing | None, work: ImageWork
) -> dict[str, dict[str, Any]]:
    """Count how far these annotators agree with each other, the consensus and ground truth."""
    masks = {who: found.mask for who, found in drawn.items() if found.mask is not None}
    if not masks:
        return {part: {} for part in (*PARTS, "values")}
    marked = [truth.mask] if truth and truth.mask is not None else []
    voted = []
    if work.votes and len(masks) > 1:
        voted = [decide(list(masks.values()), ClassRules.of(work.params))[0]]
    joint = Joint.of([*masks.values(), *marked, *voted])
    people = joint.sets[:, : len(masks)]
    columns = dict(zip(masks, people.T, strict=True))
    counter = PairCounter(joint, work.classes)
    pairs = {
        f"{one} and {other}": counter.count(columns[one], columns[other])
        for one, other in combinations(columns, 2)
    }
    others = {
        who: counter.count(most_given(np.delete(people, i, axis=1)), column)
        for i, (who, column) in enumerate(columns.items())
        if len(columns) > 1
    }
    consensus = {
        who: counter.count(joint.sets[:, -1], column) for who, column in columns.items() if voted
    }
    against_truth = {
        who: counter.count(joint.sets[:, len(masks)], column)
        for who, column in columns.items()
        if marked and drawn[who] is not truth
    }
    found = (pairs, others, consensus, against_truth)
    parts = {
        part: {name: sparse(counts) for name, counts in own.items()}
        for part, own in zip(PARTS, found, strict=True)
    }
    return parts | {"values": sparse(count_values(people, joint.pixels, work.classes))}


def read_tasks(work: ImageWork) -> Iterator[Task]:
    """Yield the stored tasks that show an image.

    Raises:
        DataError: A file is damaged, or not the one that it was.
    """
    for file, expected in zip(work.files, work.sha256, strict=True):
        yield read_unchanged(file, expected, "quality")


def latest_by_person(tasks: Sequence[Task]) -> Iterator[tuple[str, Task, Annotation]]:
    """Yield each annotator, by id, with the latest annotation of that person and its task.

    Args:
        tasks: Tasks that show one image; skipped annotations never count.
    """
    annotations = [annotation for task in tasks for annotation in task.annotations]
    for who in sorted({a.completed_by for a in annotations}, key=lambda user: user or 0):
        if latest := _latest(a for a in annotations if a.completed_by == who):
            yield str(who or UNKNOWN), _task_of(tasks, latest), latest


def draw_people(tasks: Sequence[Task], params: Params) -> Iterator[tuple[str, Drawing]]:
    """Yield each annotator, by id, with what the latest annotation of that person gives.

    Args:
        tasks: Tasks that show one image.
        params: How regions become classes.
    """
    for who, task, annotation in latest_by_person(tasks):
        yield who, draw_annotation(task, annotation, params)


def _ground_truth(
    tasks: Sequence[Task], params: Params, drawn: Mapping[str, Drawing]
) -> Drawing | None:
    """Return the latest annotation that is marked as ground truth; one of ``drawn`` if it is."""
    annotation = _latest(a for task in tasks for a in task.annotations if a.ground_truth)
    if annotation is None:
        return None
    own = [drawing for drawing in drawn.values() if drawing.annotation is annotation]
    return own[0] if own else draw_annotation(_task_of(tasks, annotation), annotation, params)


def _latest(annotations: Iterable[Annotation]) -> Annotation | None:
    return choose(annotations, ("latest",))


def _task_of(tasks: Sequence[Task], annotation: Annotation) -> Task:
    return next(task for task in tasks if any(a is annotation for a in task.annotations))


def draw_annotation(task: Task, annotation: Annotation, params: Params) -> Drawing:
    """Draw one annotation of a task."""
    built = build_mask(replace(task, annotations=(annotation,)), params)
    if built is None:
        return Drawing(annotation, None, "its image is missing")
    return Drawing(annotation, built.mask, built.faults[0][1] if built.faults else "")


def sparse(counts: Counts | Values) -> dict[str, list[float]]:
    """Return the columns of counts, shape (R, K), that are not all zero, by class value."""
    used = np.flatnonzero(counts.any(axis=0)).tolist()
    return {str(value): counts[:, value].tolist() for value in used}


def dense(columns: Mapping[str, Sequence[float]], rows: int, classes: int) -> Values:
    """Return the counts, shape (rows, classes), that :func:`sparse` was given."""
    counts = np.zeros((rows, classes))
    for value, column in columns.items():
        counts[:, int(value)] = column
    return counts
