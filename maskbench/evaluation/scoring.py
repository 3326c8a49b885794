"""Score images one by one and sum them up: the work behind :mod:`maskbench.evaluate`."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.dataset import Benchmark, load_mask
from maskbench.errors import DataError, Problem
from maskbench.evaluation.boundary import RATIO
from maskbench.evaluation.confusion import Counts
from maskbench.evaluation.figures import count_image, figures, interval
from maskbench.evaluation.predictions import check_prediction, find_predictions, read_prediction
from maskbench.evaluation.report import ImageScore, Report, Summary
from maskbench.files.masks import Mask, as_mask
from maskbench.text import counted

Predictions = str | Path | Mapping[str, Mask]
"""A folder of mask files named by key, or masks by key (a mapping may compute them when asked)."""

Each = Callable[[Callable[[Any], Any], Sequence[Any], str], Iterable[Any]]
"""Runs a function over items: (function, items, description) → results in order."""


@dataclass(frozen=True)
class Settings:
    """How to score.

    Attributes:
        boundary: For boundary IoU: distance from the outline as a share of the diagonal.
        resamples: Bootstrap draws behind the intervals; 0: no intervals.
        seed: The bootstrap's seed.
        each: Runs the work on a folder of predictions, for example
            :func:`maskbench.parallel.run.run_all` on several processes; None: in this process.
    """

    boundary: float = RATIO
    resamples: int = 1000
    seed: int = 0
    each: Each | None = None


def score(
    predictions: Predictions,
    benchmark: Benchmark,
    splits: Sequence[str],
    settings: Settings,
    expected: "Expected | None" = None,
) -> Report:
    """Score the images of some splits; see :func:`maskbench.evaluate.evaluate`.

    Args:
        predictions: A folder, or masks by key.
        benchmark: The version to score on.
        splits: Names of splits; an image that is in two of them counts once.
        settings: How to score.
        expected: What predictions may hold; None: this version's classes and keys.

    Raises:
        DataError: Predictions or benchmark have problems, or the splits have no image.
    """
    owner = {key: name for name in splits for key in benchmark.split(name).keys}
    if not owner:
        files = ", ".join(f"splits/{name}.txt" for name in splits)
        raise DataError(f"{benchmark.root}: there is no image to score in {files}")
    expected = expected or Expected(benchmark.classes, benchmark.all_keys)
    sources, problems = _sources(predictions, benchmark, owner, expected.keys)
    work = [
        _Work(key, benchmark.mask_path(key), source, len(expected.classes), settings.boundary)
        for key, source in sources.items()
    ]
    if settings.each and isinstance(predictions, str | Path):
        results = settings.each(_score_image, work, "evaluate")
    else:
        results = map(_score_image, work)
    scored, matrices = _collect(results, owner, problems)
    images = [_image_score(benchmark, key, owner[key], counts) for key, counts in scored.items()]
    return _report(expected.classes, images, matrices, settings)


@dataclass(frozen=True)
class Expected:
    """The classes and keys that predictions may have.

    Attributes:
        classes: Class names by value, at least the benchmark's.
        keys: The keys of images; predictions of others are surplus.
    """

    classes: tuple[str, ...]
    keys: Collection[str]


@dataclass(frozen=True)
class _Work:
    key: str
    truth: Path
    predicted: Path | Mapping[str, Mask]
    classes: int
    boundary: float


def _sources(
    predictions: Predictions, benchmark: Benchmark, owner: Mapping[str, str], known: Collection[str]
) -> tuple[Mapping[str, Path | Mapping[str, Mask]], list[Problem]]:
    """Find each image's prediction, in the order of keys, and what is missing or surplus."""
    if isinstance(predictions, str | Path):
        wanted = {key: str(benchmark.scene_path(key)) for key in sorted(owner)}
        return find_predictions(Path(predictions), wanted, known)
    given = set(predictions)  # to ask whether a mask is there may compute it
    problems = [Problem(f"no prediction for {key!r}") for key in sorted(owner.keys() - given)]
    surplus = [key for key in predictions if key not in known]
    problems += [Problem(f"the benchmark has no image {key!r}") for key in surplus]
    return dict.fromkeys(sorted(owner.keys() & given), predictions), problems


def _score_image(work: _Work) -> tuple[str, Counts, Counts] | list[Problem]:
    """Return (key, confusion, counts), or what is wrong with the image or its prediction."""
    try:
        truth = load_mask(work.truth, work.classes)
    except DataError as error:
        return list(error.problems)
    try:
        if isinstance(work.predicted, Path):
            predicted = read_prediction(work.predicted, truth, work.classes)
        else:
            predicted = as_mask(np.asarray(work.predicted[work.key]))
            check_prediction(predicted, truth, work.classes)
    except ValueError as error:
        in_file = isinstance(work.predicted, Path)
        name = str(work.predicted) if in_file else f"prediction of {work.key!r}"
        return [Problem(str(error), name)]
    return work.key, *count_image(truth, predicted, work.classes, work.boundary)


def _image_score(benchmark: Benchmark, key: str, split: str, counts: Counts) -> ImageScore:
    if not (benchmark.root / "manifest.csv").is_file():
        return ImageScore(key, split, key, counts)
    row = benchmark.row(key)
    return ImageScore(key, split, row.group, counts, row.task, row.project)


def _collect(
    results: Iterable[tuple[str, Counts, Counts] | list[Problem]],
    owner: Mapping[str, str],
    problems: Sequence[Problem],
) -> tuple[dict[str, Counts], dict[str, Counts]]:
    """Return counts by key, and confusion matrices by split (one an image would fill the memory).

    Raises:
        DataError: There are problems: those given and those found.
    """
    problems = list(problems)
    scored: dict[str, Counts] = {}
    matrices: dict[str, Counts] = {}
    for result in results:
        if isinstance(result, list):
            problems += result
        else:
            key, matrix, scored[key] = result
            matrices[owner[key]] = matrices.get(owner[key], 0) + matrix
    if problems:
        hint = "" if scored else "; are the predictions of another version?"
        raise DataError(
            f"{len(scored)} of the {counted(len(owner), 'image')} can be scored{hint}", problems
        )
    return scored, matrices


def _report(
    classes: tuple[str, ...],
    images: Sequence[ImageScore],
    matrices: Mapping[str, Counts],
    settings: Settings,
) -> Report:
    splits = {
        name: _summary([image for image in images if image.split == name], matrix, settings)
        for name, matrix in matrices.items()
    }
    alone = next(iter(splits.values())) if len(splits) == 1 else None
    together = alone or _summary(images, np.sum(list(matrices.values()), axis=0), settings)
    return Report(classes, tuple(images), together, splits)


def _summary(images: Sequence[ImageScore], matrix: Counts, settings: Settings) -> Summary:
    counts = np.stack([image.counts for image in images])
    names, groups = np.unique([image.group for image in images], return_inverse=True)
    low, high = interval(counts, groups, settings.resamples, settings.seed)
    total = counts.sum(axis=0)
    return Summary(len(images), len(names), total, matrix, figures(total), low, high)
