"""Say in one line what changed, and why."""

from collections.abc import Iterable

from maskbench.diff.model import (
    ALIAS,
    ANNOTATION,
    CODE,
    COMBINE,
    IMAGE,
    LABELS_MAP,
    RASTERIZE,
    RULE,
    Differences,
    MaskChange,
)
from maskbench.diff.moves import OTHER_GROUP, OTHER_ORIGIN, OTHER_PUBLISHED
from maskbench.text import counted


def verdict(found: Differences) -> str:
    """Return the verdict, such as ``2 of 22 masks changed (0.8 % of pixels), 1 image added, …``."""
    masks = f"{len(found.changes):,} of {counted(found.both, 'mask')} changed"
    if found.changes:
        masks += f" ({percent(found.changed_pixels / max(1, found.pixels))} of pixels)"
    parts = [
        masks,
        f"{counted(len(found.added), 'image')} added",
        f"{len(found.removed):,} removed",
        f"{len(found.moves):,} moved between splits",
    ]
    if found.renumbered:
        parts.insert(1, f"{len(found.renumbered):,} only renumbered")
    if found.replaced:
        parts.append(f"{counted(len(found.replaced), 'image file')} replaced")
    if found.pinned:
        parts.append(f"code changed: {' → '.join(found.pinned)}")
    line = ", ".join(parts)
    why = reasons(found)
    return f"{line}; because: {', '.join(why)}" if why else line


def reasons(found: Differences) -> list[str]:
    """Return the causes of the changed masks in words, in the pipeline's order, alarms last."""
    words = [
        _number(_masks(found, CODE), "mask", "changed by code"),
        _number(_masks(found, IMAGE), "image", "resized"),
        _number(_masks(found, ANNOTATION), "task", "relabelled"),
        _number(names(found.changes, ALIAS), "label", "renamed"),
        _number(names(found.changes, RASTERIZE), "rasterize parameter", "changed"),
        _number(names(found.changes, RULE), "rule", "changed"),
        _number(names(found.changes, COMBINE), "combine parameter", "changed"),
        _number(_labels(found), "labels_map entry", "changed", "labels_map entries"),
        _number(_moving(found), "split parameter", "changed"),
        _number(_moved_by(found, OTHER_GROUP), "image", "grouped otherwise"),
        _number(_moved_by(found, OTHER_PUBLISHED), "image", "published in another split"),
        _number(_moved_by(found, OTHER_ORIGIN), "image", "labelled otherwise"),
        _number(found.unexplained, "MASK", "CHANGED WITHOUT CAUSE"),
        _number(found.unexplained_new, "ADDED MASK", "WITHOUT CAUSE"),
    ]
    return [word for word in words if word]


def names(changes: Iterable[MaskChange], kind: str) -> list[str]:
    """Return the names of a kind's causes in all changes, sorted, without repeats."""
    return sorted(
        {cause.name for change in changes for cause in change.causes if cause.kind == kind}
    )


def _masks(found: Differences, kind: str) -> list[str]:
    return [change.key for change in found.changes if kind in change.kinds]


def _labels(found: Differences) -> list[str]:
    if not found.renumbered:
        return names(found.changes, LABELS_MAP)
    return [change.path for change in found.params if change.path.startswith("labels_map.")]


def _moved_by(found: Differences, cause: str) -> list[str]:
    return [move.key for move in found.moves if cause in move.cause.split(", ")]


def _moving(found: Differences) -> list[str]:
    causes = {name for move in found.moves for name in move.cause.split(", ")}
    return sorted(name for name in causes if name.startswith("split."))


def _number(items: Iterable[object], noun: str, what: str, plural: str | None = None) -> str:
    number = len(list(items))
    return f"{counted(number, noun, plural)} {what}" if number else ""


def percent(share: float) -> str:
    """Return a share (0 to 1) with two significant digits: ``12 %``, ``0.8 %``, ``0.012 %``."""
    value = 100 * share
    if value == 0 or 10 <= value:
        return f"{value:.0f} %" if value < 99.5 or value == 100 else ">99 %"
    if value < 0.001:
        return "<0.001 %"
    return f"{value:.2g} %"


def value(content: object) -> str:
    """Return a parameter's value as params.yaml writes it."""
    if content is None:
        return "-"
    if isinstance(content, bool):
        return str(content).lower()
    if isinstance(content, list):
        return f"[{', '.join(map(value, content))}]"
    return str(content)
