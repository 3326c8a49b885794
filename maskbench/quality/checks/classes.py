"""Check how the classes are used, and which regions, images and times stand out."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from maskbench.params import SUBSETS
from maskbench.quality.checks.collected import Collected, ImageFacts, RegionMeasures
from maskbench.quality.checks.shapes import Hit
from maskbench.text import counted

FEWEST = 20
"""The least number of regions or annotations among which outliers are looked for."""

USUAL = 0.1
"""Share of images without any region above which such images are taken to be intended."""

_LEAST_SPREAD = 0.1  # of a logarithm: where all are nearly equal, 1.5 times as much stands out
_FoundIn = tuple[str, Hit]  # key (empty: no single image), what was found


def unused_class(seen: Collected, threshold: float) -> Iterator[_FoundIn]:
    """Find classes with fewer pixels than the threshold in all masks together."""
    for name in seen.classes if seen.rows else ():
        pixels = sum(row.classes.get(name, 0) for row in seen.rows.values())
        if pixels < threshold:
            yield "", Hit(pixels, (), name, f"no mask has a pixel of the class {name!r}")


def rare_class(seen: Collected, threshold: float) -> Iterator[_FoundIn]:
    """Find classes with fewer images in a split than the threshold, except unused classes."""
    used = [split for split in SUBSETS if any(row.split == split for row in seen.rows.values())]
    for name in seen.classes:
        rows = [row for row in seen.rows.values() if row.classes.get(name)]
        count = {split: sum(row.split == split for row in rows) for split in used}
        short = [split for split in used if count[split] < threshold]
        if rows and short:
            told = ", ".join(f"{number} in {split}" for split, number in count.items())
            what = f"the class {name!r} is in {counted(len(rows), 'image')}: {told}"
            yield "", Hit(min(count.values()), (), name, what)


def few_labels(seen: Collected, threshold: float) -> Iterator[_FoundIn]:
    """Find images whose labelled share is below this share of the median."""
    shares = {key: (image.labelled, not image.areas) for key, image in seen.images.items()}
    if not shares:
        return
    usual = float(np.median([labelled for labelled, _ in shares.values()]))
    empty = sum(is_empty for _, is_empty in shares.values())
    are_meant = empty > USUAL * len(shares) and empty > 1
    for key, (labelled, is_empty) in shares.items():
        if labelled < threshold * usual and not (is_empty and are_meant):
            share = f"only {labelled:.2%}" if labelled else "nothing"
            what = f"{share} of the image is labelled; the median is {usual:.0%}"
            yield key, Hit(labelled, (), "", what)


def area_outlier(seen: Collected, threshold: float) -> Iterator[_FoundIn]:
    """Find regions much larger or smaller than others of their label."""
    yield from _outliers(seen, threshold, lambda region: region.area, "large", "small")


def shape_outlier(seen: Collected, threshold: float) -> Iterator[_FoundIn]:
    """Find regions much rounder, or thinner and more jagged, than others of their label."""
    yield from _outliers(
        seen, threshold, lambda region: region.roundness, "round", "thin or jagged"
    )


def _outliers(
    seen: Collected,
    threshold: float,
    measure: Callable[[RegionMeasures], float],
    more: str,
    less: str,
) -> Iterator[_FoundIn]:
    places: dict[str, list[tuple[str, int, int]]] = {}
    values: dict[str, list[float]] = {}
    for key, image in seen.images.items():
        for number, vote in enumerate(image.counting):
            for position, region in enumerate(vote.measured):
                places.setdefault(region.label, []).append((key, number, position))
                values.setdefault(region.label, []).append(measure(region))
    for label, found in sorted(places.items()):
        for i, score, times in _far(values[label], threshold):
            key, number, position = found[i]
            image = seen.images[key]
            region = image.counting[number].measured[position]
            word = more if times > 1 else less
            ratio = times if times > 1 else 1 / times
            what = f"the region is {ratio:,.1f} times as {word} as is usual for {label!r}"
            yield key, Hit(score, (region.id,), label, what, _box(region, image), number)


def time_outlier(seen: Collected, threshold: float) -> Iterator[_FoundIn]:
    """Find annotations whose time for each region is far from the median."""
    found = [
        (key, number, vote.seconds / (1 + len(vote.regions)))
        for key, image in seen.images.items()
        for number, vote in enumerate(image.counting)
        if vote.seconds
    ]
    for i, score, times in _far([value for *_, value in found], threshold):
        key, number, _ = found[i]
        votes = seen.images[key].counting
        vote = votes[number]
        usual = f"{times:,.1f} times as long as" if times > 1 else f"1/{1 / times:,.0f} of what"
        regions = counted(len(vote.regions), "region")
        took = counted(round(vote.seconds or 0), "second")
        # Of several annotators each has a time: the label tells their findings apart.
        is_alone = len(votes) == 1
        who = "" if is_alone else f"annotator {vote.annotator or 'unknown'}"
        what = f"{regions} took {took}, {usual} is usual"
        yield key, Hit(score, (), who, what, vote=number)


def _far(values: Sequence[float], threshold: float) -> Iterable[tuple[int, float, float]]:
    """Find values that are far from the median, measured by the median of such distances.

    Logarithms are compared: half as much is as far as twice as much.

    Args:
        values: All above 0.
        threshold: How far, in robust standard deviations (1.4826 · MAD, at least 0.1).

    Returns:
        Index, distance, and the ratio to the median.
    """
    if len(values) < FEWEST:
        return []
    logs: npt.NDArray[np.float64] = np.log(np.maximum(values, 1e-12))
    apart = logs - np.median(logs)
    spread = max(1.4826 * float(np.median(np.abs(apart))), _LEAST_SPREAD)
    far = np.flatnonzero(np.abs(apart) > threshold * spread).tolist()
    return [(i, abs(float(apart[i])) / spread, float(np.exp(apart[i]))) for i in far]


def _box(region: RegionMeasures, image: ImageFacts) -> tuple[float, float, float, float]:
    left, top, right, bottom = region.box
    return left * image.width, top * image.height, right * image.width, bottom * image.height
