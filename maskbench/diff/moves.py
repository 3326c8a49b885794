"""Find images that changed their subset, and the balance of classes before and after."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from maskbench.diff.model import Move
from maskbench.files.manifest import Row
from maskbench.params import SUBSETS, SplitParams
from maskbench.pipeline.splits import Group, Member, assign_splits, groups_of

OTHER_GROUP, OTHER_PUBLISHED = "its group", "its published subset"
"""Causes that lie in an image's task, or in the table of published subsets."""


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
    start = assign_splits(_groups(before.values()), old)
    as_published = [  # the new groups, with the subsets that were published before
        replace(row, published=before[key].published) if key in before else row
        for key, row in after.items()
    ]
    steps = [(_regrouping(old, new), assign_splits(_groups(as_published), old))]
    groups = _groups(after.values())
    name = "split.published" if old.published != new.published else OTHER_PUBLISHED
    steps.append((name, assign_splits(groups, old)))
    for field in ("salt", "ratios"):
        old = old._replace(**{field: getattr(new, field)})
        steps.append((f"split.{field}", assign_splits(groups, old)))
    return start, steps


def _groups(rows: Iterable[Row]) -> list[Group]:
    return groups_of(Member(row.group, row.classes, row.published) for row in rows)


def _regrouping(old: SplitParams, new: SplitParams) -> str:
    """Return what gives images other groups: a param, or the images' own data."""
    fields = ("group_by", "without_group", "same_image")
    changed = [f"split.{name}" for name in fields if getattr(old, name) != getattr(new, name)]
    return changed[0] if changed else OTHER_GROUP


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
