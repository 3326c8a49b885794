"""Score the same predictions on two versions: did the labels change, or the set of images?

Let f be any figure, Lo the old version's labels and So its images, Ln and Sn those of the new
version, and C the images that both have in the splits that are scored:

    removed = f(Lo, C)  - f(Lo, So)     images of So that are not in Sn are taken away
    labels  = f(Ln, C)  - f(Lo, C)      the labels of the images that stay are exchanged
    added   = f(Ln, Sn) - f(Ln, C)      images of Sn that were not in So are added

The three add up to f(Ln, Sn) - f(Lo, So) exactly. An image that moved into or out of the splits
counts as added or removed. A part does not apply (NaN) where one of its two figures does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from maskbench.dataset import Benchmark
from maskbench.errors import DataError, Problem
from maskbench.evaluation.figures import (
    FIGURES,
    Figures,
    Values,
    class_rows,
    figures,
    mean_rows,
)
from maskbench.evaluation.origin import BenchmarkOrigin
from maskbench.evaluation.report import Report, named
from maskbench.evaluation.scoring import Predictions, ScoringPlan, Settings, plan, score_all
from maskbench.files.masks import pixel_digest
from maskbench.text import first_column

PARTS = ("labels", "added", "removed")
"""Where a change comes from, in the order in which tables show it."""


@dataclass(frozen=True)
class Comparison:
    """One set of predictions on two versions of a benchmark.

    Attributes:
        new: The report on the new version.
        old: The report on the old version.
        relabelled: Keys of images that both versions score and whose masks differ.
        added: Keys that only the new version scores.
        removed: Keys that only the old version scores.
        parts: Each figure's change by its cause, one of :data:`PARTS`; they add up to the change.
    """

    new: Report
    old: Report
    relabelled: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    parts: dict[str, Figures]

    def metrics(self) -> dict[str, Any]:
        """Return old and new figures, their change and its parts, by name; None: does not apply."""
        before, after = self.old.summary.figures, self.new.summary.figures
        tables = {"old": before, "new": after, "change": after - before, **self.parts}
        return {
            "scored": self.old.scored(),
            "images": {
                "relabelled": len(self.relabelled),
                "added": len(self.added),
                "removed": len(self.removed),
            },
            **{name: named(values, self.new.classes) for name, values in tables.items()},
        }

    def __str__(self) -> str:
        return _text(self)


def compare_versions(
    predictions: Predictions,
    versions: tuple[Benchmark, Benchmark],
    splits: Sequence[str],
    settings: Settings,
    origins: tuple[BenchmarkOrigin | None, BenchmarkOrigin | None] = (None, None),
) -> Comparison:
    """Score predictions on the new and the old version; see :func:`maskbench.evaluate.compare`."""
    new, old = versions
    classes = _classes(new, old)
    plans = [
        plan(predictions, version, splits, origin)
        for version, origin in zip(versions, origins, strict=True)
    ]
    after, before = score_all(_known_to_either(plans), settings, classes)
    keys_after, keys_before = ({i.key for i in report.images} for report in (after, before))
    both = keys_after & keys_before
    common_after, common_before = (_subset(report, both) for report in (after, before))
    return Comparison(
        new=after,
        old=before,
        relabelled=tuple(sorted(k for k in both if _digest(new, k) != _digest(old, k))),
        added=tuple(sorted(keys_after - both)),
        removed=tuple(sorted(keys_before - both)),
        parts={
            "labels": common_after - common_before,
            "added": after.summary.figures - common_after,
            "removed": common_before - before.summary.figures,
        },
    )


def _known_to_either(plans: Sequence[ScoringPlan]) -> list[ScoringPlan]:
    """Count as surplus only predictions whose image neither version has."""
    surplus = set.intersection(*(set(each.found.surplus) for each in plans))
    return [
        replace(each, found=replace(each.found, surplus=tuple(sorted(surplus)))) for each in plans
    ]


def _classes(new: Benchmark, old: Benchmark) -> tuple[str, ...]:
    """Return the longer list of classes; raise DataError if a value has two names."""
    pairs = zip(new.classes, old.classes, strict=False)
    differing = [
        Problem(f"value {value} is {mine!r} in {new.root} and {theirs!r} in {old.root}")
        for value, (mine, theirs) in enumerate(pairs)
        if mine != theirs
    ]
    if differing:
        raise DataError(
            "the versions' classes differ, so one set of predictions cannot be scored on both; "
            "score each version with predictions of its own classes (--rev instead of --against)",
            differing,
        )
    return max(new.classes, old.classes, key=len)


def _subset(report: Report, keys: set[str]) -> Figures:
    nothing = np.zeros((6, len(report.classes)), dtype=np.int64)
    return figures(sum((i.counts for i in report.images if i.key in keys), nothing))


def _digest(benchmark: Benchmark, key: str) -> str:
    """Return the digest of the mask's pixels, from the manifest if there is one."""
    if benchmark.has_manifest:
        return benchmark.row(key).mask_sha256
    return pixel_digest(benchmark.mask(key))


def _text(comparison: Comparison) -> str:
    """Return a table for the terminal: means, pixel accuracy, then the IoU of each class."""
    before, after = comparison.old.summary.figures, comparison.new.summary.figures
    columns = [before, after, after - before, *(comparison.parts[p] for p in PARTS)]
    means = mean_rows(columns, [name.replace("_", " ") for name in FIGURES])
    rows = [*means, *class_rows(columns, comparison.new.classes)]
    first, *names = first_column(["", *(name for name, _ in rows)])
    heading = ("old", "new", "change", *(f"by {part}" for part in PARTS))
    counts = (comparison.relabelled, comparison.added, comparison.removed)
    relabelled, added, removed = (len(keys) for keys in counts)
    return "\n".join(
        [
            f"change of version; images: {relabelled} relabelled, {added} added, {removed} removed",
            first + "".join(f"  {word:>10}" for word in heading),
            *(f"{name}{_cells(values)}" for name, (_, values) in zip(names, rows, strict=True)),
        ]
    )


def _cells(values: Sequence[Values]) -> str:
    forms = ["10.3f", "10.3f", *["+10.3f"] * 4]
    pairs = zip(values, forms, strict=True)
    return "".join("  " + (f"{'-':>10}" if np.isnan(v) else format(float(v), f)) for v, f in pairs)
