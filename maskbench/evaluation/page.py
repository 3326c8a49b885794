"""Write a report's page: figures, confusion, and the worst images first. One file, no script."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from maskbench.dataset import Benchmark
from maskbench.evaluation.against import Comparison
from maskbench.evaluation.pictures import WRONG, difference_url, mask_url, scene_url
from maskbench.evaluation.predictions import ENDINGS
from maskbench.evaluation.report import ImageScore, Report
from maskbench.evaluation.scoring import Predictions
from maskbench.files.atomic import replacing
from maskbench.files.masks import Mask, read_mask
from maskbench.files.palette import IGNORED, Color, class_colors

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1360px; padding: 0 1rem;
  color: #1c1c1c; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
pre { overflow-x: auto; background: #f5f5f5; padding: .8rem; font-size: 13px; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #e4e4e4; }
th:first-child { text-align: left; }
section { border-top: 1px solid #ccc; padding: .9rem 0; break-inside: avoid; }
section h3 { font-size: 1rem; margin: 0 0 .4rem; }
section h3 small { font-weight: normal; color: #555; }
.row { display: grid; grid-template-columns: repeat(4, 1fr); gap: .6rem; }
figure { margin: 0; } figcaption { font-size: 12px; color: #555; }
img { width: 100%; height: auto; display: block; }
.legend span { display: inline-block; margin-right: 1rem; white-space: nowrap; }
.legend i { display: inline-block; width: 1em; height: 1em; vertical-align: -.15em;
  margin-right: .35em; border: 1px solid #999; }
@media (max-width: 700px) { .row { grid-template-columns: repeat(2, 1fr); } }
"""


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
    """Write the page with at most so many images, worst mean IoU first, one image at a time."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.writelines(_page(shown, most))


def _page(shown: ShownPrediction, most: int) -> Iterator[str]:
    report, comparison = shown.report, shown.comparison
    images = report.worst()[:most]
    title = f"Scores on {', '.join(report.splits)}: {report.summary.images} images"
    yield "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
    yield "<meta name=viewport content='width=device-width, initial-scale=1'>\n"
    yield f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n<h1>{escape(title)}</h1>\n"
    yield f"<pre>{escape(str(report))}</pre>\n"
    if comparison is not None:
        yield f"<h2>Against the other version</h2>\n<pre>{escape(str(comparison))}</pre>\n"
    yield from _confusion(report)
    yield f"<h2>Worst images first ({len(images)} of {len(report.images)})</h2>\n"
    yield _legend(report.classes)
    for image, predicted in zip(images, _masks(images, shown), strict=True):
        yield from _section(image, shown.benchmark, predicted)
    yield "</html>\n"


def _masks(images: list[ImageScore], shown: ShownPrediction) -> Iterator[Mask]:
    """Yield the predictions of the images, which were checked when they were scored."""
    if not isinstance(shown.predictions, str | Path):
        yield from (np.asarray(shown.predictions[image.key]) for image in images)
        return
    paths = {p.stem: p for p in Path(shown.predictions).iterdir() if p.suffix.lower() in ENDINGS}
    yield from (read_mask(paths[image.key]) for image in images)


def _confusion(report: Report) -> Iterator[str]:
    yield "<h2>Confusion</h2>\n"
    yield "<p>Share of each true class's pixels (rows) by predicted class.</p>\n"
    yield "<table>\n<tr><th>truth</th>"
    yield "".join(f"<th>{escape(name)}</th>" for name in (*report.classes, "(no class)"))
    yield "</tr>\n"
    for name, row in zip(report.classes, report.summary.confusion.tolist(), strict=True):
        total = sum(row)
        cells = "".join(_share(pixels, total) for pixels in row)
        yield f"<tr><th>{escape(name)}</th>{cells}</tr>\n"
    yield "</table>\n"


def _share(pixels: int, total: int) -> str:
    if not total:
        return "<td>-</td>"
    share = pixels / total
    return f"<td style='background: rgba(0, 114, 178, {0.6 * share:.3f})'>{share:.3f}</td>"


def _legend(classes: tuple[str, ...]) -> str:
    entries: Iterable[tuple[str, Color]] = [
        *zip(classes, class_colors(len(classes)), strict=True),
        ("ignored or no class", IGNORED),
        ("wrong", WRONG),
    ]
    spans = (
        f"<span><i style='background: rgb{c}'></i>{escape(name)}</span>" for name, c in entries
    )
    return f"<p class=legend>{' '.join(spans)}</p>\n"


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
    yield f"<section>\n<h3>{heading} ({listed})</small></h3>\n<div class=row>\n"
    for name, url in pictures.items():
        alt = escape(f"{name} of {image.key}", quote=True)
        yield f'<figure><img src="{url}" alt="{alt}"><figcaption>{name}</figcaption></figure>\n'
    yield "</div>\n</section>\n"
