"""Compare the labels of images that look nearly the same."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from maskbench.quality.checks.collected import Collected, ImageFacts
from maskbench.quality.checks.shapes import Box, Hit
from maskbench.quality.similar import look_from, twins

_LEAST = 8  # points of the grid that labels cover, to be compared

_Pair = tuple[str, str]


def missing_label(seen: Collected, threshold: float) -> Iterator[tuple[str, Hit]]:
    """Find images that lack a label which covers at least this share of a near-equal image.

    Each image is compared with its nearest, and with those whose nearest it is: of three alike, the
    two without the label may be nearest to each other.
    """
    pairs = _twins(seen)
    told: set[tuple[str, str]] = set()
    for key, other in [*pairs, *((other, key) for key, other in pairs)]:
        image, twin = seen.images[key], seen.images[other]
        for label, share in sorted(twin.areas.items()):
            if share >= threshold and not image.areas.get(label) and (key, label) not in told:
                told.add((key, label))
                near = f"{share:.0%} of the near-equal image {other}"
                what = f"the image has no {label!r}, which covers {near}"
                yield key, Hit(share, (), label, what, _box(twin, label, image))


def twin_differs(seen: Collected, threshold: float) -> Iterator[tuple[str, Hit]]:
    """Find near-equal images with common labels in different places.

    The threshold is for the share of labelled grid points that have the label in only one of them.
    """
    done: set[frozenset[str]] = set()
    for key, other in _twins(seen):
        if frozenset((key, other)) in done:
            continue
        done.add(frozenset((key, other)))
        apart, either = _difference(seen.images[key], seen.images[other])
        if either >= _LEAST and apart / either >= threshold:
            what = (
                f"{apart / either:.0%} of the labels lie elsewhere in the near-equal image {other}"
            )
            yield key, Hit(apart / either, (), "", what)


def _difference(one: ImageFacts, other: ImageFacts) -> tuple[int, int]:
    """Count the points with a label in one image only, and in any, over common labels."""
    grids = [(one.grid(n), other.grid(n)) for n in one.points.keys() & other.points.keys()]
    apart = sum(int(np.count_nonzero(a ^ b)) for a, b in grids)
    return apart, sum(int(np.count_nonzero(a | b)) for a, b in grids)


def _twins(seen: Collected) -> list[_Pair]:
    """Return each image that has a near-equal one, with the nearest.

    Of tasks that show the same image, only the first counts: agreement compares the others with it.
    """
    first: dict[str, str] = {}
    for key, image in seen.images.items():
        first.setdefault(image.image, key)
    keys = sorted(first.values())
    return [(keys[i], keys[j]) for i, j in _nearest(tuple(seen.images[key].look for key in keys))]


@lru_cache(maxsize=1)
def _nearest(looks: tuple[str, ...]) -> list[tuple[int, int]]:
    """Find twins; cached, because two checks ask for the same ones."""
    return list(twins([look_from(bytes.fromhex(look)) for look in looks]))


def _box(twin: ImageFacts, label: str, image: ImageFacts) -> Box:
    """Return where the label is in the twin, in pixels of the image."""
    left, top, right, bottom = twin.boxes[label]
    return left * image.width, top * image.height, right * image.width, bottom * image.height
