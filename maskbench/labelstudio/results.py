"""Read the entries of an annotation's ``result``: regions, answers and relations."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from maskbench.regions.shapes import GEOMETRY_FIELDS, KINDS
from maskbench.regions.strokes import canonical_rle
from maskbench.regions.task import FROM_MODEL, NOT_A_REGION, Region

_GEOMETRY = (*GEOMETRY_FIELDS, "sequence")  # a sequence is a video's, which has no mask
_GEOMETRY_OPTIONS = ("closed", "format")  # not repeated in each entry of a region
_RELATION = ("direction", "from_id", "labels", "to_id", "type")

Parts = tuple[tuple[Region, ...], dict[str, Any], tuple[Mapping[str, Any], ...]]
"""Regions, whole-image answers by control, and relations."""


def is_id(value: Any) -> bool:
    """Return whether a value can be the id of a task, annotation, project or user."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15


def text_or_none(value: Any) -> str | None:
    """Return the value if it is text."""
    return value if isinstance(value, str) else None


def parse_results(results: list[Any]) -> Parts:
    """Return the regions in drawing order, the whole-image answers, and the relations.

    Entries that share id *and* geometry are one region: the shape, its labels by each control, and
    answers about it. Equal ids with different geometry are different regions. An answer without
    geometry belongs to the only region with its id, if there is one, else to the whole image; a
    label without geometry and such a region is no region of the image.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    regions: dict[str, list[list[dict[str, Any]]]] = {}  # the groups by id
    unplaced = []
    answers: dict[str, Any] = {}
    relations = []
    for index, item in enumerate(results):
        entry = item if isinstance(item, dict) else {}
        value: dict[str, Any] = entry["value"] if isinstance(entry.get("value"), dict) else {}
        if entry.get("type") == "relation":
            relations.append({name: entry[name] for name in _RELATION if name in entry})
        elif value and not _has_shape(entry, value):
            unplaced.append({**entry, "value": value, "index": index})
        else:
            geometry = {name: _whole(value[name]) for name in _GEOMETRY if name in value}
            identity = json.dumps([_region_id(entry, index), geometry], sort_keys=True)
            if identity not in groups:
                regions.setdefault(_region_id(entry, index), []).append(
                    groups.setdefault(identity, [])
                )
            groups[identity].append({**entry, "value": value, "index": index})
    for entry in unplaced:
        with_id = regions.get(_region_id(entry, entry["index"]), [])
        if len(with_id) == 1:
            with_id[0].append(entry)
        elif _labels(entry):  # of a span of text or of a time series: no region of the image
            groups[f"{entry['index']} without a shape"] = [entry]
        else:
            answers[str(entry.get("from_name"))] = _answer(entry["value"])
    return tuple(_region(items) for items in groups.values()), answers, tuple(relations)


def _region_id(entry: Mapping[str, Any], index: int) -> str:
    """Return the region's id; where there is none, its place in the list."""
    return f"#{index}" if entry.get("id") is None else str(entry["id"])


def _has_shape(entry: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    return _named_shape(entry) is not None or any(name in value for name in _GEOMETRY)


def _named_shape(entry: Mapping[str, Any]) -> str | None:
    kind = str(entry.get("type")).removesuffix("labels")
    return kind if kind in KINDS else None


def _answer(value: Mapping[str, Any]) -> Any:
    """Return what was chosen or written: the only field's value, or all fields."""
    no_answer = (*_GEOMETRY, *_GEOMETRY_OPTIONS)
    fields = {name: v for name, v in value.items() if name not in no_answer}
    return next(iter(fields.values())) if len(fields) == 1 else fields


def _region(items: list[dict[str, Any]]) -> Region:
    first = next((item for item in items if _named_shape(item)), items[0])
    kept = (*_GEOMETRY, *_GEOMETRY_OPTIONS)
    value = {k: v for item in items for k, v in item["value"].items() if k in kept}
    labelled = [item for item in items if _labels(item) or _named_shape(item)]
    return Region(
        id=_region_id(first, first["index"]),
        shape=_named_shape(first) or _inferred_shape(first, value),
        labels=tuple(dict.fromkeys(label for item in items for label in _labels(item))),
        value=_canonical_value(value),
        from_name=text_or_none((labelled or items)[-1].get("from_name")),
        to_name=text_or_none(first.get("to_name")),
        answers={str(i.get("from_name")): _answer(i["value"]) for i in items if i not in labelled},
        original_size=_size(items),
        origin=next((i["origin"] for i in items if i.get("origin") in FROM_MODEL), None),
    )


def _inferred_shape(entry: Mapping[str, Any], value: Mapping[str, Any]) -> str:
    if "sequence" in value or not value:
        return str(entry.get("type") or NOT_A_REGION) if value else NOT_A_REGION
    return next((name for name, kind in KINDS.items() if kind.fields[0] in value), NOT_A_REGION)


def _labels(item: Mapping[str, Any]) -> list[str]:
    fields = sorted(item["value"].items())
    found = [v for k, v in fields if k.endswith("labels") and isinstance(v, list)]
    return label_names(label for labels in found for label in labels)


def label_names(labels: Iterable[Any]) -> list[str]:
    """Return labels as names of one line; blank ones, and what is no name, are none."""
    told = (label for label in labels if isinstance(label, str | int | float))
    names = (" ".join(str(label).splitlines()) for label in told)
    return [name for name in names if name.strip()]


def _size(items: list[dict[str, Any]]) -> tuple[int, int] | None:
    for item in items:
        size = (item.get("original_width"), item.get("original_height"))
        if size != (None, None):
            return _side(size[0]), _side(size[1])
    return None


def _side(value: Any) -> int:
    """Return a width or height in pixels, also of ``80.0`` and ``"80"``; 0 if it is none."""
    try:
        side = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return int(side) if 0 < side < 1 << 31 and side.is_integer() else 0


def _canonical_value(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the geometry as the browser saves it: ``1`` instead of ``1.0``, RLE unpadded."""
    plain = {name: _whole(entry) for name, entry in value.items()}
    if isinstance(plain.get("rle"), list):
        plain["rle"] = canonical_rle(plain["rle"])
    return plain


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole(entry) for entry in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
