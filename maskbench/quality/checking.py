"""Run the checks of labels: on each image that changed, then on all images together."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import shapely

from maskbench.errors import Problem
from maskbench.files.hashing import Digests, digest, sha256
from maskbench.files.json import PackedJson
from maskbench.files.manifest import Row, read_manifest
from maskbench.files.masks import read_mask
from maskbench.labelstudio.stored import read_unchanged
from maskbench.params import IGNORE, Params, RasterizeParams
from maskbench.pipeline.incremental import Job, Outcome, StageDefinition, build
from maskbench.pipeline.layout import Layout
from maskbench.quality.checks import CHECKS
from maskbench.quality.checks.collected import Collected, ImageFacts, facts_of_vote, image_facts
from maskbench.quality.checks.shapes import Drawn, Hit, draw_areas
from maskbench.quality.findings import Finding
from maskbench.quality.hits import finding, where
from maskbench.quality.judge import Checked, judge
from maskbench.quality.similar import thumbnail_pixels
from maskbench.quality.support import unsupported_by_params
from maskbench.regions.task import choose_votes, least_voters


class CheckWork(NamedTuple):
    """An image to check.

    Attributes:
        file: The stored task.
        sha256: Its digest.
        images: The folder in which its image lies.
        rasterize: How regions become pixels, and which annotation counts.
        thresholds: The checks of single images that are on.
        mask: The mask on which its annotators voted; None: there is no vote, or it is not built
            yet.
        classes: Names of the classes by value, without those of unlabelled and ignored pixels.
    """

    file: Path
    sha256: str | None
    images: Path
    rasterize: RasterizeParams
    thresholds: Mapping[str, float]
    mask: Path | None
    classes: Mapping[int, str]


def check_labels(params: Params, layout: Layout, digests: Digests, keys: Sequence[str]) -> Checked:
    """Check the annotations of each task that count.

    Args:
        params: The params; ``quality`` has the checks to run.
        layout: The repository.
        digests: The digests of the stored tasks.
        keys: The tasks that have an image.

    Raises:
        DataError: Tasks, images, masks or predictions cannot be read; all problems together.
    """
    manifest = layout.benchmark / "manifest.csv"
    rows = read_manifest(manifest) if manifest.is_file() else {}
    jobs = _jobs(params, layout, digests, keys, rows)
    definition = StageDefinition("quality", check_image, (), last_run="checks")
    built = build(definition, layout, jobs, len(keys))
    facts = built.facts.only([key for key, fact in built.facts.items() if fact])
    found = [*_of_images(facts), *_of_all(facts, params, rows)]
    found += unsupported_by_params(params, layout, digests)
    tangled: dict[str, list[str]] = {}
    for key, fact in facts.items():
        for name in fact["tangled"]:
            tangled.setdefault(name, []).append(key)
    return judge(found, params.quality)._replace(tangled=dict(sorted(tangled.items())))


def _jobs(
    params: Params,
    layout: Layout,
    digests: Digests,
    keys: Sequence[str],
    rows: Mapping[str, Row],
) -> Iterator[Job]:
    on = params.quality.checks
    thresholds = {name: on[name] for name in CHECKS if CHECKS[name].of_image and name in on}
    shaping = digest([repr(params.rasterize._replace(choices={})), sorted(thresholds.items())])
    names = {value: name for name, value in params.labels_map.items() if 0 < value < IGNORE}
    for key in keys:
        content = digests.get(f"{key}.json")
        criteria = params.rasterize.criteria(key)
        rasterize = params.rasterize._replace(annotation=criteria, choices={})
        mask, voted = None, ""
        if key in rows and any(map(least_voters, criteria)):
            mask = layout.benchmark / "masks" / rows[key].mask
            voted = digest([rows[key].mask_sha256, sorted(names.items())])
        file = layout.annotations / f"{key}.json"
        inputs = sha256(f"{content} {criteria} {shaping} {voted}".encode())
        work = CheckWork(file, content, layout.images, rasterize, thresholds, mask, names)
        yield Job(key, inputs, work)


def check_image(work: CheckWork) -> Outcome:
    """Check each annotation of an image that counts by itself.

    The facts hold the findings, and what other checks compare between images.

    Raises:
        DataError: The task's file is damaged, or has changed since the stage began.
    """
    task = read_unchanged(work.file, work.sha256, "quality")
    votes, image = choose_votes(task.annotations, work.rasterize.annotation), task.image
    if not votes or image is None:
        return Outcome()
    scene = work.images / image.file
    try:
        look = thumbnail_pixels(scene).hex()
        mask = read_mask(work.mask) if work.mask is not None and len(votes) > 1 else None
    except (OSError, ValueError) as error:
        what = f"image or mask cannot be read ({error}); run `dvc checkout`"
        return Outcome(problems=(Problem(what, str(scene), task.id),))
    hits, tangled, seen = [], set(), []
    for vote in votes:
        drawn = draw_areas(vote.regions, image, work.rasterize)
        found, failed = _hits(drawn, work.thresholds)
        hits.append(found)
        tangled.update(failed)
        seen.append(image_facts(drawn, image.sha256, look, vote.lead_time, vote.completed_by))
    facts = {
        "places": [where(task, vote) for vote in votes],
        "hits": hits,
        "tangled": sorted(tangled),
        "seen": list(facts_of_vote(seen, mask, work.classes)),
    }
    return Outcome(facts=facts)


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
        for ids, found in zip(fact["places"], fact["hits"], strict=True):
            for name, hits in found.items():
                yield from (finding(name, Hit(*hit), key, ids, size) for hit in hits)


def _of_all(
    facts: PackedJson[Mapping[str, Any]], params: Params, rows: Mapping[str, Row]
) -> Iterator[Finding]:
    collected = Collected(
        images=facts.view(lambda fact: ImageFacts(*fact["seen"])),
        rows=rows,
        classes=[name for name, value in params.labels_map.items() if 0 < value < IGNORE],
    )
    for name, check in CHECKS.items():
        threshold = params.quality.checks.get(name)
        if check.of_all is not None and threshold is not None:
            for key, hit in check.of_all(collected, threshold):
                fact = facts.get(key, {"places": [{}], "seen": [0, 0]})
                ids = _place(fact["places"], hit.vote)
                yield finding(name, hit, key, ids, tuple(fact["seen"][:2]))


def _place(places: Sequence[Mapping[str, Any]], vote: int | None) -> Mapping[str, Any]:
    """Return the ids of one of the annotations that count; of an image as a whole its task's."""
    if vote is not None or len(places) == 1:
        return places[vote or 0]
    return {**places[-1], "annotation": None, "annotator": None}
