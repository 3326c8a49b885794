"""What *combine* hands to its workers: with it numpy is not loaded, with what they do it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maskbench.class_rules import ClassRules
    from maskbench.pipeline.build import Outcome


@dataclass(frozen=True)
class MaskWork:
    """What a class mask is made of.

    Attributes:
        source: The label set's file.
        rules: What combinations of labels become.
        suffix: The ending of the mask's file.
        images: The folder in which its image lies.
        target: The folder that stands for the data folder.
        reads: Files in ``images``, for workers that cannot see the folder.
    """

    source: Path
    rules: "ClassRules"
    suffix: str
    images: Path
    target: Path
    reads: Sequence[Path] = ()


def make_mask(work: MaskWork) -> "Outcome":
    """See :func:`maskbench.pipeline.masks.make_mask`."""
    from maskbench.pipeline.masks import make_mask as make  # noqa: PLC0415 - numpy's start-up

    return make(work)
