"""Look for labels that are probably wrong: one registry, a module for each family of checks."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from maskbench.quality.checks import classes, geometry, images, neighbours
from maskbench.quality.checks.collected import Collected
from maskbench.quality.checks.shapes import Drawn, Hit
from maskbench.quality.findings import HIGH, LOW, MEDIUM


class Check(NamedTuple):
    """One check; its name is its key in :data:`CHECKS`, its threshold in ``params.yaml``.

    Attributes:
        severity: How sure it is that something is wrong.
        about: What it finds, in a few words.
        number: What is compared with the threshold.
        advice: What to do about a finding.
        of_image: Finds it in one annotation.
        of_all: Finds it over all images: (key, or empty if no single image is concerned, what).
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
        "share of the area beside the largest loop, from",
        "look whether it is what was meant, and redraw it without a crossing",
        of_image=geometry.self_crossing,
    ),
    "sliver": Check(
        MEDIUM,
        "long regions of hardly any width",
        "mean width in pixels, below",
        "delete it, or draw it as wide as the thing is",
        of_image=geometry.sliver,
    ),
    "sub_pixel": Check(
        HIGH,
        "regions of a few pixels or none",
        "pixels, fewer than",
        "delete it: a slip of the hand",
        of_image=geometry.sub_pixel,
    ),
    "off_image": Check(
        MEDIUM,
        "regions that reach off the image",
        "share of the area off the image, from",
        "draw it within the image",
        of_image=geometry.off_image,
    ),
    "hole": Check(
        LOW,
        "small unlabelled spots that labels enclose",
        "share of the image, below",
        "fill it, unless something else is seen there",
        of_image=geometry.hole,
    ),
    "duplicate": Check(
        HIGH,
        "regions of one label drawn twice",
        "IoU of the two, from",
        "delete one of them",
        of_image=neighbours.duplicate,
    ),
    "inside_itself": Check(
        MEDIUM,
        "regions inside a larger one of the same label",
        "share of the smaller one inside, from",
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
        "classes that no mask has",
        "pixels in all masks, fewer than",
        "label it, or take it out of labels_map",
        of_all=classes.unused_class,
    ),
    "rare_class": Check(
        MEDIUM,
        "classes that a split does not show",
        "images in each split, fewer than",
        "label more images that show it, or no score of this class means anything",
        of_all=classes.rare_class,
    ),
    "few_labels": Check(
        LOW,
        "images nearly without labels",
        "labelled share as part of the median, below",
        "look whether the annotation was finished",
        of_all=classes.few_labels,
    ),
    "area_outlier": Check(
        LOW,
        "regions of unusual size",
        "robust standard deviations from the median of the label, beyond",
        "look whether the label is right",
        of_all=classes.area_outlier,
    ),
    "shape_outlier": Check(
        LOW,
        "regions of unusual shape",
        "robust standard deviations from the median of the label, beyond",
        "look whether the outline and the label are right",
        of_all=classes.shape_outlier,
    ),
    "time_outlier": Check(
        LOW,
        "annotations made in unusual time",
        "robust standard deviations from the median, beyond",
        "look whether it was done with care",
        of_all=classes.time_outlier,
    ),
    "twin_differs": Check(
        MEDIUM,
        "near-equal images with different labels",
        "share of labelled points that differ, from",
        "open both, and label them in the same way",
        of_all=images.twin_differs,
    ),
    "missing_label": Check(
        MEDIUM,
        "labels that a near-equal image has",
        "share of the twin that it covers, from",
        "draw it, if it is seen here, too",
        of_all=images.missing_label,
    ),
    "unsupported": Check(
        LOW,
        "regions that no prediction supports",
        "share of its pixels that are predicted alike, below",
        "look who is wrong, the label or the model",
    ),
}
"""All checks by name, in the order in which they are listed."""
