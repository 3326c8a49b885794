"""Turn a comparison into JSON values, for scripts: names and numbers, no words to parse."""

from dataclasses import asdict
from typing import Any

from maskbench.diff.gates import Failure
from maskbench.diff.model import Differences, MaskChange
from maskbench.diff.report.by_cause import by_cause
from maskbench.diff.report.verdict import verdict

SCHEMA = 1
"""Increased when a field changes its meaning or is removed, not when one is added."""


def as_json(found: Differences, failures: tuple[Failure, ...] = ()) -> dict[str, Any]:
    """Return everything a comparison found, as JSON values.

    IoU is a number from 0 to 1, or null where the size changed; transitions are
    ``[class before, class after, pixels]``.
    """
    return {
        "schema": SCHEMA,
        "verdict": verdict(found),
        "before": {"label": found.before, "commit": found.commits[0]},
        "after": {"label": found.after, "commit": found.commits[1]},
        "images": {"before": found.images_before, "after": found.images_after, "both": found.both},
        "pixels": {"both": found.pixels, "changed": found.changed_pixels},
        "params": [asdict(change) for change in found.params],
        "code": list(found.code),
        "causes": [
            {
                "kind": group.kind,
                "name": group.name,
                "sentence": group.sentence,
                "masks": [change.key for change in group.changes],
                "pixels": sum(group.pixels),
            }
            for group in by_cause(found)
        ],
        "maskbench": found.pinned and dict(zip(("before", "after"), found.pinned, strict=True)),
        "masks": [_mask(change) for change in found.changes],
        "renumbered": list(found.renumbered),
        "added": [row.key for row in found.added],
        "strange": dict(found.unexplained_new),
        "removed": [row.key for row in found.removed],
        "same_picture": dict(found.same_image),
        "replaced": list(found.replaced),
        "saved_anew": list(found.saved_anew),
        "moved": [asdict(move) for move in found.moves],
        "classes": {
            name: {"before": entry.before, "after": entry.after, "iou": _rounded(entry.iou)}
            for name, entry in found.classes.items()
        },
        "transitions": [[*pair, count] for pair, count in found.transitions.items()],
        "splits": {
            name: {
                "images": list(found.members[name]),
                "classes": {label: list(pair) for label, pair in classes.items()},
            }
            for name, classes in found.balance.items()
        },
        "origins": {name: list(pair) for name, pair in found.origins.items()},
        "failures": [asdict(failure) for failure in failures],
    }


def _mask(change: MaskChange) -> dict[str, Any]:
    return {
        "key": change.key,
        "task": change.after.task,
        "link": change.link,
        "split": change.after.split,
        "size": {
            "before": [change.before.width, change.before.height],
            "after": [change.after.width, change.after.height],
        },
        "changed": change.changed,
        "pixels": change.pixels,
        "iou": {name: _rounded(share) for name, share in change.iou.items()},
        "classes": {"before": dict(change.classes_before), "after": dict(change.classes_after)},
        "transitions": [[*pair, count] for pair, count in sorted(change.transitions.items())],
        "causes": [asdict(cause) for cause in change.causes],
        "annotation": asdict(change.annotation) if change.annotation else None,
        "votes": [asdict(vote) for vote in change.votes],
        "vote_count": asdict(change.vote_count) if change.vote_count else None,
        "manifest_agrees": not change.manifest_mismatch,
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)
