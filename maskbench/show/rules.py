"""Write the page of rules: each combination of labels, what decides it, and its largest places."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from maskbench.files.atomic import remove_others, write_text
from maskbench.pages.palette import hex_color
from maskbench.pages.tables import Cell, Table
from maskbench.pages.template import render
from maskbench.parallel.run import progress, run_all
from maskbench.params import IGNORE, Params
from maskbench.pipeline.overlapping import Survey, find_overlaps
from maskbench.regions.proposals import lines_to_paste, propose_classes
from maskbench.regions.rules import ClassRules, CombinationTotal, add_up
from maskbench.show.places import (
    Labels,
    OverlapCrop,
    OverlapPlace,
    class_palette,
    draw_crop,
    find_places,
    largest,
)
from maskbench.text import counted
from maskbench.versions.revision import ANNOTATIONS, IMAGES, Version

PLACES_SHOWN = 3
"""Places of a combination that are shown."""


def write_rules(folder: Path, version: Version) -> tuple[int, int]:
    """Write the page; it needs fetched tasks and images, and no build.

    Returns:
        How many combinations of several labels there are, and how many nothing decides.

    Raises:
        MaskbenchError: There are no tasks.
        SourceError: Files to show are neither in the cache nor on the remote.
        DataError: A task's file or image is damaged.
    """
    files = _task_files(version)
    looked = find_overlaps(version.params, files)
    totals = add_up((task.task, task.combinations) for task in looked.tasks)
    find = partial(find_places, looked.params, PLACES_SHOWN)
    found: defaultdict[Labels, list[OverlapPlace]] = defaultdict(list)
    for overlaps in progress(run_all(find, files, "overlaps"), len(files), "overlaps"):
        for overlap in overlaps:
            found[overlap.labels].append(overlap)
    several = [total for total in totals if len(total.labels) > 1]
    several.sort(key=lambda total: (total.becomes is not None, -total.pixels, total.labels))
    shown = {total.labels: largest(found[total.labels], PLACES_SHOWN) for total in several}
    images = version.files(f"{IMAGES}/{each.image}" for some in shown.values() for each in some)
    crops = {
        labels: [
            OverlapCrop(overlap, images[f"{IMAGES}/{overlap.image}"], f"{i:04d}-{n}")
            for n, overlap in enumerate(overlaps)
        ]
        for i, (labels, overlaps) in enumerate(shown.items())
    }
    draw = partial(draw_crop, folder / "crops", looked.params)
    flat = [crop for each in crops.values() for crop in each]
    for _ in progress(run_all(draw, flat, "crops"), len(flat), "crops"):
        pass
    html = _html(version.label, looked, totals, several, crops)
    write_text(folder / "index.html", html)
    names = {f"{crop.name}-{kind}.jpg" for crop in flat for kind in ("scene", "before", "after")}
    remove_others(folder / "crops", names)
    return len(several), sum(total.becomes is None for total in several)


def _task_files(version: Version) -> list[Path]:
    names = sorted(name for name in version.listing(ANNOTATIONS) if name.endswith(".json"))
    paths = [f"{ANNOTATIONS}/{name}" for name in names]
    found = version.files(paths)
    return [found[path] for path in paths]


def _html(
    label: str,
    looked: Survey,
    totals: Sequence[CombinationTotal],
    several: Sequence[CombinationTotal],
    crops: Mapping[Labels, Sequence[OverlapCrop]],
) -> str:
    params, rules = looked.params, ClassRules.of(looked.params)
    undecided = sum(total.becomes is None for total in several)
    alarm = f"; {counted(undecided, 'combination')} WITHOUT A RULE" if undecided else ""
    labels = sorted({label for counts in looked.unknown.values() for label in counts})
    lines = _lines([total.labels for total in several if total.becomes is None], params)
    return render(
        "show/rules.html",
        f"Rules, {label} · maskbench show",
        {},
        "rules.js",
        heading="What decides a pixel on which several labels lie",
        verdict=f"{label}: {counted(len(several), 'combination')} of labels{alarm}",
        table=_table(totals, several, rules),
        sections=[
            _section(total, crops[total.labels], params, rules, f"combination-{i}")
            | {"lines": lines.get(total.labels, "")}
            for i, total in enumerate(several)
        ],
        unknown=labels,
    )


def _lines(combinations: Sequence[Labels], params: Params) -> dict[Labels, str]:
    """Return lines for params.yaml that make each combination a class, while values last."""
    labels_map, names = dict(params.labels_map), {rule.name for rule in params.rules}
    lines = {}
    for labels in combinations:
        proposal = propose_classes([labels], labels_map, names)
        labels_map |= proposal.get("labels_map", {})
        names |= proposal.get("multi_label_rules", {}).keys()
        lines[labels] = lines_to_paste(proposal)
    return lines


def _table(
    totals: Sequence[CombinationTotal], several: Sequence[CombinationTotal], rules: ClassRules
) -> Table:
    most = max((total.pixels for total in totals if total.labels), default=1)
    place = {total.labels: i for i, total in enumerate(several)}
    rows = []
    for total in totals:
        name, labels = _words(total.labels), frozenset(total.labels)
        link = f"#combination-{place[total.labels]}" if total.labels in place else ""
        bar = min(1.0, total.pixels / most)
        rows.append(
            [
                Cell(name, link=link, is_heading=True),
                Cell(total.becomes or "NO RULE"),
                Cell(rules.reason(labels)),
                Cell(f"{total.pixels:,}", value=total.pixels, bar=bar),
                Cell(f"{len(total.tasks):,}"),
            ]
        )
    columns = ["labels", "becomes", "because of", "pixels", "images"]
    return Table("All combinations", columns, rows, [False, False, False, True, True])


def _section(
    total: CombinationTotal,
    crops: Sequence[OverlapCrop],
    params: Params,
    rules: ClassRules,
    name: str,
) -> dict[str, Any]:
    labels = frozenset(total.labels)
    return {
        "id": name,
        "labels": [(label, _color(params, label)) for label in total.labels],
        "becomes": total.becomes,
        "color": _color(params, total.becomes),
        "reason": rules.reason(labels),
        "param": rules.decided_by(labels),
        "amount": f"{counted(total.pixels, 'pixel')} in {counted(len(total.tasks), 'image')}",
        "places": [_place(crop, params) for crop in crops],
    }


def _place(crop: OverlapCrop, params: Params) -> dict[str, Any]:
    overlap = crop.overlap
    left, top, right, bottom, pixels = overlap.place
    return {
        "file": f"crops/{quote(crop.name)}",
        "key": overlap.key,
        "link": params.fetch.task_link(overlap.task, overlap.project) or "",
        "task": overlap.task,
        "note": f"{counted(pixels, 'pixel')} around ({(left + right) // 2}, {(top + bottom) // 2})",
    }


def _words(labels: Sequence[str]) -> str:
    return " + ".join(labels) or "(no label)"


def _color(params: Params, name: str | None) -> str:
    value = IGNORE if name is None else params.labels_map.get(name, IGNORE)
    return hex_color(class_palette(params)[value].tolist())
