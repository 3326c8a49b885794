"""Write agreement as tables, for a terminal or as Markdown for a pull request."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from maskbench.diff.report.markdown import table
from maskbench.diff.report.terminal import aligned
from maskbench.quality.agreement import COEFFICIENTS
from maskbench.text import counted, escape_markdown

SHOWN = 10
"""Rows of the ranking that are shown."""

_HEADINGS = {"iou": "IoU", "dice": "Dice", "boundary_iou": "boundary IoU"}
_NUMBERS = tuple(f">{_HEADINGS.get(name, name)}" for name in COEFFICIENTS)
_PARTS = {
    "pairs": "Pairs of annotators",
    "against_the_others": "Annotators against the majority of the others",
    "against_consensus": "Annotators against their consensus",
    "against_ground_truth": "Annotators against ground truth",
}


class Block(NamedTuple):
    """A table with its heading; a ``>`` in front of a column aligns numbers."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def blocks(
    metrics: Mapping[str, Any], ranking: Sequence[Mapping[str, str]], most: int | None = SHOWN
) -> list[Block]:
    """Return the tables.

    Args:
        metrics: The content of ``metrics/quality.json``.
        ranking: The rows of ``plots/ranking.csv``.
        most: How many images are listed; None: all.
    """
    if "agreement" not in metrics:
        return []
    classes = [
        _row(name, figures["images"], figures)
        for name, figures in metrics["classes"].items()
        if figures["images"]
    ]
    whole = _row("all classes", metrics["images"]["measured"], metrics["agreement"])
    found = [Block("Classes", _columns("class"), [*classes, whole])]
    for part, title in _PARTS.items():
        rows = [_row(name, own["images"], own) for name, own in metrics.get(part, {}).items()]
        found += [Block(title, _columns("annotator"), rows)] if rows else []
    columns = ("image", ">annotators", *_NUMBERS)
    listed = [
        (row["key"], row["annotators"], *(_number(row[name] or None) for name in COEFFICIENTS))
        for row in ranking[:most]
    ]
    return [*found, Block("Images of least agreement", columns, listed)]


def heading(metrics: Mapping[str, Any]) -> str:
    """Say in one sentence what was measured."""
    images, left = metrics["images"], metrics["annotations_left_out"]
    are = counted(left, "annotation was", "annotations were")
    out = f"; {are} left out: they cannot be drawn" if left else ""
    several = images["of_several_annotators"]
    if "agreement" not in metrics and several:
        were = counted(several, "image was", "images were")
        return f"nothing to compare: {were} annotated by several people{out}"
    if "agreement" not in metrics:
        return (
            f"nothing to compare: of {counted(images['all'], 'image')}, none was annotated by two "
            "people; have a second person annotate some of them"
        )
    return (
        f"{counted(images['measured'], 'image')} of {images['all']} with several annotators "
        f"({counted(metrics['annotators'], 'person', 'people')} in all){out}"
    )


def as_text(metrics: Mapping[str, Any], tables: Iterable[Block]) -> str:
    """Return the report for a terminal."""
    parts = ["\n".join([block.title, *aligned(block.columns, block.rows)]) for block in tables]
    return "\n\n".join([heading(metrics), *parts])


def as_markdown(metrics: Mapping[str, Any], tables: Iterable[Block]) -> str:
    """Return the report as Markdown: the classes, then the other tables folded."""
    shown = [f"**Agreement of annotators**: {heading(metrics)}"]
    for number, block in enumerate(tables):
        rows = [[escape_markdown(row[0]), *row[1:]] for row in block.rows]
        body = "\n".join(table(block.columns, rows))
        summary = f"<details><summary><b>{block.title}</b></summary>\n\n{body}\n\n</details>"
        shown.append(summary if number else body)
    return "\n\n".join(shown)


def _columns(name: str) -> tuple[str, ...]:
    return (name, ">images", ">IoU", "95 %", *_NUMBERS[1:])


def _row(name: str, images: int, figures: Mapping[str, Any]) -> tuple[str, ...]:
    ends = figures.get("interval_95", {"low": {}, "high": {}})
    both = [_number(ends[end].get("iou")) for end in ("low", "high")]
    interval = "" if "-" in both else f"{both[0]} to {both[1]}"
    iou, *others = (_number(figures.get(key)) for key in COEFFICIENTS)
    return (name, f"{images:,}", iou, interval, *others)


def _number(value: float | str | None) -> str:
    return "-" if value is None else f"{float(value):.3f}"
