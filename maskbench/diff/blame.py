"""Find which region, label, annotator and rule gave a pixel its class, and since which version."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from maskbench.diff.class_names import NO_RULE
from maskbench.diff.item import ItemFiles, read_item_mask
from maskbench.diff.replay import class_name
from maskbench.errors import DataError, MaskbenchError, ParamsError, Problem, SourceError
from maskbench.files.manifest import Row
from maskbench.files.masks import Mask, read_mask
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.regions.build import build_mask
from maskbench.regions.consensus import describe_votes
from maskbench.regions.draw import draw_regions
from maskbench.regions.label_set import deciding_regions
from maskbench.regions.rules import ClassRules
from maskbench.regions.task import Annotation, Task, choose_votes
from maskbench.versions import git
from maskbench.versions.revision import ANNOTATIONS, MASKS, Version


@dataclass(frozen=True)
class Covering:
    """A region that covers the pixel.

    Attributes:
        region: Label Studio's region id.
        shape: Its shape.
        labels: Its labels.
        decides: Whether its labels count here; with ``overlap: top`` or ``smallest`` those of only
            one region do.
        aliased: The labels it was drawn with that ``label_aliases`` replaced.
    """

    region: str
    shape: str
    labels: tuple[str, ...]
    decides: bool
    aliased: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vote:
    """What one annotator gave the pixel.

    Attributes:
        annotation: The annotation's id.
        annotator: Its author's user id.
        updated_at: Time of its last save.
        labels: The labels that decide, sorted.
        gives: The class that these labels have by the version's rules.
        reason: What decides: ``background: …``, ``its only label``, ``rule NAME``, ``combine.…``.
        regions: The regions that cover the pixel, in drawing order.
    """

    annotation: int
    annotator: int | None
    updated_at: str | None
    labels: tuple[str, ...]
    gives: str
    reason: str
    regions: tuple[Covering, ...]


@dataclass(frozen=True)
class Blame:
    """The explanation of a pixel's class.

    Attributes:
        row: The item's line of the manifest.
        x: Column, from 0.
        y: Row, from 0.
        version: The version's label.
        name: The class that the mask has there.
        value: Its value.
        labels: The labels that decide, sorted; empty if several annotations count, as what
            follows.
        expected: The class that annotations and rules of the version give it.
        reason: What decides: ``background: …``, ``its only label``, ``rule NAME``, ``combine.…``,
            ``consensus: 2 of 3 voted …``.
        regions: The regions that cover the pixel, in drawing order.
        annotation: Id of the annotation that counts; None if no annotation does.
        annotator: Its author's user id.
        updated_at: Time of its last save.
        votes: What each annotator gave it, if several annotations count.
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
    votes: tuple[Vote, ...]
    link: str | None

    @property
    def agrees(self) -> bool:
        """Return whether annotation and rules give this class; if not, the mask was edited."""
        return self.name == self.expected


@dataclass(frozen=True)
class Since:
    """The version since which a pixel has its class.

    Attributes:
        commit: The first commit with it; None: only the workspace has it.
        tag: The oldest tag that contains that commit.
        before: What was there before it: a class, or words such as ``(not in the benchmark)``;
            None where the history begins.
        complete: False where an older version's params or data could not be read.
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
    value = int(_mask(ItemFiles(row, *(files[path] for path in paths)))[y, x])
    task = parse_stored_task(files[paths[1]].read_bytes(), f"{row.key}.json")
    counting = choose_votes(task.annotations, version.params.rasterize.criteria(task.key))
    by_person = sorted(counting, key=lambda annotation: annotation.completed_by or 0)
    votes = tuple(_vote(version, task, annotation, x, y) for annotation in by_person)
    expected, reason = _decided(version, task, votes, x, y)
    only = votes[0] if len(votes) == 1 else None
    return Blame(
        row=row,
        x=x,
        y=y,
        version=version.label,
        name=version.class_names.get(value, f"value {value}"),
        value=value,
        labels=only.labels if only else (),
        expected=expected,
        reason=reason,
        regions=only.regions if only else (),
        annotation=only.annotation if only else None,
        annotator=only.annotator if only else None,
        updated_at=only.updated_at if only else None,
        votes=() if only else votes,
        link=version.task_link(row),
    )


def _vote(version: Version, task: Task, annotation: Annotation, x: int, y: int) -> Vote:
    covering = tuple(_covering(version, task, annotation, x, y))
    labels = frozenset(label for entry in covering if entry.decides for label in entry.labels)
    rules = ClassRules.of(version.params)
    return Vote(
        annotation=annotation.id,
        annotator=annotation.completed_by,
        updated_at=annotation.updated_at,
        labels=tuple(sorted(labels)),
        gives=class_name(rules, labels),
        reason=rules.reason(labels),
        regions=covering,
    )


def _decided(
    version: Version, task: Task, votes: tuple[Vote, ...], x: int, y: int
) -> tuple[str, str]:
    """Return the class that the votes give the pixel, and what decides."""
    rules = ClassRules.of(version.params)
    if not votes:
        return class_name(rules, frozenset()), rules.reason(frozenset())
    if len(votes) == 1:
        return votes[0].gives, votes[0].reason
    built = build_mask(task, version.params)  # STAPLE looks at the whole image
    if built is None or built.agreed is None:
        return NO_RULE, "its annotations cannot be drawn"
    agreed = built.agreed
    value, outcome = int(agreed.mask[y, x]), agreed.outcome(x, y)
    given = [vote.gives for vote in votes]
    reason = describe_votes(given, version.params.combine.consensus, outcome)
    return version.class_names[value], reason


def _mask(item: ItemFiles) -> Mask:
    mask, row = read_item_mask(item), item.row
    if mask.shape != (row.height, row.width):
        problem = Problem("has not the size that manifest.csv tells; run `dvc repro`", row.mask)
        raise DataError("a mask does not fit the manifest", [problem])
    return mask


def _covering(
    version: Version, task: Task, annotation: Annotation, x: int, y: int
) -> Iterator[Covering]:
    if task.image is None:
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
    before, is_complete = None, True
    start = version.commit or git.resolve(version.root, "HEAD")
    for commit in git.history(version.root, start, "dvc.lock"):
        older = Version(version.root, commit.sha, version.repository)
        try:
            state = (older.mask_of(found.row.key), older.class_names)
            if state != seen:
                name = _name_at(older, found)
                if name != found.name:
                    before = name
                    break
        except (SourceError, DataError, ParamsError, ValueError):
            is_complete = False
            break
        last, seen = commit, state
    tag = git.first_tag(version.root, last.sha) if last else None
    return Since(last, tag, before, is_complete)


def _name_at(older: Version, found: Blame) -> str:
    """Return the pixel's class in an older version, or the reason why it has none, in words."""
    mask = older.mask_of(found.row.key)
    if mask is None:
        return "(not in the benchmark)"
    pixels = read_mask(older.files([mask[0]])[mask[0]])
    if pixels.shape != (found.row.height, found.row.width):
        return f"(an image of {pixels.shape[1]} x {pixels.shape[0]} pixels)"
    value = int(pixels[found.y, found.x])
    return older.class_names.get(value, f"value {value}")
