"""Make the tables of an evaluation's page: figures with intervals, and what changed."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from maskbench.evaluation.against import PARTS, Comparison
from maskbench.evaluation.figures import HEADINGS, Figures, Values, class_rows, mean_rows
from maskbench.evaluation.paired import Pair
from maskbench.evaluation.report import Report, ScoreSummary
from maskbench.pages.tables import Cell, Table


class Bars(NamedTuple):
    """A row of a chart of changes, drawn around a middle line.

    Attributes:
        name: What changed.
        link: Filters of the images that it is about, as ``#…``; or empty.
        values: Its numbers in words, such as before and after.
        segments: Kind, left end and width of each bar, in percent of the chart.
        whisker: Left end and width of the interval, in percent; None: no interval.
    """

    name: str
    link: str
    values: tuple[str, ...]
    segments: tuple[tuple[str, float, float], ...]
    whisker: tuple[float, float] | None = None


def figure_table(report: Report, split: str) -> Table:
    """Return the figures of each class with bars; the IoU has its interval as a whisker."""
    summary = report.parts[split]
    rows = []
    for k, name in enumerate(report.classes):
        parts = (summary.figures, summary.low, summary.high)
        values = zip(*(part.per_class[:, k] for part in parts), strict=True)
        cells = [_figure_cell(*three) for three in values]
        pixels = int(summary.counts[1, k])
        share = pixels / max(1, int(summary.counts[1].sum()))
        link = f"#class={k}"
        rows.append([Cell(name, link, is_heading=True), _pixel_cell(pixels, share), *cells])
    columns = ("class", "true pixels", *HEADINGS)
    return Table(f"Figures of {split}", columns, rows, [False, *[True] * (len(columns) - 1)])


def _pixel_cell(pixels: int, share: float) -> Cell:
    return Cell(f"{100 * share:.3g} %" if pixels else "absent", value=pixels)


def _figure_cell(value: Any, low: Any, high: Any) -> Cell:
    if math.isnan(value):
        return Cell("-", value=-1)
    ends = None if math.isnan(low) else (float(low), float(high))
    return Cell(f"{value:.3f}", value=round(float(value), 6), bar=float(value), interval=ends)


def score_headline(summary: ScoreSummary) -> list[dict[str, str]]:
    """Return the means of all classes and the pixel accuracy in words, with their intervals."""
    found, low, high = summary.figures, summary.low, summary.high
    return [
        {"name": name, "value": figure_text(value), "range": interval_words(lowest, highest)}
        for name, (value, lowest, highest) in mean_rows((found, low, high), HEADINGS)
        if name not in ("mean precision", "mean recall")
    ]


def figure_text(value: Any, form: str = ".3f") -> str:
    """Return a figure in words; ``-`` where it does not apply."""
    return "-" if math.isnan(value) else "0" if value == 0 else format(float(value), form)


def interval_words(low: Any, high: Any, form: str = ".3f") -> str:
    """Return an interval as text; empty if there is none."""
    return "" if math.isnan(low) else f"{float(low):{form}} to {float(high):{form}}"


def version_bars(comparison: Comparison) -> list[Bars]:
    """Return what the change of each figure between two versions comes from."""
    before, after = comparison.old.summary.figures, comparison.new.summary.figures
    parts = [comparison.parts[name] for name in PARTS]
    rows = _linked_rows([before, after, *parts], comparison.new.classes)
    longest = _longest(max(_sides(values[2:])) for _, _, values in rows)
    return [_version_row(*row, longest) for row in rows]


def _linked_rows(
    columns: Sequence[Figures], classes: Sequence[str]
) -> list[tuple[str, str, list[Values]]]:
    """Return the rows of a chart: name, filter of the images that it is about, and numbers."""
    means = [(name, "", values) for name, values in mean_rows(columns, HEADINGS)]
    ious = enumerate(class_rows(columns, classes))
    return [*means, *((name, f"#class={k}", values) for k, (name, values) in ious)]


def _version_row(name: str, link: str, values: Sequence[Any], longest: float) -> Bars:
    old, new, *parts = values
    words = [
        figure_text(old),
        figure_text(new),
        *(figure_text(v, "+.3f") for v in (new - old, *parts)),
    ]
    ends = {True: 50.0, False: 50.0}  # where the next bar begins, right and left of the middle
    segments = []
    for kind, part in zip(PARTS, parts, strict=True):
        if math.isnan(part) or part == 0:
            continue
        width = abs(float(part)) / longest * 50
        is_gain = bool(part > 0)
        left = ends[True] if is_gain else ends[False] - width
        ends[is_gain] += width if is_gain else -width
        segments.append((kind, round(left, 2), round(width, 2)))
    return Bars(name, link, tuple(words), tuple(segments))


def pair_bars(pair: Pair, split: str) -> list[Bars]:
    """Return how the figures of the second predictions differ from the first's, with intervals."""
    first, second = (report.parts[split].figures for report in (pair.first, pair.second))
    found = pair.differences[split]
    sides = (first, second, found.change, found.low, found.high)
    rows = _linked_rows(sides, pair.first.classes)
    longest = _longest(abs(v) for _, _, values in rows for v in values[2:])
    return [_pair_row(*row, longest) for row in rows]


def _pair_row(name: str, link: str, values: Sequence[Any], longest: float) -> Bars:
    first, second, change, low, high = (float(value) for value in values)
    verdict = "better" if low > 0 else "worse" if high < 0 else ""
    words = (
        figure_text(first),
        figure_text(second),
        figure_text(change, "+.3f"),
        interval_words(low, high, "+.3f"),
        verdict if not math.isnan(low) else "",
    )
    places = [50 + 50 * value / longest for value in (change, low, high)]
    segments: tuple[tuple[str, float, float], ...] = ()
    if not math.isnan(change):
        bar = (min(50.0, places[0]), abs(places[0] - 50))
        segments = ((verdict or "open", round(bar[0], 2), round(bar[1], 2)),)
    whisker = None
    if not math.isnan(low):
        whisker = (round(places[1], 2), round(places[2] - places[1], 2))
    return Bars(name, link, words, segments, whisker)


def _sides(parts: Sequence[Any]) -> tuple[float, float]:
    """Return how far the gains and the losses of a row reach together."""
    numbers = [float(part) for part in parts if not math.isnan(part)]
    return sum(n for n in numbers if n > 0), -sum(n for n in numbers if n < 0)


def _longest(values: Iterable[Any]) -> float:
    """Return the largest value, for the scale of a chart; not 0."""
    return max((float(v) for v in values if not math.isnan(v)), default=0.0) or 1.0
