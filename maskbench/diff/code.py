"""Find which code built a version, and which files of it differ between two.

``dvc.lock`` has one digest for a folder of code. Its files are those that the version has in git
(or on disk, for the workspace), if they give that digest. A team's own repository has no code but a
pin (:mod:`maskbench.pipeline.pin`).
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath

import maskbench
from maskbench.pipeline.pin import PIN, Pin, change, installed, parse_pin
from maskbench.versions.dvc import folder_digest, not_ignored
from maskbench.versions.revision import Version, md5_of, on_disk

_STAGES = ("rasterize", "combine")  # the stages that decide pixels
_PACKAGE = "maskbench"


def code_changes(before: Version, after: Version) -> tuple[str, ...]:
    """Return the files of code that differ between two versions, for stages that decide pixels.

    If a version was not built by its own files (code was committed without ``dvc repro``), its
    folder is named instead.
    """
    changed = {path for stage in _STAGES for path in _differing(before, after, stage)}
    return tuple(sorted(changed))


def pin_change(before: Version, after: Version) -> tuple[str, str] | None:
    """Return the pinned maskbench before and after, such as 0.1.0 and 0.2.0; None if it is one."""
    if all(_code(before, stage).get(PIN) == _code(after, stage).get(PIN) for stage in _STAGES):
        return None
    return change(_pin(before), _pin(after))


def _pin(version: Version) -> Pin:
    """Return the pin of a version; unknown without one, or if it was not built with it."""
    content = version.text(PIN)
    digests = {_code(version, stage).get(PIN) for stage in _STAGES}
    if content is None or digests != {md5_of(content)}:
        return Pin()
    return parse_pin(content.decode("utf-8", "replace"))


def _differing(before: Version, after: Version, stage: str) -> set[str]:
    """Return the files that differ, and the folders whose files one version does not have."""
    old, new = _code(before, stage), _code(after, stage)
    moved = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    left = _files(before, {path: old[path] for path in moved & old.keys()})
    right = _files(after, {path: new[path] for path in moved & new.keys()})
    folders = [path for path, md5 in (*left.items(), *right.items()) if md5.endswith(".dir")]
    return {
        path
        for path in left.keys() | right.keys()
        if left.get(path) != right.get(path)
        and not any(path.startswith(f"{folder}/") for folder in folders)
    }


def runs_here(version: Version) -> bool:
    """Return whether the code that built a version is the code that is running now.

    In a repository with a pin, the pin decides. Where ``dvc.yaml`` has neither a pin nor code of
    maskbench, the code is assumed to be the same.
    """
    return not _pin(version).differs(installed()) and all(
        digest == _here(version, path)
        for stage in _STAGES
        for path, digest in _code(version, stage).items()
        if PurePosixPath(path).parts[0] == _PACKAGE
    )


def _here(version: Version, path: str) -> str | None:
    """Return the digest of a file or folder of the running package, as a version would have it."""
    running = _running()
    if path in running:
        return running[path]
    inside = {
        name.removeprefix(f"{path}/"): md5
        for name, md5 in running.items()
        if name.startswith(f"{path}/")
    }
    return folder_digest(not_ignored(inside, path, version.text(".dvcignore"))) if inside else None


def _code(version: Version, stage: str) -> dict[str, str]:
    """Return digest by path of the code that a stage depends on: files and folders."""
    return {
        path: digest
        for path, digest in version.stage_digests(stage).items()
        if path == PIN or path.endswith(".py") or PurePosixPath(path).parts[0] == _PACKAGE
    }


def _files(version: Version, code: Mapping[str, str]) -> dict[str, str]:
    """Return md5 by path of the files of code; of a folder itself where its files are not known."""
    files: dict[str, str] = {}
    for path, digest in code.items():
        found = {}
        if digest.endswith(".dir"):
            found = not_ignored(version.tracked(path), path, version.text(".dvcignore"))
        if found and folder_digest(found) == digest:
            files |= {f"{path}/{name}": md5 for name, md5 in found.items()}
        else:
            files[path] = digest
    return files


@cache
def _running() -> dict[str, str]:
    """Return md5 by path, beginning with ``maskbench/``, of the package that is running."""
    files = on_disk(Path(maskbench.__file__).parent)
    return {f"{_PACKAGE}/{name}": md5 for name, md5 in files.items()}
