"""Write and read ``data/annotations/<key>.json``: equal labels give equal bytes.

Keys are sorted, each region is one line, and what Label Studio changes by itself is left out, so
that each line of a diff is a change that somebody made.
"""

import json
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

from maskbench.errors import DataError, Problem
from maskbench.files.hashing import sha256
from maskbench.files.json import parse_json
from maskbench.regions.task import Annotation, Image, Region, Task

_EXPANDED = 4  # task, list of annotations, annotation, list of regions: one region a line


def task_json(task: Task) -> bytes:
    """Return the stored form of a task as bytes: ASCII JSON, which no tool changes."""
    annotations = [_annotation_value(annotation) for annotation in task.annotations]
    image = vars(task.image) if task.image else None
    value = {**vars(task), "annotations": annotations, "image": image}
    return (_lines(value, _EXPANDED) + "\n").encode("ascii")


def with_image(task: Task, image: Image) -> Task:
    """Return a task with its image; regions keep the size that they name only if it is another.

    Every save in the browser writes the image's size into each region.
    """
    annotations = (
        replace(own, regions=tuple(_without_size(region, image) for region in own.regions))
        for own in task.annotations
    )
    return replace(task, image=image, annotations=tuple(annotations))


def _without_size(region: Region, image: Image) -> Region:
    agrees = region.original_size == (image.width, image.height)
    return region._replace(original_size=None) if agrees else region


def _annotation_value(annotation: Annotation) -> dict[str, Any]:
    value = vars(annotation) | {"regions": [_without_defaults(r) for r in annotation.regions]}
    return {name: v for name, v in value.items() if v is not None or name not in _OPTIONAL}


_OPTIONAL = ("task", "project", "model_version", "parent_prediction", "lead_time")
"""Fields of an annotation that are stored where they say something: the task of another task's
annotation, the prediction that it began as, and the time spent on it."""


def _without_defaults(region: Region) -> dict[str, Any]:
    optional = ("answers", "on_other_image", "origin", "original_size")
    return {name: v for name, v in region._asdict().items() if v or name not in optional}


def _lines(value: Any, expanded: int) -> str:
    if expanded and value and isinstance(value, dict):
        rows = [f"{json.dumps(str(k))}: {_lines(value[k], expanded - 1)}" for k in sorted(value)]
        return "{\n" + ",\n".join(rows) + "\n}"
    if expanded and value and isinstance(value, list | tuple):
        return "[\n" + ",\n".join(_lines(entry, expanded - 1) for entry in value) + "\n]"
    return json.dumps(value, sort_keys=True, allow_nan=False)


def read_task(path: Path) -> Task:
    """Read a task from its file.

    Raises:
        DataError: The file is damaged or of another version of maskbench.
    """
    return parse_stored_task(path.read_bytes(), path.name)


def read_unchanged(path: Path, digest: str | None, stage: str) -> Task:
    """Read a task from its file, which has to be as it was when the stage began.

    Args:
        path: The file.
        digest: The SHA-256 that it had then.
        stage: The stage, for messages.

    Raises:
        DataError: The file has changed or is damaged.
    """
    content = path.read_bytes()
    if sha256(content) != digest:
        raise DataError(f"{stage}: data/annotations changes while it is read; try again")
    return parse_stored_task(content, path.name)


def parse_stored_task(content: bytes, name: str) -> Task:
    """Read a task from the bytes of its stored form.

    Args:
        content: The bytes.
        name: The file's name, for messages.

    Raises:
        DataError: The file is damaged or of another version of maskbench.
    """
    try:
        value = parse_json(content)
        value["annotations"] = tuple(_annotation(entry) for entry in value["annotations"])
        value["image"] = _image(value["image"]) if value["image"] else None
        return _checked(Task(**value), id=int, key=str, data=dict)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        what = f"is not a stored task ({error!r}); run `dvc repro -f fetch` or `dvc checkout`"
        raise DataError("data/annotations is damaged", [Problem(what, name)]) from None


_Read = TypeVar("_Read", Task, Annotation, Image)


def _checked(value: _Read, **types: Any) -> _Read:
    """Return a value after checking the types of its fields: a merge may have damaged the file."""
    for name, expected in types.items():
        if not isinstance(getattr(value, name), expected):
            raise TypeError(f"{name} is {getattr(value, name)!r}"[:200])
    return value


def _image(value: dict[str, Any]) -> Image:
    image = _checked(Image(**value), file=str, width=int, height=int, sha256=str)
    if "/" in image.file or min(image.width, image.height) < 1:
        raise ValueError(f"no image is {image}"[:200])
    return image


def _annotation(value: dict[str, Any]) -> Annotation:
    regions = tuple(_region(entry) for entry in value.pop("regions"))
    read = Annotation(**{**value, "regions": regions, "relations": tuple(value["relations"])})
    text, number = (str, NoneType), (int, NoneType)
    optional = {
        "model_version": text, "parent_prediction": number, "lead_time": (float, int, NoneType),
    }  # fmt: skip
    return _checked(read, id=int, created_at=text, updated_at=text, answers=dict, **optional)


def _region(value: dict[str, Any]) -> Region:
    size, labels = value.get("original_size"), tuple(value["labels"])
    if not (isinstance(value["shape"], str) and isinstance(value["value"], dict)):
        raise TypeError(f"no region is {value}"[:200])
    if not all(isinstance(label, str) for label in labels):
        raise TypeError(f"no labels are {labels}"[:200])
    size = (size[0], size[1]) if size else None
    return Region(**{**value, "labels": labels, "original_size": size})
