"""Group changed masks by cause: a reviewer judges a cause once, not each mask of hundreds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maskbench.diff.model import (
    ANNOTATION,
    CAUSE_TITLES,
    CODE,
    COMBINE,
    IMAGE,
    LABELS_MAP,
    RASTERIZE,
    RULE,
    UNEXPLAINED,
    Differences,
    MaskChange,
    ParamChange,
)
from maskbench.diff.report.verdict import value
from maskbench.text import counted, some

_SHARED_NAMES = (RULE, RASTERIZE, COMBINE, LABELS_MAP)
"""Kinds with a cause for each name; other kinds, such as annotations, are one cause together."""

_SOME = 3  # people, files and pairs of classes that a sentence names


@dataclass(frozen=True)
class CauseGroup:
    """The masks that changed for one cause.

    Attributes:
        kind: A key of :data:`maskbench.diff.model.CAUSE_TITLES`.
        name: The rule or parameter; empty for kinds that are one cause together.
        sentence: The cause in words.
        changes: The masks, those with the most pixels of this cause first.
        pixels: Pixels of each of these masks that this cause changed.
        transitions: Pixels by (class before, class after), over masks with no other cause.
    """

    kind: str
    name: str
    sentence: str
    changes: tuple[MaskChange, ...]
    pixels: tuple[int, ...]
    transitions: Counter[tuple[str, str]]

    @property
    def title(self) -> str:
        """The kind in words, with the name."""
        return f"{CAUSE_TITLES[self.kind]}: {self.name}" if self.name else CAUSE_TITLES[self.kind]


def by_cause(found: Differences) -> list[CauseGroup]:
    """Return the causes of all changed masks: alarms first, then in the pipeline's order."""
    pixels: dict[tuple[str, str], Counter[str]] = {}
    for change in found.changes:
        for cause in change.causes:
            group = pixels.setdefault((cause.kind, group_name(cause.kind, cause.name)), Counter())
            group[change.key] += cause.pixels
    order = [UNEXPLAINED, *CAUSE_TITLES]
    keys = sorted(pixels, key=lambda key: (order.index(key[0]), key[1]))
    changes = {change.key: change for change in found.changes}
    return [_group(*key, pixels[key], changes, found) for key in keys]


def group_name(kind: str, name: str) -> str:
    """Return the name by which causes are counted together: a rule's, but not an annotation's."""
    return name if kind in _SHARED_NAMES else ""


def _group(
    kind: str,
    name: str,
    pixels: Counter[str],
    changes: dict[str, MaskChange],
    found: Differences,
) -> CauseGroup:
    ordered = sorted(pixels.items(), key=lambda entry: (-entry[1], entry[0]))
    own = tuple(changes[key] for key, _ in ordered)
    transitions: Counter[tuple[str, str]] = Counter()
    for change in own:
        if len(change.causes) == 1:
            transitions.update(change.transitions)
    sentence = _sentence(kind, name, own, found)
    if transitions:
        (before, after), _ = min(transitions.items(), key=lambda entry: (-entry[1], entry[0]))
        sentence += f"; mostly {before} → {after}"
    return CauseGroup(kind, name, sentence, own, tuple(n for _, n in ordered), transitions)


def _sentence(kind: str, name: str, changes: Sequence[MaskChange], found: Differences) -> str:
    """Say what changed, in words without a full stop."""
    if kind == ANNOTATION:
        return ", ".join(_edits(changes))
    if kind == IMAGE:
        return "the image has another size, so that every pixel counts as changed"
    if kind == CODE:
        return f"the code of the stages changed ({some(found.code, _SOME) or 'files unknown'})"
    if kind == UNEXPLAINED:
        return "nothing explains these pixels: look who edited the masks, or run `dvc repro`"
    path = f"multi_label_rules.{name}" if kind == RULE else name
    own = [p for p in found.params if p.path == path or p.path.startswith(f"{path}.")]
    return some([_param(param, path) for param in own], _SOME) or f"{name} has another meaning"


def _edits(changes: Sequence[MaskChange]) -> Iterator[str]:
    """Yield how many regions were added, reshaped …, and by whom."""
    annotations = [change.annotation for change in changes if change.annotation]
    tasks = counted(len(changes), "task")
    kinds = Counter(region.kind for each in annotations for region in each.regions)
    if kinds:
        (kind, number), *others = sorted(kinds.items())
        listed = [f"{counted(number, 'region')} {kind}", *(f"{n:,} {what}" for what, n in others)]
        yield f"{', '.join(listed)} in {tasks}"
    else:
        yield f"another annotation counts in {tasks}"
    people = Counter(each.annotator for each in annotations if each.annotator)
    if people:
        ordered = sorted(people.items(), key=lambda entry: (-entry[1], entry[0]))
        yield f"by {some([f'user {who} ({n:,})' for who, n in ordered], _SOME)}"


def _param(param: ParamChange, path: str) -> str:
    place = param.path.removeprefix(path).lstrip(".") or param.path
    if param.before is None:
        return f"{place} is new: {value(param.after)}"
    if param.after is None:
        return f"{place} is gone; it was {value(param.before)}"
    return f"{place}: {value(param.before)} → {value(param.after)}"
