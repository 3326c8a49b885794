"""Write a report's files: ``metrics.json``, ``images.csv`` and ``confusion.csv``.

Equal predictions and masks give equal bytes. :mod:`maskbench.evaluation.page` writes the page.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from maskbench.evaluation.against import Comparison
from maskbench.evaluation.figures import FIGURES
from maskbench.evaluation.report import Report, rounded
from maskbench.files.atomic import write_text
from maskbench.files.csv import csv_text
from maskbench.files.json import json_text


def write_files(report: Report, folder: Path, comparison: Comparison | None = None) -> None:
    """Write the report's files into a folder.

    ``metrics.json`` has the figures by split and class name, for ``dvc metrics``. ``images.csv``
    has a row for each image with its task and its own figures, worst mean IoU first.
    ``confusion.csv`` has a row for each pair of true and predicted class, over all images, with
    pixels and their share of the true class. With a comparison, ``metrics.json`` also has the
    section ``against``.
    """
    more = {} if comparison is None else {"against": comparison.metrics()}
    write_text(folder / "metrics.json", json_text({**report.metrics(), **more}))
    write_text(folder / "images.csv", csv_text(_image_rows(report)))
    write_text(folder / "confusion.csv", csv_text(_confusion_rows(report)))


def _image_rows(report: Report) -> Iterable[Sequence[Any]]:
    means = [f"mean_{name}" for name in FIGURES]
    facts = ("key", "split", "group", "task", "project")
    yield [*facts, "pixel_accuracy", *means, *(f"iou {c}" for c in report.classes)]
    for image in report.worst():
        of = image.figures
        values = [of.pixel_accuracy, *of.mean, *of.per_class[0]]
        yield [*(getattr(image, name) for name in facts), *map(rounded, values)]


def _confusion_rows(report: Report) -> Iterable[Sequence[Any]]:
    yield ["truth", "predicted", "pixels", "share"]
    matrix = report.summary.confusion
    for truth, row in zip(report.classes, matrix.tolist(), strict=True):
        for predicted, pixels in zip((*report.classes, "(no class)"), row, strict=True):
            yield [truth, predicted, pixels, round(pixels / max(1, sum(row)), 6)]
