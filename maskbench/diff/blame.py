"""Find which region, label, annotator and rule gave a pixel its class, and since which version."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from maskbench.diff.class_names import NO_RULE
from maskbench.diff.replay import class_name
from maskbench.errors import DataError, MaskbenchError, Problem, SourceError
from maskbench.files.manifest import Row
from maskbench.files.masks import Mask, read_mask
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.regions.build import draw_regions
from maskbench.regions.label_set import deciding_regions
from maskbench.regions.rules import ClassRules
from maskbench.regions.task import Annotation, Task, choose
from maskbench.text import escape_terminal
from maskbench.versions import git
from maskbench.versions.revision import ANNOTATIONS, MASKS, Version


@dataclass(frozen=True)
class Covering:
    """A region that covers the pixel.

    Attributes:
        region: Label Studio's region id.
        shape: Its shape.
        labels: Its labels.
        decides: Its labels count here; with ``overlap: top`` or ``smallest`` only one region's do.
        aliased: The labels that it was drawn with and that ``label_aliases`` replaced.
    """

    region: str
    shape: str
    labels: tuple[str, ...]
    decides: bool
    aliased: tuple[str, ...] = ()


@dataclass(frozen=True)
class Blame:
    """Why a pixel has its class.

    Attributes:
        row: The item's line of the manifest.
        x: Column, from 0.
        y: Row, from 0.
        version: The version's label.
        name: The class that the mask has there.
        value: Its value.
        labels: The labels that decide, sorted.
        expected: The class that these labels have by the version's rules.
        reason: What decides: ``background: …``, ``its only label``, ``rule NAME``, ``combine.…``.
        regions: The regions that cover the pixel, in drawing order.
        annotation: Id of the annotation that counts; None if no annotation does.
        annotator: Its author's user id.
        updated_at: Time of its last save.
        link: Address of the task in Label Studio.
    """

    row: Row
    x: int
    y: int
    version: str
    name: str
    value: int
    labels: tuple[str, ...]
    expected: str
    reason: str
    regions: tuple[Covering, ...]
    annotation: int | None
    annotator: int | None
    updated_at: str | None
    link: str | None

    @property
    def agrees(self) -> bool:
        """Tell whether the mask holds what its annotation and rules give; if not, it was edited."""
        return self.name == self.expected


@dataclass(frozen=True)
class Since:
    """The version since which a pixel has its class.

    Attributes:
        commit: The first commit with it; None: only the workspace has it.
        tag: The oldest tag that contains that commit.
        before: What was there before it: a class, or words such as ``(not in the benchmark)``;
            None where the history begins.
        complete: False where an older version's data could not be read.
    """

    commit: git.Commit | None
    tag: str | None
    before: str | None
    complete: bool = True


def blame(version: Version, row: Row, x: int, y: int) -> Blame:
    """Find out why a pixel of an item has its class.

    Args:
        version: The version of the benchmark.
        row: The item.
        x: Column, from 0 at the left.
        y: Row, from 0 at the top.

    Raises:
        MaskbenchError: The pixel is off the image.
        SourceError: The item's files are neither in the cache nor on the remote.
        DataError: They are damaged.
    """
    if not (0 <= x < row.width and 0 <= y < row.height):
        size = f"{row.width} x {row.height}"
        raise MaskbenchError(f"({x}, {y}) is off {row.key}, which has {size} pixels, from (0, 0)")
    paths = (f"{MASKS}/{row.mask}", f"{ANNOTATIONS}/{row.key}.json")
    files = version.files(paths)
    value = int(_mask(files[paths[0]], row)[y, x])
    task = parse_stored_task(files[paths[1]].read_bytes(), f"{row.key}.json")
    annotation = choose(task.annotations, version.params.rasterize.criteria(task.key))
    covering = tuple(_covering(version, task, annotation, x, y))
    labels = tuple(sorted({label for entry in covering if entry.decides for label in entry.labels}))
    rules = ClassRules.of(version.params)
    return Blame(
        row=row,
        x=x,
        y=y,
        version=version.label,
        name=version.class_names.get(value, f"value {value}"),
        value=value,
        labels=labels,
        expected=class_name(rules, frozenset(labels)),
        reason=rules.reason(frozenset(labels)),
        regions=covering,
        annotation=annotation.id if annotation else None,
        annotator=annotation.completed_by if annotation else None,
        updated_at=annotation.updated_at if annotation else None,
        link=version.task_link(row),
    )


def _mask(path: Path, row: Row) -> Mask:
    try:
        mask = read_mask(path)
    except ValueError as error:
        problem = Problem(f"{error}; run `dvc repro`", row.mask, row.task)
        raise DataError("a mask cannot be read", [problem]) from None
    if mask.shape != (row.height, row.width):
        problem = Problem("has not the size that manifest.csv tells; run `dvc repro`", row.mask)
        raise DataError("a mask does not fit the manifest", [problem])
    return mask


def _covering(
    version: Version, task: Task, annotation: Annotation | None, x: int, y: int
) -> Iterator[Covering]:
    if annotation is None or task.image is None:
        return
    params = version.params.rasterize
    # A region that this version cannot read is passed over; then `agrees` is False.
    hits = [
        replace(result, pixels=None)
        for result in draw_regions(annotation.regions, task.image, params)
        if result.pixels is not None and result.pixels.contains(x, y)
    ]
    decide = deciding_regions(params.overlap, [result.count for result in hits])
    for i, result in enumerate(hits):
        region = result.region
        yield Covering(region.id, region.shape, region.labels, i in decide, result.aliased)


def since(version: Version, found: Blame) -> Since:
    """Find the commit since which the pixel has its class, along the history of ``dvc.lock``."""
    last: git.Commit | None = None
    seen: tuple[object, object] | None = None
    start = version.commit or git.resolve(version.root, "HEAD")
    for commit in git.history(version.root, start, "dvc.lock"):
        older = Version(version.root, commit.sha, version.repository)
        try:
            state = (older.mask_of(found.row.key), older.class_names)
            if state != seen:
                name = _name_at(older, found)
                if name != found.name:
                    return Since(last, _tag(version, last), name)
        except (SourceError, DataError, ValueError):
            return Since(last, _tag(version, last), None, complete=False)
        last, seen = commit, state
    return Since(last, _tag(version, last), None)


def _name_at(older: Version, found: Blame) -> str:
    """Return the pixel's class in an older version, or in words why it has no class there."""
    mask = older.mask_of(found.row.key)
    if mask is None:
        return "(not in the benchmark)"
    pixels = read_mask(older.files([mask[0]])[mask[0]])
    if pixels.shape != (found.row.height, found.row.width):
        return f"(an image of {pixels.shape[1]} x {pixels.shape[0]} pixels)"
    value = int(pixels[found.y, found.x])
    return older.class_names.get(value, f"value {value}")


def _tag(version: Version, commit: git.Commit | None) -> str | None:
    return git.first_tag(version.root, commit.sha) if commit else None


def lines(found: Blame, past: Since | None) -> list[str]:
    """Return the answer in words, one fact on each line."""
    given = " + ".join(found.labels)
    rule = f": {given} → {found.expected}" if len(found.labels) > 1 else ""
    facts = [("because of", f"{found.reason}{rule}")]
    facts += [("region", _region_words(entry)) for entry in found.regions]
    if found.annotation is not None:
        who = f"user {found.annotator}" if found.annotator is not None else "an unknown user"
        facts.append(("annotation", f"{found.annotation} by {who}, saved {found.updated_at}"))
    facts.append(("task", found.link or str(found.row.task)))
    if past:
        facts.append(("since", _since_words(past)))
    head = (
        f"{found.row.key} ({found.x}, {found.y}) in {found.version}: "
        f"{found.name} (value {found.value})"
    )
    told = [f"  {name:<11} {text}" for name, text in facts]
    if not found.agrees:
        wrong = "no class" if found.expected == NO_RULE else found.expected
        told.append(f"  ALARM       these labels give {wrong}: the mask was edited, or is stale")
    return [escape_terminal(line) for line in (head, *told)]


def _region_words(entry: Covering) -> str:
    hidden = "" if entry.decides else " (under another region: rasterize.overlap)"
    drawn = f" (drawn as {' + '.join(entry.aliased)})" if entry.aliased else ""
    return f"{entry.shape} {entry.region}: {' + '.join(entry.labels)}{drawn}{hidden}"


def _since_words(past: Since) -> str:
    before = f"; before: {past.before}" if past.before else ""
    if past.commit is None:
        return "the workspace, not committed" + before if past.complete else "unknown: no data"
    tag = f", first in {past.tag}" if past.tag else ""
    rest = "" if past.complete else "; or longer: data of older versions was not pushed"
    where = f"{past.commit.sha[:7]} {past.commit.date} {past.commit.subject!r}"
    return f"{where} by {past.commit.author}{tag}{before}{rest}"
