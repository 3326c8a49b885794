"""Write a report's page: figures, confusion, and the worst images first. One file, no script."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from maskbench.dataset import Benchmark
from maskbench.evaluation.against import Comparison
from maskbench.evaluation.pictures import difference_url, mask_url, scene_url
from maskbench.evaluation.predictions import ENDINGS
from maskbench.evaluation.report import ImageScore, Report
from maskbench.evaluation.scoring import Predictions
from maskbench.files.atomic import replacing
from maskbench.files.masks import Mask, read_mask
from maskbench.pages.palette import MARKS, class_colors, hex_color
from maskbench.pages.tables import Cell, table
from maskbench.pages.template import asset, page
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
    """Write the page with at most ``most`` images, worst mean IoU first.

    Images are drawn and written one at a time, so that memory does not grow with their number.
    """
    report = shown.report
    title = f"Scores on {', '.join(report.splits)}: {counted(report.summary.images, 'image')}"
    styles = [asset("evaluation", "page.css")]
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.writelines(page(title, styles, _body(title, shown, most)))


def _body(title: str, shown: ShownPrediction, most: int) -> Iterator[str]:
    report, comparison = shown.report, shown.comparison
    images = report.worst()[:most]
    yield f"<h1>{escape(title)}</h1>\n<pre>{escape(str(report))}</pre>\n"
    if comparison is not None:
        yield f"<h2>Against the other version</h2>\n<pre>{escape(str(comparison))}</pre>\n"
    yield "<h2>Confusion</h2>\n"
    yield "<p>Share of each true class's pixels (rows) by predicted class.</p>\n"
    yield _confusion(report)
    yield f"<h2>Worst images first ({len(images)} of {len(report.images)})</h2>\n"
    yield _legend(report.classes)
    for image, predicted in zip(images, _masks(images, shown), strict=True):
        yield from _section(image, shown.benchmark, predicted)


def _masks(images: list[ImageScore], shown: ShownPrediction) -> Iterator[Mask]:
    """Yield the predictions of the images, which were checked when they were scored."""
    if not isinstance(shown.predictions, str | Path):
        yield from (np.asarray(shown.predictions[image.key]) for image in images)
        return
    paths = {p.stem: p for p in Path(shown.predictions).iterdir() if p.suffix.lower() in ENDINGS}
    yield from (read_mask(paths[image.key]) for image in images)


def _confusion(report: Report) -> str:
    columns = ("truth", *report.classes, "(no class)")
    matrix = report.summary.confusion.tolist()
    rows = (
        [Cell(name, is_heading=True), *(_share(pixels, sum(row)) for pixels in row)]
        for name, row in zip(report.classes, matrix, strict=True)
    )
    return table(columns, rows, [False, *[True] * (len(columns) - 1)])


def _share(pixels: int, total: int) -> Cell:
    return Cell(f"{pixels / total:.3f}", shade=pixels / total) if total else Cell("-")


def _legend(classes: tuple[str, ...]) -> str:
    entries = [
        *zip(classes, class_colors(len(classes)), strict=True),
        ("ignored or no class", MARKS["ignored"]),
        ("wrong", MARKS["wrong"]),
    ]
    spans = (
        f'<span><i class="swatch" style="background: {hex_color(color)}"></i>{escape(name)}</span>'
        for name, color in entries
    )
    return f'<p class="legend">{" ".join(spans)}</p>\n'


def _section(image: ImageScore, benchmark: Benchmark, predicted: Mask) -> Iterator[str]:
    scene, truth = benchmark.sample(image.key)
    classes = len(benchmark.classes)
    pictures = {
        "scene": scene_url(scene),
        "truth": mask_url(truth, classes),
        "prediction": mask_url(predicted, classes),
        "difference": difference_url(scene, truth, predicted),
    }
    ious = zip(benchmark.classes, image.figures.per_class[0], strict=False)
    listed = ", ".join(f"{escape(name)} {iou:.3f}" for name, iou in ious if not np.isnan(iou))
    heading = f"{escape(image.key)} <small>{escape(image.split)} · mean IoU {image.mean_iou:.3f}"
    yield f'<section>\n<h3>{heading} ({listed})</small></h3>\n<div class="row">\n'
    for name, url in pictures.items():
        alt = escape(f"{name} of {image.key}", quote=True)
        yield f'<figure><img src="{url}" alt="{alt}"><figcaption>{name}</figcaption></figure>\n'
    yield "</div>\n</section>\n"
