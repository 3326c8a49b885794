"""Read a version of the benchmark: a git revision or the workspace.

A revision's ``params.yaml`` and ``dvc.lock`` come from git, its data from DVC's cache or remote;
nothing is checked out. The workspace is read from disk; data that has not been pulled comes from
DVC's cache or remote, too.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from maskbench.errors import DataError, MaskbenchError, ParamsError, SourceError
from maskbench.files.manifest import Row, read_manifest
from maskbench.files.yaml import parse_yaml
from maskbench.params import Params, parse_params, with_choices
from maskbench.versions import git
from maskbench.versions.dvc import DvcRepository

WORKSPACE = "workspace"
MANIFEST = "data/benchmark/manifest.csv"
MASKS = "data/benchmark/masks"
SCENES = "data/benchmark/scenes"
ANNOTATIONS = "data/annotations"
IMAGES = "data/images"


class Version:
    """A version of the benchmark.

    Args:
        root: The repository's folder.
        revision: A git revision, or None for the workspace.
        repository: The files that DVC tracks in it.

    Attributes:
        commit: The revision's commit id; None for the workspace.
        label: Its name for people, such as ``main (3f2a1c9)``.

    Raises:
        SourceError: There is no such revision.
    """

    def __init__(self, root: Path, revision: str | None, repository: DvcRepository) -> None:
        self.root = root
        self.repository = repository
        self.commit = None if revision is None else git.resolve(root, revision)
        self.label = WORKSPACE if revision is None else _label(revision, str(self.commit))
        self._listings: dict[str, dict[str, str]] = {}

    def text(self, path: str) -> bytes | None:
        """Return the bytes of a file that git tracks, such as ``params.yaml``; None if absent."""
        if self.commit is not None:
            return git.file_at(self.root, self.commit, path)
        file = self.root / path
        return file.read_bytes() if file.is_file() else None

    def tracked(self, folder: str) -> dict[str, str]:
        """Return the md5 by path of a folder's files in git, or on disk for the workspace."""
        if self.commit is not None:
            files = git.files_at(self.root, self.commit, folder)
            return {path: md5_of(content) for path, content in files.items()}
        return on_disk(self.root / folder)

    @cached_property
    def lock(self) -> Mapping[str, Any]:
        """Return the stages of ``dvc.lock`` by name; empty if there is no lock file."""
        raw = self._yaml("dvc.lock")
        stages = raw.get("stages") if isinstance(raw, dict) else None
        return stages if isinstance(stages, dict) else {}

    @cached_property
    def raw_params(self) -> Any:
        """Return ``params.yaml`` parsed but not checked."""
        return self._yaml("params.yaml")

    @cached_property
    def params(self) -> Params:
        """Return the checked ``params.yaml``.

        Raises:
            ParamsError: It is missing or breaks a rule.
        """
        if self.raw_params is None:
            raise ParamsError(
                f"{self.label} has no params.yaml: it is not a version of a benchmark"
            )
        params = parse_params(self.raw_params, f"params.yaml of {self.label}")
        return with_choices(params, self.text)

    def _yaml(self, path: str) -> Any:
        content = self.text(path)
        try:
            return None if content is None else parse_yaml(content.decode("utf-8"))
        except ValueError as error:
            raise ParamsError(f"{path} of {self.label} cannot be read: {error}") from None

    @cached_property
    def _outputs(self) -> Mapping[str, Any]:
        """Return DVC's outputs by path; empty if there is no lock file."""
        return self.repository.outputs(self.commit, self.label) if self.lock else {}

    def stage_digests(self, stage: str) -> dict[str, str]:
        """Return the md5 by path of a stage's dependencies, as ``dvc.lock`` has it."""
        deps = (self.lock.get(stage) or {}).get("deps") or ()
        return {dep["path"]: str(dep.get("md5")) for dep in deps}

    def locked(self, folder: str) -> dict[str, str]:
        """Return the md5 by file name of a folder that is an output, as ``dvc.lock`` has it.

        Raises:
            SourceError: The version was not built, or the listing is neither in DVC's cache nor on
                its remote.
        """
        if folder not in self._listings:
            output = self._output(folder)
            self._listings[folder] = self.repository.listing(folder, output, self.label)
        return self._listings[folder]

    def _output(self, path: str) -> Any:
        """Return DVC's output at a path, which ``dvc.lock`` has a digest of."""
        output = self._outputs.get(path)
        if output is None or not (output.hash_info or output.files):
            raise SourceError(
                f"{self.label} has no {path} in dvc.lock: the benchmark was not built there; "
                "run `dvc repro` and commit dvc.lock"
            )
        return output

    def listing(self, folder: str) -> dict[str, str]:
        """Return the md5 by file name of a data folder.

        The workspace's files on disk come first; those that were not pulled are taken from
        ``dvc.lock``.
        """
        disk = self.root / folder
        if self.commit is not None or not disk.is_dir():
            return self.locked(folder)
        found = on_disk(disk)
        with suppress(SourceError):  # not built before, or not needed: all is on disk
            found = {**self.locked(folder), **found}
        return found

    def files(self, paths: Iterable[str]) -> dict[str, Path]:
        """Return a local file for each data path, after fetching what is missing.

        Raises:
            SourceError: A file is neither here nor in DVC's cache nor on its remote.
            DataError: The version has no such file.
        """
        found: dict[str, Path] = {}
        wanted: dict[str | None, dict[str, str]] = {}
        for path in dict.fromkeys(paths):
            if self.commit is None and (self.root / path).is_file():
                found[path] = self.root / path
                continue
            md5, remote = self._locate(path)
            wanted.setdefault(remote, {})[path] = md5
        for remote, files in wanted.items():
            found |= self.repository.fetch(files, remote, self.label)
        return found

    def mask_of(self, key: str) -> tuple[str, str] | None:
        """Return path and md5 of an item's mask by ``dvc.lock``; None if there is no such item."""
        names = self.locked(MASKS)
        name = next((name for name in (f"{key}.png", f"{key}.tif") if name in names), None)
        return None if name is None else (f"{MASKS}/{name}", names[name])

    def _locate(self, path: str) -> tuple[str, str | None]:
        """Return a file's md5 and the name of its remote (None for the default one)."""
        folder, _, name = path.rpartition("/")
        if path in self._outputs:
            output = self._output(path)
            return output.hash_info.value, output.remote
        md5 = self.locked(folder).get(name)
        if md5 is None:
            raise DataError(f"{self.label} has no file {path}; run `dvc repro` and commit dvc.lock")
        return md5, self._output(folder).remote

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Return the manifest's rows by key.

        Raises:
            SourceError: The version has none.
            DataError: It is damaged.
        """
        if self.commit is not None or not (self.root / MANIFEST).is_file():
            self._output(MANIFEST)  # raises if the version was never built
        return read_manifest(self.files([MANIFEST])[MANIFEST])

    @cached_property
    def class_names(self) -> dict[int, str]:
        """Return the class names by mask value."""
        return self.params.class_names

    def task_link(self, row: Row) -> str | None:
        """Return an item's address in Label Studio; None if the labels came from a folder."""
        return self.params.fetch.task_link(row.task, row.project)


def find_row(version: Version, word: str) -> Row:
    """Find the item that a key, a file name or a task id names.

    Raises:
        MaskbenchError: The version has no such item; the message names the closest ones.
    """
    rows = version.rows
    key = word if word in rows else Path(word).stem
    if key in rows:
        return rows[key]
    by_task = [row for row in rows.values() if word.isdecimal() and row.task == int(word)]
    if len(by_task) == 1:
        return by_task[0]
    if by_task:
        keys = " or ".join(row.key for row in by_task)
        raise MaskbenchError(f"{version.label} has several images of task {word}: name {keys}")
    close = get_close_matches(key, rows, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(close)}?" if close else "; manifest.csv lists them"
    raise MaskbenchError(f"{version.label} has no image {word!r}{hint}")


def _label(revision: str, commit: str) -> str:
    return commit[:7] if commit.startswith(revision) else f"{revision} ({commit[:7]})"


def on_disk(folder: Path) -> dict[str, str]:
    """Return the md5 of all files below a folder by path within it; empty if it is absent."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): md5_of(file.read_bytes()) for file in files}


def md5_of(content: bytes) -> str:
    """Return the md5 by which DVC names a file."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
