"""Images that changed their subset, and the balance of classes before and after."""

from collections import Counter
from collections.abc import Mapping

from maskbench.diff.model import Move
from maskbench.manifest import Row
from maskbench.params import SplitParams
from maskbench.splits import SUBSETS, subset


def moves(
    before: Mapping[str, Row],
    after: Mapping[str, Row],
    params: tuple[SplitParams, SplitParams],
) -> tuple[Move, ...]:
    """The images in both versions whose subset differs, by key, with what did it."""
    both = sorted(before.keys() & after.keys())
    return tuple(
        Move(key, before[key].split, after[key].split, _cause(before[key], after[key], params))
        for key in both
        if before[key].split != after[key].split
    )


def _cause(before: Row, after: Row, params: tuple[SplitParams, SplitParams]) -> str:
    """The differences that move this image, replayed one after the other."""
    old, new = params
    causes = []
    here = subset(before.group, old.ratios, old.salt)
    if here != before.split:
        causes.append("NO CAUSE FOUND (the old split is not what its params give)")
    group = "split.group_by" if old.group_by != new.group_by else "its group"
    steps = (
        (group, subset(after.group, old.ratios, old.salt)),
        ("split.salt", subset(after.group, old.ratios, new.salt)),
        ("split.ratios", subset(after.group, new.ratios, new.salt)),
    )
    for name, there in steps:
        if there != here:
            causes.append(name)
        here = there
    if here != after.split:
        causes.append("NO CAUSE FOUND (the new split is not what its params give)")
    return ", ".join(causes)


def balance(
    before: Mapping[str, Row], after: Mapping[str, Row]
) -> dict[str, dict[str, tuple[int, int]]]:
    """Pixels by subset and class, (before, after)."""
    old, new = _pixels(before), _pixels(after)
    return {
        name: {
            label: (old[name][label], new[name][label])
            for label in sorted(old[name].keys() | new[name].keys())
        }
        for name in SUBSETS
    }


def _pixels(rows: Mapping[str, Row]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {name: Counter() for name in SUBSETS}
    for row in rows.values():
        found.setdefault(row.split, Counter()).update(row.classes)
    return found


def members(before: Mapping[str, Row], after: Mapping[str, Row]) -> dict[str, tuple[int, int]]:
    """Images by subset, (before, after)."""
    old, new = (Counter(row.split for row in rows.values()) for rows in (before, after))
    return {name: (old[name], new[name]) for name in SUBSETS}
