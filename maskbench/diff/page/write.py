"""Write the page: chosen items, their pictures, and one HTML file with everything else."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from maskbench.diff.compare import context
from maskbench.diff.item import ItemFiles
from maskbench.diff.model import CAUSE_TITLES, UNEXPLAINED, Differences, MaskChange
from maskbench.diff.page.pictures import ShownChange, draw_item
from maskbench.diff.report.by_cause import CauseGroup, by_cause
from maskbench.diff.report.sections import LINKS, Section, author_words, column, heading, sections
from maskbench.diff.report.verdict import verdict
from maskbench.files.atomic import write_text
from maskbench.files.manifest import Row
from maskbench.pages.data import class_entries, remove_older, row_data
from maskbench.pages.palette import MARKS, hex_color
from maskbench.pages.tables import Cell, Table
from maskbench.pages.template import render
from maskbench.parallel.run import run_all
from maskbench.text import counted
from maskbench.versions.revision import ANNOTATIONS, MASKS, SCENES, Version

_OPEN = 12  # rows of a table that is open from the beginning
_EXAMPLES = 4  # pictures of a cause in the summary
_DRAWN_OTHERWISE = {"Causes", "Masks changed, worst first", "Pixels that moved between classes"}
"""Tables that the summary leaves out: causes have cards, and masks are listed beside it."""


def write_page(
    folder: Path, found: Differences, before: Version, after: Version, most: int = 500
) -> None:
    """Write the page and its pictures; if there are more than ``most`` items, show the worst.

    Raises:
        SourceError: A scene or mask to show is neither in the cache nor on the remote.
    """
    entries: list[MaskChange | Row] = [*found.changes, *found.added, *found.removed]
    entries = entries[: max(0, most)]
    names = class_order(before, after, found)
    items = [_entry(i, entry, found) for i, entry in enumerate(entries)]
    keys = {item["key"] for item in items}
    examples = {change.key for group in by_cause(found) for change in _examples(group, keys)}
    shown = _shown(items, before, after, examples)
    remove_older(folder)
    draw = partial(draw_item, folder, names, context(before), context(after))
    for _ in run_all(draw, shown, "page"):
        pass
    data = {
        "id": f"{before.commit or before.label}-{after.commit or after.label}",
        "title": f"{found.before} → {found.after}",
        "after": {"revision": after.commit[:12] if after.commit else ""},
        "classes": class_entries(names),
        "marks": {name: hex_color(color) for name, color in MARKS.items()},
        "causes": CAUSE_TITLES,
        "items": items,
        "transitions": [[*pair, count] for pair, count in sorted(found.transitions.items())],
        "left_out": len(found.changes) + len(found.added) + len(found.removed) - len(items),
    }
    write_text(folder / "index.html", page_text(found, data))


def page_text(found: Differences, data: Mapping[str, Any]) -> str:
    """Return the page; its scripts find ``data``, whose ``items`` are the images on it."""
    numbers = {item["key"]: item["n"] for item in data["items"]}
    return render(
        "diff/page.html",
        f"{found.before} → {found.after} · maskbench diff",
        data,
        heading=heading(found),
        verdict=verdict(found),
        causes=[_cause(group, numbers) for group in by_cause(found)],
        sections=[
            _section(section, numbers)
            for section in sections(found)
            if section.title not in _DRAWN_OTHERWISE
        ],
    )


def class_order(before: Version, after: Version, found: Differences) -> list[str]:
    """Return all class names, the new version's by value, then those that only the old one has."""
    new = sorted(after.params.labels_map, key=lambda name: after.params.labels_map[name])
    old = sorted(before.params.labels_map, key=lambda name: before.params.labels_map[name])
    return list(dict.fromkeys([*new, *old, *found.classes]))[:255]


def _entry(index: int, entry: MaskChange | Row, found: Differences) -> dict[str, Any]:
    number = f"{index:05d}"
    if isinstance(entry, MaskChange):
        return {"n": number, "status": "changed", **_row(entry.after), **_changed(entry, found)}
    status = "added" if entry in found.added else "removed"
    link = found.links.get(entry.key)
    return {"n": number, "status": status, **_row(entry), "causes": [], "link": link}


def _row(row: Row) -> dict[str, Any]:
    return {**row_data(row), "touched": sorted(row.classes)}


def _changed(change: MaskChange, found: Differences) -> dict[str, Any]:
    annotation = change.annotation
    move = next((move for move in found.moves if move.key == change.key), None)
    return {
        "changed": change.changed,
        "share": change.share,
        "comparable": change.comparable,
        "size_before": [change.before.width, change.before.height],
        "scene_before": change.before.scene_sha256 != change.after.scene_sha256,
        "touched": sorted({name for pair in change.transitions for name in pair})
        or sorted({*change.classes_before, *change.classes_after}),
        "causes": [[cause.kind, cause.name, cause.pixels] for cause in change.causes],
        "alarm": UNEXPLAINED in change.kinds,
        "moved": [move.before, move.after, move.cause] if move else None,
        "regions": [
            [r.kind, r.id, r.shape, r.before, r.after]
            for r in (annotation.regions if annotation else ())
        ],
        "by": author_words(annotation),
        "annotations": [annotation.before, annotation.after] if annotation else None,
        "link": change.link,
        "transitions": [
            [*pair, n] for pair, n in sorted(change.transitions.items(), key=lambda e: -e[1])
        ],
        "iou": [
            [name, change.classes_before.get(name, 0), change.classes_after.get(name, 0), share]
            for name, share in change.iou.items()
        ],
    }


def _shown(
    items: Sequence[Mapping[str, Any]], before: Version, after: Version, examples: Collection[str]
) -> list[ShownChange]:
    """Return the files of the items to draw; each version's are fetched in one go."""
    old = _files(before, [item["key"] for item in items if item["status"] != "added"])
    new = _files(after, [item["key"] for item in items if item["status"] != "removed"])
    shown = []
    for item in items:
        old_item, old_scene = old.get(item["key"], (None, None))
        new_item, new_scene = new.get(item["key"], (None, None))
        if item["status"] == "changed" and not item["scene_before"]:
            old_scene = None  # the new one shows both
        scenes = (old_scene, new_scene)
        is_example = item["key"] in examples
        shown.append(ShownChange(item["n"], old_item, new_item, scenes, is_example))
    return shown


def _files(version: Version, keys: Iterable[str]) -> dict[str, tuple[ItemFiles, Path]]:
    rows = {key: version.rows[key] for key in keys}
    paths = {
        key: (f"{MASKS}/{row.mask}", f"{ANNOTATIONS}/{key}.json", f"{SCENES}/{row.scene}")
        for key, row in rows.items()
    }
    files = version.files(path for three in paths.values() for path in three) if rows else {}
    return {
        key: (ItemFiles(rows[key], files[mask], files[task]), files[scene])
        for key, (mask, task, scene) in paths.items()
    }


def _examples(group: CauseGroup, keys: Collection[str]) -> list[MaskChange]:
    """Return the masks to show for a cause: of equal size, preferably with no other cause."""
    fit = [c for c in group.changes if c.key in keys and c.comparable]
    return sorted(fit, key=lambda change: len(change.causes) > 1)[:_EXAMPLES]


def _cause(group: CauseGroup, numbers: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that the summary shows for a cause."""
    filters = {"cause": group.kind, "which": group.name}
    return {
        "title": CAUSE_TITLES[group.kind],
        "name": group.name,
        "sentence": group.sentence,
        "alarm": group.kind == UNEXPLAINED,
        "masks": counted(len(group.changes), "mask"),
        "pixels": counted(sum(group.pixels), "pixel"),
        "link": "#" + urlencode({name: value for name, value in filters.items() if value}),
        "examples": [
            {
                "key": change.key,
                "image": f"images/{numbers[change.key]}-crop.jpg",
                "link": "#" + urlencode({"key": change.key}),
            }
            for change in _examples(group, numbers)
        ],
    }


def _section(section: Section, shown: Collection[str], most: int = 50) -> dict[str, Any]:
    used = [i for i in range(len(section.columns)) if any(row[i] for row in section.rows)]
    more = len(section.rows) - most
    drawn = Table(
        section.title,
        [column(section.columns[i]) for i in used],
        [[_cell(section, row, i, shown) for i in used] for row in section.rows[:most]],
        [section.columns[i].startswith(">") for i in used],
    )
    return {
        "title": section.title,
        "alarm": section.alarm,
        "count": f"{len(section.rows):,}" if section.keys else "",
        "table": drawn,
        "is_long": len(section.rows) > _OPEN and not section.alarm,
        "note": f"… and {more:,} more: see the JSON report." if more > 0 else "",
    }


def _cell(section: Section, row: Sequence[str], place: int, shown: Collection[str]) -> Cell:
    text = row[place]
    if section.columns[place] == LINKS and text.startswith(("http://", "https://")):
        return Cell("task", link=text)
    if place == 0 and section.keys and text in shown:
        return Cell(text, link="#key=" + quote(text, safe=""))
    return Cell(text)
