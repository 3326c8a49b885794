"""Define the result of a comparison of two versions: plain values that every report is made from.

The JSON report has the smaller ones unchanged: a field's name here is its name there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maskbench.diff.voting import VoteChange, VoteCount
from maskbench.files.manifest import Row

ANNOTATION, IMAGE, ALIAS, RASTERIZE = "annotation", "image", "alias", "rasterize"
RULE, COMBINE, LABELS_MAP, CODE, UNEXPLAINED = (
    "rule",
    "combine",
    "labels_map",
    "code",
    "unexplained",
)

CAUSE_TITLES = {
    ANNOTATION: "annotation changed",
    IMAGE: "image size changed",
    ALIAS: "label renamed",
    RASTERIZE: "rasterize parameter changed",
    RULE: "rule changed",
    COMBINE: "combine parameter changed",
    LABELS_MAP: "labels_map changed",
    CODE: "code changed",
    UNEXPLAINED: "NO CAUSE FOUND",
}
"""The title of each kind of cause, in the order of the pipeline."""


@dataclass(frozen=True)
class Cause:
    """One reason for which pixels of a mask have another class.

    Attributes:
        kind: A key of :data:`CAUSE_TITLES`.
        name: Which one of that kind: a rule's name, ``rasterize.overlap``, ``annotation 12`` …
        pixels: Pixels that change when this moves from the old to the new version, after
            everything that comes before it in the pipeline.
    """

    kind: str
    name: str
    pixels: int


@dataclass(frozen=True)
class RegionChange:
    """The change of one region.

    Attributes:
        kind: ``added``, ``removed``, ``reshaped``, ``relabelled``, ``reordered``.
        id: Label Studio's region id.
        shape: The region's shape.
        before: Its labels before; empty if it was not there.
        after: Its labels after.
    """

    kind: str
    id: str
    shape: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class AnnotationChange:
    """How the annotation that counts differs.

    Attributes:
        before: Id of the annotation that counted; None if no annotation did.
        after: Id of the one that counts now.
        annotator: User id of its author, as text.
        updated_at: Time of its last save.
        regions: The changes of its regions.
    """

    before: int | None
    after: int | None
    annotator: str
    updated_at: str
    regions: tuple[RegionChange, ...]


@dataclass(frozen=True)
class MaskChange:
    """A mask in which pixels have another class, compared by class name.

    Attributes:
        before: Its line in the old manifest.
        after: Its line in the new manifest.
        changed: Pixels whose class differs; all pixels where the size changed.
        pixels: Pixels of the new mask.
        comparable: Both masks have the same size, so that pixels can be compared.
        classes_before: Pixels by class, counted in the old mask's file.
        classes_after: Pixels by class, counted in the new mask's file.
        transitions: Pixels by (class before, class after), where they differ.
        common: Pixels by class that have it before and after.
        causes: The causes, in the pipeline's order.
        annotation: How the annotation differs; None if it does not.
        link: Address of the task in Label Studio.
        votes: Who voted what on the changed pixels; empty if a single annotation counts.
        vote_count: How the votes were counted on most of them; None if a single annotation counts.
        manifest_mismatch: The new mask's file does not hold what the manifest says.
    """

    before: Row
    after: Row
    changed: int
    pixels: int
    comparable: bool
    classes_before: Mapping[str, int]
    classes_after: Mapping[str, int]
    transitions: Mapping[tuple[str, str], int]
    common: Mapping[str, int]
    causes: tuple[Cause, ...]
    annotation: AnnotationChange | None
    link: str | None = None
    votes: tuple[VoteChange, ...] = ()
    vote_count: VoteCount | None = None
    manifest_mismatch: bool = False

    @property
    def key(self) -> str:
        """Return the item's key."""
        return self.after.key

    @property
    def share(self) -> float:
        """Return the share of the mask's pixels that changed."""
        return self.changed / max(1, self.pixels)

    @property
    def iou(self) -> dict[str, float | None]:
        """Return the IoU old ↔ new by class; None for all where the size changed."""
        names = sorted(set(self.classes_before) | set(self.classes_after))
        if not self.comparable:
            return dict.fromkeys(names)
        return {
            name: iou(
                self.classes_before.get(name, 0),
                self.classes_after.get(name, 0),
                self.common.get(name, 0),
            )
            for name in names
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of its causes, without repeats."""
        return tuple(dict.fromkeys(cause.kind for cause in self.causes))


def iou(before: int, after: int, common: int) -> float:
    """Return the intersection over union of two areas in pixels; 1 if both are empty."""
    union = before + after - common
    return common / union if union else 1.0


@dataclass(frozen=True)
class ParamChange:
    """A value of ``params.yaml`` that differs; None if it is absent."""

    path: str
    before: object
    after: object


@dataclass(frozen=True)
class Move:
    """An image that left one subset for another.

    Attributes:
        key: The image.
        before: Its old subset.
        after: Its new subset.
        cause: The change of ``split`` or of its group that moved it.
    """

    key: str
    before: str
    after: str
    cause: str


@dataclass(frozen=True)
class ClassChange:
    """A class over the whole benchmark.

    Attributes:
        before: Pixels in the old version.
        after: Pixels in the new version.
        iou: IoU old ↔ new over the images in both versions at the same size; None if no such image
            has the class.
    """

    before: int
    after: int
    iou: float | None


@dataclass(frozen=True)
class Differences:
    """Everything that differs between two versions.

    Attributes:
        before: The old version's label.
        after: The new version's label.
        commits: Their commit ids; None for the workspace.
        images_before: Images of the old version.
        images_after: Images of the new version.
        both: Images in both.
        pixels: Pixels of the images in both, in the new version.
        params: Differences of ``params.yaml``.
        code: Files of the pipeline's code that differ.
        changes: Changed masks, worst first.
        renumbered: Keys whose mask values changed while every pixel kept its class.
        added: Lines of new images.
        unexplained_new: Pixels of new images' masks that annotation and params do not explain, by
            key.
        removed: Lines of images that are gone.
        same_image: Added key → removed key that showed the same picture.
        replaced: Keys whose image file differs.
        saved_anew: Keys whose annotation file differs while the mask does not.
        moves: Images that changed their subset.
        classes: By class name.
        transitions: Pixels by (class before, class after), over all masks that kept their size.
        balance: Subset → class → pixels (before, after).
        members: Subset → images (before, after).
        origins: Where labels come from → images (before, after), by model's version.
        links: Task address by key, for added images.
        pinned: The pinned maskbench before and after, if it differs.
    """

    before: str
    after: str
    commits: tuple[str | None, str | None]
    images_before: int
    images_after: int
    both: int
    pixels: int
    params: tuple[ParamChange, ...]
    code: tuple[str, ...]
    changes: tuple[MaskChange, ...]
    renumbered: tuple[str, ...]
    added: tuple[Row, ...]
    unexplained_new: Mapping[str, int]
    removed: tuple[Row, ...]
    same_image: Mapping[str, str]
    replaced: tuple[str, ...]
    saved_anew: tuple[str, ...]
    moves: tuple[Move, ...]
    classes: Mapping[str, ClassChange]
    transitions: Mapping[tuple[str, str], int]
    balance: Mapping[str, Mapping[str, tuple[int, int]]]
    members: Mapping[str, tuple[int, int]]
    links: Mapping[str, str]
    pinned: tuple[str, str] | None = None
    origins: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def changed_pixels(self) -> int:
        """Count the pixels whose class differs, over all changed masks."""
        return sum(change.changed for change in self.changes)

    @property
    def unexplained(self) -> tuple[MaskChange, ...]:
        """Return the changed masks with pixels that nothing explains."""
        return tuple(change for change in self.changes if UNEXPLAINED in change.kinds)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing differs that a user of the benchmark would notice."""
        return not (
            self.changes or self.renumbered or self.added or self.removed or self.replaced
            or self.moves
        )  # fmt: skip
