"""Define how a source of tasks is asked for an image, and its answers."""

from pathlib import Path
from typing import NamedTuple, Protocol


class MissingImageError(ValueError):
    """A task's image is not there."""


class ImageFile(NamedTuple):
    """A file with a task's image.

    Attributes:
        folder: The folder that it lies in, or one above.
        name: Its path within the folder, with forward slashes.
        sha256: Digest of its bytes.
        is_download: Whether maskbench downloaded it, so that it may be linked to, and deleted when
            it is bad; otherwise it belongs to the user.
    """

    folder: Path
    name: str
    sha256: str
    is_download: bool = False

    @property
    def path(self) -> Path:
        """Return the path of the file."""
        return self.folder / self.name


class HasImage(Protocol):
    """The fields of a task that finding its image needs."""

    @property
    def id(self) -> int:
        """Return Label Studio's task id."""

    @property
    def key(self) -> str:
        """Return the name of this item in all files of the benchmark."""

    @property
    def reference(self) -> str | None:
        """Return the text by which the task's data names the image."""
