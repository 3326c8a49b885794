"""Write a report's page: figures, confusion, and the worst images first. One file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.dataset import Benchmark
from maskbench.evaluation.against import Comparison
from maskbench.evaluation.pictures import difference_url, mask_url, scene_url
from maskbench.evaluation.predictions import ENDINGS
from maskbench.evaluation.report import ImageScore, Report
from maskbench.evaluation.scoring import Predictions
from maskbench.files.atomic import write_text
from maskbench.files.masks import Mask, read_mask
from maskbench.pages.palette import MARKS, class_colors, hex_color
from maskbench.pages.tables import Cell, Table
from maskbench.pages.template import render
from maskbench.text import counted


@dataclass(frozen=True)
class ShownPrediction:
    """The contents of a page.

    Attributes:
        report: The scores.
        benchmark: The version it was scored on.
        predictions: The predictions that were scored.
        comparison: The comparison with another version, or None.
    """

    report: Report
    benchmark: Benchmark
    predictions: Predictions
    comparison: Comparison | None = None


def write_page(path: Path, shown: ShownPrediction, most: int = 50) -> None:
    """Write the page with at most ``most`` images, worst mean IoU first."""
    report, comparison = shown.report, shown.comparison
    images = report.worst()[:most]
    title = f"Scores on {', '.join(report.splits)}: {counted(report.summary.images, 'image')}"
    masks = zip(images, _masks(images, shown), strict=True)
    text = render(
        "evaluation/page.html",
        title,
        {},
        report=str(report),
        comparison="" if comparison is None else str(comparison),
        confusion=_confusion(report),
        count=f"{len(images)} of {len(report.images)}",
        legend=_legend(report.classes),
        images=[_section(image, shown.benchmark, predicted) for image, predicted in masks],
    )
    write_text(path, text)


def _masks(images: list[ImageScore], shown: ShownPrediction) -> Iterator[Mask]:
    """Yield the predictions of the images, which were checked when they were scored."""
    if not isinstance(shown.predictions, str | Path):
        yield from (np.asarray(shown.predictions[image.key]) for image in images)
        return
    paths = {p.stem: p for p in Path(shown.predictions).iterdir() if p.suffix.lower() in ENDINGS}
    yield from (read_mask(paths[image.key]) for image in images)


def _confusion(report: Report) -> Table:
    columns = ("truth", *report.classes, "(no class)")
    matrix = report.summary.confusion.tolist()
    rows = [
        [Cell(name, is_heading=True), *(_share(pixels, sum(row)) for pixels in row)]
        for name, row in zip(report.classes, matrix, strict=True)
    ]
    return Table("Confusion", columns, rows, [False, *[True] * (len(columns) - 1)])


def _share(pixels: int, total: int) -> Cell:
    return Cell(f"{pixels / total:.3f}", shade=pixels / total) if total else Cell("-")


def _legend(classes: tuple[str, ...]) -> list[tuple[str, str]]:
    entries = [
        *zip(classes, class_colors(len(classes)), strict=True),
        ("ignored or no class", MARKS["ignored"]),
        ("wrong", MARKS["wrong"]),
    ]
    return [(name, hex_color(color)) for name, color in entries]


def _section(image: ImageScore, benchmark: Benchmark, predicted: Mask) -> dict[str, Any]:
    scene, truth = benchmark.sample(image.key)
    classes = len(benchmark.classes)
    ious = zip(benchmark.classes, image.figures.per_class[0], strict=False)
    listed = ", ".join(f"{name} {iou:.3f}" for name, iou in ious if not np.isnan(iou))
    return {
        "key": image.key,
        "note": f"{image.split} · mean IoU {image.mean_iou:.3f} ({listed})",
        "pictures": {
            "scene": scene_url(scene),
            "truth": mask_url(truth, classes),
            "prediction": mask_url(predicted, classes),
            "difference": difference_url(scene, truth, predicted),
        },
    }
