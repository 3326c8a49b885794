"""Compute what the page shows of agreement, as JSON values: by pair, annotator and time."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from maskbench.evaluation.figures import Values
from maskbench.quality.agreement import coefficients, with_values
from maskbench.quality.measure import PARTS, dense
from maskbench.regions.task import NEVER

Facts = Mapping[str, Mapping[str, Any]]
"""What :func:`maskbench.quality.measure.measure` counted, by image."""

_MONTHS, _WEEKS = 120, 21  # from so many days on, a step of the timeline is a month, a week
_STEPS = 10  # where no dates are known


def values(units: Iterable[Mapping[str, Sequence[float]]], classes: int) -> list[Any]:
    """Return the coefficients of images added up, a list for each class, and last of all.

    Args:
        units: Counts of each image as :func:`maskbench.quality.measure.sparse` writes them.
        classes: The number of classes.
    """
    total: Values = sum((with_values(dense(unit, 6, classes)) for unit in units), np.zeros((8, 1)))
    return as_lists(coefficients(total))


def as_lists(found: Values) -> list[Any]:
    """Return coefficients, shape (5, K + 1), as lists by class; None if one does not apply."""
    return [[None if np.isnan(v) else round(float(v), 4) for v in own] for own in found.T]


def matrices(facts: Facts, classes: int) -> dict[str, dict[str, Any]]:
    """Return the images and coefficients of each pair, and of each annotator against others."""
    units: dict[str, dict[str, list[Any]]] = {part: defaultdict(list) for part in PARTS}
    for fact in facts.values():
        for part, own in units.items():
            for name, counts in fact[part].items():
                own[name].append(counts)
    return {
        part: {
            name: {"images": len(counts), "values": values(counts, classes)}
            for name, counts in sorted(own.items())
        }
        for part, own in units.items()
    }


def timeline(
    facts: Facts, saved: Mapping[str, Mapping[str, datetime]], classes: int
) -> dict[str, Any]:
    """Return how far each annotator agreed with the others, step by step.

    Args:
        facts: The counts of each image.
        saved: When each annotator saved the annotation of each image last, by image.
        classes: The number of classes.

    Returns:
        ``unit``: what a step is: ``month``, ``week`` or ``day``, in UTC; ``tasks`` if the
        annotations tell no dates: then the images in the order of their keys, in ten parts;
        ``steps``: their names; ``people``: by annotator, lists of step, images and coefficients.
    """
    entries = [
        (key, who, saved[key][who], counts)
        for key, fact in sorted(facts.items())
        for who, counts in fact["against_the_others"].items()
    ]
    unit = _unit([when for _, _, when, _ in entries])
    places = {key: i for i, key in enumerate(sorted({key for key, *_ in entries}))}
    units: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for key, who, when, counts in entries:
        step = _part(places[key], len(places)) if unit == "tasks" else _step(when, unit)
        units[who][step].append(counts)
    steps = sorted({step for own in units.values() for step in own})
    return {
        "unit": unit,
        "steps": steps,
        "people": {
            who: [
                [steps.index(step), len(counts), values(counts, classes)]
                for step, counts in sorted(own.items())
            ]
            for who, own in sorted(units.items())
        },
    }


def _unit(dates: Sequence[datetime]) -> str:
    if not dates or NEVER in dates:
        return "tasks"
    days = (max(dates) - min(dates)).days
    return "month" if days >= _MONTHS else "week" if days >= _WEEKS else "day"


def _step(when: datetime, unit: str) -> str:
    if unit == "week":
        year, week, _ = when.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{when:%Y-%m}" if unit == "month" else f"{when:%Y-%m-%d}"


def _part(place: int, whole: int) -> str:
    """Return the images in one of ten parts, such as ``11 to 20``, padded so that they sort."""
    number = place * _STEPS // whole
    first = math.ceil(number * whole / _STEPS) + 1
    last = math.ceil((number + 1) * whole / _STEPS)
    digits = len(str(whole))
    span = f"{first:0{digits}d}"
    return span if first == last else f"{span} to {last:0{digits}d}"
