"""Find images that changed their subset, and the balance of classes before and after."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from maskbench.diff.model import Move
from maskbench.files.manifest import Row
from maskbench.params import EXCLUDED, SUBSETS, SplitParams
from maskbench.pipeline.splits import Group, Member, assign_splits, groups_of, own_subset
from maskbench.regions.task import DRAWN

OTHER_GROUP, OTHER_PUBLISHED = "its group", "its published subset"
OTHER_ORIGIN = "where its labels come from"
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
    found = []
    for old, new in ((before[key], after[key]) for key in moved):
        causes = _causes(old, new, _subsets(old, new, start, steps, params))
        found.append(Move(new.key, old.split, new.split, ", ".join(causes)))
    return tuple(found)


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
    """Return the cause of other groups: a param, or the images' own data."""
    fields = ("group_by", "without_group", "same_image")
    changed = [f"split.{name}" for name in fields if getattr(old, name) != getattr(new, name)]
    return changed[0] if changed else OTHER_GROUP


def _subsets(
    before: Row,
    after: Row,
    start: _Splits,
    steps: Sequence[tuple[str, _Splits]],
    params: tuple[SplitParams, SplitParams],
) -> list[tuple[str, str]]:
    """Return the old subset of an image, then its subset after each difference, with its name."""
    old, new = params
    subsets = [("", own_subset(start[before.group], before.origin, old))]
    for name, splits in steps:
        subsets.append((name, own_subset(splits[after.group], before.origin, old)))
    group = steps[-1][1][after.group]
    subsets.append((OTHER_ORIGIN, own_subset(group, after.origin, old)))
    subsets.append(("split.exclude_accepted", own_subset(group, after.origin, new)))
    return subsets


def _causes(before: Row, after: Row, subsets: Sequence[tuple[str, str]]) -> Iterable[str]:
    """Yield the names of the differences that move an image."""
    if subsets[0][1] != before.split:
        yield "NO CAUSE FOUND (the old split is not what its params give)"
    for (_, previous), (name, here) in pairwise(subsets):
        if here != previous:
            yield name
    if subsets[-1][1] != after.split:
        yield "NO CAUSE FOUND (the new split is not what its params give)"


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
    """Count images by subset, (before, after); those in none only where there are some."""
    old, new = (Counter(row.split for row in rows.values()) for rows in (before, after))
    names = (*SUBSETS, *({EXCLUDED} & (old.keys() | new.keys())))
    return {name: (old[name], new[name]) for name in names}


def origins(before: Mapping[str, Row], after: Mapping[str, Row]) -> dict[str, tuple[int, int]]:
    """Count images by where their labels come from: ``accepted from m1`` → (before, after)."""
    old, new = (Counter(map(_origin, rows.values())) for rows in (before, after))
    return {name: (old[name], new[name]) for name in sorted(old.keys() | new.keys())}


def _origin(row: Row) -> str:
    known = row.origin == DRAWN or not row.model_version
    return row.origin if known else f"{row.origin} from {row.model_version}"
