"""Score images one by one and sum them up: the work behind :mod:`maskbench.evaluate`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from maskbench.dataset import Benchmark
from maskbench.errors import DataError, Problem
from maskbench.evaluation.boundary import RATIO
from maskbench.evaluation.confusion import Counts
from maskbench.evaluation.figures import bootstrap, count_image, figures, percentiles
from maskbench.evaluation.mistakes import count_mistakes, mistakes
from maskbench.evaluation.origin import BenchmarkOrigin, find_origin
from maskbench.evaluation.predictions import (
    FoundPredictions,
    check_prediction,
    find_predictions,
    read_predicted_mask,
    surplus_words,
)
from maskbench.evaluation.report import ImageScore, Report, ScoreSummary
from maskbench.files.benchmark import MASK_EDITED, load_mask
from maskbench.files.hashing import digest
from maskbench.files.masks import Mask, as_mask, pixel_digest
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
    origin: BenchmarkOrigin | None = None,
) -> Report:
    """Score the images of some splits; see :func:`maskbench.evaluate.evaluate`.

    Args:
        predictions: A folder, or masks by key.
        benchmark: The version to score on.
        splits: Names of splits; an image that is in two of them counts once.
        settings: How to score.
        origin: What the version is called; None: what its folder tells.

    Raises:
        DataError: Predictions or benchmark have problems, or the splits have no image.
    """
    return score_all([plan(predictions, benchmark, splits, origin)], settings)[0]


@dataclass(frozen=True)
class ScoringPlan:
    """Images to score, with where their predictions are.

    Attributes:
        predictions: All predictions.
        benchmark: The version to score on.
        origin: What the version is called.
        splits: Names of the splits, in the order in which they were asked for.
        owner: The split of each image to score, by key, sorted.
        found: The predictions of these images.
    """

    predictions: Predictions
    benchmark: Benchmark
    origin: BenchmarkOrigin
    splits: tuple[str, ...]
    owner: Mapping[str, str]
    found: FoundPredictions


def plan(
    predictions: Predictions,
    benchmark: Benchmark,
    splits: Sequence[str],
    origin: BenchmarkOrigin | None = None,
) -> ScoringPlan:
    """Find the images to score and their predictions; see :func:`score` for the arguments.

    Raises:
        DataError: The splits have no image, or there is no such folder of predictions.
    """
    owner = {key: name for name in splits for key in benchmark.split(name).keys}
    if not owner:
        files = ", ".join(f"splits/{name}.txt" for name in splits)
        raise DataError(f"{benchmark.root}: there is no image to score in {files}")
    owner = dict(sorted(owner.items()))
    if isinstance(predictions, str | Path):
        found = find_predictions(Path(predictions), benchmark, list(owner))
    else:
        found = _among_arrays(predictions, benchmark, owner)
    origin = origin or find_origin(benchmark.root)
    return ScoringPlan(predictions, benchmark, origin, tuple(splits), owner, found)


def _among_arrays(
    predictions: Mapping[str, Mask], benchmark: Benchmark, owner: Mapping[str, str]
) -> FoundPredictions:
    given = set(predictions)  # to ask whether a mask is there may compute it
    missing = [Problem(f"no prediction for {key!r}") for key in owner if key not in given]
    return FoundPredictions({}, tuple(missing), tuple(sorted(given - benchmark.all_keys)))


def score_all(
    plans: Sequence[ScoringPlan], settings: Settings, classes: tuple[str, ...] | None = None
) -> list[Report]:
    """Score what was planned, after checking all of it.

    Args:
        plans: What to score.
        settings: How to score.
        classes: Class names by value that predictions may hold, at least the benchmarks'; None:
            those of the first plan's benchmark.

    Raises:
        DataError: Predictions are missing or have another size; all of them are listed before any
            is scored. Or damage is found while scoring; then all of that is listed.
    """
    problems = dict.fromkeys(problem for each in plans for problem in each.found.problems)
    if problems:
        images = len({key for each in plans for key in each.owner})
        hints = [Problem(surplus_words(each.found.surplus)) for each in plans if each.found.surplus]
        raise DataError(
            f"the predictions do not fit the {counted(images, 'image')} to score; none was scored",
            [*problems, *dict.fromkeys(hints)],
        )
    names = classes or plans[0].benchmark.classes
    return [_score(each, settings, names) for each in plans]


class _Work(NamedTuple):
    key: str
    truth: Path
    sha256: str | None
    predicted: Path | Mapping[str, Mask]
    classes: int
    boundary: float


class _Scored(NamedTuple):
    """What is counted of one image, and the digests of both masks."""

    key: str
    confusion: Counts
    counts: Counts
    mistakes: Counts
    truth: str
    predicted: str


def _score(planned: ScoringPlan, settings: Settings, classes: tuple[str, ...]) -> Report:
    benchmark, predictions = planned.benchmark, planned.predictions
    work = [
        _Work(
            key,
            benchmark.mask_path(key),
            benchmark.row(key).mask_sha256 if benchmark.has_manifest else None,
            predictions if isinstance(predictions, Mapping) else planned.found.paths[key],
            len(classes),
            settings.boundary,
        )
        for key in planned.owner
    ]
    if settings.each and not isinstance(predictions, Mapping):
        results = settings.each(_score_image, work, "evaluate")
    else:
        results = map(_score_image, work)
    return _collect(results, planned, settings, classes)


def _score_image(work: _Work) -> _Scored | list[Problem]:
    """Count one image's pixels, or say what is wrong with it or its prediction."""
    try:
        truth = load_mask(work.truth, work.classes)
    except DataError as error:
        return list(error.problems)
    truth_digest = pixel_digest(truth)
    if work.sha256 is not None and truth_digest != work.sha256:
        return [Problem(MASK_EDITED, str(work.truth))]
    try:
        if isinstance(work.predicted, Path):
            predicted = read_predicted_mask(work.predicted, truth, work.classes)
        else:
            predicted = as_mask(np.asarray(work.predicted[work.key]))
            check_prediction(predicted, truth, work.classes)
    except ValueError as error:
        in_file = isinstance(work.predicted, Path)
        name = str(work.predicted) if in_file else f"prediction of {work.key!r}"
        return [Problem(str(error), name)]
    matrix, counts = count_image(truth, predicted, work.classes, work.boundary)
    kinds = count_mistakes(mistakes(truth, predicted, work.classes, work.boundary))
    return _Scored(work.key, matrix, counts, kinds, truth_digest, pixel_digest(predicted))


def _collect(
    results: Iterable[_Scored | list[Problem]],
    planned: ScoringPlan,
    settings: Settings,
    classes: tuple[str, ...],
) -> Report:
    """Make a report of the images' counts, or raise DataError with all problems found."""
    problems: list[Problem] = []
    images: list[ImageScore] = []
    matrices: dict[str, Counts] = {}
    digests: list[tuple[str, str, str]] = []
    for result in results:
        if isinstance(result, list):
            problems += result
            continue
        key, split = result.key, planned.owner[result.key]
        images.append(_image_score(result, split, planned.benchmark))
        matrices[split] = matrices.get(split, 0) + result.confusion
        digests.append((key, result.truth, result.predicted))
    if problems:
        all_images = counted(len(planned.owner), "image")
        raise DataError(f"{len(images):,} of the {all_images} can be scored", problems)
    splits = {
        name: _summary([image for image in images if image.split == name], matrices[name], settings)
        for name in planned.splits
        if name in matrices
    }
    alone = next(iter(splits.values())) if len(splits) == 1 else None
    return Report(
        classes=classes,
        images=tuple(images),
        summary=alone or _summary(images, np.sum(list(matrices.values()), axis=0), settings),
        splits=splits,
        origin=planned.origin,
        labels_sha256=digest([[key, truth] for key, truth, _ in digests]),
        predictions_sha256=digest([[key, predicted] for key, _, predicted in digests]),
        surplus=planned.found.surplus,
    )


def _image_score(scored: _Scored, split: str, benchmark: Benchmark) -> ImageScore:
    row = benchmark.row(scored.key) if benchmark.has_manifest else None
    confused = scored.confusion.copy()
    np.fill_diagonal(confused, 0)
    pairs = np.argwhere(confused)
    return ImageScore(
        key=scored.key,
        split=split,
        group=row.group if row else scored.key,
        counts=scored.counts,
        mistakes=scored.mistakes,
        confused=np.column_stack([pairs, confused[tuple(pairs.T)]]),
        row=row,
    )


def _summary(images: Sequence[ImageScore], matrix: Counts, settings: Settings) -> ScoreSummary:
    counts = np.stack([image.counts for image in images])
    names, groups = np.unique([image.group for image in images], return_inverse=True)
    low, high = percentiles(bootstrap(counts, groups, settings.resamples, settings.seed))
    return ScoreSummary(
        images=len(images),
        groups=len(names),
        counts=counts.sum(axis=0),
        confusion=matrix,
        mistakes=np.sum([image.mistakes for image in images], axis=0),
        figures=figures(counts.sum(axis=0)),
        low=low,
        high=high,
    )
