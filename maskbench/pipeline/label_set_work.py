"""What *rasterize* hands to its workers: with it numpy is not loaded, with what they do it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maskbench.params import RasterizeParams
    from maskbench.pipeline.build import Outcome


@dataclass(frozen=True)
class LabelSetWork:
    """What a label set is made of.

    Attributes:
        source: The file of the task's stored form.
        seal: Its digest.
        labels: The labels of ``labels_map``, sorted.
        params: How regions become pixels.
        target: The folder that stands for the data folder.
    """

    source: Path
    seal: str | None
    labels: tuple[str, ...]
    params: "RasterizeParams"
    target: Path


def make_label_set(work: LabelSetWork) -> "Outcome":
    """See :func:`maskbench.pipeline.label_sets.make_label_set`."""
    from maskbench.pipeline.label_sets import make_label_set as make  # noqa: PLC0415 - numpy's start-up

    return make(work)
