"""Rank images that nobody has labelled: uncertain ones first, and different from each other."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from maskbench.errors import CommandError, DataError, MaskbenchError, Problem
from maskbench.files.images import inspect
from maskbench.files.manifest import read_manifest
from maskbench.labelstudio.server.source import Server
from maskbench.pages.pictures import scene
from maskbench.params import Params
from maskbench.pipeline.combine import codes
from maskbench.pipeline.grouping import group_of
from maskbench.pipeline.layout import Layout
from maskbench.predictions.folder import (
    Prediction,
    find_files,
    holds_probabilities,
    read_prediction,
)
from maskbench.predictions.tasks import open_server, tasks_by_key
from maskbench.ranking.diversity import Shares, choose_batch, class_shares, color_shares
from maskbench.ranking.model import Files, Ranked, Ranking, RankOptions, left_out, measure_all
from maskbench.ranking.uncertainty import (
    Values,
    check_sums,
    class_weights,
    divergence,
    entropy,
    expected_rarity,
    margin,
    mask_difference,
    rarity,
)
from maskbench.regions.task import Task
from maskbench.text import counted

_THUMBNAIL = 64  # pixels of the longer side, for a histogram of colours


class Candidate(NamedTuple):
    """An image to measure, with its task and its group."""

    task: Task
    files: Files
    group: str | None


class MeasuredImage(NamedTuple):
    """An image's size (width, height), score, and histograms to compare it with others."""

    size: tuple[int, int]
    score: float
    colors: Shares
    classes: Shares


@dataclass(frozen=True)
class MeasureUncertainty:
    """Measures images; workers get a copy.

    Attributes:
        by: The measure.
        classes: Class names by value.
        weights: The weight of each class, for ``rarity``.
        most_pixels: Pixels beyond which an image is refused.
    """

    by: str
    classes: tuple[str, ...]
    weights: tuple[float, ...]
    most_pixels: int

    def __call__(self, candidate: Candidate) -> MeasuredImage | list[Problem]:
        """Measure an image, or say what is wrong with it or its predictions."""
        task, files = candidate.task, candidate.files
        try:
            info = inspect(files.image, self.most_pixels)
            picture = scene(files.image, most_wh=(_THUMBNAIL, _THUMBNAIL))
        except ValueError as error:
            return [Problem(f"its image: {error}", task=task.id, project=task.project)]
        size, found, problems = (info.width, info.height), [], []
        for path in filter(None, (files.first, files.second)):
            try:
                found.append(self._read(path, size))
            except ValueError as error:
                problems.append(Problem(str(error), str(path), task.id, project=task.project))
        if problems:
            return problems
        values = uncertainty(self.by, found, self.weights)
        score = round(float(values.mean(dtype=np.float64)), 6)
        shares = class_shares(found[0].mask, len(self.classes))
        return MeasuredImage(size, score, color_shares(picture), shares)

    def _read(self, path: Path, size: tuple[int, int]) -> Prediction:
        found = read_prediction(path, size, self.classes)
        if found.probabilities is not None:
            check_sums(found.probabilities)
        elif self.by in ("entropy", "margin"):
            raise ValueError(
                f"holds class values, but --by {self.by} needs probabilities; save these as .npy "
                "or .npz, or rank --by rarity"
            )
        return found


def uncertainty(by: str, found: Sequence[Prediction], weights: Sequence[float]) -> Values:
    """Return how uncertain each pixel is, from 0 to 1, shape (H, W).

    Args:
        by: The measure, see :mod:`maskbench.ranking.uncertainty`.
        found: The predictions of one model, or of two for ``disagreement``.
        weights: The weight of each class, for ``rarity``.
    """
    mask, _, probabilities = found[0]
    if by == "disagreement":
        other = found[1]
        if probabilities is None or other.probabilities is None:
            return mask_difference(mask, other.mask)
        return divergence(probabilities, other.probabilities)
    if probabilities is None:
        return rarity(mask, weights)
    if by == "rarity":
        return expected_rarity(probabilities, weights)
    return entropy(probabilities) if by == "entropy" else margin(probabilities)


def rank_unlabelled(
    params: Params, layout: Layout, folders: Sequence[Path], options: RankOptions
) -> Ranking:
    """Rank the server's tasks without annotations that have a prediction.

    Args:
        params: The params; ``fetch.server`` has the tasks.
        layout: The repository.
        folders: The predictions of one model, or of two.
        options: How to rank.

    Raises:
        CommandError: The options contradict each other.
        MaskbenchError: Every task has an annotation.
        DataError: Predictions have problems; it names all of them.
        SourceError: The server fails.
    """
    files = [find_files(folder) for folder in folders]
    by = _measure(options.by, files)
    weights: tuple[float, ...] = ()
    classes = tuple(codes(params.labels_map))
    if by == "rarity":
        labelled = read_manifest(layout.benchmark / "manifest.csv").values()
        weights = class_weights(classes, [row.classes for row in labelled])
    with closing(open_server(params.fetch, layout)) as server:
        tasks = [t for t in tasks_by_key(server, params).values() if not t.annotations]
        tasks.sort(key=lambda task: task.key)
        if not tasks:
            raise MaskbenchError("every task has an annotation; --labelled ranks those")
        ranked = [task for task in tasks if all(task.key in found for found in files)]
        if not ranked:
            what = f"{counted(len(tasks), 'task')} without annotations, but no prediction for any"
            raise DataError(f"{what}; `maskbench predictions tasks images` writes their images")
        candidates = _candidates(ranked, files, server, params)
        measure = MeasureUncertainty(by, classes, weights, params.fetch.max_pixels)
        measured = measure_all(measure, candidates)
    without = sorted({task.key for task in tasks} - {task.key for task in ranked})
    what = f"{counted(len(without), 'task')} not ranked for lack of a prediction"
    images = _in_order(candidates, measured, options)
    batch = min(options.batch, len(images))
    return Ranking(by, images, batch, classes, weights, notes=left_out(without, what))


def _measure(by: str | None, files: Sequence[dict[str, Path]]) -> str:
    """Return the measure that was asked for, or the default for the predictions."""
    is_pair = len(files) > 1
    if by is None:
        some_file = next(iter(files[0].values()))
        by = "entropy" if holds_probabilities(some_file) else "rarity"
        return "disagreement" if is_pair else by
    if (by == "disagreement") != is_pair:
        other = "needs a second folder" if by == "disagreement" else "takes one folder only"
        raise CommandError(f"--by {by} {other}; use --by disagreement to compare two models")
    return by


def _candidates(
    tasks: Sequence[Task], files: Sequence[dict[str, Path]], server: Server, params: Params
) -> list[Candidate]:
    server.prepare([task for task in tasks if not server.is_here(task)])
    found, problems = [], []
    for task in tasks:
        try:
            image = server.find(task).path
        except ValueError as error:
            problems.append(Problem(str(error), task=task.id, project=task.project))
            continue
        first, second = files[0][task.key], files[1][task.key] if len(files) > 1 else None
        found.append(Candidate(task, Files(image, first, second), group_of(task, params.split)))
    if problems:
        raise DataError("predictions cannot be ranked without these images", problems)
    return found


def _in_order(
    candidates: Sequence[Candidate], measured: Sequence[MeasuredImage], options: RankOptions
) -> list[Ranked]:
    """Return the batch, followed by all other images by score and key."""
    chosen = choose_batch(
        [each.score for each in measured],
        [[each.colors for each in measured], [each.classes for each in measured]],
        [candidate.group for candidate in candidates],
        options.batch,
        options.diversity,
    )
    similarity = {choice.place: round(choice.similarity, 6) for choice in chosen}
    rest = (i for i in range(len(measured)) if i not in similarity)
    order: Iterable[int] = [*similarity, *sorted(rest, key=lambda i: -measured[i].score)]
    return [_ranked(candidates[i], measured[i], similarity.get(i)) for i in order]


def _ranked(candidate: Candidate, measured: MeasuredImage, similarity: float | None) -> Ranked:
    task = candidate.task
    details = {"similarity": similarity, "group": candidate.group or ""}
    return Ranked(
        task.key, task.id, task.project, measured.score, measured.size, candidate.files, details
    )
