"""Read tasks in every form that Label Studio writes.

Each becomes a task of the JSON export, which :func:`maskbench.labelstudio.export.parse_task` reads:

- the JSON export: a list of tasks, also of versions before 1.0, which say ``completions``;
- one task, or one task per line (JSON lines);
- the files of a target storage: one annotation with its task in each;
- JSON_MIN: the task's data beside the values of each control, one annotation per entry.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from maskbench.files.json import parse_json
from maskbench.regions.shapes import GEOMETRY_FIELDS

_MIN_FIELDS = ("annotation_id", "annotator", "created_at", "lead_time", "updated_at")
_PREDICTIONS = "predictions without annotations: have people accept or correct them in Label Studio"
_BARE = "annotations without their tasks: export the project as JSON"


class NotAnExportError(ValueError):
    """A file is JSON, but not Label Studio's; the message says what it looks like."""


class Content(NamedTuple):
    """The tasks of a file, and its form.

    Attributes:
        tasks: Raw tasks in the form of the JSON export; an entry that is no task stays as it is.
        is_in_pieces: Each has one of its task's annotations, or some.
        is_single: The file holds one task, or one annotation: the export is a folder of such files.
        is_min: It is JSON_MIN.
    """

    tasks: list[Any]
    is_in_pieces: bool = False
    is_single: bool = False
    is_min: bool = False


def read_content(content: bytes) -> Content:
    """Read the tasks in the bytes of a file.

    Raises:
        NotAnExportError: It is JSON of something else.
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    value = parse_values(content)
    entries = value if isinstance(value, list) else [value]
    if isinstance(value, list) and all(_is_task(entry) for entry in entries):
        return Content(entries)
    tasks = [_as_task(entry) for entry in entries]
    if all(task is None for task in tasks):
        raise NotAnExportError(_looks_like(value))
    if all(_has_only_predictions(task) for task in tasks):
        raise NotAnExportError(_PREDICTIONS)
    is_min = any(map(_is_min, entries))
    return Content(
        [entry if task is None else task for entry, task in zip(entries, tasks, strict=True)],
        is_in_pieces=is_min or any(map(_is_stored_annotation, entries)),
        is_single=not isinstance(value, list),
        is_min=is_min,
    )


def parse_values(content: bytes) -> Any:
    """Return the value of JSON, or the list of values of JSON lines.

    Raises:
        ValueError: It is neither.
        RecursionError: It is nested too deeply.
    """
    try:
        return parse_json(content)
    except ValueError as error:
        lines = [line for line in content.splitlines() if line.strip()]
        try:
            values = [parse_json(line) for line in lines]
        except ValueError:
            raise error from None
        if len(values) < 2 or not all(isinstance(value, dict) for value in values):
            raise
        return values


def _is_task(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("data"), dict)
        and isinstance(entry.get("annotations"), list)
    )


def _is_min(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and ("annotator" in entry or "annotation_id" in entry)
        and "annotations" not in entry
    )


def _is_stored_annotation(entry: Any) -> bool:
    task = entry.get("task") if isinstance(entry, dict) and "result" in entry else None
    return isinstance(task, dict) and isinstance(task.get("data"), dict)


def _has_only_predictions(task: Any) -> bool:
    return isinstance(task, dict) and bool(task.get("predictions")) and "annotations" not in task


def _as_task(entry: Any) -> Any:
    """Return an entry as a task of the JSON export; None if Label Studio writes no such form."""
    if _is_stored_annotation(entry):
        annotation = {name: value for name, value in entry.items() if name != "task"}
        return {**entry["task"], "annotations": [annotation]}
    if isinstance(entry, dict) and isinstance(entry.get("data"), dict):
        return _of_old_version(entry) if isinstance(entry.get("completions"), list) else entry
    return _of_min(entry) if _is_min(entry) else None


def _of_old_version(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task of a version before 1.0: completions, skipped ones, seconds since 1970."""
    found = entry["completions"]
    annotations = [_of_completion(c) if isinstance(c, dict) else c for c in found]
    return {**entry, "annotations": annotations}


def _of_completion(completion: Mapping[str, Any]) -> dict[str, Any]:
    created = completion.get("created_at")
    if isinstance(created, int | float) and 0 <= created < 1 << 33:
        created = datetime.fromtimestamp(created, UTC).isoformat()
    skipped = {"was_cancelled": True} if completion.get("skipped") is True else {}
    return {**completion, "created_at": created, **skipped}


def _of_min(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the task of an entry of JSON_MIN; unlabelled tasks have no annotation's number."""
    result: list[dict[str, Any]] = []
    data = {}
    geometries: dict[str, str] = {}
    for name, value in entry.items():
        if isinstance(value, list) and value and all(_has_geometry(part) for part in value):
            result += [_result(name, part, geometries) for part in value]
        elif name not in ("id", *_MIN_FIELDS):
            data[name] = value
    number = entry.get("annotation_id")
    about = {name: entry.get(name) for name in ("created_at", "updated_at", "lead_time")}
    annotation = {"id": number, "completed_by": entry.get("annotator"), "result": result, **about}
    has_annotation = number is not None or bool(result)
    annotations = [annotation] if has_annotation else []
    return {"id": entry.get("id"), "data": data, "annotations": annotations}


def _has_geometry(part: Any) -> bool:
    return isinstance(part, dict) and any(name in part for name in GEOMETRY_FIELDS)


def _result(control: str, part: Mapping[str, Any], geometries: dict[str, str]) -> dict[str, Any]:
    """Return a value of JSON_MIN as a result entry; equal geometries get one region's id."""
    sizes = ("original_width", "original_height")
    value = {name: v for name, v in part.items() if name not in sizes}
    geometry = json.dumps([value.get(name) for name in sorted(GEOMETRY_FIELDS)])
    kind = next((name for name in sorted(value) if name.endswith("labels")), "")
    return {
        "id": geometries.setdefault(geometry, f"#{len(geometries)}"),
        "type": kind,
        "from_name": control,
        "value": value,
        **{name: part[name] for name in sizes if name in part},
    }


_OTHER_FILES = {
    ("images", "categories"): "a COCO file: export the project as JSON",
    ("categories", "info"): "notes of a COCO or YOLO export",
    ("shapes", "imagePath"): "LabelMe's",
    ("result", "model_version"): _PREDICTIONS,
    ("result",): _BARE,
}
"""What a file is that is not Label Studio's export, by fields that tell."""


def _looks_like(value: Any) -> str:
    """Say what a file that is not Label Studio's looks like, by its fields."""
    first = value[0] if isinstance(value, list) and value else value
    names: Iterable[str] = first.keys() if isinstance(first, dict) else ()
    fields = set(names)
    if isinstance(value, dict) and isinstance(value.get("tasks"), list):
        return "a page of the task list: export the project as JSON"
    if isinstance(value, dict) and isinstance(value.get("detail"), str):
        return f"an error that the server answered: {value['detail'][:80]!r}"
    return next(
        (what for signs, what in _OTHER_FILES.items() if fields.issuperset(signs)),
        "no tasks of Label Studio's",
    )
