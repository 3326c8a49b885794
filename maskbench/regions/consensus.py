"""Make one mask from the work of several annotators: the consensus. Pure functions on arrays.

The rules turn each annotator's label set into classes; then the annotators vote on each pixel. 255
(pixels to ignore) is a class like any other here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from maskbench.errors import MaskbenchError
from maskbench.files.masks import Mask
from maskbench.params import IGNORE, ConsensusParams
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import (
    BAND,
    ClassRules,
    Combination,
    class_mask,
    distinct,
    in_one_image,
)

_MOST_ITERATIONS = 1000  # of STAPLE, which needs some ten on most images

_LACKING = (
    "staple needs SimpleITK, which is not installed; run `pip install 'maskbench[consensus]'`, or "
    "set method: majority"
)

TIED, BELOW = "tied", "below"
"""Why votes do not decide a pixel."""

Pixels = npt.NDArray[np.bool_]
"""Pixels of an image, shape (H, W), bool."""


@dataclass(frozen=True)
class Agreed:
    """An image's mask, and the votes that led to it.

    Attributes:
        mask: Class values, shape (H, W), uint8.
        votes: The classes that each annotator gave, like ``mask``; only the mask if one counts.
        combinations: The combinations of labels that occur, with the pixels of all annotators.
        tied: Where no class has more votes, or more weight, than all others.
        below: Where too few annotators gave the class that won.
    """

    mask: Mask
    votes: tuple[Mask, ...]
    combinations: tuple[Combination, ...]
    tied: Pixels
    below: Pixels

    def outcome(self, x: int, y: int) -> str:
        """Return :data:`TIED` or :data:`BELOW` if a pixel is undecided, otherwise nothing."""
        return TIED if self.tied[y, x] else BELOW if self.below[y, x] else ""

    @cached_property
    def undecided(self) -> int:
        """Return the number of pixels that ``combine.consensus.otherwise`` decided."""
        return int(np.count_nonzero(self.tied) + np.count_nonzero(self.below))


def lacking(params: ConsensusParams) -> str:
    """Say which library for the vote is not installed; empty if none is missing."""
    is_there = params.method != "staple" or find_spec("SimpleITK") is not None
    return "" if is_there else f"combine.consensus.method: {_LACKING}"


def agree(label_sets: Sequence[LabelSet], rules: ClassRules) -> Agreed:
    """Turn the label sets of one image into its class mask.

    Args:
        label_sets: One of each annotator whose work counts.
        rules: What decides the class of a set of labels, and the class of a pixel on which
            annotators differ.

    Raises:
        MaskbenchError: STAPLE is asked for, and SimpleITK is not installed.
    """
    made = [class_mask(label_set, rules) for label_set in label_sets]
    votes = tuple(mask for mask, _ in made)
    combinations = tuple(in_one_image(found for _, found in made))
    nowhere = np.zeros(votes[0].shape, dtype=np.bool_)
    if len(votes) == 1:
        return Agreed(votes[0], votes, combinations, nowhere, nowhere)
    mask, tied, below = decide(votes, rules)
    return Agreed(mask, votes, combinations, tied, below)


def decide(votes: Sequence[Mask], rules: ClassRules) -> tuple[Mask, Pixels, Pixels]:
    """Let the annotators vote on each pixel.

    Args:
        votes: Class values by each annotator, two or more, all of shape (H, W), uint8.
        rules: Which method decides, and what becomes of pixels that it does not decide.

    Returns:
        The mask, and its pixels that were tied and those below the agreement asked for.
    """
    params = rules.fallback.consensus
    winner, tied = staple(votes) if params.method == "staple" else majority(votes)
    below = np.zeros_like(tied)
    if params.agreement > 0:
        given = sum((vote == winner).astype(np.uint16) for vote in votes)
        below = ~tied & (given < params.agreement * len(votes) - 1e-9)
    winner[tied | below] = otherwise_value(rules)
    return winner, tied, below


def otherwise_value(rules: ClassRules) -> int:
    """Return the mask value of pixels that the votes do not decide."""
    return rules.labels_map.get(rules.fallback.consensus.otherwise, IGNORE)


def describe_votes(given: Sequence[str], params: ConsensusParams, outcome: str = "") -> str:
    """Say how annotators voted on a pixel, such as ``consensus: 2 of 3 voted Wall, 1 Door``.

    Args:
        given: The class that each of them gave it.
        params: What decides.
        outcome: :data:`TIED` or :data:`BELOW`, if the votes did not decide.
    """
    (first, most), *others = sorted(Counter(given).items(), key=lambda vote: (-vote[1], vote[0]))
    rest = "".join(f", {count} {name}" for name, count in others)
    words = f"{most} of {len(given)} voted {first}{rest}"
    method = " by STAPLE" if params.method == "staple" else ""
    why = {TIED: "a tie", BELOW: f"below combine.consensus.agreement: {params.agreement:g}"}
    if outcome:
        words += f"; {why[outcome]}, so combine.consensus.otherwise: {params.otherwise}"
    return f"consensus{method}: {words}"


def majority(votes: Sequence[Mask]) -> tuple[Mask, Pixels]:
    """Find the class that most annotators gave each pixel.

    Args:
        votes: Class values by each annotator, all of shape (H, W), uint8.

    Returns:
        The class, and where two or more classes have the most votes (one of them is returned).

    >>> winner, tied = majority([np.array([[1, 1]]), np.array([[1, 2]]), np.array([[2, 3]])])
    >>> winner[0, 0].item(), tied.tolist()
    (1, [[False, True]])
    """
    height, width = votes[0].shape
    winner = np.empty((height, width), dtype=np.uint8)
    tied = np.empty((height, width), dtype=np.bool_)
    rows = max(1, BAND // width)
    for top in range(0, height, rows):
        band = slice(top, top + rows)
        lengths, codes, sets = distinct(np.stack([vote[band] for vote in votes]))
        best, is_tied = _most(sets)
        winner[band] = np.repeat(best[codes], lengths).reshape(-1, width)
        tied[band] = np.repeat(is_tied[codes], lengths).reshape(-1, width)
    return winner, tied


def _most(sets: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], Pixels]:
    """Return the most frequent value in each row, and whether another one is as frequent."""
    best = np.zeros(len(sets), dtype=np.uint8)
    most = np.zeros(len(sets), dtype=np.int64)
    is_tied = np.zeros(len(sets), dtype=np.bool_)
    for value in np.unique(sets).tolist():
        count = (sets == value).sum(axis=1)
        is_tied = np.where(count > most, False, is_tied | (count == most))
        best[count > most] = value
        np.maximum(most, count, out=most)
    return best, is_tied


def staple(votes: Sequence[Mask]) -> tuple[Mask, Pixels]:
    """Find the most likely class of each pixel, given how reliable each annotator is.

    This is SimpleITK's MultiLabelSTAPLE (Rohlfing, Russakoff and Maurer, 2003), which estimates for
    each image how often each annotator mistakes one class for another.

    Args:
        votes: Class values by each annotator, all of shape (H, W), uint8.

    Returns:
        The class, and where two classes have the same weight (0 is returned there).

    Raises:
        MaskbenchError: SimpleITK is not installed.
    """
    try:
        import SimpleITK as sitk
    except ImportError:
        raise MaskbenchError(f"combine.consensus.method: {_LACKING}") from None
    values = np.unique(np.concatenate([np.unique(vote) for vote in votes]))
    # Its matrices grow with the largest class number, and it counts pixels on which votes are tied
    # for the next number (ITK 5.4): so classes become small even numbers.
    numbers = np.zeros(256, dtype=np.uint8 if len(values) < 128 else np.uint16)
    numbers[values] = 2 * np.arange(len(values))
    # Sorted, because the order of annotators could change the last bit of a sum.
    images = sorted((numbers[vote] for vote in votes), key=lambda image: image.tobytes())
    staple_filter = sitk.MultiLabelSTAPLEImageFilter()
    staple_filter.SetNumberOfThreads(1)
    staple_filter.SetNumberOfWorkUnits(1)
    staple_filter.SetLabelForUndecidedPixels(2 * len(values))
    staple_filter.SetMaximumNumberOfIterations(_MOST_ITERATIONS)
    found = sitk.GetArrayFromImage(
        staple_filter.Execute([sitk.GetImageFromArray(image) for image in images])
    )
    tied = found == 2 * len(values)
    winner: Mask = np.append(values, np.uint8(0))[found // 2]
    return winner, tied
