"""Assign groups of images to subsets by hashing: an image never moves when others come or go.

Each group of images (equal images form one, named by their digest, unless ``split.group_by`` says
otherwise) gets a number from 0 to 1 from the SHA-256 of its name and the salt; *test* takes the
lowest numbers, *valid* the next, and *train* the rest. The number depends on nothing else: 240
images instead of 24 leave the first 24 where they were, and changing the share of *valid* leaves
*test* alone. Shares are met on average; small benchmarks deviate. ``split.published`` fixes the
subsets of some groups, whatever their number.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from maskbench.params import EXCLUDED, SplitParams
from maskbench.regions.task import ACCEPTED


class Group(NamedTuple):
    """Images that stay together.

    Attributes:
        name: What they share.
        images: The number of images.
        classes: Their pixels by class.
        published: The subset that ``split.published`` fixes; None: it is drawn.
    """

    name: str
    images: int
    classes: Mapping[str, int]
    published: str | None = None


class GroupedImage(NamedTuple):
    """The group and subset of an image, as its task says.

    Attributes:
        key: The image's key.
        task: Label Studio's task id.
        image: The digest of the image's file.
        path: The image's path in the task's data, without Label Studio's prefix.
        group: The value that groups; None if there is none, or nothing groups.
        published: The subset's published name, as the task says.
        fault: Why no single value can be read.
        hint: For messages on a missing value: the existing fields, or the name without a match.
    """

    key: str
    task: int
    image: str
    path: str
    group: str | None
    published: str | None
    fault: str | None
    hint: str

    @property
    def name(self) -> str:
        """The name of its group: the value, else the image's digest."""
        return self.image if self.group is None else self.group


class Member(NamedTuple):
    """An image as a member of its group.

    Attributes:
        group: The group's name.
        classes: The image's pixels by class.
        published: The subset that is published for the image, if one is.
    """

    group: str
    classes: Mapping[str, int]
    published: str | None = None


def groups_of(members: Iterable[Member]) -> list[Group]:
    """Collect the groups of images, sorted by name.

    A published subset holds for all images of the group, also those added later.
    :func:`maskbench.pipeline.grouping.group_images` checks that a group has only one.
    """
    images: Counter[str] = Counter()
    classes: dict[str, Counter[str]] = {}
    published: dict[str, str] = {}
    for member in members:
        images[member.group] += 1
        classes.setdefault(member.group, Counter()).update(member.classes)
        if member.published:
            published.setdefault(member.group, member.published)
    return [
        Group(name, images[name], classes[name], published.get(name)) for name in sorted(images)
    ]


def assign_splits(groups: Iterable[Group], params: SplitParams) -> dict[str, str]:
    """Choose the subset of each group; nothing else decides it.

    A group with a published subset gets that one; all others are drawn.

    Returns:
        ``train``, ``valid`` or ``test`` by group name.

    >>> params = SplitParams({"train": 0.7, "valid": 0.15, "test": 0.15}, None, "maskbench")
    >>> hall, attic = Group("hall 3", 12, {"Canvas": 4711}), Group("attic", 1, {}, "test")
    >>> assign_splits([hall, attic], params)
    {'hall 3': 'train', 'attic': 'test'}
    """
    return {group.name: group.published or _drawn(group.name, params) for group in groups}


def own_subset(subset: str, origin: str, params: SplitParams) -> str:
    """Return the subset of an image, given that of its group.

    An image whose labels were accepted from a model is excluded from a subset that
    ``split.exclude_accepted`` names. In another subset it would leak, and it would move back once
    somebody corrects it.

    Args:
        subset: The group's subset.
        origin: Where the image's labels come from (:func:`maskbench.regions.task.label_origin`).
        params: The section ``split``.
    """
    is_excluded = origin == ACCEPTED and subset in params.exclude_accepted
    return EXCLUDED if is_excluded else subset


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
