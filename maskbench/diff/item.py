"""Compare one item in a worker process: its two masks pixel by pixel, and why they differ."""

from dataclasses import dataclass, replace
from pathlib import Path

from maskbench.diff.annotation import annotation_change
from maskbench.diff.causes import ItemVersion, explain, explain_one
from maskbench.diff.class_names import NamedMask, Names, differing
from maskbench.diff.model import UNEXPLAINED, MaskChange
from maskbench.diff.votes import compare_votes
from maskbench.errors import DataError, Problem
from maskbench.files.manifest import Row
from maskbench.files.masks import Mask, pixel_digest, read_mask
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.params import Params


@dataclass(frozen=True)
class ItemFiles:
    """One version of one item: its line of the manifest, and the files of its mask and task."""

    row: Row
    mask: Path
    annotations: Path


@dataclass(frozen=True)
class Context:
    """The values that all items of one version share; ``classes``: class names by mask value.

    ``unexplained_kind`` is explained at :class:`maskbench.diff.causes.ItemVersion`.
    """

    params: Params
    classes: dict[int, str]
    unexplained_kind: str

    def item_version(self, item: ItemFiles, mask: NamedMask) -> ItemVersion:
        """Read an item's task; the mask has been read, and translated to class names."""
        task = parse_stored_task(item.annotations.read_bytes(), f"{item.row.key}.json")
        return ItemVersion(task, self.params, mask, self.unexplained_kind)


@dataclass(frozen=True)
class ItemPair:
    """Both versions of one item, and the link to its task."""

    before: ItemFiles
    after: ItemFiles
    link: str | None = None


def compare_pair(before: Context, after: Context, same_code: bool, pair: ItemPair) -> MaskChange:
    """Return the changes of one item; ``changed`` is 0 if only class numbers changed.

    Args:
        before: The values that all items of the old version share.
        after: Those of the new version.
        same_code: See :func:`maskbench.diff.causes.explain`.
        pair: Both versions of the item.
    """
    names = Names()
    old_file, new_file = read_item_mask(pair.before), read_item_mask(pair.after)
    old_mask = names.named(old_file, before.classes)
    new_mask = names.named(new_file, after.classes)
    mismatch = pixel_digest(new_file) != pair.after.row.mask_sha256
    change = replace(_counted(pair, old_mask, new_mask, names), manifest_mismatch=mismatch)
    if not change.changed:
        return change
    old, new = before.item_version(pair.before, old_mask), after.item_version(pair.after, new_mask)
    votes = compare_votes(old, new, names)
    return replace(
        change,
        causes=explain(old, new, names, same_code),
        annotation=annotation_change(
            old.task, new.task, (before.params.rasterize, after.params.rasterize)
        ),
        votes=votes.people,
        vote_count=votes.counted,
    )


def verify_item(context: Context, item: ItemFiles) -> tuple[str, int]:
    """Return an item's key, and how many of its pixels annotation and params do not explain."""
    names = Names()
    mask = names.named(read_item_mask(item), context.classes)
    causes = explain_one(context.item_version(item, mask), names)
    return item.row.key, sum(c.pixels for c in causes if c.kind == UNEXPLAINED)


def read_item_mask(item: ItemFiles) -> Mask:
    """Read an item's mask; raise DataError if it is damaged."""
    try:
        return read_mask(item.mask)
    except ValueError as error:
        what = f"{error}; run `dvc repro`, or `dvc fetch` if DVC's cache is damaged"
        problem = Problem(what, item.row.mask, item.row.task)
        raise DataError("a mask cannot be read", [problem]) from None


def _counted(pair: ItemPair, before: NamedMask, after: NamedMask, names: Names) -> MaskChange:
    comparable = before.shape == after.shape
    cells = names.pairs(before, after) if comparable else {}
    return MaskChange(
        before=pair.before.row,
        after=pair.after.row,
        changed=differing(before, after),
        pixels=after.size,
        comparable=comparable,
        classes_before=names.counts(before),
        classes_after=names.counts(after),
        transitions={cell: count for cell, count in cells.items() if cell[0] != cell[1]},
        common={cell[0]: count for cell, count in cells.items() if cell[0] == cell[1]},
        causes=(),
        annotation=None,
        link=pair.link,
    )
