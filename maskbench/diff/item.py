"""One item compared: its two masks pixel by pixel, and why they differ; for worker processes."""

from dataclasses import dataclass, replace
from pathlib import Path

from maskbench.diff.annotation import annotation_change
from maskbench.diff.causes import ItemVersion, explain, verify
from maskbench.diff.class_names import Named, Names, differing
from maskbench.diff.model import UNEXPLAINED, MaskChange
from maskbench.errors import DataError, Problem
from maskbench.files.manifest import Row
from maskbench.files.masks import Mask, pixel_digest, read_mask
from maskbench.labelstudio.stored import task_of
from maskbench.params import Params


@dataclass(frozen=True)
class Context:
    """What all items of one version share.

    Attributes:
        params: Its params.
        classes: Class name by mask value.
        unexplained_kind: See :class:`maskbench.diff.causes.ItemVersion`.
    """

    params: Params
    classes: dict[int, str]
    unexplained_kind: str


@dataclass(frozen=True)
class ItemFiles:
    """One version of one item, as files.

    Attributes:
        row: Its line of the manifest.
        mask: Its mask's file.
        annotations: Its task's file.
    """

    row: Row
    mask: Path
    annotations: Path


@dataclass(frozen=True)
class Pair:
    """Both versions of one item, and the link to its task."""

    before: ItemFiles
    after: ItemFiles
    link: str | None = None


@dataclass(frozen=True)
class ComparePair:
    """Compares a pair; a class, so that it travels to processes with what all pairs share."""

    before: Context
    after: Context
    same_code: bool = True

    def __call__(self, pair: Pair) -> MaskChange:
        """What changed in one item; ``changed`` is 0 where only the numbering did."""
        names = Names()
        files = _read(pair.before), _read(pair.after)
        before = names.named(files[0], self.before.classes)
        after = names.named(files[1], self.after.classes)
        change = _counted(pair, before, after, names)
        lies = pixel_digest(files[1]) != pair.after.row.mask_sha256
        if not change.changed:
            return replace(change, manifest_mismatch=lies)
        tasks = [
            task_of(item.annotations.read_bytes(), f"{item.row.key}.json")
            for item in (pair.before, pair.after)
        ]
        causes = explain(
            ItemVersion(tasks[0], self.before.params, before, self.before.unexplained_kind),
            ItemVersion(tasks[1], self.after.params, after, self.after.unexplained_kind),
            names,
            self.same_code,
        )
        criteria = (self.before.params.rasterize.annotation, self.after.params.rasterize.annotation)
        annotation = annotation_change(tasks[0], tasks[1], criteria)
        return replace(change, causes=causes, annotation=annotation, manifest_mismatch=lies)


@dataclass(frozen=True)
class VerifyItem:
    """Verifies an item that has no old version; a class, so that it travels to processes."""

    context: Context

    def __call__(self, item: ItemFiles) -> tuple[str, int]:
        """(its key, pixels that its annotation and params do not account for)."""
        names = Names()
        mask = names.named(_read(item), self.context.classes)
        task = task_of(item.annotations.read_bytes(), f"{item.row.key}.json")
        causes = verify(
            ItemVersion(task, self.context.params, mask, self.context.unexplained_kind), names
        )
        return item.row.key, sum(c.pixels for c in causes if c.kind == UNEXPLAINED)


def _read(item: ItemFiles) -> Mask:
    try:
        return read_mask(item.mask)
    except ValueError as error:
        what = f"{error}; run `dvc repro`, or `dvc fetch` if DVC's cache is damaged"
        problem = Problem(what, item.row.mask, item.row.task)
        raise DataError("a mask cannot be read", [problem]) from None


def _counted(pair: Pair, before: Named, after: Named, names: Names) -> MaskChange:
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
