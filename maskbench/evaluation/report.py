"""Hold the result of scoring: images, summaries, and their figures by name."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from maskbench.evaluation.confusion import Counts
from maskbench.evaluation.figures import FIGURES, HEADINGS, IOU, Figures, figures, mean
from maskbench.evaluation.mistakes import MISTAKES
from maskbench.evaluation.origin import BenchmarkOrigin
from maskbench.files.manifest import Row
from maskbench.regions.task import ACCEPTED, LABEL_ORIGINS
from maskbench.text import counted, first_column, some

DIGITS = 6
"""Decimals of figures in files."""


@dataclass(frozen=True)
class ImageScore:
    """The counts of one image.

    Attributes:
        key: The image's key.
        split: Its split.
        group: Its group in the manifest; the key where there is no manifest.
        counts: See :func:`maskbench.evaluation.figures.count_image`, shape (6, K).
        mistakes: Wrong pixels by kind, see :data:`maskbench.evaluation.mistakes.MISTAKES`.
        confused: Wrong pixels by pair of classes, shape (N, 3): true class, predicted class
            (K: no class), pixels.
        row: Its line in the manifest, or None.
    """

    key: str
    split: str
    group: str
    counts: Counts
    mistakes: Counts
    confused: Counts
    row: Row | None = None

    @cached_property
    def figures(self) -> Figures:
        """The figures of this image alone."""
        return figures(self.counts)

    @property
    def true_iou(self) -> float:
        """Mean IoU over the classes that truly occur in this image; NaN where none does.

        A class that is only predicted does not count by itself, so that a few stray pixels do not
        make an image the worst; it lowers the IoU of the classes whose pixels it takes.
        """
        is_true = self.counts[1] > 0
        return float(mean(np.where(is_true, self.figures.per_class[IOU], np.nan)))


@dataclass(frozen=True)
class ScoreSummary:
    """The figures of a set of images, with the ends of their 95 % intervals.

    Attributes:
        images: How many images.
        groups: How many groups of images were drawn from for the intervals.
        counts: Summed over the images, shape (6, K).
        confusion: Pixels by true (rows) and predicted class, shape (K, K + 1), last: no class.
        mistakes: Wrong pixels by kind, see :data:`maskbench.evaluation.mistakes.MISTAKES`.
        figures: The figures.
        low: Lower ends.
        high: Upper ends.
    """

    images: int
    groups: int
    counts: Counts
    confusion: Counts
    mistakes: Counts
    figures: Figures
    low: Figures
    high: Figures


@dataclass(frozen=True)
class Report:
    """The result of :func:`maskbench.evaluate.evaluate`.

    Attributes:
        classes: Class names by value.
        images: The images in the order of their keys.
        summary: All images together.
        splits: The summary of each split that was asked for, by name.
        origin: Which version of the benchmark was scored on.
        labels_sha256: Digest of the keys and true masks (size and pixels) of the images.
        predictions_sha256: Digest of the keys and predicted masks; equal predictions have the same,
            whatever files they are in.
        surplus: Keys of predictions that were left out: the benchmark has no such image.
    """

    classes: tuple[str, ...]
    images: tuple[ImageScore, ...]
    summary: ScoreSummary
    splits: Mapping[str, ScoreSummary]
    origin: BenchmarkOrigin
    labels_sha256: str
    predictions_sha256: str
    surplus: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, ScoreSummary]:
        """The summary of each split by name; of several splits, ``all`` together comes first."""
        return dict(self.splits) if len(self.splits) == 1 else {"all": self.summary, **self.splits}

    def worst(self) -> list[ImageScore]:
        """Return the images by the IoU of their true classes, worst first; then by key."""
        return sorted(self.images, key=lambda i: (math.isnan(i.true_iou), i.true_iou, i.key))

    def accepted(self) -> str:
        """Warn about images whose labels a model made and nobody changed; empty if none."""
        rows = [image.row for image in self.images if image.row and image.row.origin == ACCEPTED]
        if not rows:
            return ""
        models = sorted({row.model_version or "unknown" for row in rows})
        images = counted(len(rows), "image has", "images have")
        return (
            f"{images} labels that were accepted unchanged from a model ({some(models)}): the "
            "figures flatter that model and similar ones; `split.exclude_accepted: [test]` in "
            "params.yaml keeps such images out of a subset"
        )

    def metrics(self) -> dict[str, Any]:
        """Return rounded figures by split and class name, and what was scored on what.

        With several splits, ``all`` is all their images together. None means that a figure does not
        apply.
        """
        found = {name: _named(part, self.classes) for name, part in self.parts.items()}
        return {"scored": self.scored(), **found}

    def scored(self) -> dict[str, Any]:
        """Return what a citation must name: version, commit, digests, splits, label origins."""
        origins = Counter(image.row.origin for image in self.images if image.row)
        return {
            "version": self.origin.version,
            "commit": self.origin.commit,
            "labels_sha256": self.labels_sha256,
            "predictions_sha256": self.predictions_sha256,
            "splits": list(self.splits),
            "origins": {name: origins[name] for name in LABEL_ORIGINS},
        }

    def __str__(self) -> str:
        tables = [_text(name, part, self.classes) for name, part in self.parts.items()]
        return "\n\n".join([*tables, self.citation()])

    def citation(self) -> str:
        """Return one line that says what was scored on what, to be cited with a figure."""
        splits = f"{'split' if len(self.splits) == 1 else 'splits'} {', '.join(self.splits)}"
        predictions = self.predictions_sha256[:12]
        return f"scored on {self.origin}, {splits}; predictions {predictions}"


def rounded(value: Any) -> float | None:
    """Round a figure for files; None for NaN."""
    return None if math.isnan(value) else round(float(value), DIGITS)


def named(values: Figures, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return figures by name: ``pixel_accuracy``, ``mean.<figure>``, ``classes.<name>.…``."""
    return {
        "pixel_accuracy": rounded(values.pixel_accuracy),
        "mean": {name: rounded(values.mean[i]) for i, name in enumerate(FIGURES)},
        "classes": {
            label: {name: rounded(values.per_class[i, k]) for i, name in enumerate(FIGURES)}
            for k, label in enumerate(classes)
        },
    }


def _named(summary: ScoreSummary, classes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "images": summary.images,
        "groups": summary.groups,
        **named(summary.figures, classes),
        "mistakes": _mistakes(summary),
        "interval_95": {
            "low": named(summary.low, classes),
            "high": named(summary.high, classes),
        },
    }


def _mistakes(summary: ScoreSummary) -> dict[str, float | None]:
    """Return each kind of mistake as a share of all counted pixels; they add up to the error."""
    total = int(summary.confusion.sum())
    shares = summary.mistakes / total if total else np.full(len(MISTAKES), np.nan)
    return dict(zip(MISTAKES, map(rounded, shares), strict=True))


def _text(split: str, summary: ScoreSummary, classes: tuple[str, ...]) -> str:
    """Return a table for the terminal: classes, the IoU with its interval, and the means."""
    heading, *names, mean_name, last = first_column(["", *classes, "mean", "pixel accuracy"])
    drawn = "" if summary.groups == summary.images else f" in {counted(summary.groups, 'group')}"
    lines = [
        f"{split}: {counted(summary.images, 'image')}{drawn}",
        f"{heading}  {'IoU':>5}  {'95 %':^13}" + "".join(f"  {h:>12}" for h in HEADINGS[1:]),
    ]
    found, low, high = summary.figures, summary.low, summary.high
    for k, name in enumerate(names):
        columns = [values.per_class[:, k] for values in (found, low, high)]
        lines.append(f"{name}  {_cells(*columns)}")
    lines.append(f"{mean_name}  {_cells(found.mean, low.mean, high.mean)}")
    accuracy = f"{_cell(found.pixel_accuracy)}  {_range(low.pixel_accuracy, high.pixel_accuracy)}"
    lines.append(f"{last}  {accuracy}")
    return "\n".join(line.rstrip() for line in lines)


def _cells(values: Any, low: Any, high: Any) -> str:
    others = "".join(f"  {_cell(value):>12}" for value in values[1:])
    return f"{_cell(values[0])}  {_range(low[0], high[0])}{others}"


def _range(low: Any, high: Any) -> str:
    return " " * 13 if math.isnan(low) else f"{low:.3f} - {high:.3f}".center(13)


def _cell(value: Any) -> str:
    return f"{'-' if math.isnan(value) else format(value, '.3f'):>5}"
