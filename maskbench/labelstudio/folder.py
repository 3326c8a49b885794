"""Read a folder of Label Studio JSON exports and the images that they name."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from maskbench.errors import Problem, SourceError
from maskbench.files.hashing import Digests, sha256, sha256_file
from maskbench.files.impostors import impostor
from maskbench.files.json import compact_json
from maskbench.labelstudio.copies import Export, Union, exports_of
from maskbench.labelstudio.export import RawTask
from maskbench.labelstudio.forms import Content, NotAnExportError, read_content
from maskbench.labelstudio.image_file import HasImage, ImageFile
from maskbench.labelstudio.image_index import ImageIndex
from maskbench.labelstudio.image_names import is_hidden
from maskbench.labelstudio.results import is_id
from maskbench.regions.task import Task
from maskbench.text import counted, some


class Folder:
    """Exports and images anywhere below a folder.

    Args:
        path: The folder.
        last_run: The file with the last run's digests of the images; None: read all images.

    Attributes:
        notes: What a user should know of the exports, a line each: skipped files, and which
            of several exports counts.
        problems: The problems of the exports themselves, not those of single tasks.

    Raises:
        SourceError: The folder does not exist or holds no export, or a file cannot be read; the
            error lists all such files.
    """

    def __init__(self, path: Path, last_run: Path | None = None) -> None:
        self.path = path
        if not path.is_dir():
            raise SourceError(f"fetch.folder: {path} is not a folder")
        self._images = ImageIndex(path)
        self._digests = Digests(path, last_run, self._images.signatures) if last_run else None
        self.notes: list[str] = []
        self.problems: list[Problem] = []
        self._files = self._read()
        union = Union(self._exports())
        self._tasks = union.tasks
        self.notes += union.notes
        self.problems += union.problems

    @property
    def exports(self) -> list[str]:
        """The names of the files with tasks, within the folder."""
        return sorted(self._files)

    def _read(self) -> dict[str, Content]:
        """Return the content of each file with tasks, by name; note the files without."""
        files: dict[str, Content] = {}
        others: dict[str, list[str]] = {}
        broken = []
        for path in _candidates(self.path):
            name = path.relative_to(self.path).as_posix()
            try:
                files[name] = _content(path)
            except NotAnExportError as reason:
                others.setdefault(str(reason), []).append(name)
            except ValueError as error:
                if path.parent == self.path or _looks_like_an_export(path):
                    broken.append(Problem(str(error), name))
                else:
                    others.setdefault("no JSON", []).append(name)
        if broken:
            raise SourceError(f"fetch.folder: {self.path} cannot be read", broken)
        passed_over = [f"{some(names)} ({reason})" for reason, names in sorted(others.items())]
        if not files:
            passed_over += _of_other_kinds(self.path)
            found = f"; passed over: {'; '.join(passed_over)}" if passed_over else ""
            raise SourceError(
                f"fetch.folder: {self.path} holds no Label Studio JSON export (*.json){found}"
            )
        if passed_over:
            self.notes.append(f"passed over, as no export: {'; '.join(passed_over)}")
        mins = [name for name, content in files.items() if content.is_min]
        if mins:
            self.notes.append(f"{some(mins)}: {_OF_MIN}")
        return files

    def _exports(self) -> Iterator[Export]:
        """Yield the exports; tasks without an id become a problem of their file."""
        folders: dict[tuple[str, bool], list[RawTask]] = {}
        for name, content in self._files.items():
            tasks = list(self._with_id(name, content.tasks))
            if content.is_single:
                folder = PurePosixPath(name).parent.as_posix()
                folders.setdefault((folder, content.is_in_pieces), []).extend(tasks)
            else:
                yield from exports_of(name, tasks, content.is_in_pieces)
        for (folder, is_in_pieces), tasks in folders.items():
            name = tasks[0].origin if len(tasks) == 1 else f"{folder}/*"
            yield from exports_of(name, tasks, is_in_pieces)

    def _with_id(self, name: str, tasks: list[Any]) -> Iterator[RawTask]:
        without = []
        for place, task in enumerate(tasks, start=1):
            number = task.get("id") if isinstance(task, dict) else task
            if isinstance(task, dict) and is_id(number):
                yield RawTask(task, name)
            else:
                without.append(f"entry {place}: {repr(number)[:40]}")
        if without:
            tasks_have = counted(len(without), "task has", "tasks have")
            what = f"{tasks_have} no whole number below 10^15 as id ({some(without)}); {_GIVE_IDS}"
            self.problems.append(Problem(what, name))

    def tasks(self) -> Iterator[RawTask]:
        """Yield the raw tasks of all exports, each task once."""
        return iter(self._tasks)

    def fingerprint(self, raw: Any, origin: str) -> str | None:
        """Return a digest of a raw task; None if it is nested too deeply to be a task."""
        try:
            return sha256(compact_json(raw))
        except RecursionError:
            return None

    def image_fields(self, origin: str) -> Mapping[str, str]:
        """Return an empty mapping: an export does not tell which field each image tag shows."""
        return {}

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Do nothing: the images are here."""

    def finish(self) -> None:
        """Save the images' digests; the folder itself is the user's."""
        if self._digests is not None:
            self._digests.save()

    def find(self, task: HasImage) -> ImageFile:
        """Return the file with a task's image; raises ValueError as :meth:`image` does."""
        name = self._images.find(task.reference or "")
        known = self._digests.get(name) if self._digests else None
        return ImageFile(self.path, name, known or sha256_file(self.path / name))

    def image(self, reference: str) -> Path:
        """Return the file that an image reference of a task names.

        Raises:
            ValueError: No file fits, or several do.
        """
        return self.path / self._images.find(reference)


_OF_MIN = (
    "JSON_MIN does not tell projects, ground truth, skipped annotations, and the order of regions "
    "of different tools; export the project as JSON where these matter"
)
_GIVE_IDS = (
    "import the file into Label Studio and export the project as JSON, or give each task a number "
    "of its own as 'id'"
)
_ENDINGS = (".json", ".jsonl", ".ndjson")
_OTHER_KINDS = {
    (".csv", ".tsv"): "a table does not hold all: export the project as JSON",
    (".gz", ".zip"): "unpack it",
    (".crdownload", ".part"): "not downloaded to its end: export it again",
    (".dvc",): "a pointer of DVC's: run `dvc pull`",
    (".xml",): "Pascal VOC, or another format: export the project as JSON",
}
"""What people have in the place of an export, by the ending, and what to do."""


def _of_other_kinds(root: Path) -> list[str]:
    """Say which files may have been meant as exports, and why they are none."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.*"))
    said = []
    for endings, reason in _OTHER_KINDS.items():
        found = [name for name in names if name.lower().endswith(endings)]
        said += [f"{some(found)} ({reason})"] if found else []
    return said


def _candidates(root: Path) -> Iterator[Path]:
    """Yield the files that may be exports: by their ending, or named by a number.

    A target storage names its files by the annotation's number, with or without an ending. Hidden
    files, such as those that macOS writes beside others, are none.
    """
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        found = (folders if Path(folder) == root else []) + names
        for name in sorted(found):
            path = Path(folder, name)
            is_named = path.suffix.lower() in _ENDINGS and not name.startswith(".")
            if is_named or (name.isdecimal() and path.is_file() and _begins(path) == b"{"):
                yield path


def _begins(path: Path) -> bytes:
    """Return the first byte of a file."""
    with path.open("rb") as stream:
        return stream.read(1)


def _looks_like_an_export(path: Path) -> bool:
    """Return whether a file that cannot be parsed looks like an export that was cut off."""
    signs = (b'"annotations"', b'"annotation_id"', b'"completions"', b'"result"')
    content = path.read_bytes() if path.is_file() else b""
    return any(sign in content for sign in signs)


def _content(file: Path) -> Content:
    """Return the tasks in a file.

    Raises:
        NotAnExportError: It is JSON of something else.
        ValueError: It is no file, or no JSON.
    """
    if not file.is_file():  # reading a pipe would wait for ever
        raise ValueError("is not a file, or a link to none")
    try:
        return read_content(file.read_bytes())
    except NotAnExportError:
        raise
    except (ValueError, RecursionError) as error:
        what = impostor(file)
        why = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ValueError(what or f"is not valid JSON ({why}): export it again") from None
