"""Assign groups of images to subsets by hashing: an image never moves when others come or go.

Each group of images (equal images form one, named by their digest, unless ``split.group_by`` says
otherwise) gets a number from 0 to 1 from the SHA-256 of its name and the salt; *test* takes the
lowest numbers, *valid* the next, and *train* the rest. The number depends on nothing else: 240
images instead of 24 leave the first 24 where they were, and changing the share of *valid* leaves
*test* alone. Shares are met on average; small benchmarks deviate.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from maskbench.params import SplitParams


class Group(NamedTuple):
    """Images that stay together.

    Attributes:
        name: What they share.
        images: How many they are.
        classes: Their pixels by class.
    """

    name: str
    images: int
    classes: Mapping[str, int]


def groups_of(items: Iterable[tuple[str, Mapping[str, int]]]) -> list[Group]:
    """Collect the groups of images, sorted by name.

    Args:
        items: Each image's group, and its pixels by class.
    """
    images: Counter[str] = Counter()
    classes: dict[str, Counter[str]] = {}
    for name, pixels in items:
        images[name] += 1
        classes.setdefault(name, Counter()).update(pixels)
    return [Group(name, images[name], classes[name]) for name in sorted(images)]


def assign_splits(groups: Iterable[Group], params: SplitParams) -> dict[str, str]:
    """Choose the subset of each group: the one place that decides it.

    Returns:
        ``train``, ``valid`` or ``test`` by group name.

    >>> params = SplitParams({"train": 0.7, "valid": 0.15, "test": 0.15}, None, "maskbench")
    >>> assign_splits([Group("hall 3", 12, {"Canvas": 4711})], params)
    {'hall 3': 'train'}
    """
    return {group.name: _drawn(group.name, params) for group in groups}


def _drawn(group: str, params: SplitParams) -> str:
    place, ratios = position(group, params.salt), params.ratios
    if place < ratios["test"]:
        return "test"
    if place < ratios["test"] + ratios["valid"]:
        return "valid"
    return "train" if ratios["train"] else "valid" if ratios["valid"] else "test"


def position(group: str, salt: str) -> float:
    """Return a group's number from 0 to 1 (1 excluded), evenly spread and fixed for ever."""
    text = f"{salt}\0{group}".encode("utf-8", "backslashreplace")  # as the manifest is written
    drawn = hashlib.sha256(text).digest()
    return int.from_bytes(drawn[:6], "big") / 2**48
