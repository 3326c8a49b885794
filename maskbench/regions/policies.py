"""Find what each policy for overlapping labels makes of a task's pixels. Pure functions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from maskbench.params import Params
from maskbench.regions.build import build_label_sets, unknown_labels
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules, Combination, class_mask, in_one_image
from maskbench.regions.task import Task

POLICIES = ("smallest", "top", "priority")
"""Ways to decide without a rule: ``rasterize.overlap``, or ``combine.unmatched: priority``."""

Gains = Counter[tuple[str, tuple[str, ...], str | None]]
"""Pixels by (policy, combination of labels, class that the policy gives them)."""

_BITS = np.array([number.bit_count() for number in range(256)], dtype=np.uint8)


class TaskCombinations(NamedTuple):
    """The combinations of labels in one task.

    Attributes:
        task: The task's id.
        unknown: Regions by label that ``labels_map`` lacks; if there are any, nothing else is
            looked at.
        combinations: What occurs under the params as they are.
        gains: What each policy would make of the pixels with several labels.
    """

    task: int
    unknown: Mapping[str, int]
    combinations: tuple[Combination, ...]
    gains: Gains


def find_combinations(task: Task, params: Params) -> TaskCombinations | None:
    """Find the combinations of labels in a task; None if none of its annotations counts.

    Regions that cannot be drawn are passed over.
    """
    votes = build_label_sets(task, params.rasterize)
    if not votes:
        return None
    unknown = unknown_labels(votes, params.labels_map)
    if unknown:
        return TaskCombinations(task.id, unknown, (), Counter())
    rules = ClassRules.of(params)
    found = in_one_image(class_mask(vote.label_set, rules)[1] for vote in votes)
    gains: Gains = Counter()
    if any(len(combination.labels) > 1 for combination in found):
        for overlap in ("smallest", "top"):
            others = build_label_sets(task, params.rasterize._replace(overlap=overlap))
            for now, other in zip(votes, others, strict=True):
                for (labels, left), pixels in _transitions(now.label_set, other.label_set).items():
                    gains[overlap, labels, rules.class_of(frozenset(left))] += pixels
    return TaskCombinations(task.id, {}, tuple(found), gains)


def _transitions(
    before: LabelSet, after: LabelSet
) -> Counter[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Count the pixels with several labels by (labels before, labels after)."""
    count = len(before.planes)
    is_shared = sum(_BITS[plane] for plane in before.planes) > 1
    both = np.concatenate([before.planes[:, is_shared], after.planes[:, is_shared]])
    kinds, pixels = np.unique(both.T, axis=0, return_counts=True)
    return Counter(
        {
            (before.names(kind[:count]), after.names(kind[count:])): int(number)
            for kind, number in zip(kinds, pixels, strict=True)
        }
    )


def strongest_first(images: Sequence[TaskCombinations], params: Params) -> tuple[str, ...]:
    """Return an order for ``combine.priority``: what it holds, then other labels that overlap.

    Those with fewer pixels come first; a container label, which has many, comes last.
    """
    areas: Counter[str] = Counter()
    overlapping: set[str] = set()
    for image in images:
        for combination in image.combinations:
            areas.update(dict.fromkeys(combination.labels, combination.pixels))
            overlapping.update(combination.labels if len(combination.labels) > 1 else ())
    given = params.combine.priority
    return (*given, *sorted(overlapping - set(given), key=lambda label: (areas[label], label)))


def total_gains(images: Sequence[TaskCombinations], priority: Sequence[str]) -> Gains:
    """Add up what each policy makes of the pixels with several labels, over all tasks.

    Args:
        images: The tasks.
        priority: The labels for the policy ``priority``, strongest first.
    """
    gains: Gains = Counter()
    for image in images:
        gains.update(image.gains)
        for labels, pixels, becomes in image.combinations:
            if len(labels) > 1:
                first = next((label for label in priority if label in labels), None)
                gains["priority", labels, first if becomes is None else becomes] += pixels
    return gains
