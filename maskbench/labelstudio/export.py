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
from maskbench.labelstudio.image_names import task_key
from maskbench.labelstudio.results import is_id, parse_results, text_or_none
from maskbench.labelstudio.shown_image import UnknownImageError, shown_image
from maskbench.regions.task import NOT_A_REGION, Annotation, Region, Task, could_count

_TASK = ("id", "data", "annotations", "project", "created_at")
_ANNOTATION = (
    "id", "completed_by", "created_at", "updated_at", "ground_truth", "was_cancelled", "result",
    "parent_prediction", "lead_time",
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
    shown = annotation.get("prediction")  # the whole prediction: two fields tell which one it is
    copy = shown if isinstance(shown, dict) else {}
    which = {name: copy[name] for name in ("id", "model_version") if name in copy}
    return {**kept, "prediction": which, "completed_by": _user(kept.get("completed_by"))}


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


def _annotation(
    raw: Any, index: int, origin: str | None, task: int, problems: list[Problem]
) -> Annotation | None:
    results = raw.get("result") if isinstance(raw, dict) else None
    number = raw["id"] if isinstance(raw, dict) and is_id(raw.get("id")) else index + 1
    if not isinstance(raw, dict) or not isinstance(results, list | None):
        what = "an annotation with a list 'result' is expected"
        problems.append(Problem(what, origin, task, number))
        return None
    for name in ("ground_truth", "was_cancelled"):
        if not isinstance(raw.get(name), bool | None):
            what = f"{name} is {raw[name]!r:.40}, neither true nor false; correct it"
            problems.append(Problem(what, origin, task, number))
    regions, answers, relations = parse_results(results or [])
    parent, model_version = _parent(raw, regions)
    return Annotation(
        id=number,
        completed_by=_user(raw.get("completed_by")),
        created_at=text_or_none(raw.get("created_at")),
        updated_at=text_or_none(raw.get("updated_at")),
        ground_truth=raw.get("ground_truth") is True,
        was_cancelled=raw.get("was_cancelled") is True,
        regions=regions,
        answers=answers,
        relations=relations,
        parent_prediction=parent,
        model_version=model_version,
        lead_time=_seconds(raw.get("lead_time")),
    )


def _parent(raw: Mapping[str, Any], regions: Iterable[Region]) -> tuple[int | None, str | None]:
    """Return the id and the model's version of the prediction that an annotation began as.

    Label Studio forgets the id when the prediction is deleted, but keeps a copy of the prediction
    that was on show; without the id, regions that a model proposed tell that it began as that one.
    """
    parent, shown = raw.get("parent_prediction"), raw.get("prediction")
    copy = shown if isinstance(shown, dict) and is_id(shown.get("id")) else {}
    if not is_id(parent):
        parent = copy.get("id") if any(region.origin for region in regions) else None
    version = copy.get("model_version") if copy.get("id") == parent else None
    return parent, text_or_none(version)


def _seconds(value: Any) -> float | None:
    """Return a time in seconds, to a tenth; None for what is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(value), 1) if is_number and 0 <= value < _LONGEST else None


_LONGEST = 1e9
"""Seconds, thirty years, beyond which a time is damage."""


def _user(value: Any) -> int | None:
    """Return the annotator's id, also from an export that has the whole user in its place."""
    value = value.get("id") if isinstance(value, dict) else value
    return value if is_id(value) else None
