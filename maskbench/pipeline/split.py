"""Run the stage *split*: assign train, valid and test, and write the manifest."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from maskbench.errors import DataError, count_problems
from maskbench.files.atomic import remove_others, write_text
from maskbench.files.csv import write_table
from maskbench.files.json import json_text
from maskbench.labelstudio.stored import read_task
from maskbench.params import EXCLUDED, SUBSETS, Params, SplitParams
from maskbench.pipeline.grouping import Grouping, group_images, read_groups
from maskbench.pipeline.incremental import LastRun, folder_digests
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.splits import (
    GroupedImage,
    Member,
    assign_splits,
    groups_of,
    own_subset,
)
from maskbench.pipeline.tables import read_combined, undeclared
from maskbench.regions.task import (
    DRAWN,
    LABEL_ORIGINS,
    Annotation,
    Task,
    annotators,
    labels_origin,
    task_and_project,
    voters,
)
from maskbench.text import counted

COLUMNS = (
    "key", "split", "group", "published", "task", "project", "annotation", "annotator",
    "annotators", "ground_truth", "updated_at", "scene", "mask", "width", "height", "classes",
    "mask_sha256", "scene_sha256", "scaling", "origin", "parent_prediction", "model_version",
    "voters", "undecided",
)  # fmt: skip
"""Columns of ``manifest.csv``; :class:`maskbench.files.manifest.Row` says what each holds."""

Cells = dict[str, Any]
"""A row of the manifest, by column."""


def split(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        DataError: The images cannot be grouped, or the published subsets contradict each other; all
            problems together. The previous splits stay.
    """
    settings = params.split
    items = read_combined(layout)
    known = _known(settings, items, layout)
    images = [GroupedImage(*known[item["key"]]["group"]) for item in items]
    grouping = group_images(images, settings, layout.root)
    problems = [
        *grouping.problems,
        *undeclared(layout, "split", settings.table, "split.published.file"),
    ]
    if problems:
        raise DataError(f"split: {count_problems(problems)}; nothing was changed", problems)
    splits = assign_splits(
        groups_of(
            Member(
                grouping.groups[item["key"]],
                json.loads(item["classes"]),
                grouping.published.get(item["key"]),
            )
            for item in items
        ),
        settings,
    )
    people = _people(images, known)
    rows = [
        _row(item, known[item["key"]]["row"], grouping, splits, settings)
        | {"annotators": len(people[image.image])}
        for item, image in zip(items, images, strict=True)
    ]
    _write_splits(rows, layout)
    write_table(layout.benchmark / "manifest.csv", COLUMNS, rows)
    metrics = _metrics(rows)
    write_text(layout.metrics("split"), json_text(metrics))
    _write_balance(metrics, layout)
    shown = ", ".join(f"{metrics['images'][name]} {name}" for name in SUBSETS)
    notes = [
        *_excluded(rows, settings),
        *_empty_subsets(settings, metrics["images"]),
        *grouping.notes,
    ]
    return " — ".join([shown, *notes])


def _known(
    params: SplitParams, items: Sequence[Mapping[str, str]], layout: Layout
) -> dict[str, Cells]:
    """Return the facts of each mask's task, by key; read only new tasks.

    They have two parts: ``group``, a :class:`GroupedImage`, and ``row``, for the manifest.
    """
    digests = folder_digests(layout, "annotations")
    last = LastRun(layout, "split")
    known: dict[str, Any] = {}
    has_new = False
    reading = repr((params.group_by, params.published))
    for item in items:
        key = item["key"]
        inputs = [digests.get(f"{key}.json"), item["annotation"], item["votes"], reading]
        entry = last.items.get(key)
        if entry is None or entry["inputs"] != inputs:
            has_new = True
            task = read_task(layout.annotations / f"{key}.json")
            ids = [int(number) for number in (item["votes"] or item["annotation"]).split()]
            votes = [a for number in ids for a in task.annotations if a.id == number]
            entry = {
                "inputs": inputs,
                "group": read_groups(task, votes[-1], params),
                "row": _facts(task, votes),
            }
        known[key] = entry
    digests.save()
    last.save(known, has_new)
    return known


def _facts(task: Task, votes: Sequence[Annotation]) -> Cells:
    """Return what the manifest says of the annotations that count."""
    annotation = votes[-1]
    return {
        "project": task_and_project(task, annotation)[1],
        "annotator": annotation.completed_by,
        "annotators": annotators(task.annotations),
        "ground_truth": str(all(vote.ground_truth for vote in votes)).lower(),
        "updated_at": annotation.updated_at,
        "origin": labels_origin(votes),
        "parent_prediction": annotation.parent_prediction,
        "model_version": annotation.model_version,
        "voters": voters(votes),
    }


def _people(images: Sequence[GroupedImage], known: Mapping[str, Cells]) -> dict[str, set[int]]:
    """Return who annotated each image, by its digest."""
    people: dict[str, set[int]] = {}
    for image in images:
        people.setdefault(image.image, set()).update(known[image.key]["row"]["annotators"])
    return people


def _row(
    item: Mapping[str, str],
    facts: Cells,
    grouping: Grouping,
    splits: Mapping[str, str],
    params: SplitParams,
) -> Cells:
    group, published = grouping.groups[item["key"]], grouping.published.get(item["key"])
    subset = own_subset(splits[group], facts["origin"], params)
    return {**item, **facts, "group": group, "published": published, "split": subset}


def _write_splits(rows: Sequence[Cells], layout: Layout) -> None:
    folder = layout.benchmark / "splits"
    files = {name: folder / f"{name}.txt" for name in SUBSETS}
    for name, file in files.items():
        scenes = sorted(row["scene"] for row in rows if row["split"] == name)
        write_text(file, "".join(f"{scene}\n" for scene in scenes))
    remove_others(folder, {file.name for file in files.values()})


def _metrics(rows: Sequence[Cells]) -> dict[str, Any]:
    images = Counter(row["split"] for row in rows)
    classes: dict[str, Counter[str]] = {name: Counter() for name in SUBSETS}
    for row in rows:
        if row["split"] != EXCLUDED:
            classes[row["split"]].update(json.loads(row["classes"]))
    return {
        "images": {name: images[name] for name in SUBSETS},
        "share": {name: round(images[name] / max(1, len(rows)), 4) for name in SUBSETS},
        "groups": len({row["group"] for row in rows}),
        "classes": {
            label: {name: _share(classes[name], label) for name in SUBSETS}
            for label in sorted({label for counts in classes.values() for label in counts})
        },
        "origins": {name: _origins(rows, name) for name in (*SUBSETS, EXCLUDED)},
        "models": _models(rows),
    }


def _origins(rows: Sequence[Cells], subset: str) -> dict[str, int]:
    """Count a subset's images by where their labels come from."""
    found = Counter(row["origin"] for row in rows if row["split"] == subset)
    return {origin: found[origin] for origin in LABEL_ORIGINS}


def _models(rows: Sequence[Cells]) -> dict[str, dict[str, int]]:
    """Count the images whose labels began as predictions, by the model's version and origin."""
    models: dict[str, Counter[str]] = {}
    for row in rows:
        if row["origin"] != DRAWN:
            models.setdefault(row["model_version"] or "unknown", Counter())[row["origin"]] += 1
    return {name: dict(sorted(models[name].items())) for name in sorted(models)}


def _excluded(rows: Sequence[Cells], params: SplitParams) -> list[str]:
    count = sum(row["split"] == EXCLUDED for row in rows)
    images = counted(count, "image has", "images have")
    names = " and ".join(params.exclude_accepted)
    what = f"{images} labels that were accepted from a model: kept out of {names}"
    return [what] if count else []


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


def _empty_subsets(params: SplitParams, images: Mapping[str, int]) -> list[str]:
    empty = [name for name in SUBSETS if params.ratios[name] > 0 and not images[name]]
    if not empty:
        return []
    return [f"{' and '.join(empty)} got no image: add images, or choose another split.salt"]
