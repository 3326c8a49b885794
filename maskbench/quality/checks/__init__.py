"""Look for labels that are probably wrong: one registry, a module for each family of checks."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from maskbench.quality.checks import classes, geometry, images, neighbours
from maskbench.quality.checks.collected import Collected
from maskbench.quality.checks.shapes import Drawn, Hit
from maskbench.quality.findings import HIGH, LOW, MEDIUM

UNSUPPORTED = "unsupported"
"""The check that compares regions with predictions: :mod:`maskbench.quality.support` runs it."""


class Check(NamedTuple):
    """One check; its name is its key in :data:`CHECKS`, its threshold in ``params.yaml``.

    Attributes:
        severity: How likely it is that a finding is a mistake.
        about: What it finds, in a few words.
        number: What is compared with the threshold.
        advice: What to do about a finding.
        of_image: Runs the check on one annotation.
        of_all: Runs the check on all images; yields the key, or empty text if it concerns no
            single image, with what was found.
    """

    severity: str
    about: str
    number: str
    advice: str
    of_image: Callable[[Drawn, float], Iterator[Hit]] | None = None
    of_all: Callable[[Collected, float], Iterator[tuple[str, Hit]]] | None = None


CHECKS: Mapping[str, Check] = {
    "self_crossing": Check(
        MEDIUM,
        "outlines that cross themselves",
        "share of the area outside the largest loop, at least",
        "check that this is what was meant, and redraw it without a crossing",
        of_image=geometry.self_crossing,
    ),
    "sliver": Check(
        MEDIUM,
        "long, very thin regions",
        "mean width in pixels, below",
        "delete it, or draw it as wide as the object",
        of_image=geometry.sliver,
    ),
    "sub_pixel": Check(
        HIGH,
        "regions of a few pixels or none",
        "pixels, fewer than",
        "delete it: it is probably a slip of the hand",
        of_image=geometry.sub_pixel,
    ),
    "off_image": Check(
        MEDIUM,
        "regions that extend off the image",
        "share of the area off the image, at least",
        "draw it within the image",
        of_image=geometry.off_image,
    ),
    "hole": Check(
        LOW,
        "small unlabelled spots enclosed by labels",
        "share of the image, below",
        "fill it, unless something else is visible there",
        of_image=geometry.hole,
    ),
    "duplicate": Check(
        HIGH,
        "regions of one label drawn twice",
        "IoU of the two, at least",
        "delete one of them",
        of_image=neighbours.duplicate,
    ),
    "inside_itself": Check(
        MEDIUM,
        "regions inside a larger one of the same label",
        "share of the smaller one inside, at least",
        "delete it, or give it the label that it should have",
        of_image=neighbours.inside_itself,
    ),
    "overlap": Check(
        LOW,
        "narrow overlaps of neighbours",
        "mean width in pixels, below",
        "draw a common border, or let rasterize.overlap decide",
        of_image=neighbours.overlap,
    ),
    "gap": Check(
        LOW,
        "narrow gaps between neighbours",
        "mean width in pixels, below",
        "draw a common border",
        of_image=neighbours.gap,
    ),
    "unused_class": Check(
        MEDIUM,
        "classes without a pixel in any mask",
        "pixels in all masks, fewer than",
        "label it, or remove it from labels_map",
        of_all=classes.unused_class,
    ),
    "rare_class": Check(
        MEDIUM,
        "classes missing from a split",
        "images in each split, fewer than",
        "label more images that show it; otherwise no score of this class means anything",
        of_all=classes.rare_class,
    ),
    "few_labels": Check(
        LOW,
        "images with hardly any labels",
        "labelled share divided by its median, below",
        "check that the annotation is complete",
        of_all=classes.few_labels,
    ),
    "area_outlier": Check(
        LOW,
        "regions of unusual size",
        "robust standard deviations from the median of the label, more than",
        "check the label",
        of_all=classes.area_outlier,
    ),
    "shape_outlier": Check(
        LOW,
        "regions of unusual shape",
        "robust standard deviations from the median of the label, more than",
        "check the outline and the label",
        of_all=classes.shape_outlier,
    ),
    "time_outlier": Check(
        LOW,
        "annotations that took unusually long or short",
        "robust standard deviations from the median, more than",
        "check that it was done with care",
        of_all=classes.time_outlier,
    ),
    "twin_differs": Check(
        MEDIUM,
        "near-equal images with different labels",
        "share of labelled points that differ, at least",
        "open both, and label them in the same way",
        of_all=images.twin_differs,
    ),
    "missing_label": Check(
        MEDIUM,
        "labels that only a near-equal image has",
        "share of the other image that it covers, at least",
        "draw it if it is visible here, too",
        of_all=images.missing_label,
    ),
    UNSUPPORTED: Check(
        LOW,
        "regions that no prediction supports",
        "share of its pixels that are predicted as labelled, below",
        "check which is wrong, the label or the model",
    ),
}
"""All checks by name, in the order in which they are listed."""
