"""Write the page of label quality: how far annotators agree, who drew what, and the findings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.errors import DataError, count_problems
from maskbench.files.atomic import write_text
from maskbench.files.hashing import digest
from maskbench.files.manifest import Row, read_manifest
from maskbench.labelstudio.stored import read_task
from maskbench.pages.data import class_entries, remove_older
from maskbench.pages.palette import MARKS, annotator_colors, hex_color
from maskbench.pages.template import render
from maskbench.parallel.run import progress, run_all
from maskbench.params import IGNORE, Params
from maskbench.pipeline.combine import codes
from maskbench.pipeline.incremental import folder_digests
from maskbench.pipeline.layout import Layout
from maskbench.quality.agreement import COEFFICIENTS, coefficients
from maskbench.quality.checks import CHECKS
from maskbench.quality.findings import SEVERITIES, Finding
from maskbench.quality.measure import latest_by_person
from maskbench.quality.report import heading
from maskbench.quality.stage import image_work, measure_images
from maskbench.quality.summary import image_counts
from maskbench.quality_page.draw import AnnotatedImage, DrawImage, FindingCrop
from maskbench.quality_page.figures import Facts, as_lists, matrices, timeline, values
from maskbench.quality_page.tables import agreement_headline, class_table, people_table
from maskbench.regions.task import Task, moment, task_and_project
from maskbench.text import counted

MOST = 500
"""Images with pictures on the page, and findings with pictures."""


@dataclass(frozen=True)
class QualityContents:
    """The contents of a page.

    Attributes:
        params: The params of the workspace.
        layout: Where its files lie.
        metrics: The content of ``metrics/quality.json``.
        findings: What the checks found, in the order of the list.
    """

    params: Params
    layout: Layout
    metrics: Mapping[str, Any]
    findings: Sequence[Finding]


def write_page(folder: Path, shown: QualityContents, most: int = MOST) -> int:
    """Write the page; an older one in the folder is replaced.

    Args:
        folder: Where ``index.html`` and the images' files go.
        shown: The contents.
        most: Images with pictures: those of least agreement, and those of the first findings.

    Returns:
        How many images have pictures.

    Raises:
        DataError: A stored task is damaged, or images cannot be read.
    """
    remove_older(folder)
    page = _Page(folder, shown, most)
    items = page.items()
    write_text(folder / "index.html", page.html(items))
    return len(items)


class _Page:
    """Data that the parts of a page share."""

    def __init__(self, folder: Path, shown: QualityContents, most: int) -> None:
        self.folder, self.shown, self.most = folder, shown, most
        params, layout = shown.params, shown.layout
        self.digests = folder_digests(layout, "annotations")
        seen, built = measure_images(params, layout, self.digests)
        self.facts: Facts = {k: fact for k, fact in built.facts.items() if fact["pairs"]}
        self.names = codes(params.labels_map)
        void = [name for name, value in params.labels_map.items() if value == IGNORE]
        self.classes = [*self.names, *(void or ["(no class)"])]
        self.keys = {key: fact["tasks"] for key, fact in self.facts.items()}
        self.first = {key: first for first, keys in self.keys.items() for key in keys}
        self.seen = seen
        order = sorted((_least(fact, len(self.names)), key) for key, fact in self.facts.items())
        ranked = [key for _, key in order]
        marked = [self.first.get(f.key, f.key) for f in shown.findings[:most] if f.key in seen]
        chosen = dict.fromkeys([*ranked[:most], *marked])
        self.image = {key: f"{i:05d}" for i, key in enumerate(chosen)}
        self.left_out = len(ranked) - len(ranked[:most])

    def items(self) -> list[dict[str, Any]]:
        """Draw the images; return the list's entry for each."""
        work = list(self._work())
        draw = DrawImage(self.folder, self.shown.layout.images, self.classes)
        drawn = list(progress(run_all(draw, work, "page"), len(work), "page"))
        problems = [found["problem"] for found in drawn if "problem" in found]
        if problems:
            what = f"{count_problems(problems)}; the page was not written"
            raise DataError(what, problems)
        found = zip(self.image.items(), drawn, strict=True)
        return [self._item(key, name, own) for (key, name), own in found]

    def _work(self) -> Iterator[AnnotatedImage]:
        manifest = self.shown.layout.benchmark / "manifest.csv"
        rows: Mapping[str, Row] = read_manifest(manifest) if manifest.is_file() else {}
        crops: dict[str, dict[str, FindingCrop]] = {}
        for i, finding in enumerate(self.shown.findings[: self.most]):
            box = (finding.x, finding.y, finding.width, finding.height)
            crop = FindingCrop(box, _who(finding), finding.regions)
            crops.setdefault(self.first.get(finding.key, finding.key), {})[f"{i:05d}"] = crop
        for key, name in self.image.items():
            keys = self.keys.get(key, [key])
            work = image_work(keys, self.digests, self.shown.params, self.shown.layout)
            scaling = rows[key].scaling if key in rows else None
            yield AnnotatedImage(name, work, scaling, crops.get(key, {}))

    def _tasks(self, key: str) -> list[Task]:
        folder = self.shown.layout.annotations
        return [read_task(folder / f"{own}.json") for own in self.keys.get(key, [key])]

    def _item(self, key: str, name: str, drawn: Mapping[str, Any]) -> dict[str, Any]:
        fact = self.facts.get(key)
        classes = len(self.names)
        made = {who: (t, a) for who, t, a in latest_by_person(self._tasks(key))}
        people = [self._person(who, *made[who], fact) for who in drawn["people"]]
        found = as_lists(coefficients(image_counts(fact, classes))) if fact else None
        return {
            "n": name,
            "key": key,
            "task": people[0]["task"] if people else None,
            "link": people[0]["link"] if people else None,
            "size": drawn["size"],
            "apart": drawn["apart"],
            "people": people,
            "pairs": list(fact["pairs"]) if fact else [],
            "values": found,
        }

    def _person(
        self, who: str, task: Task, annotation: Any, fact: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        number, project = task_and_project(task, annotation)
        others = fact["against_the_others"].get(who) if fact else None
        return {
            "who": who,
            "task": number,
            "annotation": annotation.id,
            "link": self.shown.params.fetch.task_link(number, project),
            "when": (annotation.updated_at or annotation.created_at or "")[:16].replace("T", " "),
            "truth": annotation.ground_truth,
            "others": values([others], len(self.names))[-1][0] if others else None,
        }

    def html(self, items: Sequence[Mapping[str, Any]]) -> str:
        """Return the document."""
        shown = self.shown
        agreement = matrices(self.facts, len(self.names))
        open_findings = [finding for finding in shown.findings if not finding.accepted]
        title = f"{shown.layout.root.resolve().name}, label quality"
        verdict = heading(shown.metrics)
        checks = Counter(finding.severity for finding in open_findings)
        said = ", ".join(f"{checks[name]} {name}" for name in SEVERITIES if checks[name])
        data = {
            "id": f"quality-{digest([shown.metrics, [f.id for f in shown.findings]])[:32]}",
            "title": f"{title}: {verdict}",
            "classes": [*class_entries(self.names), self._void()],
            "marks": {name: hex_color(MARKS[name]) for name in ("two-classes", "more-classes")},
            "people": self._people(items),
            "coefficients": COEFFICIENTS,
            "agreement": agreement,
            "timeline": timeline(self.facts, self._saved(), len(self.names)),
            "items": items,
            "findings": [self._finding(i, finding) for i, finding in enumerate(shown.findings)],
            "checks": {name: check.about for name, check in CHECKS.items()},
            "severities": SEVERITIES,
            "left_out": self.left_out,
        }
        return render(
            "quality_page/page.html",
            f"{title} · maskbench quality",
            data,
            heading=title,
            verdict=verdict,
            headline=agreement_headline(shown.metrics),
            classes=class_table(shown.metrics, self.names),
            people=people_table(shown.metrics),
            findings=f"{counted(len(open_findings), 'finding')}{f' ({said})' if said else ''}",
            has_agreement=bool(self.facts),
            is_voted=bool(agreement["against_consensus"]),
            has_truth=bool(agreement["against_ground_truth"]),
            has_findings=bool(shown.findings),
        )

    def _void(self) -> dict[str, str]:
        return {"name": self.classes[-1], "color": hex_color(MARKS["ignored"])}

    def _people(self, items: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        everybody = {person["who"] for item in items for person in item["people"]}
        everybody |= {who for fact in self.facts.values() for who in fact["against_the_others"]}
        names = sorted(everybody, key=lambda who: (not who.isdecimal(), len(who), who))
        colors = annotator_colors(len(names))
        return [
            {"name": name, "color": hex_color(color)}
            for name, color in zip(names, colors, strict=True)
        ]

    def _saved(self) -> dict[str, dict[str, datetime]]:
        return {
            key: {
                who: moment(a.updated_at or a.created_at)
                for who, _, a in latest_by_person(self._tasks(key))
            }
            for key in self.facts
        }

    def _finding(self, number: int, finding: Finding) -> dict[str, Any]:
        first = self.first.get(finding.key, finding.key)
        has_crop = number < self.most and first in self.image
        return {
            "id": finding.id,
            "kind": finding.kind,
            "severity": finding.severity,
            "key": finding.key,
            "item": first if first in self.image else "",
            "crop": f"{number:05d}" if has_crop else "",
            "task": finding.task,
            "link": self.shown.params.fetch.task_link(finding.task, finding.project)
            if finding.task is not None
            else None,
            "annotator": _who(finding),
            "regions": finding.regions,
            "label": finding.label,
            "what": finding.what,
            "box": (finding.x, finding.y, finding.width, finding.height),
            "accepted": finding.accepted,
        }


def _who(finding: Finding) -> str:
    return "" if finding.annotator is None else str(finding.annotator)


def _least(fact: Mapping[str, Any], classes: int) -> float:
    """Return the number by which images are ranked: the mean IoU over classes."""
    found = coefficients(image_counts(fact, classes))[COEFFICIENTS.index("iou"), -1]
    return 1.0 if np.isnan(found) else round(float(found), 4)
