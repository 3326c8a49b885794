"""Decide which labels each pixel of an image has, and which region wins where several overlap.

``rasterize.overlap`` decides: :func:`painting_order` sorts the regions, :func:`paint` lays them
over each other. Pure functions on arrays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskbench.files.tiff import Planes, plane_count
from maskbench.regions.rasterize import RegionPixels


@dataclass(frozen=True)
class LabelSet:
    """The labels on each pixel of one image.

    Attributes:
        labels: The labels drawn in the image, sorted.
        planes: Shape (P, H, W), uint8, P = plane_count(len(labels)): bit ``k % 8`` of plane
            ``k // 8`` is set where label ``k`` lies.
    """

    labels: tuple[str, ...]
    planes: Planes

    def on(self, label: str) -> npt.NDArray[np.bool_]:
        """Return the pixels with ``label``, shape (H, W), bool; all False if it is not drawn."""
        if label not in self.labels:
            return np.zeros(self.planes.shape[1:], dtype=np.bool_)
        plane, bit = divmod(self.labels.index(label), 8)
        has_label: npt.NDArray[np.bool_] = (self.planes[plane] & np.uint8(1 << bit)) != 0
        return has_label

    def names(self, bits: Planes) -> tuple[str, ...]:
        """Return the labels whose bits are set in the bytes of one pixel, shape (P,)."""
        is_set = np.unpackbits(bits, count=len(self.labels), bitorder="little")
        return tuple(self.labels[k] for k in np.flatnonzero(is_set).tolist())


def painting_order(overlap: str, counts: Sequence[int]) -> list[int]:
    """Return the order in which to paint regions: the later one wins where two overlap.

    Args:
        overlap: ``keep`` and ``top``: in drawing order; ``smallest``: those with fewer pixels
            later, equally small ones in drawing order.
        counts: The pixels of each region, in drawing order.

    >>> painting_order("smallest", [5, 9, 5])
    [1, 0, 2]
    """
    order = range(len(counts))
    return sorted(order, key=lambda i: -counts[i]) if overlap == "smallest" else list(order)


def deciding_regions(overlap: str, counts: Sequence[int]) -> list[int]:
    """Return which regions on one pixel decide its labels: all, or the one painted last.

    For reports on one pixel; a mask is made by :func:`paint`.

    Args:
        overlap: As in :func:`painting_order`.
        counts: The pixels of each of these regions, in drawing order.

    >>> deciding_regions("smallest", [5, 9, 5])
    [2]
    >>> deciding_regions("keep", [5, 9])
    [0, 1]
    """
    order = painting_order(overlap, counts)
    return order if overlap == "keep" else order[-1:]


def paint(
    regions: Iterable[tuple[Sequence[str], RegionPixels]],
    labels: Iterable[str],
    width: int,
    height: int,
    overlap: str,
) -> LabelSet:
    """Lay regions over each other.

    Args:
        regions: Each region's labels and pixels, in painting order.
        labels: The labels of all regions.
        width: Image width in pixels.
        height: Image height in pixels.
        overlap: ``keep``: the labels of all regions on a pixel stay. ``top``, ``smallest``: each
            region erases the labels below it, so the last one wins.
    """
    names = tuple(sorted(set(labels)))
    numbers = {name: i for i, name in enumerate(names)}
    planes = np.zeros((plane_count(len(names)), height, width), dtype=np.uint8)
    for own, pixels in regions:
        if overlap != "keep":
            planes[:, *pixels.window] *= ~pixels.inside
        for plane, bit in {divmod(numbers[name], 8) for name in own}:
            planes[plane, *pixels.window] |= pixels.inside * np.uint8(1 << bit)
    return LabelSet(names, planes)
