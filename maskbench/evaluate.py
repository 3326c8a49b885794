"""Score predicted masks against a benchmark. Needs numpy and Pillow only.

>>> from maskbench.evaluate import evaluate
>>> report = evaluate("predictions", "data/benchmark", split="test")  # doctest: +SKIP
>>> print(report)  # doctest: +SKIP
>>> report.metrics()["test"]["mean"]["iou"]  # doctest: +SKIP
0.846
"""

from collections.abc import Sequence
from pathlib import Path

from maskbench.dataset import Benchmark
from maskbench.evaluation.against import Comparison, compare_versions
from maskbench.evaluation.boundary import RATIO
from maskbench.evaluation.paired import Pair, score_pair
from maskbench.evaluation.report import Report
from maskbench.evaluation.scoring import Each, Predictions, Settings, score
from maskbench.params import SUBSETS

__all__ = [
    "Comparison",
    "Pair",
    "Predictions",
    "Report",
    "Settings",
    "compare",
    "compare_predictions",
    "evaluate",
    "split_names",
]


def evaluate(  # noqa: PLR0913 - a public entry; options go by keyword
    predictions: Predictions,
    data: str | Path | Benchmark = "data/benchmark",
    split: str | Sequence[str] = "test",
    *,
    boundary: float = RATIO,
    resamples: int = 1000,
    seed: int = 0,
    each: Each | None = None,
) -> Report:
    """Score predicted masks.

    Figures are computed from the pixels of all images together (:mod:`maskbench.evaluation.figures`
    defines each figure, and how absent classes count). Pixels whose true value is 255 are left out.
    One image at a time is in memory.

    Args:
        predictions: A folder with ``<key>.png``, ``.tif`` or ``.npy`` per image, or masks by key.
        data: The benchmark, or its folder.
        split: A split or several; ``"all"``: train, valid and test.
        boundary: For boundary IoU: distance from the outline as a share of the diagonal.
        resamples: Bootstrap draws behind the 95 % intervals; 0: no intervals.
        seed: The bootstrap's seed.
        each: Runs the work, such as :func:`maskbench.parallel.run.run_all` on several processes;
            None: in this process.

    Raises:
        DataError: Predictions are missing, of another size or hold values that are no class, or the
            benchmark is damaged; the error lists all problems.
    """
    settings = Settings(boundary, resamples, seed, each)
    return score(predictions, _opened(data), split_names(split), settings)


def compare(
    predictions: Predictions,
    data: str | Path | Benchmark,
    against: str | Path | Benchmark,
    split: str | Sequence[str] = "test",
    settings: Settings | None = None,
) -> Comparison:
    """Score the same predictions on two versions and find what each change comes from.

    Args:
        predictions: As for :func:`evaluate`, of the images of both versions.
        data: The new version.
        against: The old version.
        split: As for :func:`evaluate`.
        settings: The options of :func:`evaluate`.

    Raises:
        DataError: As for :func:`evaluate`, or a mask value is another class in each version.
    """
    pair = _opened(data), _opened(against)
    return compare_versions(predictions, pair, split_names(split), settings or Settings())


def compare_predictions(
    first: Predictions,
    second: Predictions,
    data: str | Path | Benchmark = "data/benchmark",
    split: str | Sequence[str] = "test",
    settings: Settings | None = None,
) -> Pair:
    """Score two predictions on the same images; differences come with paired intervals.

    Args:
        first: As for :func:`evaluate`.
        second: Likewise.
        data: The benchmark, or its folder.
        split: As for :func:`evaluate`.
        settings: The options of :func:`evaluate`.

    Raises:
        DataError: As for :func:`evaluate`, for both predictions together.
    """
    both = (first, second)
    return score_pair(both, _opened(data), split_names(split), settings or Settings())


def split_names(split: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of one split, of several, or of ``"all"``."""
    if split == "all":
        return SUBSETS
    return (split,) if isinstance(split, str) else tuple(split)


def _opened(data: str | Path | Benchmark) -> Benchmark:
    return data if isinstance(data, Benchmark) else Benchmark(data)
