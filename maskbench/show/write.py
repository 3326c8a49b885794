"""Write the gallery: one HTML file, the images' data, thumbnails in sheets, and scenes or links."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskbench.files.atomic import write_text
from maskbench.files.hashing import build_id, digest
from maskbench.files.json import parse_json
from maskbench.files.manifest import Row
from maskbench.pages.template import render
from maskbench.parallel.run import progress, run_all
from maskbench.params import IGNORE
from maskbench.show.data import Gallery, page_data
from maskbench.show.draw import COLUMNS, DrawSheet, Facts, ImageFiles, Sheet
from maskbench.text import counted
from maskbench.versions.revision import ANNOTATIONS, MASKS, SCENES, Version

MEMORY = ".drawn.json"
"""The facts about each image that was drawn, so that only changed ones are drawn again."""

COPIED = 500
"""Number of images up to which scenes are copied into the page, so that it can be sent."""

_PARAMS = ("labels_map", "multi_label_rules", "rasterize", "combine")
_CODE = ("pages", "regions", "show", "files/images.py", "files/masks.py", "files/orientation.py")


@dataclass(frozen=True)
class Written:
    """The outcome of writing a page: its images, how many were drawn, whether scenes are linked."""

    images: int
    drawn: int
    is_linked: bool


def write_gallery(folder: Path, shown: Gallery) -> Written:
    """Write the page; images that did not change since it was written are not drawn again.

    Raises:
        SourceError: Files to show are neither in the cache nor on the remote.
        DataError: A mask is damaged.
    """
    copies = len(shown.rows) <= COPIED if shown.copies_scenes is None else shown.copies_scenes
    files = _files(shown.version, shown.rows)
    names, numbers = _classes(shown.version)
    before = _remembered(folder)
    params = {name: shown.version.raw_params.get(name) for name in _PARAMS}
    look = digest([build_id(_CODE), params, names, copies])
    draw = DrawSheet(folder, names, numbers, shown.version.params, look, copies)
    sheets = list(_sheets(files, before))
    drawn = 0
    after: dict[str, dict[str, Facts]] = {}
    results = progress(run_all(draw, sheets, "show"), len(sheets), "show")
    for sheet, found in zip(sheets, results, strict=True):
        drawn += len(found)
        keys = [image.row.key for image in sheet.images]
        after[sheet.name] = {key: found.get(key) or before[sheet.name][key] for key in keys}
    write_text(folder / MEMORY, json.dumps(after, sort_keys=True))
    _remove_stale(folder, before, after, copies)
    data = page_data(folder, shown, files, after, names)
    write_text(folder / "index.html", _html(shown, data))
    return Written(len(data["items"]), drawn, not copies)


def _files(version: Version, rows: Sequence[Row]) -> list[ImageFiles]:
    paths = [
        (f"{MASKS}/{row.mask}", f"{ANNOTATIONS}/{row.key}.json", f"{SCENES}/{row.scene}")
        for row in rows
    ]
    found = version.files(path for three in paths for path in three)
    return [
        ImageFiles(row, *(found[path] for path in three))
        for row, three in zip(rows, paths, strict=True)
    ]


def _classes(version: Version) -> tuple[list[str], list[int]]:
    """Return the page's classes, and the number of each mask value."""
    known = version.class_names
    names = [known[value] for value in sorted(known, key=lambda value: (value == IGNORE, value))]
    other = {value: len(names) for value in range(256) if value not in known}
    names += ["(no class)"] if other else []
    return names, [names.index(known[v]) if v in known else other[v] for v in range(256)]


def _sheets(
    files: Sequence[ImageFiles], before: Mapping[str, Mapping[str, Facts]]
) -> Iterator[Sheet]:
    """Yield the sheets of thumbnails, one for ten task ids, so that a new task moves no other.

    A sheet is drawn again when one of its images changed; the fewer are in it, the sooner.
    """
    groups: defaultdict[str, list[ImageFiles]] = defaultdict(list)
    for image in files:
        groups[f"{image.row.task // COLUMNS:05d}"].append(image)
    for name, images in sorted(groups.items()):
        drawn = {key: facts["fingerprint"] for key, facts in before.get(name, {}).items()}
        yield Sheet(name, images, drawn)


def _remembered(folder: Path) -> dict[str, dict[str, Facts]]:
    with suppress(OSError, ValueError):
        found = parse_json((folder / MEMORY).read_bytes())
        return found if isinstance(found, dict) else {}
    return {}


def _remove_stale(
    folder: Path,
    before: Mapping[str, Mapping[str, Facts]],
    after: Mapping[str, Mapping[str, Facts]],
    copies: bool,
) -> None:
    """Delete the files of images that the page no longer shows, and nothing else."""
    old, new = ({key for keys in sheets.values() for key in keys} for sheets in (before, after))
    stale = [folder / "items" / f"{key}.js" for key in old - new]
    stale += [folder / "images" / f"{key}.jpg" for key in (old - new if copies else old)]
    for name in before.keys() - after.keys():
        stale += [folder / "sheets" / f"{name}{ending}" for ending in (".jpg", ".png")]
    for file in stale:
        file.unlink(missing_ok=True)


def _html(shown: Gallery, data: Mapping[str, Any]) -> str:
    version, items = shown.version, data["items"]
    splits = Counter(item["split"] for item in items)
    words = ", ".join(f"{count:,} {name}" for name, count in sorted(splits.items()))
    return render(
        "show/page.html",
        f"{data['title']} · maskbench show",
        data,
        heading=data["title"],
        verdict=f"{counted(len(items), 'image')} ({words})",
        has_dropped=bool(data["dropped"] or data["tasks"]),
        whole=len(items) == len(version.rows),
    )
