"""Decide with which labels of a project's setup each class is drawn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from maskbench.errors import ParamsError, did_you_mean
from maskbench.labelstudio.labeling import Control, Labeling
from maskbench.params import IGNORE, Params
from maskbench.text import some

KINDS = ("polygon", "brush")
"""Kinds of region that predictions can have."""


@dataclass(frozen=True)
class DrawingPlan:
    """How masks become regions of a project.

    Attributes:
        labels: The labels to draw each class with, by mask value; without values that are not
            drawn (background, ignored pixels).
        controls: The control that draws each label.
        impossible: Why a class cannot be drawn, by mask value.
        notes: Classes that are drawn with several labels, a sentence each.
    """

    labels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    controls: Mapping[str, Control] = field(default_factory=dict)
    impossible: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def make_plan(params: Params, labeling: Labeling, kind: str | None = None) -> DrawingPlan:
    """Find the labels to draw each class with: its own, an alias, or those of a rule.

    Args:
        params: Classes, rules and aliases.
        labeling: The project's setup.
        kind: ``polygon`` or ``brush``; None: polygons where a label has a control for them.

    Raises:
        ParamsError: The setup draws on several images, and ``fetch.image_field`` chooses none.
    """
    controls = _controls(params, labeling, KINDS if kind is None else (kind,))
    drawn: dict[str, str] = {}  # class → label, the class's own name before aliases of it
    for label in sorted(controls, key=lambda label: label not in params.labels_map):
        name = params.rasterize.label_aliases.get(label, label)
        if name is not None:
            drawn.setdefault(name, label)
    labels, impossible, notes = {}, {}, []
    for name, value in params.labels_map.items():
        if value in (0, IGNORE):
            continue
        found = _labels(name, params, drawn)
        if isinstance(found, str):
            why = _only_as(name, params, labeling) or found
            impossible[value] = f"the class {name!r} cannot be drawn: {why}"
            continue
        labels[value] = found
        if len(found) > 1:
            notes.append(f"{name} becomes {' + '.join(found)}")
    return DrawingPlan(labels, controls, impossible, tuple(notes))


def _controls(params: Params, labeling: Labeling, kinds: Iterable[str]) -> dict[str, Control]:
    """Return the control for each label: the first one of the first kind that has the label."""
    tags = params.fetch.image_field or labeling.fields
    able = [
        control
        for kind in kinds
        for control in labeling.controls
        if control.kind == kind and control.image in tags
    ]
    shown = {tags[control.image]: control.image for control in able}
    if len(shown) > 1:
        choices = " or ".join(sorted(f"{{{tag}: {name}}}" for name, tag in shown.items()))
        raise ParamsError(
            "the labelling setup has several images; choose in params.yaml the one to which the "
            f"masks belong: fetch.image_field: {choices}"
        )
    return {label: control for control in reversed(able) for label in control.labels}


def _only_as(name: str, params: Params, labeling: Labeling) -> str | None:
    """Say which controls have a class's label, if predictions can use none of them."""
    aliases = params.rasterize.label_aliases
    own = {label for label in labeling.labels if aliases.get(label, label) == name}
    kinds = sorted({c.kind for c in labeling.controls if own & set(c.labels)})
    if not own:
        return None
    offered = f"for {' and '.join(kinds)} only" if kinds else "without a tool that draws"
    return f"the setup has its label {offered}; add it to a <PolygonLabels> or <BrushLabels>"


def _labels(name: str, params: Params, drawn: Mapping[str, str]) -> tuple[str, ...] | str:
    """Return the labels to draw a class with, or why there are none."""
    if name in drawn:
        return (drawn[name],)
    rules = sorted((r for r in params.rules if r.then == name), key=lambda rule: len(rule.when))
    if not rules:
        return (
            "the setup has no label for it and no rule makes it; add one of them, or predict "
            f"another class; {did_you_mean(name, drawn)}"
        )
    if params.rasterize.overlap != "keep":
        overlap = params.rasterize.overlap
        return f"a rule makes it, and rasterize.overlap: {overlap} leaves one label on a pixel"
    for rule in rules:
        if rule.when <= drawn.keys():
            return tuple(drawn[label] for label in sorted(rule.when))
    lacking = sorted({label for rule in rules for label in rule.when} - drawn.keys())
    return f"the rule that makes it needs labels that the setup lacks ({some(lacking)})"
