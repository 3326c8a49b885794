"""Tasks, annotations and regions as Label Studio means them, whatever form its JSON had.

Kept is what changes pixels or tells who and when; dropped is what changes by itself (a mere save in
the browser rewrites view rotation, sizes, lead time and key order).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

AREAS = frozenset({"polygon", "rectangle", "ellipse", "brush", "bitmask", "vector"})
"""Shapes that have pixels; a vector region only if it is closed."""

NO_AREA = frozenset({"keypoint"})
"""Shapes that have no area by nature."""

NOT_A_REGION = "none"
"""Shape of a result entry that has no geometry and is no answer either."""

REASONS = ("no_label", "no_pixel", "no_area", "not_a_region")
"""Why a region has no part in a mask without being an error."""


class Region(NamedTuple):
    """One shape that an annotator drew.

    Attributes:
        id: Label Studio's region id (not always unique within an annotation).
        shape: ``polygon``, ``rectangle``, ``ellipse``, ``brush``, ``bitmask``, ``vector``,
            ``keypoint``, ``none`` or a result type that maskbench does not know.
        labels: The labels it carries, in the order in which they were found.
        value: Geometry as Label Studio stores it, in percent of the upright image.
        from_name: The control that made it.
        to_name: The object (image) it lies on.
        answers: Per-region choices and texts, by control.
        original_size: (width, height) that the annotator's image had, in pixels, kept only where it
            differs from the image's.
    """

    id: str
    shape: str
    labels: tuple[str, ...]
    value: Mapping[str, Any]
    from_name: str | None = None
    to_name: str | None = None
    answers: Mapping[str, Any] = MappingProxyType({})
    original_size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Annotation:
    """One person's work on a task.

    Attributes:
        id: Label Studio's annotation id.
        completed_by: The annotator's user id.
        created_at: ISO 8601 time, as the server gives it.
        updated_at: ISO 8601 time of the last save.
        ground_truth: Marked as ground truth.
        was_cancelled: Skipped: never counts.
        regions: In drawing order.
        answers: Whole-image choices and texts, by control.
        relations: Relations between regions, as Label Studio stores them.
    """

    id: int
    completed_by: int | None
    created_at: str | None
    updated_at: str | None
    ground_truth: bool
    was_cancelled: bool
    regions: tuple[Region, ...]
    answers: Mapping[str, Any] = field(default_factory=dict)
    relations: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Image:
    """The image of a task, as stored in ``data/images``.

    Attributes:
        file: File name, ``<key>.<ext>``.
        width: Width in pixels of the upright image (EXIF orientation applied).
        height: Height in pixels of the upright image.
        sha256: Digest of the file's bytes.
    """

    file: str
    width: int
    height: int
    sha256: str


class ImageFile(NamedTuple):
    """A file with a task's image, as the source gives it.

    Attributes:
        folder: The folder that it lies in, or one above.
        name: Its name there, with forward slashes.
        sha256: Digest of its bytes.
        ours: Whether it is a download of ours, which may be linked to, and thrown away when it is
            bad; else it belongs to the user.
    """

    folder: Path
    name: str
    sha256: str
    ours: bool = False

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.name


@dataclass(frozen=True)
class Task:
    """One item to label.

    Attributes:
        id: Label Studio's task id.
        key: The name of this item in all files of the benchmark.
        project: The project's id, if the export tells.
        data: The task's data fields, as imported into Label Studio.
        reference: How the data names the image; None if no field does.
        annotations: Sorted by id.
        image: The stored image; None for a task without an annotation that could count.
    """

    id: int
    key: str
    project: int | None
    data: Mapping[str, Any]
    reference: str | None
    annotations: tuple[Annotation, ...]
    image: Image | None = None


class HasImage(Protocol):
    """A task as far as finding its image goes."""

    @property
    def id(self) -> int:
        """Label Studio's task id."""

    @property
    def key(self) -> str:
        """The name of this item in all files of the benchmark."""

    @property
    def reference(self) -> str | None:
        """How the data names the image."""
