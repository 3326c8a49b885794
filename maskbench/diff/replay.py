"""What-if masks: one task drawn and combined anew under one version's or the other's choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from maskbench.diff.class_names import NO_RULE, Named, Names
from maskbench.errors import GeometryError
from maskbench.params import IGNORE, CombineParams, Params, RasterizeParams, Rule
from maskbench.regions.build import build_label_set
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules, Combination, class_mask
from maskbench.regions.task import Image, Task


def replay_rasterize(task: Task, image: Image, params: RasterizeParams) -> LabelSet | None:
    """Make the label set that *rasterize* would make; None where no annotation counts.

    Raises:
        GeometryError: A region cannot be drawn on an image of this size.
    """
    rasterized = build_label_set(replace(task, image=image), params)
    if rasterized is None:
        return None
    if rasterized.errors:
        raise GeometryError(rasterized.errors[0])
    return rasterized.label_set


@dataclass(frozen=True)
class Choices:
    """What *combine* goes by: a version's ``labels_map``, rules and fallback."""

    labels_map: Mapping[str, int]
    rules: Sequence[Rule]
    fallback: CombineParams

    @classmethod
    def of(cls, params: Params) -> "Choices":
        """The choices in a version's params."""
        return cls(params.labels_map, params.rules, params.combine)

    def class_of(self, labels: frozenset[str]) -> str:
        """The class name of pixels with exactly these labels."""
        return ClassRules(self.labels_map, self.rules, self.fallback).class_of(labels) or NO_RULE

    def reason(self, labels: frozenset[str]) -> tuple[str, str]:
        """What decides the class of these labels, as (kind of cause, its name)."""
        rule = next((rule for rule in self.rules if rule.when == labels), None)
        if rule is not None:
            return "rule", rule.name
        if len(labels) <= 1:
            return "labels_map", f"labels_map.{self.class_of(labels)}"
        name = "priority" if self.fallback.unmatched == "priority" else "unmatched"
        return "combine", f"combine.{name}"


def replay_combine(
    drawn: LabelSet, choices: Choices, names: Names
) -> tuple[Named, list[Combination]]:
    """A label set's mask by class name, and the combinations of labels that occur in it.

    Labels that the choices do not know (they came with the other version) are their own class.
    """
    background = choices.class_of(frozenset())
    known = [background, *choices.labels_map, *drawn.labels]
    values = {name: i for i, name in enumerate(dict.fromkeys(known))}
    mask, found = class_mask(drawn, ClassRules(values, choices.rules, choices.fallback))
    table = np.zeros(256, dtype=np.uint16)
    table[IGNORE] = names.number(NO_RULE)
    for name, value in values.items():
        table[value] = names.number(name)
    named: Named = table[mask]
    return named, found
