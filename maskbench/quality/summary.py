"""Add up the counts of images: agreement by class, pair and annotator; rank the images."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from maskbench.evaluation.figures import Values, percentiles_of, resample
from maskbench.quality.agreement import COEFFICIENTS, coefficients, with_values
from maskbench.quality.measure import PARTS, dense

RESAMPLES = 1000
"""Bootstrap draws behind each interval."""

_DIGITS = 4
_Facts = Mapping[str, Mapping[str, Any]]


class Estimate(NamedTuple):
    """Coefficients of agreement with the ends of their 95 % intervals, each of shape (5, K + 1)."""

    values: Values
    low: Values
    high: Values

    def named(self, column: int) -> dict[str, Any]:
        """Return a class's coefficients by name, without NaN; column -1: all classes."""
        low, high = _by_name(self.low[:, column]), _by_name(self.high[:, column])
        found: dict[str, Any] = _by_name(self.values[:, column])
        return found | ({"interval_95": {"low": low, "high": high}} if low else {})


def _by_name(values: Values) -> dict[str, float]:
    return {
        name: round(float(value), _DIGITS)
        for name, value in zip(COEFFICIENTS, values, strict=True)
        if not math.isnan(value)
    }


def estimate(units: Sequence[Values]) -> Estimate:
    """Compute the coefficients of images together, with bootstrap intervals.

    Args:
        units: The counts of each image, shape (8, K); the draws are of images.
    """
    counts = np.stack(units)
    values = coefficients(counts.sum(axis=0))
    if len(counts) < 2:
        return Estimate(values, *np.full((2, *values.shape), np.nan))
    drawn = [coefficients(sums) for sums in resample(counts, RESAMPLES, seed=0)]
    return Estimate(values, *percentiles_of(np.concatenate(drawn)))


class AgreementSummary(NamedTuple):
    """How far the annotators of a benchmark agree.

    Attributes:
        metrics: What ``metrics/quality.json`` says of agreement.
        classes: The rows of ``plots/agreement.csv``.
        ranking: The rows of ``plots/ranking.csv``: the images, least agreement first.
    """

    metrics: dict[str, Any]
    classes: list[dict[str, Any]]
    ranking: list[dict[str, Any]]


def summarize(facts: _Facts, names: Sequence[str]) -> AgreementSummary:
    """Add up what was counted of each image.

    Args:
        facts: What :func:`maskbench.quality.measure.measure` counted, by image.
        names: Class names by value.
    """
    parts = {part: _estimates(facts, part, len(names)) for part in PARTS}
    metrics: dict[str, Any] = {
        part: {name: {"images": n} | found.named(-1) for name, (n, found) in own.items()}
        for part, own in parts.items()
    }
    units = {key: image_counts(fact, len(names)) for key, fact in facts.items() if fact["pairs"]}
    if not units:
        return AgreementSummary(metrics, [], [])
    whole = estimate(list(units.values()))
    used = np.sum([unit[1:3].any(axis=0) for unit in units.values()], axis=0).tolist()
    metrics["agreement"] = whole.named(-1)
    metrics["classes"] = {
        name: {"images": used[k]} | whole.named(k) for k, name in enumerate(names)
    }
    rows = [{"class": name, **_flat(whole, k)} for k, name in enumerate(names) if used[k]]
    return AgreementSummary(
        metrics, [*rows, {"class": "(all)", **_flat(whole, -1)}], _rank(units, facts)
    )


def _estimates(facts: _Facts, part: str, classes: int) -> dict[str, tuple[int, Estimate]]:
    """Return the number of images and the estimate of each pair or annotator, by name."""
    units: dict[str, list[Values]] = {}
    for fact in facts.values():
        for name, columns in fact[part].items() if fact["pairs"] else ():
            units.setdefault(name, []).append(with_values(dense(columns, 6, classes)))
    return {name: (len(own), estimate(own)) for name, own in sorted(units.items())}


def image_counts(fact: Mapping[str, Any], classes: int) -> Values:
    """Return an image's counts over all pairs of its annotators, shape (8, K)."""
    pairs = sum(dense(columns, 6, classes) for columns in fact["pairs"].values())
    return np.concatenate([pairs, dense(fact["values"], 2, classes)])


def _flat(found: Estimate, column: int) -> dict[str, float]:
    named = found.named(column)
    ends = named.pop("interval_95", {"low": {}, "high": {}})
    return named | {f"iou_{end}": own["iou"] for end, own in ends.items() if "iou" in own}


def _rank(units: Mapping[str, Values], facts: _Facts) -> list[dict[str, Any]]:
    rows = []
    for key, unit in units.items():
        fact = facts[key]
        rows.append(
            {
                "key": key,
                "annotators": len(fact["against_the_others"]),
                **_by_name(coefficients(unit)[:, -1]),
                "tasks": " ".join(fact["tasks"]),
            }
        )
    return sorted(rows, key=lambda row: (row.get("iou", 1.0), row["key"]))
