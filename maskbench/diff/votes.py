"""Find who voted what on the pixels that changed, where several annotations count."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from maskbench.diff.causes import ItemVersion
from maskbench.diff.class_names import NamedMask, Names
from maskbench.diff.replay import replay_combine
from maskbench.diff.voting import VoteChange, VoteCount
from maskbench.regions.build import build_label_sets
from maskbench.regions.rules import ClassRules


class Votes(NamedTuple):
    """What the annotators of both versions gave the pixels that changed.

    Attributes:
        people: By annotator; empty if a single annotation counts.
        counted: How many voted for a class on most of the pixels; None if a single one counts.
    """

    people: tuple[VoteChange, ...] = ()
    counted: VoteCount | None = None


def compare_votes(before: ItemVersion, after: ItemVersion, names: Names) -> Votes:
    """Return what the annotators gave the changed pixels of an image.

    Args:
        before: The old version.
        after: The new version.
        names: Numbers of class names, as in both masks.
    """
    old, new = _votes(before, names), _votes(after, names)
    if max(len(old), len(new)) < 2 or before.mask.shape != after.mask.shape:
        return Votes()
    changed = before.mask != after.mask
    old, new = ({who: mask[changed] for who, mask in own.items()} for own in (old, new))
    people = tuple(
        VoteChange(
            annotator=str(who or "unknown"),
            before=names.counts(old[who]) if who in old else {},
            after=names.counts(new[who]) if who in new else {},
        )
        for who in sorted(old.keys() | new.keys())
    )
    return Votes(people, _count(before.mask[changed], after.mask[changed], old, new, names))


_Given = Mapping[int, NamedMask]


def _votes(item: ItemVersion, names: Names) -> _Given:
    """Return the mask that each annotator's work would make alone, by user id."""
    rules = ClassRules.of(item.params)
    return {
        vote.annotation.completed_by or 0: replay_combine([vote.label_set], rules, names)[0]
        for vote in build_label_sets(item.task, item.params.rasterize)
    }


def _count(
    before: NamedMask, after: NamedMask, old: _Given, new: _Given, names: Names
) -> VoteCount:
    """Count the votes for the class before and the class after; say what most pixels have.

    Args:
        before: The old classes of the changed pixels, shape (N,).
        after: Their new classes.
        old: What each annotator of the old version gave them.
        new: What each annotator of the new version gave them.
        names: The names of the classes.
    """
    votes = [_count_votes(mask, given) for mask in (before, after) for given in (old, new)]
    columns = np.stack([before, after, *votes])
    kinds, pixels = np.unique(columns, axis=1, return_counts=True)
    was, became, was_old, was_new, became_old, became_new = kinds[:, pixels.argmax()].tolist()
    tried = [(became, became_old, became_new), (was, was_old, was_new)]
    # Of two classes whose votes changed by as many, the one with more votes now says more.
    name, first, second = max(tried, key=lambda votes: (abs(votes[2] - votes[1]), votes[2]))
    return VoteCount(
        name=names.name(name),
        pixels=int(pixels.max()),
        before=first,
        voters_before=len(old),
        after=second,
        voters_after=len(new),
    )


def _count_votes(mask: NamedMask, given: _Given) -> NamedMask:
    """Count the annotators who gave each pixel the class that it has in ``mask``, shape (N,)."""
    votes = np.zeros_like(mask)
    for own in given.values():
        votes += own == mask
    return votes
