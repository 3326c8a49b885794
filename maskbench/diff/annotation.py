"""Find what happened to regions: added, removed, reshaped, relabelled, reordered."""

import json
from collections.abc import Callable, Mapping, Sequence

from maskbench.diff.model import AnnotationChange, RegionChange
from maskbench.params import RasterizeParams
from maskbench.regions.task import Annotation, Region, Task, choose, choose_votes, moment


def annotation_change(
    before: Task | None, after: Task | None, params: tuple[RasterizeParams, RasterizeParams]
) -> AnnotationChange | None:
    """Return how the annotation that counts differs between two versions of a task, or None.

    Where several count, their regions are compared annotator by annotator.

    Args:
        before: The old task, or None.
        after: The new task, or None.
        params: The section ``rasterize`` of the old and of the new version.
    """
    old = choose(before.annotations, params[0].criteria(before.key)) if before else None
    new = choose(after.annotations, params[1].criteria(after.key)) if after else None
    votes = [
        {a.completed_by: a for a in choose_votes(task.annotations, own.criteria(task.key))}
        for task, own in zip((before, after), params, strict=True)
        if task is not None
    ]
    if len(votes) == 2 and max(map(len, votes)) > 1:
        return _vote_change(*votes)
    changes = region_changes(old.regions if old else (), new.regions if new else ())
    ids = (old.id if old else None, new.id if new else None)
    if not changes and ids[0] == ids[1]:
        return None
    author = new or old
    return AnnotationChange(
        before=ids[0],
        after=ids[1],
        annotator="" if author is None or author.completed_by is None else str(author.completed_by),
        updated_at=(author.updated_at or "") if author else "",
        regions=changes,
    )


_Votes = Mapping[int | None, Annotation]


def _vote_change(before: _Votes, after: _Votes) -> AnnotationChange | None:
    """Return how the annotations of those who vote differ; the author is who saved last."""
    authors: list[Annotation] = []
    changes: list[RegionChange] = []
    for who in sorted(before.keys() | after.keys(), key=lambda who: who or 0):
        old, new = before.get(who), after.get(who)
        found = region_changes(old.regions if old else (), new.regions if new else ())
        changes += found
        authors += [author for author in (new or old,) if found and author is not None]
    if not authors:
        return None
    author = max(authors, key=lambda a: moment(a.updated_at or a.created_at))
    return AnnotationChange(
        before=author.id,
        after=author.id,
        annotator="" if author.completed_by is None else str(author.completed_by),
        updated_at=author.updated_at or "",
        regions=tuple(changes),
    )


def region_changes(before: Sequence[Region], after: Sequence[Region]) -> tuple[RegionChange, ...]:
    """Return what happened to regions: changes in the new drawing order, then removals.

    Regions are paired by id and content, then by id, by content, and by geometry (another
    annotator's copy has other ids); a region without a partner was added or removed.
    """
    old, new = list(enumerate(before)), list(enumerate(after))
    pairs: list[tuple[int, int]] = []
    for identity in _IDENTITIES:
        _pair(old, new, identity, pairs)
    partner = {j: i for i, j in pairs}
    changes = []
    for j, region in enumerate(after):
        if j in partner:
            changes += _change(before[partner[j]], region)
        else:
            changes.append(RegionChange("added", region.id, region.shape, (), region.labels))
    changes += [RegionChange("removed", r.id, r.shape, r.labels, ()) for _, r in old]
    order = [partner[j] for j in sorted(partner)]
    if not changes and order != sorted(order):
        changes = [RegionChange("reordered", "", "", (), ())]
    return tuple(changes)


def _pair(
    old: list[tuple[int, Region]],
    new: list[tuple[int, Region]],
    identity: Callable[[Region], object],
    pairs: list[tuple[int, int]],
) -> None:
    """Move regions with equal identity from both lists to the pairs, in drawing order."""
    waiting: dict[object, list[tuple[int, Region]]] = {}
    for entry in old:
        waiting.setdefault(identity(entry[1]), []).append(entry)
    for entry in list(new):
        candidates = waiting.get(identity(entry[1]))
        if candidates:
            partner = candidates.pop(0)
            pairs.append((partner[0], entry[0]))
            old.remove(partner)
            new.remove(entry)


def _geometry(region: Region) -> str:
    return json.dumps([region.shape, region.value], sort_keys=True)


_IDENTITIES: tuple[Callable[[Region], object], ...] = (
    lambda region: (region.id, frozenset(region.labels), _geometry(region)),
    lambda region: region.id,
    lambda region: (frozenset(region.labels), _geometry(region)),
    _geometry,
)
"""What makes two regions the same one, the strictest first."""


def _change(before: Region, after: Region) -> list[RegionChange]:
    changes = []
    if sorted(before.labels) != sorted(after.labels):
        changes.append("relabelled")
    if _geometry(before) != _geometry(after):
        changes.append("reshaped")
    return [
        RegionChange(kind, after.id, after.shape, before.labels, after.labels) for kind in changes
    ]
