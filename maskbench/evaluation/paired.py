"""Compare two predictions of the same images: which is better, and is that more than chance?

Both are scored on the same draws of images (a paired bootstrap), so that what makes images hard
for both does not blur the difference. Where the interval of a difference does not contain 0, one
is better than the other beyond the chance of which images were taken.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maskbench.dataset import Benchmark
from maskbench.evaluation.figures import (
    FIGURES,
    Figures,
    Values,
    bootstrap,
    class_rows,
    mean_rows,
    percentiles,
)
from maskbench.evaluation.origin import BenchmarkOrigin
from maskbench.evaluation.report import ImageScore, Report, named
from maskbench.evaluation.scoring import Predictions, Settings, plan, score_all
from maskbench.text import counted, first_column


@dataclass(frozen=True)
class Difference:
    """How much better the second predictions are on a set of images.

    Attributes:
        change: Figures of the second minus those of the first.
        low: Lower ends of the 95 % intervals of the change.
        high: Upper ends.
    """

    change: Figures
    low: Figures
    high: Figures


@dataclass(frozen=True)
class Pair:
    """Two predictions of the same images.

    Attributes:
        first: The report on the first predictions.
        second: The report on the second.
        differences: By split, as in :attr:`maskbench.evaluation.report.Report.parts`.
    """

    first: Report
    second: Report
    differences: dict[str, Difference]

    def metrics(self) -> dict[str, Any]:
        """Return the figures of both and, by split, their change with its interval."""
        classes = self.first.classes
        return {
            "first": self.first.metrics(),
            "second": self.second.metrics(),
            "change": {
                name: {
                    **named(found.change, classes),
                    "interval_95": {
                        "low": named(found.low, classes),
                        "high": named(found.high, classes),
                    },
                }
                for name, found in self.differences.items()
            },
        }

    def movers(self) -> list[tuple[ImageScore, ImageScore]]:
        """Return each image's two scores, the largest loss of IoU first, then by key."""
        pairs = zip(self.first.images, self.second.images, strict=True)

        def order(pair: tuple[ImageScore, ImageScore]) -> tuple[bool, float, str]:
            change = pair[1].true_iou - pair[0].true_iou
            return math.isnan(change), change, pair[0].key

        return sorted(pairs, key=order)

    def __str__(self) -> str:
        return "\n\n".join(_text(self, name) for name in self.differences)


def score_pair(
    predictions: tuple[Predictions, Predictions],
    benchmark: Benchmark,
    splits: Sequence[str],
    settings: Settings,
    origin: BenchmarkOrigin | None = None,
) -> Pair:
    """Score two predictions; see :func:`maskbench.evaluate.compare_predictions`."""
    plans = [plan(each, benchmark, splits, origin) for each in predictions]
    first, second = score_all(plans, settings)
    differences = {}
    for name, part in first.parts.items():
        keys = set(first.splits) if name == "all" and len(first.splits) > 1 else {name}
        drawn = [_drawn(report, keys, settings) for report in (first, second)]
        change = second.parts[name].figures - part.figures
        differences[name] = Difference(change, *percentiles(drawn[1] - drawn[0]))
    return Pair(first, second, differences)


def _drawn(report: Report, splits: set[str], settings: Settings) -> Figures:
    images = [image for image in report.images if image.split in splits]
    groups = np.unique([image.group for image in images], return_inverse=True)[1]
    counts = np.stack([image.counts for image in images])
    return bootstrap(counts, groups, settings.resamples, settings.seed)


def _text(pair: Pair, split: str) -> str:
    """Return a table for the terminal: IoU of each class and the means, of both, and the change."""
    first, second = (report.parts[split] for report in (pair.first, pair.second))
    found = pair.differences[split]
    columns = (first.figures, second.figures, found.change, found.low, found.high)
    means = mean_rows(columns, [name.replace("_", " ") for name in FIGURES])
    rows = [*class_rows(columns, pair.first.classes), *means]
    blank, *names = first_column(["", *(name for name, _ in rows)])
    heading = f"{blank}  {'first':>7}  {'second':>7}  {'change':>7}  {'95 %':^17}"
    lines = [
        f"{name}{_cells(values)}".rstrip() for name, (_, values) in zip(names, rows, strict=True)
    ]
    return "\n".join([f"{split}: {counted(first.images, 'image')}", heading.rstrip(), *lines])


def _cells(values: Sequence[Values]) -> str:
    first, second, change, low, high = (float(value) for value in values)
    forms = ((first, "7.3f"), (second, "7.3f"), (change, "+7.3f"))
    shown = [f"{'-':>7}" if math.isnan(value) else format(value, form) for value, form in forms]
    if not math.isnan(low):
        verdict = "" if low <= 0 <= high else "  better" if low > 0 else "  worse"
        shown.append(f"{low:+.3f} to {high:+.3f}{verdict}")
    return "".join(f"  {cell}" for cell in shown)
