"""Find who voted what on the pixels that changed, where several annotations count."""

from collections.abc import Mapping

from maskbench.diff.causes import ItemVersion
from maskbench.diff.class_names import NamedMask, Names
from maskbench.diff.model import VoteChange
from maskbench.diff.replay import replay_combine
from maskbench.regions.build import build_label_sets
from maskbench.regions.rules import ClassRules


def vote_changes(before: ItemVersion, after: ItemVersion, names: Names) -> tuple[VoteChange, ...]:
    """Return what each annotator gave the changed pixels, by annotator; empty without a consensus.

    Args:
        before: The old version.
        after: The new version.
        names: Numbers of class names, as in both masks.
    """
    old, new = _votes(before, names), _votes(after, names)
    if max(len(old), len(new)) < 2 or before.mask.shape != after.mask.shape:
        return ()
    changed = before.mask != after.mask
    return tuple(
        VoteChange(
            annotator=str(who or "unknown"),
            before=names.counts(old[who][changed]) if who in old else {},
            after=names.counts(new[who][changed]) if who in new else {},
        )
        for who in sorted(old.keys() | new.keys())
    )


def _votes(item: ItemVersion, names: Names) -> Mapping[int, NamedMask]:
    """Return the mask that each annotator's work would make alone, by user id."""
    rules = ClassRules.of(item.params)
    return {
        vote.annotation.completed_by or 0: replay_combine([vote.label_set], rules, names)[0]
        for vote in build_label_sets(item.task, item.params.rasterize)
    }
