"""Read a project's labelling setup, and compare it with ``labels_map``.

The setup is read from ``parsed_label_config``, Label Studio's own reading of its XML. The XML
itself is never parsed here, so its entities, external or nested, can do no harm.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from maskbench.errors import Problem, did_you_mean
from maskbench.labelstudio.results import label_names
from maskbench.params import Rule, missing_label
from maskbench.regions.shapes import KINDS

_LABELLING = ("labels", *(f"{kind}labels" for kind in KINDS))


@dataclass(frozen=True)
class Control:
    """A control that labels regions of one kind.

    Attributes:
        name: Its name, which regions have as ``from_name``.
        kind: ``polygon``, ``brush`` …
        image: The name of the image tag that it labels.
        labels: Its labels, as annotations store them.
        tool: The name of the separate control that draws the regions, such as ``<Brush>`` beside
            ``<Labels>``; None: it draws them itself.
    """

    name: str
    kind: str
    image: str
    labels: tuple[str, ...]
    tool: str | None = None


@dataclass(frozen=True)
class Labeling:
    """The labelling setup of a project: what annotators can draw.

    Attributes:
        labels: The labels of all controls that label regions, as annotations store them, in the
            setup's order.
        fields: The field of a task's data behind each image tag, by the tag's name.
        lists: Names of image tags that show several images of a task.
        controls: The controls that label regions of one kind.
    """

    labels: Set[str]
    fields: Mapping[str, str]
    lists: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()


def parse_labeling(parsed: Any) -> Labeling:
    """Read a labelling setup from ``parsed_label_config``; unknown parts are skipped."""
    labels: list[str] = []
    fields: dict[str, str] = {}
    lists: set[str] = set()
    controls: list[Control] = []
    tools: list[Control] = []
    for name_of_control, control in parsed.items() if isinstance(parsed, Mapping) else ():
        if not isinstance(control, Mapping):
            continue
        kind, offered = str(control.get("type")).lower(), label_names(_listed(control, "labels"))
        if kind in _LABELLING:
            labels += offered
        if kind in (*_LABELLING, *KINDS) and (tags := _listed(control, "to_name")):
            own = kind.removesuffix("labels")
            found = Control(str(name_of_control), own, str(tags[0]), tuple(offered))
            (tools if kind in KINDS else controls).append(found)
        shows = zip(_listed(control, "to_name"), _listed(control, "inputs"), strict=False)
        for name, shown in shows:
            if not isinstance(shown, Mapping) or shown.get("type") != "Image":
                continue
            if shown.get("value"):
                fields[str(name)] = str(shown["value"])
            elif shown.get("valueList"):
                lists.add(str(name))
    names = dict.fromkeys(labels).keys()
    return Labeling(names, fields, tuple(sorted(lists)), tuple(_of_one_kind(controls, tools)))


def _of_one_kind(controls: Iterable[Control], tools: Sequence[Control]) -> Iterator[Control]:
    """Yield controls; ``<Labels>``, which has no kind itself, once for each tool beside it."""
    for control in controls:
        if control.kind:
            yield control
            continue
        for tool in tools:
            if tool.image == control.image:
                yield replace(control, kind=tool.kind, tool=tool.name)


def _listed(control: Mapping[str, Any], name: str) -> list[Any]:
    value = control.get(name)
    return value if isinstance(value, list) else []


def compare_labels(
    offered: Iterable[str], labels_map: Mapping[str, int], rules: Iterable[Rule]
) -> list[Problem]:
    """Return where the labelling setups and ``labels_map`` disagree.

    A label that is offered but not mapped fails *rasterize* once somebody draws it; a class that
    no label, no rule and not the background makes never has a pixel.

    Args:
        offered: The labels of all projects together.
        labels_map: Class name → mask value.
        rules: The multi-label rules.
    """
    drawn = set(offered)
    made = {rule.then for rule in rules}
    problems = []
    for label in sorted(drawn - set(labels_map)):
        what = "the project's setup offers a label without a class: "
        problems.append(Problem(what + missing_label(label, labels_map), param="labels_map"))
    for label, value in labels_map.items():
        if value != 0 and label not in drawn | made:
            what = "no project's setup offers this label and no rule makes it; "
            problems.append(Problem(what + did_you_mean(label, drawn), param=f"labels_map.{label}"))
    return problems
