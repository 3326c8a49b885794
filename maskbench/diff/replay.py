"""Replay the pipeline on one task, to find the mask that these params would have given."""

from collections.abc import Sequence

import numpy as np

from maskbench.diff.class_names import NO_RULE, NamedMask, Names
from maskbench.diff.model import COMBINE, LABELS_MAP, RULE
from maskbench.errors import GeometryError
from maskbench.params import IGNORE, IGNORED, RasterizeParams
from maskbench.regions.build import build_label_sets
from maskbench.regions.consensus import agree, otherwise_value
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules, Combination
from maskbench.regions.task import Task


def replay_rasterize(task: Task, params: RasterizeParams) -> tuple[LabelSet, ...]:
    """Return the label sets that *rasterize* would make; empty if no annotation counts.

    Raises:
        GeometryError: A region cannot be drawn on an image of this size.
    """
    votes = build_label_sets(task, params)
    errors = [error for vote in votes for error in vote.errors]
    if errors:
        raise GeometryError(errors[0])
    return tuple(vote.label_set for vote in votes)


def replay_combine(
    label_sets: Sequence[LabelSet], rules: ClassRules, names: Names
) -> tuple[NamedMask, tuple[Combination, ...]]:
    """Return the mask of an image by class name, and the combinations of labels that occur in it.

    A label that is only in the other version's ``labels_map`` is its own class.
    """
    own = sorted(rules.labels_map, key=lambda name: rules.labels_map[name])  # as in the masks
    drawn = [label for label_set in label_sets for label in label_set.labels]
    known = [class_name(rules, frozenset()), *own, *drawn]
    values = {name: i for i, name in enumerate(dict.fromkeys(known))}
    agreed = agree(label_sets, ClassRules(values, rules.rules, rules.fallback))
    table = np.zeros(256, dtype=np.uint16)
    table[IGNORE] = names.number(NO_RULE)
    for name, value in values.items():
        table[value] = names.number(name)
    named: NamedMask = table[agreed.mask]
    if agreed.undecided:
        named[agreed.tied | agreed.below] = names.number(otherwise_name(rules))
    return named, agreed.combinations


def otherwise_name(rules: ClassRules) -> str:
    """Return what a mask has on pixels that the votes of several annotators do not decide."""
    value = otherwise_value(rules)
    return next((name for name, own in rules.labels_map.items() if own == value), IGNORED)


def class_name(rules: ClassRules, labels: frozenset[str]) -> str:
    """Return the class of pixels with exactly these labels, or :data:`NO_RULE`."""
    return rules.class_of(labels) or NO_RULE


def deciding_param(rules: ClassRules, labels: frozenset[str]) -> tuple[str, str]:
    """Return which parameter decides the class of these labels: a kind of cause, and its name."""
    path = rules.decided_by(labels)
    section, _, name = path.partition(".")
    kinds = {"multi_label_rules": RULE, "labels_map": LABELS_MAP, "combine": COMBINE}
    return kinds[section], name if section == "multi_label_rules" else path
