"""Define a ranking: its options, and the images in the order in which people should see them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from maskbench.errors import DataError, Problem
from maskbench.files.levels import Scaling
from maskbench.parallel.run import progress, run_all
from maskbench.ranking import LABELLED
from maskbench.text import some

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class RankOptions:
    """How images are ranked.

    Attributes:
        by: The measure; None: the default for the kind of predictions.
        batch: How many images are chosen to differ from each other.
        diversity: How much the difference counts, see :mod:`maskbench.ranking.diversity`.
        confidence: The probability from which a model is confident, for ``contradicted``.
    """

    by: str | None = None
    batch: int = 20
    diversity: float = 0.8
    confidence: float = 0.9


class Files(NamedTuple):
    """The files of an image.

    Attributes:
        image: The image itself.
        first: Its prediction.
        second: The other model's prediction, if two are compared.
        truth: Its labels' mask, if it is labelled.
        scaling: Which values of an image of 16 bits become 0 and 255.
    """

    image: Path
    first: Path
    second: Path | None = None
    truth: Path | None = None
    scaling: Scaling | None = None


class Ranked(NamedTuple):
    """One image of a ranking.

    Attributes:
        key: The image's key.
        task: Label Studio's task id.
        project: Its project's id, if it is known.
        score: From 0 to 1; images with larger scores come first.
        size: Width and height in pixels.
        files: Its files.
        details: The values of the other columns.
    """

    key: str
    task: int
    project: int | None
    score: float
    size: tuple[int, int]
    files: Files
    details: Mapping[str, float | str | None]


@dataclass(frozen=True)
class Ranking:
    """Images, the most important first.

    Attributes:
        by: The measure of the scores.
        images: All images that were ranked, the batch first.
        batch: How many images are in the batch.
        classes: Class names by value.
        weights: The weight of each class, for ``rarity``.
        confidence: See :class:`RankOptions`.
        notes: What was left out, a sentence each.
    """

    by: str
    images: Sequence[Ranked]
    batch: int
    classes: tuple[str, ...]
    weights: tuple[float, ...] = ()
    confidence: float = 0.9
    notes: Sequence[str] = ()

    @property
    def is_labelled(self) -> bool:
        """Return whether labelled images are ranked, to look at their labels again."""
        return self.by in LABELLED

    @property
    def first(self) -> Sequence[Ranked]:
        """Return the batch."""
        return self.images[: self.batch]


def measure_all(
    function: Callable[[Item], Result | list[Problem]], items: Sequence[Item]
) -> list[Result]:
    """Measure all images on all workers; returns the results in the images' order.

    Raises:
        DataError: Images or predictions have problems; it names all of them.
    """
    found: list[Result] = []
    problems: list[Problem] = []
    shown = progress(items, len(items), "rank")
    for result in run_all(function, shown, "rank"):
        if isinstance(result, list):
            problems += result
        else:
            found.append(result)
    if problems:
        raise DataError(
            "nothing was ranked; correct these predictions and run the command again", problems
        )
    return found


def left_out(keys: Sequence[str], what: str) -> list[str]:
    """Return a note on images that are not ranked; nothing if there are none."""
    return [f"{what}: {some(keys)}"] if keys else []
