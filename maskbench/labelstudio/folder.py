"""A folder as the source: Label Studio JSON exports and the images they name."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from maskbench.errors import Problem, SourceError
from maskbench.files import sha256_file
from maskbench.labelstudio.keys import IMAGE_SUFFIXES, reference_path, without_upload_prefix
from maskbench.labelstudio.model import ImageFile, Task


class Folder:
    """Reads exports (``*.json`` in the folder itself) and finds images anywhere below it.

    Args:
        path: The folder.

    Raises:
        SourceError: The folder does not exist or holds no export.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_dir():
            raise SourceError(f"fetch.folder: {path} is no folder")
        self.exports = sorted(path.glob("*.json"))
        if not self.exports:
            raise SourceError(f"fetch.folder: {path} holds no Label Studio JSON export (*.json)")
        self._by_name = self._index()

    def _index(self) -> dict[str, list[Path]]:
        """Image files by their own name; links that lead out of the folder are not in it."""
        root = self.path.resolve()
        found: dict[str, list[Path]] = {}
        for file in sorted(self.path.rglob("*")):
            fits = file.suffix.lower() in IMAGE_SUFFIXES and file.is_file()
            if fits and file.resolve().is_relative_to(root):
                found.setdefault(file.name, []).append(file)
        return found

    def tasks(self) -> Iterator[tuple[Any, str]]:
        """The raw tasks of all exports, each with the name of its file.

        Raises:
            SourceError: A file is no JSON or no list of tasks; all such files together.
        """
        exports = {}
        problems = []
        for file in self.exports:
            try:
                exports[file.name] = _tasks_of(file)
            except ValueError as error:
                problems.append(Problem(str(error), file.name))
        if problems:
            raise SourceError(f"fetch.folder: {self.path} cannot be read", problems)
        for name, tasks in exports.items():
            for task in tasks:
                yield task, name

    def image_fields(self, origin: str) -> Mapping[str, str]:
        """Nothing: an export does not tell which field each image tag shows."""
        return {}

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Nothing: the images are here."""

    def finish(self) -> None:
        """Nothing: the folder is the user's."""

    def find(self, task: Task) -> ImageFile:
        """The file with a task's image; raises ValueError as :meth:`image` does."""
        path = self.image(task.reference or "")
        return ImageFile(path, sha256_file(path))

    def image(self, reference: str) -> Path:
        """The file that an image reference of a task names.

        The longest tail of the referenced path that one file has decides; an upload's name is also
        looked for without Label Studio's prefix.

        Raises:
            ValueError: No file fits, or several do.
        """
        wanted = reference_path(reference)
        for name in dict.fromkeys([wanted.name, without_upload_prefix(wanted.name)]):
            candidates = self._by_name.get(name, [])
            parents = wanted.parent.parts
            for length in range(len(parents), -1, -1):
                tail = (*parents[len(parents) - length :], name)
                fitting = [file for file in candidates if _parts(file, self.path, tail)]
                if len(fitting) == 1:
                    return fitting[0]
                if fitting:
                    names = ", ".join(str(file.relative_to(self.path)) for file in fitting)
                    raise ValueError(f"the image {reference!r} fits several files: {names}")
        raise ValueError(f"no image file below {self.path} fits {reference!r}")


def _parts(file: Path, root: Path, tail: tuple[str, ...]) -> bool:
    return file.relative_to(root).parts[-len(tail) :] == tail


def _tasks_of(file: Path) -> list[Any]:
    try:
        value = json.loads(file.read_bytes(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no valid JSON: {error}") from None
    if not isinstance(value, list):
        raise ValueError("is no list of tasks: export the project as JSON")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
