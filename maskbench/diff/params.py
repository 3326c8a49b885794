"""Which parameters differ between two versions."""

from typing import Any

from maskbench.diff.model import ParamChange

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
