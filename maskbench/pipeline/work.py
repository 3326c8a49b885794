"""What travels between a stage and its workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from maskbench.errors import Problem
from maskbench.params import CombineParams, RasterizeParams, Rule


class LabelSetWork(NamedTuple):
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
    params: RasterizeParams
    target: Path


class MaskWork(NamedTuple):
    """What a class mask is made of.

    Attributes:
        source: The label set's file.
        labels_map: Mask value by class name.
        rules: The multi-label rules.
        fallback: What happens to label sets without a rule.
        suffix: The ending of the mask's file.
        images: The folder in which its image lies.
        target: The folder that stands for the data folder.
    """

    source: Path
    labels_map: Mapping[str, int]
    rules: Sequence[Rule]
    fallback: CombineParams
    suffix: str
    images: Path
    target: Path


@dataclass(frozen=True)
class Outcome:
    """What one job made.

    Attributes:
        outputs: The digests of its files by path relative to the data folder; they lie in the
            staging folder.
        facts: What metrics and tables need to know of it (JSON values).
        problems: What is wrong with its input; then nothing of the run is published.
    """

    outputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
