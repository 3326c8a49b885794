"""Collect the results of the checks of tasks."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from maskbench.errors import Problem
from maskbench.files.levels import Levels
from maskbench.pipeline.fetch_report import MissingImages
from maskbench.pipeline.splits import GroupedImage

CONSENSUS = "the consensus"
"""What counts in a task where several annotators vote."""


@dataclass
class TasksSeen:
    """The results of the checks of tasks; lists of integers are task ids.

    Attributes:
        total: How many tasks the source has.
        projects: The project of each task, by id, if it is known.
        files: The export of each task, or the server, by id.
        tasks: How many of them were read.
        looked: In how many of them images and regions were checked.
        fetched: The counts of *fetch* in a task, by key.
        facts: The counts of *rasterize*, by key.
        masks: The combinations of labels, as *combine* counts them, by key.
        images: The groups of tasks with an annotation that counts.
        unknown: Regions by label without a class, by task id.
        has_bad_source: Whether something is wrong with the source, apart from single tasks.
        bad_tasks: Why tasks cannot be read.
        missing_images: Why images are not found.
        bad_images: Why images cannot be used.
        bad_regions: What is wrong with regions.
        missing: Tasks that are left out because their image is missing.
        levels: The levels of 16-bit images that use few of their values, by key.
        turned: Tasks whose image EXIF turns.
        clipped: Tasks with regions that reach off the image.
        names: Tasks by their image's name.
        bytes: Tasks by their image's digest.
        dropped: Regions without pixels, by reason.
        people: For each task with an image: its digest, its annotators, and the one who counts.
    """

    total: int = 0
    projects: dict[int, int | None] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)
    tasks: int = 0
    looked: int = 0
    fetched: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    masks: dict[str, dict[str, Any]] = field(default_factory=dict)
    images: list[GroupedImage] = field(default_factory=list)
    unknown: dict[int, Counter[str]] = field(default_factory=dict)
    has_bad_source: bool = False
    bad_tasks: list[Problem] = field(default_factory=list)
    missing_images: list[Problem] = field(default_factory=list)
    bad_images: list[Problem] = field(default_factory=list)
    bad_regions: list[Problem] = field(default_factory=list)
    missing: MissingImages = field(default_factory=lambda: MissingImages(is_skipped=True))
    levels: dict[str, Levels] = field(default_factory=dict)
    turned: list[int] = field(default_factory=list)
    clipped: list[int] = field(default_factory=list)
    names: dict[str, list[int]] = field(default_factory=dict)
    bytes: dict[str, list[int]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    people: list[tuple[str, list[int], str]] = field(default_factory=list)

    @property
    def has_bad_images(self) -> bool:
        """Whether images are missing or cannot be used."""
        return bool(self.missing_images or self.bad_images)

    @property
    def is_part(self) -> bool:
        """Whether some tasks were not checked."""
        return self.looked < self.total
