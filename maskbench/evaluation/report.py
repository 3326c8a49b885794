"""Hold the result of scoring: images, summaries, and their figures by name."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from maskbench.evaluation.confusion import Counts
from maskbench.evaluation.figures import FIGURES, Figures, figures
from maskbench.text import counted

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
        task: Label Studio's task id; None where there is no manifest.
        project: Label Studio's project id, if the manifest tells it.
    """

    key: str
    split: str
    group: str
    counts: Counts
    task: int | None = None
    project: int | None = None

    @cached_property
    def figures(self) -> Figures:
        """The figures of this image alone."""
        return figures(self.counts)

    @property
    def mean_iou(self) -> float:
        """Mean IoU over the classes that occur in this image, true or predicted."""
        return float(self.figures.mean[0])


@dataclass(frozen=True)
class Summary:
    """The figures of a set of images, with the ends of their 95 % intervals.

    Attributes:
        images: How many images.
        groups: How many groups of images were drawn from for the intervals.
        counts: Summed over the images, shape (6, K).
        confusion: Pixels by true (rows) and predicted class, shape (K, K + 1), last: no class.
        figures: The figures.
        low: Lower ends.
        high: Upper ends.
    """

    images: int
    groups: int
    counts: Counts
    confusion: Counts
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
    """

    classes: tuple[str, ...]
    images: tuple[ImageScore, ...]
    summary: Summary
    splits: Mapping[str, Summary]

    def worst(self) -> list[ImageScore]:
        """Return the images by mean IoU, worst first, then by key; those without one come last."""
        return sorted(self.images, key=lambda i: (math.isnan(i.mean_iou), i.mean_iou, i.key))

    def metrics(self) -> dict[str, Any]:
        """Return rounded figures by split and class name; None where a figure does not apply.

        With several splits, ``all`` is all their images together.
        """
        found = {name: _named(part, self.classes) for name, part in self.splits.items()}
        return found if len(found) == 1 else {"all": _named(self.summary, self.classes), **found}

    def __str__(self) -> str:
        parts = dict(self.splits)
        if len(parts) > 1:
            parts = {"all": self.summary, **parts}
        return "\n\n".join(_text(name, part, self.classes) for name, part in parts.items())


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


def _named(summary: Summary, classes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "images": summary.images,
        "groups": summary.groups,
        **named(summary.figures, classes),
        "interval_95": {
            "low": named(summary.low, classes),
            "high": named(summary.high, classes),
        },
    }


_HEADINGS = ("IoU", "Dice", "precision", "recall", "boundary IoU")


def _text(split: str, summary: Summary, classes: tuple[str, ...]) -> str:
    """Return a table for the terminal: classes, the IoU with its interval, and the means."""
    wide = max(len(name) for name in (*classes, "pixel accuracy"))
    drawn = "" if summary.groups == summary.images else f" in {counted(summary.groups, 'group')}"
    lines = [
        f"{split}: {counted(summary.images, 'image')}{drawn}",
        f"{'':{wide}}  {'IoU':>5}  {'95 %':^13}" + "".join(f"  {h:>12}" for h in _HEADINGS[1:]),
    ]
    found, low, high = summary.figures, summary.low, summary.high
    for k, label in enumerate(classes):
        columns = [values.per_class[:, k] for values in (found, low, high)]
        lines.append(f"{label:{wide}}  {_cells(*columns)}")
    lines.append(f"{'mean':{wide}}  {_cells(found.mean, low.mean, high.mean)}")
    accuracy = f"{_cell(found.pixel_accuracy)}  {_range(low.pixel_accuracy, high.pixel_accuracy)}"
    lines.append(f"{'pixel accuracy':{wide}}  {accuracy}")
    return "\n".join(line.rstrip() for line in lines)


def _cells(values: Any, low: Any, high: Any) -> str:
    others = "".join(f"  {_cell(value):>12}" for value in values[1:])
    return f"{_cell(values[0])}  {_range(low[0], high[0])}{others}"


def _range(low: Any, high: Any) -> str:
    return " " * 13 if math.isnan(low) else f"{low:.3f} - {high:.3f}".center(13)


def _cell(value: Any) -> str:
    return f"{'-' if math.isnan(value) else format(value, '.3f'):>5}"
