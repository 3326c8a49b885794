"""The labelling setup of a project: which labels it offers, and on which image. Pure functions.

What they read is ``parsed_label_config``, Label Studio's own reading of the setup's XML. The XML
itself is never parsed here, so that its entities, external or nested, mean nothing to us.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from maskbench.errors import Problem, did_you_mean
from maskbench.params import Rule

_SHAPES = (
    "polygon", "rectangle", "ellipse", "brush", "bitmask", "vector", "keypoint", "magicwand",
)  # fmt: skip
_LABELLING = ("labels", *(f"{shape}labels" for shape in _SHAPES))


@dataclass(frozen=True)
class Labeling:
    """What annotators of a project can draw.

    Attributes:
        labels: The labels of all controls that label regions, as annotations store them.
        fields: The field of a task's data behind each image tag, by the tag's name.
        lists: Names of image tags that show several images of a task.
    """

    labels: frozenset[str]
    fields: Mapping[str, str]
    lists: tuple[str, ...] = ()


def parse_labeling(parsed: Any) -> Labeling:
    """The labelling setup from ``parsed_label_config``; unknown parts are passed over."""
    labels: set[str] = set()
    fields: dict[str, str] = {}
    lists: set[str] = set()
    controls = parsed.values() if isinstance(parsed, Mapping) else ()
    for control in controls:
        if not isinstance(control, Mapping):
            continue
        if str(control.get("type")).lower() in _LABELLING:
            labels.update(map(str, _listed(control, "labels")))
        shows = zip(_listed(control, "to_name"), _listed(control, "inputs"), strict=False)
        for name, shown in shows:
            if not isinstance(shown, Mapping) or shown.get("type") != "Image":
                continue
            if shown.get("value"):
                fields[str(name)] = str(shown["value"])
            elif shown.get("valueList"):
                lists.add(str(name))
    return Labeling(frozenset(labels), fields, tuple(sorted(lists)))


def _listed(control: Mapping[str, Any], name: str) -> list[Any]:
    value = control.get(name)
    return value if isinstance(value, list) else []


def compare_labels(
    offered: Iterable[str], labels_map: Mapping[str, int], rules: Iterable[Rule]
) -> list[Problem]:
    """Where the setups and ``labels_map`` disagree.

    A label that is offered and not mapped fails *rasterize* once somebody draws it; a class that
    neither a label nor a rule nor the background makes will have no pixel.

    Args:
        offered: The labels of all projects together.
        labels_map: Class name → mask value.
        rules: The multi-label rules.
    """
    drawn = set(offered)
    made = {rule.then for rule in rules}
    problems = [
        Problem(
            f"the project's setup offers the label {label!r}, which labels_map lacks; "
            f"{did_you_mean(label, labels_map)}",
            param="labels_map",
        )
        for label in sorted(drawn - set(labels_map))
    ]
    unused = [
        label
        for label, value in labels_map.items()
        if value != 0 and label not in drawn and label not in made
    ]
    problems += [
        Problem(
            "no project's setup offers this label and no rule makes it; "
            f"{did_you_mean(label, drawn)}",
            param=f"labels_map.{label}",
        )
        for label in unused
    ]
    return problems
