"""Build a task's mask from the annotations that count and the params.

:func:`build_mask` does all of it: first :func:`build_label_sets`, as the stage *rasterize* does,
then :func:`~maskbench.regions.consensus.agree`, as *combine* does. Code that needs single regions
(blame, exports, pages) calls :func:`~maskbench.regions.draw.draw_regions`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from maskbench.files.masks import Mask
from maskbench.params import Params, RasterizeParams, missing_label
from maskbench.regions.consensus import Agreed, agree
from maskbench.regions.draw import RegionResult, draw_regions, has_area
from maskbench.regions.label_set import LabelSet, paint, painting_order
from maskbench.regions.rasterize import RegionPixels
from maskbench.regions.rules import ClassRules, Combination
from maskbench.regions.task import (
    Annotation,
    Image,
    Region,
    Task,
    choose,
    choose_votes,
    renamed,
)

SLIPS = {
    "no_label": "has no label",
    "no_pixel": "has no pixel inside the image",
    "no_area": "is a point or an open line, which has no area",
}
"""The reasons that are slips of the hand, in words: dropped, or an error if ``strict``."""


@dataclass(frozen=True)
class RasterizedTask:
    """What *rasterize* makes of an annotation.

    Attributes:
        annotation: The annotation.
        image: The task's image.
        label_set: The labels on each pixel.
        regions: The outcome for each region of the annotation, in drawing order, without pixels.
    """

    annotation: Annotation
    image: Image
    label_set: LabelSet
    regions: tuple[RegionResult, ...]

    @property
    def errors(self) -> tuple[str, ...]:
        """Return why geometries of regions cannot be read."""
        return tuple(result.error for result in self.regions if result.error is not None)


@dataclass(frozen=True)
class BuiltMask:
    """A task's class mask, or why there is none.

    Attributes:
        votes: What became of each annotation that counts: one, or those of a consensus, saved
            first to last.
        faults: What is wrong with their regions: (region, what), in drawing order. Then there is
            no mask.
        agreed: The mask and what led to it; None if there are faults.
    """

    votes: tuple[RasterizedTask, ...]
    faults: tuple[tuple[Region, str], ...]
    agreed: Agreed | None = None

    @property
    def mask(self) -> Mask | None:
        """Return the class values, shape (H, W), uint8; None if there are faults."""
        return self.agreed.mask if self.agreed else None

    @property
    def combinations(self) -> tuple[Combination, ...]:
        """Return the combinations of labels that occur, those without a rule among them."""
        return self.agreed.combinations if self.agreed else ()


def build_mask(task: Task, params: Params) -> BuiltMask | None:
    """Make a task's class mask: *rasterize*, then *combine*; None if no annotation counts."""
    votes = build_label_sets(task, params.rasterize)
    if not votes:
        return None
    faults = find_faults(votes, params.labels_map, params.rasterize.strict)
    if faults:
        return BuiltMask(votes, faults)
    return BuiltMask(votes, (), agree([vote.label_set for vote in votes], ClassRules.of(params)))


def build_label_sets(task: Task, params: RasterizeParams) -> tuple[RasterizedTask, ...]:
    """Find the labels on each pixel, for each annotation that counts.

    Returns:
        The label sets and what became of the regions, of the annotation saved first to that saved
        last; empty if no annotation counts or the task has no image.
    """
    image = task.image
    if image is None:
        return ()
    votes = choose_votes(task.annotations, params.criteria(task.key))
    return tuple(_lay_regions(vote, image, params) for vote in votes)


def build_label_set(task: Task, params: RasterizeParams) -> RasterizedTask | None:
    """Find the labels on each pixel for one annotation: of several that count, the latest."""
    annotation = choose(task.annotations, params.criteria(task.key))
    if annotation is None or task.image is None:
        return None
    return _lay_regions(annotation, task.image, params)


def _lay_regions(annotation: Annotation, image: Image, params: RasterizeParams) -> RasterizedTask:
    regions = annotation.regions
    order = list(range(len(regions)))
    if params.overlap == "smallest":  # painting_order needs their sizes
        counts = [result.count for result in draw_regions(regions, image, params)]
        order = painting_order(params.overlap, counts)
    results: dict[int, RegionResult] = {}

    def layers() -> Iterator[tuple[Sequence[str], RegionPixels]]:
        drawn = draw_regions([regions[i] for i in order], image, params)
        for i, result in zip(order, drawn, strict=True):
            results[i] = replace(result, pixels=None)  # a window each would fill the memory
            if result.pixels is not None:
                yield result.region.labels, result.pixels

    areas = [region for region in regions if has_area(region, params)]
    labels = {label for r in areas for label in renamed(r, params.label_aliases).labels}
    painted = paint(layers(), labels, image.width, image.height, params.overlap)
    return RasterizedTask(annotation, image, painted, tuple(results[i] for i in sorted(results)))


def find_faults(
    votes: Iterable[RasterizedTask], labels: Collection[str], strict: bool = False
) -> tuple[tuple[Region, str], ...]:
    """Find what is wrong with a task's regions, such as a label that is not in ``labels``.

    Args:
        votes: What became of the regions of each annotation that counts.
        labels: The labels that ``labels_map`` has.
        strict: Regions that :data:`SLIPS` would drop are faults, too.

    Returns:
        (region, what is wrong with it), in drawing order; a region can have several faults.
    """
    return tuple(
        (result.region, fault)
        for vote in votes
        for result in vote.regions
        for fault in _faults(result, vote.image, labels, strict)
    )


def unknown_labels(votes: Iterable[RasterizedTask], labels: Collection[str]) -> Counter[str]:
    """Count the regions of each label that ``labels_map`` lacks; those without area need no class.

    Args:
        votes: What became of the regions of each annotation that counts.
        labels: The labels that ``labels_map`` has.
    """
    return Counter(
        label for vote in votes for result in vote.regions for label in _unknown(result, labels)
    )


def _unknown(result: RegionResult, labels: Collection[str]) -> list[str]:
    if result.dropped in ("no_area", "not_a_region", "other_image", "left_out"):
        return []
    return [label for label in result.region.labels if label not in labels]


def _faults(result: RegionResult, image: Image, labels: Collection[str], strict: bool) -> list[str]:
    region = result.region
    if region.on_other_image or result.dropped == "left_out":
        return []
    faults = [f"the label {missing_label(label, labels)}" for label in _unknown(result, labels)]
    if region.original_size is not None:
        faults.append(_other_size(region.original_size, image))
    if result.error is not None:
        faults.append(result.error)
    elif strict and result.dropped in SLIPS:
        faults.append(f"{SLIPS[result.dropped]}; rasterize.strict stops here")
    return faults


def _other_size(drawn: tuple[int, int], image: Image) -> str:
    """Say that a region was drawn on an image of another size, and what that looks like."""
    (width, height), real = drawn, (image.width, image.height)
    size = f"{real[0]} x {real[1]}"
    said = f"was drawn on an image of {width} x {height} pixels, but the image has {size}: "
    again = "open the task in Label Studio and press Update, which saves its true size"
    if not (width and height):
        return f"{said}that is not a size: a script or converter wrote it; {again}"
    if (height, width) == real:
        return f"{said}one of them lies on its side: put the image back as it was annotated"
    scale = width / real[0]
    if abs(height - real[1] * scale) <= 1:
        return (
            f"{said}it looks like a copy at {100 * scale:.4g} % of its size: put the annotated "
            f"copy there; or, if both show the same, {again}"
        )
    return f"{said}the image was replaced; put the right one back or draw the region again"
