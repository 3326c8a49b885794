"""Which code built a version, and which files of it differ between two.

``dvc.lock`` has the digest of a folder of code as a whole. The files are the version's own, in git
(or on disk, for the workspace), as long as they give that digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import maskbench
from maskbench.versions.dvc import folder_digest, not_ignored
from maskbench.versions.revision import Version, on_disk

_STAGES = ("rasterize", "combine")  # the stages that decide pixels
_OURS = "maskbench"


def code_changes(before: Version, after: Version) -> tuple[str, ...]:
    """Files of code that differ between two versions, of what the pixel-deciding stages depend on.

    A folder that differs stands for its files where a version's own files are not those that built
    it (code was committed without ``dvc repro``).
    """
    changed = (_differing(before, after, stage) for stage in _STAGES)
    return tuple(sorted(frozenset[str]().union(*changed)))


def _differing(before: Version, after: Version, stage: str) -> frozenset[str]:
    old, new = _code(before, stage), _code(after, stage)
    moved = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    left = _taken_apart(before, {path: old[path] for path in moved & old.keys()})
    right = _taken_apart(after, {path: new[path] for path in moved & new.keys()})
    return left.differing(right)


def runs_here(version: Version) -> bool:
    """Whether the code that built a version is the code that is running now.

    A ``dvc.yaml`` that lists no code of maskbench (it is installed, not vendored) cannot tell; then
    it is taken to be the same.
    """
    return all(
        digest == _here(version, path)
        for stage in _STAGES
        for path, digest in _code(version, stage).items()
        if path == _OURS or path.startswith(f"{_OURS}/")
    )


def _here(version: Version, path: str) -> str | None:
    """The digest of the running package, or of a file in it, as it would be in a version."""
    if path == _OURS:
        return folder_digest(not_ignored(_running(), _OURS, version.text(".dvcignore")))
    return _running().get(path.removeprefix(f"{_OURS}/"))


@dataclass(frozen=True)
class _Code:
    """md5 by path of files of code, and the folders whose files are not known."""

    files: Mapping[str, str]
    folders: frozenset[str]

    def differing(self, other: "_Code") -> frozenset[str]:
        """The paths of what differs: files, and folders that are not known on one side."""
        whole = self.folders | other.folders
        paths = self.files.keys() | other.files.keys()
        single = {
            path
            for path in paths
            if self.files.get(path) != other.files.get(path)
            and not any(path.startswith(f"{folder}/") for folder in whole)
        }
        return whole | single


def _code(version: Version, stage: str) -> dict[str, str]:
    """Digest by path of the code that a stage depends on."""
    return {
        path: digest
        for path, digest in version.stage_digests(stage).items()
        if path.endswith(".py") or PurePosixPath(path).name == _OURS
    }


def _taken_apart(version: Version, code: Mapping[str, str]) -> _Code:
    """The files of code, those within folders too."""
    files, folders = {}, set()
    for path, digest in code.items():
        if not digest.endswith(".dir"):
            files[path] = digest
            continue
        found = not_ignored(version.tracked(path), path, version.text(".dvcignore"))
        if folder_digest(found) == digest:
            files |= {f"{path}/{name}": each for name, each in found.items()}
        else:
            folders.add(path)
    return _Code(files, frozenset(folders))


@cache
def _running() -> dict[str, str]:
    """md5 by path, within it, of the files of the package that is running."""
    return on_disk(Path(maskbench.__file__).parent)
