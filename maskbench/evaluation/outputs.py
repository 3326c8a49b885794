"""Write a report's files: ``metrics.json`` and tables of images, confusion and sizes.

Equal predictions and masks give equal bytes. :mod:`maskbench.evaluation.page` writes the page.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from maskbench.evaluation.against import Comparison
from maskbench.evaluation.figures import FIGURES, IOU
from maskbench.evaluation.mistakes import MISTAKES
from maskbench.evaluation.paired import Pair
from maskbench.evaluation.report import ImageScore, Report, rounded
from maskbench.evaluation.sizes import iou_by_size
from maskbench.files.atomic import write_text
from maskbench.files.csv import csv_text
from maskbench.files.json import json_text

FILES = ("metrics.json", "images.csv", "confusion.csv", "sizes.csv")
"""The files' names."""

_JOIN = ("key", "split", "group", "task", "project", "link")


def write_files(report: Report, folder: Path, comparison: Comparison | None = None) -> None:
    """Write the report's files into a folder.

    ``metrics.json`` has the figures by split and class name, for ``dvc metrics``, and under
    ``scored`` what was scored on what. ``images.csv`` has a row for each image with its own figures
    and wrong pixels by kind, worst first by the mean IoU of its true classes (``true_iou``).
    ``confusion.csv`` has a row for each pair of true and predicted class, over all images, with
    pixels and their share of the true class. ``sizes.csv`` has each class's IoU by its size in an
    image. With a comparison, ``metrics.json`` also has the section ``against``.
    """
    more = {} if comparison is None else {"against": comparison.metrics()}
    write_text(folder / "metrics.json", json_text({**report.metrics(), **more}))
    write_text(folder / "images.csv", csv_text(_image_rows(report)))
    write_text(folder / "confusion.csv", csv_text(_confusion_rows(report)))
    write_text(folder / "sizes.csv", csv_text(_size_rows(report)))


def write_pair(pair: Pair, folder: Path) -> None:
    """Write ``metrics.json`` and ``images.csv`` of two predictions, biggest loss first."""
    for name in FILES:  # of one folder of predictions, which was scored here before
        (folder / name).unlink(missing_ok=True)
    write_text(folder / "metrics.json", json_text(pair.metrics()))
    write_text(folder / "images.csv", csv_text(_pair_rows(pair)))


def _image_rows(report: Report) -> Iterable[Sequence[Any]]:
    means = [f"mean_{name}" for name in FIGURES]
    mistakes = [f"{name}_pixels" for name in MISTAKES]
    yield [
        *_JOIN,
        "true_iou",
        "pixel_accuracy",
        *means,
        *mistakes,
        *(f"iou {c}" for c in report.classes),
    ]
    for image in report.worst():
        of = image.figures
        values = [*map(rounded, [image.true_iou, of.pixel_accuracy, *of.mean])]
        yield [
            *_join(image, report), *values, *image.mistakes.tolist(),
            *map(rounded, of.per_class[IOU]),
        ]  # fmt: skip


def _join(image: ImageScore, report: Report) -> list[Any]:
    """Return the cells that link an image's row to the manifest and to Label Studio."""
    row = image.row
    task = [row.task, row.project] if row else [None, None]
    return [image.key, image.split, image.group, *task, report.origin.task_link(row)]


def _pair_rows(pair: Pair) -> Iterable[Sequence[Any]]:
    classes = [f"iou {name} {side}" for name in pair.first.classes for side in ("first", "second")]
    yield [*_JOIN, "true_iou first", "true_iou second", "true_iou change", *classes]
    for first, second in pair.movers():
        means = [first.true_iou, second.true_iou, second.true_iou - first.true_iou]
        both = zip(first.figures.per_class[IOU], second.figures.per_class[IOU], strict=True)
        ious = [value for values in both for value in values]
        yield [*_join(first, pair.first), *map(rounded, [*means, *ious])]


def _confusion_rows(report: Report) -> Iterable[Sequence[Any]]:
    yield ["truth", "predicted", "pixels", "share"]
    matrix = report.summary.confusion
    for truth, row in zip(report.classes, matrix.tolist(), strict=True):
        for predicted, pixels in zip((*report.classes, "(no class)"), row, strict=True):
            yield [truth, predicted, pixels, round(pixels / max(1, sum(row)), 6)]


def _size_rows(report: Report) -> Iterable[Sequence[Any]]:
    yield ["class", "pixels_from", "pixels_below", "images", "iou"]
    for found in iou_by_size([image.counts for image in report.images]):
        name, iou = report.classes[found.value], rounded(found.iou)
        yield [name, found.first, found.end, found.images, iou]
