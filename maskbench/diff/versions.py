"""A version of the benchmark: what a git revision, or the workspace, says and holds.

A revision is read from git (``params.yaml``, ``dvc.lock``) and from DVC's cache or remote by the
digests in its ``dvc.lock``; nothing is checked out. The workspace is read from disk; what has not
been pulled is read by its ``dvc.lock`` like a revision.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from maskbench.diff import git
from maskbench.diff.store import Store
from maskbench.errors import DataError, MaskbenchError, ParamsError, SourceError
from maskbench.ignore import IGNORE
from maskbench.manifest import Row, read_manifest
from maskbench.params import Params, parse_params
from maskbench.yaml12 import parse_yaml

WORKSPACE = "workspace"
MANIFEST = "data/benchmark/manifest.csv"
MASKS = "data/benchmark/masks"
SCENES = "data/benchmark/scenes"
ANNOTATIONS = "data/annotations"
IGNORED = "(ignored)"
"""Name of the value 255 where no class of ``labels_map`` has it."""


class Version:
    """One version of the benchmark.

    Args:
        root: The repository's folder.
        revision: A git revision, or None for the workspace.
        store: The repository's objects.

    Attributes:
        commit: The revision's commit id; None for the workspace.
        label: What people call it, such as ``main (3f2a1c9)``.

    Raises:
        SourceError: There is no such revision.
    """

    def __init__(self, root: Path, revision: str | None, store: Store) -> None:
        self.root = root
        self.store = store
        self.commit = None if revision is None else git.resolve(root, revision)
        self.label = WORKSPACE if revision is None else _label(revision, str(self.commit))

    def text(self, path: str) -> bytes | None:
        """The bytes of a file that git keeps, such as ``params.yaml``; None if it is not there."""
        if self.commit is not None:
            return git.file_at(self.root, self.commit, path)
        file = self.root / path
        return file.read_bytes() if file.is_file() else None

    def tracked(self, folder: str) -> dict[str, str]:
        """md5 by path within it of a folder's files in git; of all on disk for the workspace."""
        if self.commit is not None:
            files = git.files_at(self.root, self.commit, folder)
            return {path: _md5(content) for path, content in files.items()}
        return on_disk(self.root / folder)

    @cached_property
    def lock(self) -> Mapping[str, Any]:
        """``dvc.lock``'s stages by name; empty if there is no lock file."""
        raw = self._yaml("dvc.lock")
        stages = raw.get("stages") if isinstance(raw, dict) else None
        return stages if isinstance(stages, dict) else {}

    @cached_property
    def raw_params(self) -> Any:
        """``params.yaml`` as parsed, unchecked."""
        return self._yaml("params.yaml")

    @cached_property
    def params(self) -> Params:
        """``params.yaml``, checked.

        Raises:
            ParamsError: It is missing or breaks a rule.
        """
        if self.raw_params is None:
            raise ParamsError(f"{self.label} has no params.yaml: it is no version of a benchmark")
        return parse_params(self.raw_params, f"params.yaml of {self.label}")

    def _yaml(self, path: str) -> Any:
        content = self.text(path)
        try:
            return None if content is None else parse_yaml(content.decode("utf-8"))
        except ValueError as error:
            raise ParamsError(f"{path} of {self.label} cannot be read: {error}") from None

    @cached_property
    def _outs(self) -> dict[str, "_Out"]:
        entries = [out for stage in self.lock.values() for out in stage.get("outs") or ()]
        remotes = _remotes(self._yaml("dvc.yaml"))
        return {
            out["path"]: _Out(out.get("md5"), out.get("files"), remotes.get(out["path"]))
            for out in entries
        }

    def stage_digests(self, stage: str) -> dict[str, str]:
        """md5 by path of what a stage depends on, as ``dvc.lock`` has it."""
        deps = (self.lock.get(stage) or {}).get("deps") or ()
        return {dep["path"]: str(dep.get("md5")) for dep in deps}

    @cached_property
    def _listings(self) -> dict[str, dict[str, str]]:
        return {}

    def locked(self, folder: str) -> dict[str, str]:
        """md5 by file name of a folder that is an output, as ``dvc.lock`` has it."""
        if folder not in self._listings:
            self._listings[folder] = self._read_listing(folder)
        return self._listings[folder]

    def _read_listing(self, folder: str) -> dict[str, str]:
        out = self._outs.get(folder)
        if out is None or not (out.md5 or out.files):
            raise SourceError(
                f"{self.label} has no {folder} in dvc.lock: the benchmark was not built there; "
                "run `dvc repro` and commit dvc.lock"
            )
        entries = out.files
        if entries is None:
            self.store.require({folder: str(out.md5)}, out.remote, self.label)
            entries = json.loads(self.store.path(str(out.md5)).read_bytes())
        return {entry["relpath"]: entry["md5"] for entry in entries}

    def listing(self, folder: str) -> dict[str, str]:
        """md5 by file name of a data folder.

        In the workspace a file on disk counts; what was not pulled is listed by ``dvc.lock``.
        """
        disk = self.root / folder
        if self.commit is not None or not disk.is_dir():
            return self.locked(folder)
        found = {
            file.name: _md5(file.read_bytes()) for file in sorted(disk.iterdir()) if file.is_file()
        }
        with suppress(SourceError):  # not built before, or not needed: all is on disk
            found = {**self.locked(folder), **found}
        return found

    def files(self, paths: Iterable[str]) -> dict[str, Path]:
        """A local file for each data path; what is not there is fetched, all at once.

        Raises:
            SourceError: A file is in no place where it could be.
        """
        found: dict[str, Path] = {}
        wanted: dict[str | None, dict[str, str]] = {}
        for path in dict.fromkeys(paths):
            if self.commit is None and (self.root / path).is_file():
                found[path] = self.root / path
                continue
            md5, remote = self._locate(path)
            wanted.setdefault(remote, {})[path] = md5
        for remote, objects in wanted.items():
            self.store.require(objects, remote, self.label)
            found |= {path: self.store.path(md5) for path, md5 in objects.items()}
        return found

    def mask_of(self, key: str) -> tuple[str, str] | None:
        """(path, md5) of an item's mask by ``dvc.lock``; None if the version has no such item."""
        names = self.locked(MASKS)
        name = next((name for name in (f"{key}.png", f"{key}.tif") if name in names), None)
        return None if name is None else (f"{MASKS}/{name}", names[name])

    def _locate(self, path: str) -> tuple[str, str | None]:
        folder, _, name = path.rpartition("/")
        out = self._outs.get(path)
        if out is not None and out.md5:
            return out.md5, out.remote
        md5 = self.locked(folder).get(name)
        if md5 is None:
            raise DataError(f"{self.label} has no file {path}; run `dvc repro` and commit dvc.lock")
        return md5, self._outs[folder].remote

    @cached_property
    def rows(self) -> dict[str, Row]:
        """The manifest's lines by key.

        Raises:
            SourceError: The version has none.
            DataError: It is damaged.
        """
        if MANIFEST not in self._outs and not (
            self.commit is None and (self.root / MANIFEST).is_file()
        ):
            raise SourceError(
                f"{self.label} has no {MANIFEST} in dvc.lock: the benchmark was not built there; "
                "run `dvc repro` and commit dvc.lock"
            )
        return read_manifest(self.files([MANIFEST])[MANIFEST])

    @cached_property
    def class_names(self) -> dict[int, str]:
        """Class name by mask value."""
        names = {value: name for name, value in self.params.labels_map.items()}
        return {IGNORE: IGNORED} | names

    def task_link(self, row: Row) -> str | None:
        """Address of an item's task in Label Studio; None if the labels came from a folder."""
        server = self.params.fetch.server
        if server is None or row.project is None:
            return None
        return f"{server}/projects/{row.project}/data?task={row.task}"


@dataclass(frozen=True)
class _Out:
    md5: str | None
    files: list[dict[str, str]] | None
    remote: str | None = field(default=None)


def _remotes(pipeline: Any) -> dict[str, str]:
    """The remote of outputs that have their own in ``dvc.yaml``."""
    stages = pipeline.get("stages") if isinstance(pipeline, dict) else None
    found = {}
    for stage in (stages or {}).values():
        for out in stage.get("outs") or () if isinstance(stage, dict) else ():
            for path, options in out.items() if isinstance(out, dict) else ():
                if isinstance(options, dict) and options.get("remote"):
                    found[path] = options["remote"]
    return found


def _label(revision: str, commit: str) -> str:
    return commit[:7] if commit.startswith(revision) else f"{revision} ({commit[:7]})"


def on_disk(folder: Path) -> dict[str, str]:
    """md5 by path within it of all files in a folder; none if it is not there."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): _md5(file.read_bytes()) for file in files}


def _md5(content: bytes) -> str:
    """The digest that DVC names a file by."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def find_root(start: Path) -> Path:
    """The folder at or above ``start`` that holds ``dvc.yaml``.

    Raises:
        MaskbenchError: There is none.
    """
    for folder in (start, *start.resolve().parents):
        if (folder / "dvc.yaml").is_file():
            return folder
    raise MaskbenchError("no dvc.yaml here or above: run maskbench inside a benchmark repository")
