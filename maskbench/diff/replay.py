"""Replay the pipeline on one task, to find the mask that these params would have given."""

import numpy as np

from maskbench.diff.class_names import NO_RULE, NamedMask, Names
from maskbench.diff.model import COMBINE, LABELS_MAP, RULE
from maskbench.errors import GeometryError
from maskbench.params import IGNORE, RasterizeParams
from maskbench.regions.build import build_label_set
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules, Combination, class_mask
from maskbench.regions.task import Task


def replay_rasterize(task: Task, params: RasterizeParams) -> LabelSet | None:
    """Return the label set that *rasterize* would make; None if no annotation counts.

    Raises:
        GeometryError: A region cannot be drawn on an image of this size.
    """
    rasterized = build_label_set(task, params)
    if rasterized is None:
        return None
    if rasterized.errors:
        raise GeometryError(rasterized.errors[0])
    return rasterized.label_set


def replay_combine(
    label_set: LabelSet, rules: ClassRules, names: Names
) -> tuple[NamedMask, list[Combination]]:
    """Return a label set's mask by class name, and the combinations of labels that occur in it.

    A label that is only in the other version's ``labels_map`` is its own class.
    """
    known = [class_name(rules, frozenset()), *rules.labels_map, *label_set.labels]
    values = {name: i for i, name in enumerate(dict.fromkeys(known))}
    mask, found = class_mask(label_set, ClassRules(values, rules.rules, rules.fallback))
    table = np.zeros(256, dtype=np.uint16)
    table[IGNORE] = names.number(NO_RULE)
    for name, value in values.items():
        table[value] = names.number(name)
    named: NamedMask = table[mask]
    return named, found


def class_name(rules: ClassRules, labels: frozenset[str]) -> str:
    """Return the class of pixels with exactly these labels, or :data:`NO_RULE`."""
    return rules.class_of(labels) or NO_RULE


def deciding_param(rules: ClassRules, labels: frozenset[str]) -> tuple[str, str]:
    """Return which parameter decides the class of these labels: a kind of cause, and its name."""
    path = rules.decided_by(labels)
    section, _, name = path.partition(".")
    kinds = {"multi_label_rules": RULE, "labels_map": LABELS_MAP, "combine": COMBINE}
    return kinds[section], name if section == "multi_label_rules" else path
