"""Collect what the gallery's scripts know of all images, as JSON values."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from maskbench.files.manifest import Row
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.pages.data import class_entries, row_data, write_item
from maskbench.show.draw import CELL, COLUMNS, Facts, ImageFiles
from maskbench.versions.revision import ANNOTATIONS, Version


@dataclass(frozen=True)
class Gallery:
    """What a page shows.

    Attributes:
        version: The version.
        rows: Its images.
        scores: Mean IoU of an evaluation by key.
        copies_scenes: Copy scenes, reduced, into the page; else link them; None: copy few ones.
        view: What is open at first, as in addresses: ``list``, ``dropped``, or an image's key.
    """

    version: Version
    rows: Sequence[Row]
    scores: Mapping[str, float | None] | None = None
    copies_scenes: bool | None = None
    view: str = "list"


def page_data(
    folder: Path,
    shown: Gallery,
    files: Sequence[ImageFiles],
    sheets: Mapping[str, Mapping[str, Facts]],
    names: Sequence[str],
) -> dict[str, Any]:
    """Return the data of all images for the page's scripts; write the regions to a file."""
    images = {image.row.key: image for image in files}
    kept = {
        key: (name, cell, facts)
        for name, members in sheets.items()
        for cell, (key, facts) in enumerate(members.items())
    }
    combinations = _combinations(facts for _, _, facts in kept.values())
    order = {entry: i for i, entry in enumerate(combinations)}
    items: list[dict[str, Any]] = []
    regions: list[list[Any]] = []
    dropped: list[list[Any]] = []
    for key, (name, cell, facts) in sorted(kept.items()):
        regions += [[len(items), *region] for region in facts["regions"]]
        dropped += [[len(items), *region] for region in facts["dropped"]]
        item = _item(images[key], folder, facts, names)
        item["combinations"] = [
            [order[tuple(labels), why], pixels] for labels, _, why, pixels in facts["combinations"]
        ]
        link, score = shown.version.task_link(images[key].row), (shown.scores or {}).get(key)
        items.append(item | {"sheet": name, "cell": cell, "link": link, "score": score})
    write_item(folder, "_regions", regions)
    return {
        **_version(shown),
        "classes": class_entries(names),
        "sheet": {"columns": COLUMNS, "cell": CELL},
        "sheets": {name: len(members) for name, members in sheets.items()},
        "combinations": [
            {"labels": labels, "reason": why, "class": name, "pixels": pixels, "images": count}
            for (labels, why), (name, pixels, count) in combinations.items()
        ],
        "items": items,
        "dropped": dropped,
    }


def _version(shown: Gallery) -> dict[str, Any]:
    version, title = shown.version, f"{shown.version.root.resolve().name}, {shown.version.label}"
    return {
        "id": f"show-{version.root.resolve().name}-{version.commit or version.label}",
        "title": title,
        "revision": version.commit[:12] if version.commit else "",
        "view": shown.view,
        "has_scores": shown.scores is not None,
        "tasks": _tasks(version) if shown.view == "dropped" else [],
    }


def _item(image: ImageFiles, folder: Path, facts: Facts, names: Sequence[str]) -> dict[str, Any]:
    row = image.row
    copied = f"images/{row.key}.jpg"
    return {
        **row_data(row),
        "classes": sorted([names.index(n), pixels] for n, pixels in row.classes.items()),
        "thumbnail": facts["thumbnail"],
        "scene": copied if (folder / copied).is_file() else _link(image.scene, folder),
        "lead_time": facts["lead_time"],
        "overlap": facts["overlap"],
        "regions": len(facts["regions"]),
        "dropped": len(facts["dropped"]),
    }


def _combinations(
    found: Iterable[Facts],
) -> dict[tuple[tuple[str, ...], str], tuple[str, int, int]]:
    """Add up combinations: (labels, what decides) → (class, pixels, images), most pixels first."""
    totals: dict[tuple[tuple[str, ...], str], tuple[str, int, int]] = {}
    for facts in found:
        for labels, name, why, pixels in facts["combinations"]:
            _, before, images = totals.get((tuple(labels), why), (name, 0, 0))
            totals[tuple(labels), why] = (name, before + pixels, images + 1)
    return dict(sorted(totals.items(), key=lambda entry: (-entry[1][1], entry[0])))


def _link(scene: Path, folder: Path) -> str:
    """Return the address of a file, as seen from the page."""
    return quote(Path(os.path.relpath(scene.resolve(), folder.resolve())).as_posix())


def _tasks(version: Version) -> list[list[Any]]:
    """Return the fetched tasks that are not in the benchmark: key, task id and why."""
    keys = [name.removesuffix(".json") for name in version.listing(ANNOTATIONS)]
    paths = {key: f"{ANNOTATIONS}/{key}.json" for key in keys if key not in version.rows}
    files = version.files(paths.values())
    found = []
    for key, path in sorted(paths.items()):
        task = parse_stored_task(files[path].read_bytes(), f"{key}.json")
        if not task.annotations:
            why = "nobody has annotated it"
        elif all(annotation.was_cancelled for annotation in task.annotations):
            why = "it was skipped"
        else:
            why = "no annotation is what rasterize.annotation asks for"
        found.append([key, task.id, why])
    return found
