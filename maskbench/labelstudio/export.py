"""Read the tasks of Label Studio's export JSON.

Label Studio does not validate annotations: ``result`` can be null or hold anything. Only the
structure is read here. *rasterize* judges whether a region's geometry and labels are usable, and
only for annotations that count.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from maskbench.errors import Problem
from maskbench.labelstudio.image_names import UnknownImageError, shown_image, task_key
from maskbench.regions.shapes import GEOMETRY_FIELDS, KINDS
from maskbench.regions.strokes import canonical_rle
from maskbench.regions.task import NOT_A_REGION, Annotation, Region, Task, could_count

_GEOMETRY = (*GEOMETRY_FIELDS, "sequence")  # a sequence is a video's, which has no mask
_GEOMETRY_OPTIONS = ("closed", "format")  # not repeated in each entry of a region
_RELATION = ("direction", "from_id", "labels", "to_id", "type")

_TASK = ("id", "data", "annotations", "project", "created_at")
_ANNOTATION = (
    "id", "completed_by", "created_at", "updated_at", "ground_truth", "was_cancelled", "result",
)  # fmt: skip

DEEPEST = 100
"""Levels of nesting beyond which a task is refused; Label Studio's own tasks have about ten."""


class TaskError(ValueError):
    """A task's structure cannot be read; ``problems`` lists why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class RawTask(NamedTuple):
    """A task as its source has it.

    Attributes:
        value: The parsed JSON value.
        origin: The file or project that it came from, for messages.
        qualifier: What its key needs to differ from that of another project's task; mostly empty.
    """

    value: Any
    origin: str
    qualifier: str = ""


def parse_task(
    raw: Any,
    origin: str | None = None,
    fields: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
    qualifier: str = "",
) -> Task:
    """Read a task from one entry of a JSON export.

    Args:
        raw: The parsed JSON value.
        origin: The file it came from, for messages.
        fields: The data field behind each image tag of the labelling setup, where it is known.
        chosen: The same from ``fetch.image_field``, which goes first.
        qualifier: What its key needs to differ from that of another project's task.

    Raises:
        TaskError: The value is no task, has no usable id or image, or an annotation is malformed.
    """
    if _is_deep(raw):
        raise TaskError([Problem("a task is nested too deeply", origin)])
    if not isinstance(raw, dict) or not is_id(raw.get("id")):
        found = repr(raw.get("id"))[:80] if isinstance(raw, dict) else type(raw).__name__
        raise TaskError([Problem(f"a task with a numeric id is expected, found {found}", origin)])
    try:
        json.dumps(raw, allow_nan=False)
    except ValueError:
        what = "holds a number that is infinite or NaN"
        raise TaskError([Problem(what, origin, raw["id"])]) from None
    task = _task(raw, origin, fields, chosen)
    return replace(task, key=task_key(task.id, task.reference, qualifier)) if qualifier else task


def essential(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a raw task that :func:`parse_task` reads.

    Drafts, comments, names and e-mails are left out.
    """
    task = {name: raw[name] for name in _TASK if name in raw}
    if isinstance(task.get("annotations"), list):
        task["annotations"] = [_essential(entry) for entry in task["annotations"]]
    return task


def _essential(annotation: Any) -> Any:
    if not isinstance(annotation, dict):
        return annotation
    kept = {name: annotation[name] for name in _ANNOTATION if name in annotation}
    return {**kept, "completed_by": _user(kept.get("completed_by"))}


def _is_deep(value: Any) -> bool:
    """Tell whether lists and mappings are nested more than :data:`DEEPEST` times."""
    layer = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        inner = [e.values() if isinstance(e, dict) else e for e in layer]
        layer = [e for entries in inner for e in entries if isinstance(e, dict | list)]
        if not layer:
            return False
    return True


def _task(
    raw: Mapping[str, Any],
    origin: str | None,
    fields: Mapping[str, str] | None,
    chosen: Mapping[str, str] | None,
) -> Task:
    task_id: int = raw["id"]
    data, annotations = raw.get("data"), raw.get("annotations")
    if not isinstance(data, dict) or not isinstance(annotations, list):
        what = "has no 'data' and 'annotations': export the project as JSON"
        raise TaskError([Problem(what, origin, task_id)])
    problems: list[Problem] = []
    parsed = [
        _annotation(entry, i, origin, task_id, problems) for i, entry in enumerate(annotations)
    ]
    kept = tuple(sorted((a for a in parsed if a), key=lambda annotation: annotation.id))
    reference: str | None = None
    try:
        reference, tags = shown_image(data, _to_names(kept), fields, chosen)
        if tags is not None:
            kept = tuple(_marked(annotation, tags) for annotation in kept)
    except UnknownImageError as error:
        if could_count(kept):
            problems.append(Problem(str(error), origin, task_id, param="fetch.image_field"))
    except ValueError as error:
        problems.append(Problem(str(error), origin, task_id))
    if problems:
        raise TaskError(problems)
    project = raw["project"] if is_id(raw.get("project")) else None
    return Task(task_id, task_key(task_id, reference), project, data, reference, kept)


def _to_names(annotations: Iterable[Annotation]) -> set[str | None]:
    """Return the image tags under the regions of annotations that could count."""
    able = [annotation for annotation in annotations if not annotation.was_cancelled]
    regions = (region for annotation in able for region in annotation.regions)
    return {region.to_name for region in regions if region.shape != NOT_A_REGION}


def _marked(annotation: Annotation, tags: frozenset[str]) -> Annotation:
    """Return an annotation with a mark on regions that lie on none of these image tags."""
    regions = (
        region._replace(on_other_image=region.to_name is not None and region.to_name not in tags)
        for region in annotation.regions
    )
    return replace(annotation, regions=tuple(regions))


def is_id(value: Any) -> bool:
    """Tell whether a value can be the id of a task, annotation, project or user."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15


def _annotation(
    raw: Any, index: int, origin: str | None, task: int, problems: list[Problem]
) -> Annotation | None:
    results = raw.get("result") if isinstance(raw, dict) else None
    number = raw["id"] if isinstance(raw, dict) and is_id(raw.get("id")) else index + 1
    if not isinstance(raw, dict) or not isinstance(results, list | None):
        what = "an annotation with a list 'result' is expected"
        problems.append(Problem(what, origin, task, number))
        return None
    regions, answers, relations = _results(results or [])
    return Annotation(
        id=number,
        completed_by=_user(raw.get("completed_by")),
        created_at=_text(raw.get("created_at")),
        updated_at=_text(raw.get("updated_at")),
        ground_truth=raw.get("ground_truth") is True,
        was_cancelled=raw.get("was_cancelled") is True,
        regions=regions,
        answers=answers,
        relations=relations,
    )


def _user(value: Any) -> int | None:
    """Return the annotator's id, also from an export that has the whole user in its place."""
    value = value.get("id") if isinstance(value, dict) else value
    return value if is_id(value) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


_Parts = tuple[tuple[Region, ...], dict[str, Any], tuple[Mapping[str, Any], ...]]


def _results(results: list[Any]) -> _Parts:
    """Return the regions in drawing order, the whole-image answers, and the relations.

    Entries that share id *and* geometry are one region: the shape, its labels by each control, and
    answers about it. Equal ids with different geometry are different regions. An answer without
    geometry is of the only region with its id, if there is one, else of the whole image.
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
        from_name=_text((labelled or items)[-1].get("from_name")),
        to_name=_text(first.get("to_name")),
        answers={str(i.get("from_name")): _answer(i["value"]) for i in items if i not in labelled},
        original_size=_size(items),
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
    """Return labels as names of one line; blank ones are none."""
    names = (" ".join(str(label).splitlines()) for label in labels)
    return [name for name in names if name.strip()]


def _size(items: list[dict[str, Any]]) -> tuple[int, int] | None:
    for item in items:
        size = (item.get("original_width"), item.get("original_height"))
        if all(is_id(side) for side in size):
            return size  # type: ignore[return-value]  # two integers
    return None


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
