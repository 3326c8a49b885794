"""The stored form of a task: ``data/annotations/<key>.json``, equal bytes for equal labels.

Keys are sorted, one region stands on a line, and what Label Studio changes by itself is left out,
so that a line of a diff is a change that somebody made.
"""

import json
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

from maskbench.errors import DataError, Problem
from maskbench.files.json import parse_json
from maskbench.regions.task import Annotation, Image, Region, Task

_EXPANDED = 4  # task, list of annotations, annotation, list of regions: one region a line


def task_json(task: Task) -> bytes:
    """The canonical bytes of a task (ASCII JSON, so that any text survives any tool)."""
    annotations = [
        vars(annotation) | {"regions": [_without_defaults(r) for r in annotation.regions]}
        for annotation in task.annotations
    ]
    image = vars(task.image) if task.image else None
    value = {**vars(task), "annotations": annotations, "image": image}
    return (_lines(value, _EXPANDED) + "\n").encode("ascii")


def _without_defaults(region: Region) -> dict[str, Any]:
    optional = ("answers", "original_size")
    return {name: v for name, v in region._asdict().items() if v or name not in optional}


def _lines(value: Any, expanded: int) -> str:
    if expanded and value and isinstance(value, dict):
        rows = [f"{json.dumps(str(k))}: {_lines(value[k], expanded - 1)}" for k in sorted(value)]
        return "{\n" + ",\n".join(rows) + "\n}"
    if expanded and value and isinstance(value, list | tuple):
        return "[\n" + ",\n".join(_lines(entry, expanded - 1) for entry in value) + "\n]"
    return json.dumps(value, sort_keys=True, allow_nan=False)


def read_task(path: Path) -> Task:
    """A task from its stored form.

    Raises:
        DataError: The file is damaged or of another version of maskbench.
    """
    return task_of(path.read_bytes(), path.name)


def task_of(content: bytes, name: str) -> Task:
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
        return _of_its_types(Task(**value), id=int, key=str, data=dict)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        what = f"is no stored task ({error!r}); run `dvc repro -f fetch` or `dvc checkout`"
        raise DataError("data/annotations is damaged", [Problem(what, name)]) from None


_Thing = TypeVar("_Thing", Task, Annotation, Image)


def _of_its_types(thing: _Thing, **types: Any) -> _Thing:
    """The thing, if its fields hold what they should: a tool or a merge may have damaged them."""
    for name, expected in types.items():
        if not isinstance(getattr(thing, name), expected):
            raise TypeError(f"{name} is {getattr(thing, name)!r}"[:200])
    return thing


def _image(value: dict[str, Any]) -> Image:
    image = _of_its_types(Image(**value), file=str, width=int, height=int, sha256=str)
    if "/" in image.file or min(image.width, image.height) < 1:
        raise ValueError(f"no image is {image}"[:200])
    return image


def _annotation(value: dict[str, Any]) -> Annotation:
    regions = tuple(_region(entry) for entry in value.pop("regions"))
    made = Annotation(**{**value, "regions": regions, "relations": tuple(value["relations"])})
    return _of_its_types(made, id=int, created_at=_TEXT, updated_at=_TEXT, answers=dict)


_TEXT = (str, NoneType)


def _region(value: dict[str, Any]) -> Region:
    size, labels = value.get("original_size"), tuple(value["labels"])
    if not (isinstance(value["shape"], str) and isinstance(value["value"], dict)):
        raise TypeError(f"no region is {value}"[:200])
    for label in labels:
        if not isinstance(label, str):
            raise TypeError(f"no labels are {labels}"[:200])
    value["labels"] = labels
    value["original_size"] = (size[0], size[1]) if size else None
    return Region(**value)
