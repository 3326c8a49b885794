"""What-if masks: one task drawn and combined anew under one version's or the other's choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from maskbench import drawing
from maskbench.diff.names import NO_RULE, Named, Names
from maskbench.errors import GeometryError
from maskbench.ignore import IGNORE
from maskbench.labelstudio.choose import choose
from maskbench.labelstudio.model import Image, Task
from maskbench.params import CombineParams, Params, RasterizeParams, Rule
from maskbench.raster import LabelSet, label_set
from maskbench.rules import ClassRules, Combination, class_mask


def draw(task: Task, image: Image, params: RasterizeParams) -> LabelSet | None:
    """The label set that *rasterize* would make, or None where no annotation counts.

    Raises:
        GeometryError: A region cannot be drawn on an image of this size.
    """
    annotation = choose(task.annotations, params.annotation)
    if annotation is None:
        return None
    drawn = drawing.draw(annotation.regions, image, params)
    errors = [entry.error for entry in drawn if entry.error is not None]
    if errors:
        raise GeometryError(errors[0])
    patches = [entry.patch for entry in drawn if entry.patch is not None]
    return label_set(patches, image.width, image.height, params.overlap)


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


def combine(drawn: LabelSet, choices: Choices, names: Names) -> tuple[Named, list[Combination]]:
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
