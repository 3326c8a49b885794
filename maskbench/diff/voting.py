"""Define how votes of annotators differ between two versions: plain values, as in ``model.py``."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class VoteChange:
    """What one of several annotators who vote gave the pixels that changed.

    Attributes:
        annotator: User id of the annotator, as text; ``unknown`` if nobody is named.
        before: Pixels by class in the old version; empty if nothing of that person counted.
        after: Pixels by class in the new version.
    """

    annotator: str
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(frozen=True)
class VoteCount:
    """How many annotators voted for a class on the changed pixels.

    Votes can differ from pixel to pixel: these are those of the largest group of changed pixels
    with equal votes.

    Attributes:
        name: The class: that of the two, before and after, whose votes changed most.
        pixels: The number of pixels in that group.
        before: Votes for it in the old version.
        voters_before: All votes in the old version.
        after: Votes for it in the new version.
        voters_after: All votes in the new version.
    """

    name: str
    pixels: int
    before: int
    voters_before: int
    after: int
    voters_after: int
