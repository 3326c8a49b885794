"""Run the stage *quality*: how far annotators agree, and which labels look wrong.

No other stage needs its output.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from maskbench.files.atomic import write_text
from maskbench.files.csv import write_table
from maskbench.files.hashing import Digests, digest, sha256
from maskbench.files.json import json_text
from maskbench.labelstudio.stored import read_task
from maskbench.params import Params
from maskbench.pipeline.combine import codes
from maskbench.pipeline.incremental import (
    Built,
    Job,
    LastRun,
    StageDefinition,
    build,
    folder_digests,
)
from maskbench.pipeline.layout import Layout
from maskbench.quality.agreement import COEFFICIENTS
from maskbench.quality.checking import check_labels
from maskbench.quality.findings import write_findings
from maskbench.quality.judge import describe_findings, fail_on_findings
from maskbench.quality.measure import ImageWork, measure
from maskbench.quality.summary import summarize
from maskbench.quality.support import describe_unasked
from maskbench.regions.task import annotators, least_voters
from maskbench.text import counted, some

CLASS_COLUMNS = ("class", *COEFFICIENTS, "iou_low", "iou_high")
RANKING_COLUMNS = ("key", "annotators", *COEFFICIENTS, "tasks")

Annotators = Mapping[str, tuple[str, list[int]]]
"""Digest and size of each task's image, and who annotated it, by key."""


def quality(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        DataError: A stored task is damaged, or a check in ``quality.fail`` found something.
    """
    digests = folder_digests(layout, "annotations")
    seen, built = measure_images(params, layout, digests)
    names = codes(params.labels_map)
    checked = check_labels(params, layout, digests, sorted(seen))
    digests.save()
    summary = summarize(built.facts, names)
    metrics = {**_counts(seen, built.facts), **summary.metrics, **checked.metrics}
    write_text(layout.metrics("quality"), json_text(metrics))
    write_table(layout.plot("agreement"), CLASS_COLUMNS, summary.classes)
    write_table(layout.plot("ranking"), RANKING_COLUMNS, summary.ranking)
    write_findings(layout.plot("findings"), checked.findings)
    fail_on_findings(checked.findings, params.quality)
    notes = [*describe_findings(checked), *describe_unasked(params)]
    return " — ".join([_describe_agreement(metrics, built.facts, built.made), *notes])


def measure_images(params: Params, layout: Layout, digests: Digests) -> tuple[Annotators, Built]:
    """Count how far the annotators of each image agree; unchanged images are not counted again.

    Args:
        params: How regions become classes.
        layout: Where the stored tasks lie.
        digests: Those of the stored tasks.

    Returns:
        Who annotated what, and the counts of each image with several annotators by its first key.
    """
    seen = _seen(layout, digests)
    images = _images(seen)
    jobs = _jobs(images, digests, params, layout)
    return seen, build(StageDefinition("quality", measure, ()), layout, jobs, len(images))


def image_work(keys: Sequence[str], digests: Digests, params: Params, layout: Layout) -> ImageWork:
    """Return what is needed to draw the annotations of the tasks that show an image."""
    contents = tuple(digests.get(f"{key}.json") for key in keys)
    files = tuple(layout.annotations / f"{key}.json" for key in keys)
    rasterize = params.rasterize._replace(annotation=("latest",), choices={})
    classes = len(codes(params.labels_map))
    votes = any(least_voters(criterion) for criterion in params.rasterize.annotation)
    return ImageWork(files, contents, params._replace(rasterize=rasterize), classes, votes)


def _seen(layout: Layout, digests: Digests) -> dict[str, tuple[str, list[int]]]:
    """Return the image and the annotators of each stored task; only changed tasks are read."""
    last = LastRun(layout, "quality", "tasks")
    known: dict[str, Any] = {}
    has_new = False
    for name in (name for name in digests if name.endswith(".json")):
        content = digests.get(name)
        entry = last.items.get(name)
        if entry is None or entry[0] != content:
            has_new = True
            task = read_task(layout.annotations / name)
            image = task.image and f"{task.image.sha256} {task.image.width} {task.image.height}"
            entry = [content, task.key, image, annotators(task.annotations)]
        known[name] = entry
    last.save(known, has_new)
    return {key: (image, people) for _, key, image, people in known.values() if image}


def _images(seen: Annotators) -> list[list[str]]:
    """Return, for each image that several people annotated, the keys of the tasks that show it."""
    keys: dict[str, list[str]] = {}
    people: dict[str, set[int]] = {}
    for key, (image, own) in sorted(seen.items()):
        keys.setdefault(image, []).append(key)
        people.setdefault(image, set()).update(own)
    return [own for image, own in keys.items() if len(people[image]) > 1]


def _jobs(
    images: Sequence[Sequence[str]], digests: Digests, params: Params, layout: Layout
) -> Iterator[Job]:
    rules = sorted((sorted(rule.when), rule.then) for rule in params.rules)
    for keys in images:
        work = image_work(keys, digests, params, layout)
        shaping = digest(
            [
                repr(work.params.rasterize),
                sorted(params.labels_map.items()),
                rules,
                repr(params.combine),
                work.votes,
            ]
        )
        yield Job(keys[0], sha256(f"{work.sha256} {shaping}".encode()), work)


def _counts(seen: Annotators, facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    sizes = Counter(image.split()[0] for image in {image for image, _ in seen.values()})
    return {
        "images": {
            "all": len(sizes),
            "of_several_annotators": len(facts),
            "measured": sum(bool(fact["pairs"]) for fact in facts.values()),
            "of_several_sizes": sum(count > 1 for count in sizes.values()),
        },
        "annotators": len({who for _, people in seen.values() for who in people}),
        "annotations_left_out": sum(len(fact["left_out"]) for fact in facts.values()),
    }


def _describe_agreement(
    metrics: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]], made: int
) -> str:
    images = metrics["images"]
    whole = metrics.get("agreement")
    if whole is None:
        said = f"of {counted(images['all'], 'image')}, none has two annotators to compare"
    else:
        shown = ", ".join(f"{name} {whole[name]:.2f}" for name in ("iou", "alpha") if name in whole)
        said = f"{counted(images['measured'], 'image')} of several annotators: {shown}"
    notes = [f"{said}; {counted(made, 'image')} measured in this run"]
    left = [
        f"annotation {number} of annotator {who} in {key} ({fault})"
        for key, fact in facts.items()
        for number, who, fault in fact["left_out"]
    ]
    if left:
        notes.append(f"{counted(len(left), 'annotation')} left out: {some(left)}")
    if images["of_several_sizes"]:
        what = counted(images["of_several_sizes"], "image is", "images are")
        notes.append(f"{what} stored with several sizes, each compared by itself")
    return " — ".join(notes)
