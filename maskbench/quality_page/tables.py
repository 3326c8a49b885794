"""Make the tables of the page from ``metrics/quality.json``: classes and annotators, with bars."""

from collections.abc import Mapping, Sequence
from typing import Any

from maskbench.pages.tables import Cell, Table
from maskbench.quality.agreement import COEFFICIENTS

HEADINGS = {
    "iou": "IoU",
    "dice": "Dice",
    "boundary_iou": "boundary IoU",
    "kappa": "kappa",
    "alpha": "alpha",
}
"""How the page names the coefficients."""


def agreement_headline(metrics: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the agreement over all classes in words, with intervals; nothing if there is none."""
    found = metrics.get("agreement", {})
    interval = found.get("interval_95", {"low": {}, "high": {}})
    return [
        {
            "name": f"mean {heading}" if name not in ("kappa", "alpha") else heading,
            "value": f"{found[name]:.3f}",
            "range": f"{interval['low'][name]:.3f} to {interval['high'][name]:.3f}"
            if name in interval["low"]
            else "",
        }
        for name, heading in HEADINGS.items()
        if name in found
    ]


def class_table(metrics: Mapping[str, Any], names: Sequence[str]) -> Table:
    """Return the agreement on each class that somebody used; names: the classes by number."""
    found = metrics.get("classes", {})
    rows = [
        [
            Cell(name, f"#class={number}", is_heading=True),
            Cell(str(found[name]["images"])),
            *(_cell(found[name], coefficient) for coefficient in COEFFICIENTS),
        ]
        for number, name in enumerate(names)
        if found.get(name, {}).get("images")
    ]
    return _table("Agreement by class", "class", rows)


def people_table(metrics: Mapping[str, Any]) -> Table:
    """Return how far each annotator agrees with the majority of the others, and with truth."""
    kinds = ("consensus", "ground truth")
    parts = {kind: metrics.get(f"against_{kind.replace(' ', '_')}") for kind in kinds}
    more = {kind: own for kind, own in parts.items() if own}
    rows = [
        [
            Cell(name, f"#annotator={name}", is_heading=True, value=name),
            Cell(str(own["images"])),
            *(_cell(own, coefficient) for coefficient in COEFFICIENTS),
            *(_cell(part.get(name, {}), "iou") for part in more.values()),
        ]
        for name, own in metrics.get("against_the_others", {}).items()
    ]
    headings = [f"IoU with {kind}" for kind in more]
    return _table("Annotators against the majority of the others", "annotator", rows, headings)


def _table(title: str, first: str, rows: list[list[Cell]], more: list[str] | None = None) -> Table:
    columns = [first, "images", *HEADINGS.values(), *(more or [])]
    return Table(title, columns, rows, [False, *[True] * (len(columns) - 1)])


def _cell(found: Mapping[str, Any], name: str) -> Cell:
    value = found.get(name)
    if value is None:
        return Cell("-", value=-2)
    interval = found.get("interval_95", {"low": {}, "high": {}})
    ends = (interval["low"].get(name), interval["high"].get(name))
    whisker = None if None in ends else (max(0.0, ends[0]), max(0.0, ends[1]))
    return Cell(f"{value:.3f}", value=value, bar=max(0.0, value), interval=whisker)
