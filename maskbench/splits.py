"""Keys to subsets by hashing, so that an image never moves when others come or go.

Each group of images (equal images form one, named by their digest, unless ``split.group_by`` says
otherwise) draws a number from 0 to 1 from the SHA-256 of its name and the salt; *test* takes the
lowest numbers, then *valid*, and *train* the rest. The number depends on nothing else, so 240
images instead of 24 leave the first 24 where they were, and changing the share of *valid* leaves
*test* alone. Shares are met on average; small benchmarks deviate.
"""

import hashlib
from collections.abc import Mapping

SUBSETS = ("train", "valid", "test")
"""The subsets, in the order in which people list them."""


def position(group: str, salt: str) -> float:
    """A group's place from 0 to 1 (1 excluded), evenly spread over groups and fixed for ever."""
    text = f"{salt}\0{group}".encode("utf-8", "backslashreplace")  # as the manifest is written
    drawn = hashlib.sha256(text).digest()
    return int.from_bytes(drawn[:6], "big") / 2**48


def subset(group: str, ratios: Mapping[str, float], salt: str) -> str:
    """The subset of a group of images.

    Args:
        group: The group's name; all its images share the answer.
        ratios: Shares of train, valid and test; they add up to 1.
        salt: Another text draws anew.

    >>> subset("hall 3", {"train": 0.7, "valid": 0.15, "test": 0.15}, "maskbench")
    'train'
    """
    place = position(group, salt)
    if place < ratios["test"]:
        return "test"
    if place < ratios["test"] + ratios["valid"]:
        return "valid"
    return "train" if ratios["train"] else "valid" if ratios["valid"] else "test"
