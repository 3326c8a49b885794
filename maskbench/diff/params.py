"""Find the parameters that differ between two versions."""

from typing import Any

from maskbench.diff.model import ParamChange
from maskbench.params import LEFT_OUT

_SECTIONS = ("labels_map", "multi_label_rules", "rasterize", "combine", "split", "fetch", "review")


def param_changes(before: Any, after: Any) -> tuple[ParamChange, ...]:
    """Return the values that differ between two parsed params files, by YAML path.

    A list is one value. Unknown sections are left out; ``review`` is included, so that looser gates
    show.
    """
    old, new = _leaves(_known(before)), _leaves(_known(after))
    paths = sorted(old.keys() | new.keys(), key=_place)
    return tuple(
        ParamChange(path, old.get(path), new.get(path))
        for path in paths
        if old.get(path) != new.get(path)
    )


def _known(raw: Any) -> dict[str, Any]:
    known = {name: raw[name] for name in _SECTIONS if isinstance(raw, dict) and name in raw}
    rasterize = known.get("rasterize")
    aliases = rasterize.get("label_aliases") if isinstance(rasterize, dict) else None
    if isinstance(rasterize, dict) and isinstance(aliases, dict):  # null says something there
        named = {label: LEFT_OUT if name is None else name for label, name in aliases.items()}
        known["rasterize"] = {**rasterize, "label_aliases": named}
    return known


def _place(path: str) -> tuple[int, str]:
    return _SECTIONS.index(path.split(".", 1)[0]), path


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {path: value} if path else {}
    found: dict[str, Any] = {}
    for name, entry in value.items():
        found |= _leaves(entry, f"{path}.{name}" if path else str(name))
    return found
