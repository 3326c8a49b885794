"""Write an evaluation's page: figures, confusion, curves, and the worst images in the viewer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import maskbench
from maskbench.dataset import Benchmark
from maskbench.evaluation.against import PARTS, Comparison
from maskbench.evaluation.figures import IOU
from maskbench.evaluation.mistakes import MISTAKES
from maskbench.evaluation.paired import Pair
from maskbench.evaluation.pictures import EvaluatedImage, draw_image
from maskbench.evaluation.predictions import ENDINGS
from maskbench.evaluation.report import ImageScore, Report, ScoreSummary, rounded
from maskbench.evaluation.scoring import Each, Predictions
from maskbench.evaluation.sizes import iou_by_size
from maskbench.evaluation.tables import (
    figure_table,
    figure_text,
    pair_bars,
    score_headline,
    version_bars,
)
from maskbench.files.atomic import write_text
from maskbench.files.masks import Mask
from maskbench.pages.data import class_entries, remove_older
from maskbench.pages.palette import MARKS, hex_color
from maskbench.pages.template import render
from maskbench.text import counted


@dataclass(frozen=True)
class EvaluationContents:
    """The contents of a page.

    Attributes:
        report: The scores; of two predictions, those of the second.
        benchmark: The version it was scored on.
        predictions: What was scored, by title.
        comparison: The comparison with another version, or None.
        pair: The comparison of two predictions, or None.
    """

    report: Report
    benchmark: Benchmark
    predictions: Mapping[str, Predictions]
    comparison: Comparison | None = None
    pair: Pair | None = None


def write_page(
    folder: Path, shown: EvaluationContents, most: int = 500, each: Each | None = None
) -> None:
    """Write the page with at most ``most`` images, worst first.

    Args:
        folder: Where ``index.html`` and the images' files go; an older page there is replaced.
        shown: The contents.
        most: Images with pictures.
        each: Runs the drawing, see :class:`maskbench.evaluation.scoring.Settings`.
    """
    report = shown.report
    scores = _ordered(shown)
    names = {score.key: f"{i:05d}" for i, (score, _) in enumerate(scores[:most])}
    remove_older(folder)
    work = _work(shown, names)
    draw = partial(draw_image, folder, len(report.classes))
    for _ in (each or _one_by_one)(draw, work, "page"):
        pass
    items = [_item(names[s.key], s, first, report) for s, first in scores[:most]]
    page = render(
        "evaluation/page.html",
        f"{_heading(report)} · maskbench evaluate",
        _data(shown, items, len(scores) - len(items)),
        heading=_heading(report),
        verdict=_verdict(shown),
        parts=[_part(shown, name) for name in report.parts],
        versions=None if shown.comparison is None else _versions(shown.comparison),
        mistakes=MISTAKES,
        titles=list(shown.predictions),
        citation="\n".join(_citation_lines(shown)),
        surplus=list(report.surplus),
        accepted=report.accepted(),
    )
    write_text(folder / "index.html", page)


def _one_by_one(
    function: Callable[[Any], Any], items: Sequence[Any], _description: str
) -> Iterable[Any]:
    return map(function, items)


def _ordered(shown: EvaluationContents) -> list[tuple[ImageScore, ImageScore | None]]:
    """Return the images, worst or most worsened first, each with its first score if compared."""
    if shown.pair is not None:
        return [(second, first) for first, second in shown.pair.movers()]
    return [(score, None) for score in shown.report.worst()]


def _work(shown: EvaluationContents, names: Mapping[str, str]) -> list[EvaluatedImage]:
    found = {title: _masks(masks, names) for title, masks in shown.predictions.items()}
    return [
        EvaluatedImage(
            name,
            shown.benchmark.scene_path(key),
            shown.benchmark.scaling(key),
            shown.benchmark.mask_path(key),
            {title: masks[key] for title, masks in found.items()},
        )
        for key, name in names.items()
    ]


def _masks(predictions: Predictions, names: Mapping[str, str]) -> dict[str, Path | Mask]:
    """Return the predictions of the images, which were checked when they were scored."""
    if not isinstance(predictions, str | Path):
        return {key: predictions[key] for key in names}
    files = (p for p in Path(predictions).iterdir() if p.suffix.lower() in ENDINGS)
    return {path.stem: path for path in files if path.stem in names}


def _heading(report: Report) -> str:
    return f"{', '.join(report.splits)}: {counted(report.summary.images, 'image')}"


def _verdict(shown: EvaluationContents) -> str:
    value = figure_text(shown.report.summary.figures.mean[IOU])
    on = f"on {shown.report.origin}"
    if shown.pair is None:
        return f"mean IoU {value} {on}"
    before = figure_text(shown.pair.first.summary.figures.mean[IOU])
    return f"mean IoU {before} → {value} {on}"


def _data(shown: EvaluationContents, items: list[dict[str, Any]], left_out: int) -> dict[str, Any]:
    report = shown.report
    void = {"name": "(no class)", "color": hex_color(MARKS["ignored"])}
    return {
        "id": f"{report.labels_sha256[:16]}-{report.predictions_sha256[:16]}",
        "title": f"{_heading(report)}, {_verdict(shown)}",
        "classes": [*class_entries(report.classes), void],
        "mistakes": [{"name": name, "color": hex_color(MARKS[name])} for name in MISTAKES],
        "titles": list(shown.predictions),
        "items": items,
        "left_out": left_out,
        "parts": {name: _curves(report, name, summary) for name, summary in report.parts.items()},
    }


def _curves(report: Report, split: str, summary: ScoreSummary) -> dict[str, Any]:
    """Return what the scripts draw of a split: confusion, IoU over images and over sizes."""
    images = [i for i in report.images if split not in report.splits or i.split == split]
    sizes = iou_by_size([image.counts for image in images])
    return {
        "confusion": summary.confusion.tolist(),
        "scores": sorted(score for i in images if (score := rounded(i.true_iou)) is not None),
        "sizes": [[s.value, s.first, s.end, s.images, rounded(s.iou)] for s in sizes],
    }


def _item(name: str, score: ImageScore, first: ImageScore | None, report: Report) -> dict[str, Any]:
    row = score.row
    return {
        "n": name,
        "key": score.key,
        "split": score.split,
        "group": score.group,
        "task": row.task if row else None,
        "link": report.origin.task_link(row),
        "score": rounded(score.true_iou),
        "before": rounded(first.true_iou) if first else None,
        "accuracy": rounded(score.figures.pixel_accuracy),
        "pixels": int(score.counts[1].sum()),
        "mistakes": score.mistakes.tolist(),
        "confused": score.confused.tolist(),
        "classes": [
            [k, int(true), int(predicted), rounded(score.figures.per_class[IOU, k])]
            for k, (true, predicted) in enumerate(score.counts[1:3].T)
            if true or predicted
        ],
    }


def _part(shown: EvaluationContents, split: str) -> dict[str, Any]:
    """Return what the template shows of a split."""
    summary = shown.report.parts[split]
    total = max(1, int(summary.confusion.sum()))
    groups = "" if summary.groups == summary.images else f" in {counted(summary.groups, 'group')}"
    return {
        "name": split,
        "images": counted(summary.images, "image") + groups,
        "headline": score_headline(summary),
        "mistakes": [
            {"name": name, "share": f"{100 * pixels / total:.2g} %", "width": 100 * pixels / total}
            for name, pixels in zip(MISTAKES, summary.mistakes.tolist(), strict=True)
        ],
        "wrong": max(1e-9, 100 * int(summary.mistakes.sum()) / total),
        "table": figure_table(shown.report, split),
        "pair": None if shown.pair is None else pair_bars(shown.pair, split),
    }


def _versions(comparison: Comparison) -> dict[str, Any]:
    counts = {
        "relabelled": comparison.relabelled,
        "added": comparison.added,
        "removed": comparison.removed,
    }
    return {
        "old": str(comparison.old.origin),
        "new": str(comparison.new.origin),
        "images": ", ".join(f"{len(keys):,} {what}" for what, keys in counts.items()),
        "parts": PARTS,
        "bars": version_bars(comparison),
    }


def _citation_lines(shown: EvaluationContents) -> Iterator[str]:
    """Yield the lines to cite with a figure of this page."""
    report = shown.report
    yield f"benchmark    {report.origin}"
    if report.origin.commit:
        yield f"commit       {report.origin.commit}"
    yield f"splits       {', '.join(report.splits)} ({counted(report.summary.images, 'image')})"
    yield f"labels       sha256 {report.labels_sha256}"
    reports = [shown.pair.first, shown.pair.second] if shown.pair else [report]
    for title, each in zip(shown.predictions, reports, strict=True):
        yield f"{title.lower():<12} sha256 {each.predictions_sha256}"
    yield f"maskbench    {maskbench.__version__}"
