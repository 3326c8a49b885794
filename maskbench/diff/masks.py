"""One item compared: its two masks pixel by pixel, and why they differ; for worker processes."""

from dataclasses import dataclass, replace
from pathlib import Path

from maskbench.diff.causes import Side, explain, verify
from maskbench.diff.model import UNEXPLAINED, MaskChange
from maskbench.diff.names import Named, Names, differing
from maskbench.diff.regions import annotation_change
from maskbench.errors import DataError, Problem
from maskbench.labelstudio.canonical import task_of
from maskbench.manifest import Row
from maskbench.mask import Mask, pixel_digest
from maskbench.params import Params
from maskbench.pixels import read_mask


@dataclass(frozen=True)
class Context:
    """What all items of one version share.

    Attributes:
        params: Its params.
        classes: Class name by mask value.
        residue: See :class:`maskbench.diff.causes.Side`.
    """

    params: Params
    classes: dict[int, str]
    residue: str


@dataclass(frozen=True)
class Item:
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

    before: Item
    after: Item
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
            return replace(change, manifest_lies=lies)
        tasks = [
            task_of(item.annotations.read_bytes(), f"{item.row.key}.json")
            for item in (pair.before, pair.after)
        ]
        causes = explain(
            Side(tasks[0], self.before.params, before, self.before.residue),
            Side(tasks[1], self.after.params, after, self.after.residue),
            names,
            self.same_code,
        )
        criteria = (self.before.params.rasterize.annotation, self.after.params.rasterize.annotation)
        annotation = annotation_change(tasks[0], tasks[1], criteria)
        return replace(change, causes=causes, annotation=annotation, manifest_lies=lies)


@dataclass(frozen=True)
class VerifyItem:
    """Verifies an item that has no old version; a class, so that it travels to processes."""

    context: Context

    def __call__(self, item: Item) -> tuple[str, int]:
        """(its key, pixels that its annotation and params do not account for)."""
        names = Names()
        mask = names.named(_read(item), self.context.classes)
        task = task_of(item.annotations.read_bytes(), f"{item.row.key}.json")
        causes = verify(Side(task, self.context.params, mask, self.context.residue), names)
        return item.row.key, sum(c.pixels for c in causes if c.kind == UNEXPLAINED)


def _read(item: Item) -> Mask:
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
