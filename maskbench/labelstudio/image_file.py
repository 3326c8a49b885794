"""Tasks and image files as far as finding a task's image goes."""

from pathlib import Path
from typing import NamedTuple, Protocol


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
