"""Stage *split*: train, valid and test, and the manifest of the benchmark."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from maskbench.errors import DataError, Problem, did_you_mean
from maskbench.files.atomic import remove_others, write_text
from maskbench.files.csv import read_table, write_table
from maskbench.files.json import json_text
from maskbench.labelstudio.stored import read_task
from maskbench.params import SUBSETS, Params, SplitParams
from maskbench.pipeline.incremental import Memory, folder_digests
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.splits import assign_splits, groups_of
from maskbench.regions.task import Annotation, Task

COLUMNS = (
    "key", "split", "group", "task", "project", "annotation", "annotator", "ground_truth",
    "updated_at", "scene", "mask", "width", "height", "classes", "mask_sha256", "scene_sha256",
    "scaling",
)  # fmt: skip
"""Columns of ``manifest.csv``; ``mask_sha256`` is of the mask's size and pixels
(:func:`maskbench.files.masks.pixel_digest`), ``scene_sha256`` of the scene's file, ``classes`` a
JSON object of pixels by class name, ``scaling`` a JSON list of the values of a scene of 16 bits
that become 0 and 255."""

Row = dict[str, Any]


def split(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        DataError: ``split.group_by`` names a field that tasks lack; the previous splits stay.
    """
    settings = params.split
    items = read_table(layout.combined)
    known = _known(settings, items, layout)
    splits = assign_splits(
        groups_of((known[item["key"]]["group"], json.loads(item["classes"])) for item in items),
        settings,
    )
    rows = [_row(item, known[item["key"]], splits) for item in items]
    _write_splits(rows, layout)
    write_table(layout.benchmark / "manifest.csv", COLUMNS, rows)
    metrics = _metrics(rows)
    write_text(layout.metrics("split"), json_text(metrics))
    _write_balance(metrics, layout)
    shown = ", ".join(f"{metrics['images'][name]} {name}" for name in SUBSETS)
    return f"{shown}{_warning(settings, metrics['images'])}"


def _known(
    params: SplitParams, items: Sequence[Mapping[str, str]], layout: Layout
) -> dict[str, Row]:
    """Return what the manifest says of each mask's annotation, by key; read only new ones."""
    digests = folder_digests(layout, "annotations")
    memory = Memory(layout, "split")
    known: dict[str, Any] = {}
    problems = []
    has_new = False
    for item in items:
        key = item["key"]
        inputs = [digests.get(f"{key}.json"), item["annotation"], params.group_by]
        entry = memory.known.get(key)
        if entry is None or entry["inputs"] != inputs:
            has_new = True
            task = read_task(layout.annotations / f"{key}.json")
            try:
                entry = {"inputs": inputs, "facts": _facts(task, int(item["annotation"]), params)}
            except KeyError as error:
                problems.append(Problem(error.args[0], task=task.id, param="split.group_by"))
        known[key] = entry
    if problems:
        raise DataError("split: images cannot be grouped; nothing was changed", problems)
    digests.save()
    memory.save(known, has_new)
    return {key: entry["facts"] for key, entry in known.items()}


def _facts(task: Task, number: int, params: SplitParams) -> Row:
    """Return what the manifest says of a task's annotation.

    Raises:
        KeyError: The field that groups is missing; its argument is the message.
    """
    annotation = next(a for a in task.annotations if a.id == number)
    return {
        "group": group_of(task, annotation, params.group_by),
        "project": task.project,
        "annotator": annotation.completed_by,
        "ground_truth": str(annotation.ground_truth).lower(),
        "updated_at": annotation.updated_at,
    }


def group_of(task: Task, annotation: Annotation, group_by: str | None) -> str:
    """Return the group of a task's image: the value that ``group_by`` names, or its SHA-256.

    Equal images have the same digest, and deleting a task or importing a project again does not
    change it.

    Raises:
        KeyError: The field that groups is missing; its argument is the message.
    """
    if group_by is None:
        if task.image is None:
            raise ValueError(f"task {task.id} has no image, and so no group")
        return task.image.sha256
    fields = {**task.data, **annotation.answers}
    value = fields.get(group_by)
    if value is None:
        hint = did_you_mean(group_by, map(str, fields))
        raise KeyError(f"its data has no field {group_by!r}; {hint}")
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _row(item: Mapping[str, str], known: Row, splits: Mapping[str, str]) -> Row:
    return {**item, **known, "split": splits[known["group"]]}


def _write_splits(rows: Sequence[Row], layout: Layout) -> None:
    folder = layout.benchmark / "splits"
    files = {name: folder / f"{name}.txt" for name in SUBSETS}
    for name, file in files.items():
        scenes = sorted(row["scene"] for row in rows if row["split"] == name)
        write_text(file, "".join(f"{scene}\n" for scene in scenes))
    remove_others(folder, {file.name for file in files.values()})


def _metrics(rows: Sequence[Row]) -> dict[str, Any]:
    images = Counter(row["split"] for row in rows)
    classes: dict[str, Counter[str]] = {name: Counter() for name in SUBSETS}
    for row in rows:
        classes[row["split"]].update(json.loads(row["classes"]))
    return {
        "images": {name: images[name] for name in SUBSETS},
        "share": {name: round(images[name] / max(1, len(rows)), 4) for name in SUBSETS},
        "groups": len({row["group"] for row in rows}),
        "classes": {
            label: {name: _share(classes[name], label) for name in SUBSETS}
            for label in sorted({label for counts in classes.values() for label in counts})
        },
    }


def _share(pixels: Counter[str], label: str) -> float:
    total = sum(pixels.values())
    return round(pixels[label] / total, 6) if total else 0.0


def _write_balance(metrics: Mapping[str, Any], layout: Layout) -> None:
    rows = (
        {"class": label, "split": name, "share": share}
        for label, shares in metrics["classes"].items()
        for name, share in shares.items()
    )
    write_table(layout.plot("balance"), ("class", "split", "share"), rows)


def _warning(params: SplitParams, images: Mapping[str, int]) -> str:
    empty = [name for name in SUBSETS if params.ratios[name] > 0 and not images[name]]
    if not empty:
        return ""
    return f" — {' and '.join(empty)} got no image: add images, or choose another split.salt"
