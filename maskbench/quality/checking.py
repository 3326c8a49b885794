"""Run the checks on all labels: images one by one, incrementally; then all of them together."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import shapely

from maskbench.errors import DataError, Problem
from maskbench.files.hashing import Digests, digest, sha256
from maskbench.files.manifest import read_manifest
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.params import Params, QualityParams, RasterizeParams
from maskbench.pipeline.incremental import Job, Outcome, StageDefinition, build
from maskbench.pipeline.layout import Layout
from maskbench.quality.checks import CHECKS
from maskbench.quality.checks.collected import (
    Collected,
    ImageFacts,
    image_facts,
)
from maskbench.quality.checks.shapes import Drawn, Hit, draw
from maskbench.quality.findings import SEVERITIES, Finding, order
from maskbench.quality.similar import thumbnail
from maskbench.regions.proposals import lines_to_paste
from maskbench.regions.task import Annotation, Task, choose_votes, task_and_project
from maskbench.text import SHOWN, counted, some


class CheckWork(NamedTuple):
    """An image to check.

    Attributes:
        file: The stored task.
        sha256: Its digest.
        images: The folder in which its image lies.
        rasterize: How regions become pixels, and which annotation counts.
        thresholds: The checks of single images that are on.
    """

    file: Path
    sha256: str | None
    images: Path
    rasterize: RasterizeParams
    thresholds: Mapping[str, float]


class Checked(NamedTuple):
    """What the checks found.

    Attributes:
        findings: All findings, sorted; accepted ones have the reason.
        idle: Ids in ``quality.accept`` of findings that no longer occur.
        tangled: Keys of images whose outlines GEOS cannot process, by check.
    """

    findings: list[Finding]
    idle: list[str]
    tangled: Mapping[str, Sequence[str]] = {}

    @property
    def metrics(self) -> dict[str, Any]:
        """Count the findings of each check that nobody accepted, and all accepted ones."""
        kinds = Counter(finding.kind for finding in self.findings if not finding.accepted)
        accepted = sum(bool(finding.accepted) for finding in self.findings)
        return {"findings": dict(sorted(kinds.items())), "findings_accepted": accepted}


def check_labels(params: Params, layout: Layout, digests: Digests, keys: Sequence[str]) -> Checked:
    """Check the annotations of each task that count.

    Args:
        params: The params; ``quality`` has the checks to run.
        layout: The repository.
        digests: The digests of the stored tasks.
        keys: The tasks that have an image.
    """
    jobs = list(_jobs(params, layout, digests, keys))
    definition = StageDefinition("quality", check_image, (), memory="checks")
    facts = {
        key: fact for key, fact in build(definition, layout, jobs, len(jobs)).facts.items() if fact
    }
    found = [*_of_images(facts), *_of_all(facts, params, layout)]
    tangled = {
        name: [key for key, fact in facts.items() if name in fact["tangled"]]
        for name in sorted({name for fact in facts.values() for name in fact["tangled"]})
    }
    return mark_accepted(found, params.quality.accept)._replace(tangled=tangled)


def mark_accepted(found: Sequence[Finding], accept: Mapping[str, str]) -> Checked:
    """Sort findings, mark accepted ones, and find entries of ``accept`` that match none."""
    marked = [_accepted(finding, accept) for finding in sorted(found, key=order)]
    idle = accept.keys() - {finding.id for finding in found}
    return Checked(marked, sorted(name for name in idle if _is_looked_for(name)))


def _is_looked_for(name: str) -> bool:
    """Tell whether every run looks for a finding: checks of predictions do not always run."""
    check = CHECKS[name.split("/", maxsplit=1)[0]]
    return check.of_image is not None or check.of_all is not None


def _accepted(finding: Finding, accept: Mapping[str, str]) -> Finding:
    return replace(finding, accepted=accept.get(finding.id, ""))


def _jobs(params: Params, layout: Layout, digests: Digests, keys: Sequence[str]) -> Iterator[Job]:
    on = params.quality.checks
    thresholds = {name: on[name] for name in CHECKS if CHECKS[name].of_image and name in on}
    shaping = digest([repr(params.rasterize._replace(choices={})), sorted(thresholds.items())])
    for key in keys:
        content = digests.get(f"{key}.json")
        criteria = params.rasterize.criteria(key)
        rasterize = params.rasterize._replace(annotation=criteria, choices={})
        file = layout.annotations / f"{key}.json"
        inputs = sha256(f"{content} {criteria} {shaping}".encode())
        yield Job(key, inputs, CheckWork(file, content, layout.images, rasterize, thresholds))


def check_image(work: CheckWork) -> Outcome:
    """Check each annotation of an image that counts by itself.

    The facts hold the findings, and what other checks compare between images: that of the
    annotation saved last.

    Raises:
        DataError: The task's file is damaged, or has changed since the stage began.
    """
    content = work.file.read_bytes()
    if sha256(content) != work.sha256:
        raise DataError("quality: data/annotations changes while it is read; try again")
    task = parse_stored_task(content, work.file.name)
    votes, image = choose_votes(task.annotations, work.rasterize.annotation), task.image
    if not votes or image is None:
        return Outcome()
    try:
        look = thumbnail(work.images / image.file).hex()
    except (OSError, ValueError) as error:
        what = f"the image cannot be read ({error}); run `dvc checkout`"
        return Outcome(problems=(Problem(what, str(work.images / image.file), task.id),))
    hits, tangled = [], set()
    for vote in votes:
        drawn = draw(vote.regions, image, work.rasterize)
        found, failed = _hits(drawn, work.thresholds)
        hits.append([where(task, vote), found])
        tangled.update(failed)
    facts = {
        "place": where(task, votes[-1]),
        "hits": hits,
        "tangled": sorted(tangled),
        "seen": list(image_facts(drawn, image.sha256, look, votes[-1].lead_time)),
    }
    return Outcome(facts=facts)


def where(task: Task, annotation: Annotation) -> dict[str, int | None]:
    """Return the ids that a finding names."""
    number, project = task_and_project(task, annotation)
    return {
        "task": number,
        "project": project,
        "annotation": annotation.id,
        "annotator": annotation.completed_by,
    }


def _hits(
    drawn: Drawn, thresholds: Mapping[str, float]
) -> tuple[dict[str, list[list[Any]]], list[str]]:
    """Return what each check finds in an image, and the checks for which GEOS fails."""
    found: dict[str, list[list[Any]]] = {}
    tangled = []
    for name, threshold in thresholds.items():
        find = CHECKS[name].of_image
        try:
            hits = [] if find is None else list(find(drawn, threshold))
        except shapely.errors.GEOSException:
            tangled.append(name)
            continue
        if hits:
            found[name] = [list(hit) for hit in hits]
    return found, tangled


def _of_images(facts: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for key, fact in facts.items():
        size = tuple(fact["seen"][:2])
        for ids, found in fact["hits"]:
            for name, hits in found.items():
                yield from (finding(name, Hit(*hit), key, ids, size) for hit in hits)


def _of_all(
    facts: Mapping[str, Mapping[str, Any]], params: Params, layout: Layout
) -> Iterator[Finding]:
    manifest = layout.benchmark / "manifest.csv"
    collected = Collected(
        images={key: ImageFacts(*fact["seen"]) for key, fact in facts.items()},
        rows=read_manifest(manifest) if manifest.is_file() else {},
        classes=[name for name, value in params.labels_map.items() if 0 < value < 255],
    )
    for name, check in CHECKS.items():
        threshold = params.quality.checks.get(name)
        if check.of_all is not None and threshold is not None:
            for key, hit in check.of_all(collected, threshold):
                fact = facts.get(key, {"place": {}, "seen": [0, 0]})
                yield finding(name, hit, key, fact["place"], tuple(fact["seen"][:2]))


def finding(
    name: str, hit: Hit, key: str, ids: Mapping[str, Any], size: tuple[int, int] = (0, 0)
) -> Finding:
    """Make a finding of what a check found in an image.

    Args:
        name: The check.
        hit: What it found.
        key: The item's key; empty if it concerns no single image.
        ids: The ids of task, project, annotation and annotator, from :func:`where`.
        size: Width and height of the image in pixels.
    """
    check = CHECKS[name]
    x, y, width, height = whole_box(hit.box, *size)
    return Finding(
        kind=name,
        severity=check.severity,
        key=key,
        **ids,
        regions=tuple(hit.regions),
        label=hit.label,
        value=float(f"{hit.value:.4g}"),
        what=f"{hit.what}; {check.advice}",
        x=x,
        y=y,
        width=width,
        height=height,
    )


def whole_box(box: Sequence[float] | None, width: int, height: int) -> tuple[int, int, int, int]:
    """Return a box in whole pixels within the image: left, top, width, height.

    All are 0, for the whole image, if there is no box or nothing of it lies on the image.
    """
    if box is None:
        return 0, 0, 0, 0
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = max(left + 1, math.ceil(box[2])), max(top + 1, math.ceil(box[3]))
    right, bottom = min(width, right), min(height, bottom)
    if left >= right or top >= bottom:
        return 0, 0, 0, 0
    return left, top, right - left, bottom - top


def describe_findings(checked: Checked) -> list[str]:
    """Say how much was found, for the stage's summary."""
    open_ones = [finding for finding in checked.findings if not finding.accepted]
    counts = Counter(finding.severity for finding in open_ones)
    parts = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if counts[name])
    notes = [counted(len(open_ones), "finding") + (f" ({parts})" if parts else "")]
    accepted = len(checked.findings) - len(open_ones)
    notes += [f"{accepted} accepted"] if accepted else []
    tangled = [
        f"{name} was not checked in {counted(len(keys), 'image')}, whose outlines are too tangled "
        f"to compare: {some(keys)}"
        for name, keys in checked.tangled.items()
    ]
    return [", ".join(notes), *describe_idle(checked.idle), *tangled]


def describe_idle(idle: Sequence[str]) -> list[str]:
    """Say which entries of ``quality.accept`` match no finding; empty if all match one."""
    if not idle:
        return []
    match = counted(len(idle), "entry matches", "entries match")
    return [f"quality.accept: {match} no finding: {some(idle)}; delete it from params.yaml"]


def fail_on_findings(findings: Sequence[Finding], params: QualityParams) -> None:
    """Raise an error if there are findings of the checks in ``quality.fail``.

    Raises:
        DataError: There are some that nobody accepted; it lists them by check.
    """
    bad = [f for f in findings if f.kind in params.fail and not f.accepted]
    if not bad:
        return
    problems = [
        Problem(
            f"{finding.kind}: {CHECKS[finding.kind].about}; {CHECKS[finding.kind].advice}",
            task=finding.task,
            annotation=finding.annotation,
            region=" and ".join(finding.regions) or finding.label or None,
            project=finding.project,
        )
        for finding in bad
    ]
    what = f"quality: {counted(len(bad), 'finding')} of checks in quality.fail"
    known = {**params.accept, **{finding.id: "why it is right" for finding in bad[:SHOWN]}}
    accept = [{"finding": name, "reason": reason} for name, reason in known.items()]
    advice = (
        "plots/findings.csv and `maskbench quality` list them. Correct the labels, or accept in "
        "params.yaml the findings that are right as they are:\n\n"
        f"{lines_to_paste({'quality': {'accept': accept}})}"
    )
    raise DataError(what, problems, advice)
