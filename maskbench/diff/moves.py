"""Find images that changed their subset, and the balance of classes before and after."""

from collections import Counter
from collections.abc import Mapping, Sequence

from maskbench.diff.model import Move
from maskbench.files.manifest import Row
from maskbench.params import SUBSETS, SplitParams
from maskbench.pipeline.splits import assign_splits, groups_of


def moves(
    before: Mapping[str, Row],
    after: Mapping[str, Row],
    params: tuple[SplitParams, SplitParams],
) -> tuple[Move, ...]:
    """Return the images in both versions whose subset differs, sorted by key, with the cause."""
    moved = [k for k in sorted(before.keys() & after.keys()) if before[k].split != after[k].split]
    if not moved:
        return ()
    start, steps = _replay(before, after, params)
    return tuple(
        Move(
            key, before[key].split, after[key].split, _cause(before[key], after[key], start, steps)
        )
        for key in moved
    )


_Splits = dict[str, str]
"""The subset of each group."""


def _replay(
    before: Mapping[str, Row], after: Mapping[str, Row], params: tuple[SplitParams, SplitParams]
) -> tuple[_Splits, list[tuple[str, _Splits]]]:
    """Return the old version's splits, and those after each difference, with its name."""
    old, new = params
    groups = groups_of((row.group, row.classes) for row in after.values())
    start = assign_splits(groups_of((row.group, row.classes) for row in before.values()), old)
    name = "split.group_by" if old.group_by != new.group_by else "its group"
    steps = [(name, assign_splits(groups, old))]
    for field in reversed(SplitParams._fields):
        if field != "group_by":
            old = old._replace(**{field: getattr(new, field)})
            steps.append((f"split.{field}", assign_splits(groups, old)))
    return start, steps


def _cause(before: Row, after: Row, start: _Splits, steps: Sequence[tuple[str, _Splits]]) -> str:
    """Return the names of the differences that move this image."""
    causes = []
    here = start[before.group]
    if here != before.split:
        causes.append("NO CAUSE FOUND (the old split is not what its params give)")
    for name, splits in steps:
        if splits[after.group] != here:
            causes.append(name)
        here = splits[after.group]
    if here != after.split:
        causes.append("NO CAUSE FOUND (the new split is not what its params give)")
    return ", ".join(causes)


def balance(
    before: Mapping[str, Row], after: Mapping[str, Row]
) -> dict[str, dict[str, tuple[int, int]]]:
    """Count pixels by subset and class, (before, after)."""
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
    """Count images by subset, (before, after)."""
    old, new = (Counter(row.split for row in rows.values()) for rows in (before, after))
    return {name: (old[name], new[name]) for name in SUBSETS}
