"""Which parameters and which code differ between two versions."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import maskbench
from maskbench.diff.model import ParamChange
from maskbench.diff.versions import Version

_STAGES = ("rasterize", "combine")  # the stages that decide pixels
_SHAPING = ("labels_map", "multi_label_rules", "rasterize", "combine", "split", "fetch", "review")


def param_changes(before: Any, after: Any) -> tuple[ParamChange, ...]:
    """The leaves of two parsed params files that differ, by YAML path; lists are leaves.

    Unknown sections are left out; ``review`` is in, so that loosened gates are seen.
    """
    old, new = _leaves(_shaping(before)), _leaves(_shaping(after))
    paths = sorted(old.keys() | new.keys(), key=lambda path: _place(path, old, new))
    return tuple(
        ParamChange(path, old.get(path), new.get(path))
        for path in paths
        if old.get(path) != new.get(path)
    )


def _shaping(raw: Any) -> dict[str, Any]:
    return {name: raw[name] for name in _SHAPING if isinstance(raw, dict) and name in raw}


def _place(path: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[int, str]:
    return _SHAPING.index(path.split(".", 1)[0]), path


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {path: value} if path else {}
    found: dict[str, Any] = {}
    for name, entry in value.items():
        found |= _leaves(entry, f"{path}.{name}" if path else str(name))
    return found


def code_changes(before: Version, after: Version) -> tuple[str, ...]:
    """Files of code that the pixel-deciding stages ran and that differ between two versions."""
    old, new = _code(before), _code(after)
    return tuple(sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path)))


def runs_here(version: Version) -> bool:
    """Whether the code that built a version is the code that is running now.

    A ``dvc.yaml`` that lists no code of maskbench (it is installed, not vendored) cannot tell; then
    it is taken to be the same.
    """
    code = _code(version)
    return all(md5 == _running(path) for path, md5 in code.items() if _ours(path))


def _code(version: Version) -> dict[str, str]:
    return {
        path: md5
        for stage in _STAGES
        for path, md5 in version.stage_digests(stage).items()
        if path.endswith(".py")
    }


def _ours(path: str) -> bool:
    return path.startswith("maskbench/")


@cache
def _running(path: str) -> str:
    file = Path(maskbench.__file__).parent / path.removeprefix("maskbench/")
    if not file.is_file():
        return ""
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
