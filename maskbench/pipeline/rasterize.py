"""Run the stage *rasterize*: turn the regions of the annotations that count into label sets."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from maskbench.errors import Problem
from maskbench.files.atomic import write_text
from maskbench.files.csv import write_table
from maskbench.files.hashing import Digests, digest, sha256
from maskbench.files.json import json_text
from maskbench.files.label_sets import LabelSetFile, write_label_sets
from maskbench.labelstudio.stored import read_unchanged
from maskbench.params import LEFT_OUT, Params, RasterizeParams
from maskbench.pipeline.annotators import describe_annotators, unmet_choices
from maskbench.pipeline.incremental import (
    Job,
    Outcome,
    StageDefinition,
    build,
    folder_digests,
    staging,
)
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.tables import undeclared
from maskbench.regions.build import RasterizedTask, build_label_sets, unknown_labels
from maskbench.regions.draw import REASONS
from maskbench.regions.proposals import label_advice, unknown_problems
from maskbench.regions.report import (
    REMEDIES,
    describe_empty_masks,
    empty_masks,
    no_mask_at_all,
    region_facts,
    region_problems,
)
from maskbench.regions.task import Task, task_and_project
from maskbench.text import counted


def rasterize(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        DataError: Regions cannot be rasterized; the previous label sets are left as they were.
    """
    definition = StageDefinition(
        "rasterize",
        make_label_set,
        ("label_sets",),
        lambda facts: _check_all(facts, params),
        lambda facts: label_advice(_unknown(facts), params.labels_map),
    )
    digests = folder_digests(layout, "annotations")
    names = [name for name in digests if name.endswith(".json")]
    found = undeclared(layout, "rasterize", params.rasterize.table, "rasterize.annotation")
    built = build(definition, layout, _jobs(names, digests, params, layout), len(names), found)
    digests.save()
    facts = dict(built.facts)  # parsed once for all that follows
    metrics = _metrics(facts, params.rasterize.label_aliases)
    write_text(layout.metrics("rasterize"), json_text(metrics))
    _write_dropped(facts, layout)
    drawn, dropped = sum(metrics["shapes"].values()), sum(metrics["dropped"].values())
    tasks = metrics["tasks"]
    notes = [describe_empty_masks(facts), *describe_annotators(facts, params, layout)]
    return (
        f"{tasks['counted']:,} of {counted(tasks['all'], 'task')} with an annotation that counts, "
        f"{counted(drawn + dropped, 'region')}, {dropped:,} of them dropped (plots/dropped.csv); "
        f"{counted(built.made, 'task')} rasterized in this run"
        + "".join(f" — {note}" for note in notes if note)
    )


class LabelSetWork(NamedTuple):
    """The inputs of one label set.

    Attributes:
        source: The file of the task's stored form.
        sha256: Its digest.
        labels: The labels of ``labels_map``, sorted.
        params: How regions become pixels.
        target: The staging folder, which mirrors the data folder.
    """

    source: Path
    sha256: str | None
    labels: tuple[str, ...]
    params: RasterizeParams
    target: Path


def _jobs(names: Sequence[str], digests: Digests, params: Params, layout: Layout) -> Iterator[Job]:
    """Yield a job for each task's file in ``data/annotations``."""
    labels = tuple(sorted(params.labels_map))
    target = staging(layout, "rasterize")
    choices = params.rasterize.choices
    for name in names:
        task_sha256 = digests.get(name)
        source = layout.annotations / name
        chosen = {key: choices[key] for key in (source.stem,) if key in choices}
        own = params.rasterize._replace(choices=chosen)  # another task's line changes nothing here
        shaping = digest([repr(own), labels])
        work = LabelSetWork(source, task_sha256, labels, own, target)
        yield Job(source.stem, sha256(f"{task_sha256} {shaping}".encode()), work)


def make_label_set(work: LabelSetWork) -> Outcome:
    """Write a task's label sets, one of each annotation that counts, into one file.

    Raises:
        DataError: The task's file is damaged, or changed during the run.
    """
    task = read_unchanged(work.source, work.sha256, "rasterize")
    votes = build_label_sets(task, work.params)
    if not votes:
        return Outcome(facts={"annotation": None})
    unknown = unknown_labels(votes, work.labels)
    problems = region_problems(task, votes, {*work.labels, *unknown}, work.params.strict)
    if unknown or problems:
        return Outcome(facts={"task": task.id, "unknown": unknown}, problems=tuple(problems))
    path = f"label_sets/{task.key}.tif"
    written = write_label_sets(work.target / path, [_content(task, vote) for vote in votes])
    return Outcome({path: written}, region_facts(task, votes))


def _content(task: Task, vote: RasterizedTask) -> LabelSetFile:
    image = {"file": vote.image.file, "sha256": vote.image.sha256}
    where, _ = task_and_project(task, vote.annotation)
    drawn = vote.label_set
    return LabelSetFile(drawn.labels, drawn.planes, where, vote.annotation.id, image)


def _check_all(facts: Mapping[str, Mapping[str, Any]], params: Params) -> list[Problem]:
    """Find the problems of all tasks together."""
    unknown = _unknown(facts)
    if any("unknown" in fact for fact in facts.values()):
        return unknown_problems(unknown, params.labels_map)
    return no_mask_at_all(facts, params) or unmet_choices(facts, params.rasterize)


def _unknown(facts: Mapping[str, Mapping[str, Any]]) -> dict[int, Mapping[str, int]]:
    return {fact["task"]: fact["unknown"] for fact in facts.values() if fact.get("unknown")}


def _metrics(
    facts: Mapping[str, Mapping[str, Any]], aliases: Mapping[str, str | None]
) -> dict[str, Any]:
    empty = empty_masks(facts)
    counting = [fact for fact in facts.values() if fact["annotation"] is not None]
    causes = Counter(reason for reasons in empty.values() for reason in reasons)
    regions: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    aliased: Counter[str] = Counter()
    for fact in counting:
        regions.update(fact["regions"])
        shapes.update(fact["shapes"])
        aliased.update(fact["aliased"])
    dropped = Counter(entry["reason"] for fact in counting for entry in fact["dropped"])
    return {
        "tasks": {
            "all": len(facts),
            "counted": len(counting),
            "without_annotation_that_counts": len(facts) - len(counting),
            "without_region": sum(not fact["regions"] for fact in counting),
            "of_several_annotators": sum(fact["annotators"] > 1 for fact in counting),
            **_put_to_the_vote(counting),
        },
        "annotators": _by_annotator(counting),
        "regions": dict(sorted(regions.items())),
        "shapes": dict(sorted(shapes.items())),
        **({"aliases": _aliases(aliases, aliased)} if aliases else {}),
        "dropped": {reason: dropped[reason] for reason in REASONS},
        "empty_masks": {
            "all": len(empty),
            **{reason: causes[reason] for reason in REMEDIES},
        },
        "reach_off_the_image": sum(fact["clipped"] for fact in counting),
    }


def _aliases(aliases: Mapping[str, str | None], aliased: Mapping[str, int]) -> dict[str, int]:
    """Return how many regions each alias concerns, those that it does not occur in among them."""
    return {
        f"{label} → {aliases[label] or LEFT_OUT}": aliased.get(label, 0)
        for label in sorted(aliases)
    }


def _put_to_the_vote(counting: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the tasks in which several annotations count; nothing without a consensus."""
    several = sum(len(fact["voters"]) > 1 for fact in counting)
    return {"put_to_the_vote": several} if several else {}


def _by_annotator(counting: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return in how many tasks each annotator's work counts; ``unknown``: nobody is named."""
    counts = Counter(who or 0 for fact in counting for who in fact["voters"])
    return {str(user or "unknown"): counts[user] for user in sorted(counts)}


def _write_dropped(facts: Mapping[str, Mapping[str, Any]], layout: Layout) -> None:
    columns = ("key", "task", "annotation", "region", "label", "reason")
    rows = (
        {"key": key, **entry} for key, fact in facts.items() for entry in fact.get("dropped", ())
    )
    write_table(layout.plot("dropped"), columns, rows)
