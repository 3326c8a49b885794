"""Report what became of a task's regions: messages for people, counts for metrics."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from maskbench.errors import Problem, TaskLink, see
from maskbench.params import Params
from maskbench.regions.build import RasterizedTask, find_faults
from maskbench.regions.draw import RegionResult
from maskbench.regions.task import Image, Task, annotators, least_voters, task_and_project
from maskbench.text import counted, some

NOTHING_COUNTS = "no task has an annotation that counts"


def region_problems(
    task: Task, votes: Sequence[RasterizedTask], labels: Collection[str], strict: bool = False
) -> list[Problem]:
    """Return what is wrong with a task's regions as problems that name annotation and region.

    Args:
        task: The task.
        votes: What became of the regions of each annotation that counts.
        labels: The labels that ``labels_map`` has.
        strict: As in :func:`~maskbench.regions.build.find_faults`.
    """
    problems = []
    for vote in votes:
        where, project = task_and_project(task, vote.annotation)
        problems += [
            Problem(fault, task=where, annotation=vote.annotation.id, region=r.id, project=project)
            for r, fault in find_faults([vote], labels, strict)
        ]
    return problems


def region_facts(task: Task, votes: Sequence[RasterizedTask]) -> dict[str, Any]:
    """Count for the metrics what became of the regions of the annotations that count.

    ``task``, ``annotation`` and ``annotator`` are those of the annotation saved last.
    """
    results = [(vote.annotation, result) for vote in votes for result in vote.regions]
    drawn = [result.region for _, result in results if result.count]
    where, project = task_and_project(task, votes[-1].annotation)
    return {
        "task": where,
        "project": project,
        "annotation": votes[-1].annotation.id,
        "annotator": votes[-1].annotation.completed_by,
        "voters": [vote.annotation.completed_by for vote in votes],
        "annotators": len(annotators(task.annotations)),
        "regions": dict(Counter(label for region in drawn for label in region.labels)),
        "shapes": dict(Counter(region.shape for region in drawn)),
        "aliased": dict(Counter(n for _, result in results for n in result.aliased)),
        "dropped": [
            {
                "task": task_and_project(task, annotation)[0],
                "annotation": annotation.id,
                "region": result.region.id,
                "label": " + ".join(result.region.labels),
                "reason": result.dropped,
            }
            for annotation, result in results
            if result.dropped is not None
        ],
        "clipped": sum(result.is_clipped for _, result in results),
        "reach": max(
            (_reach(result, vote.image) for vote in votes for result in vote.regions), default=0
        ),
    }


def _reach(result: RegionResult, image: Image) -> float:
    """Return how far right or down a region reaches, in percent of the image; 0 without outline."""
    if result.outline is None or result.outline.is_empty:
        return 100.0 if result.count else 0.0
    _, _, right, bottom = result.outline.bounds
    return float(100.0 * max(right / image.width, bottom / image.height))


def empty_masks(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Find the masks without a labelled pixel although regions were drawn.

    Args:
        facts: What :func:`region_facts` counted, by key; tasks without an annotation that counts
            have none.

    Returns:
        Why their regions were dropped, by key.
    """
    empty = {}
    for key, fact in facts.items():
        if fact["annotation"] is None or fact["regions"]:
            continue
        reasons = {entry["reason"] for entry in fact["dropped"]} - {"not_a_region"}
        if reasons:
            empty[key] = sorted(reasons)
    return empty


REMEDIES = {
    "no_label": "have no label: give them one (a per-region choice does not count)",
    "no_pixel": "have no pixel inside the image: draw them larger, or where the image is",
    "no_area": "are key points or open lines, which have no area: draw polygons, rectangles, "
    "ellipses or brush strokes",
    "other_image": "lie on another image than fetch.image_field chooses: correct it",
    "left_out": "have only labels that rasterize.label_aliases leaves out: name their classes",
}
"""What is wrong with the regions of empty masks, and what to do, by reason."""


_FRACTIONS = (
    "all regions lie within the first percent of their images, at the top left: their coordinates "
    "look like fractions, but are percent, 0 to 100; multiply them by 100 where they were written"
)


def no_mask_at_all(facts: Mapping[str, Mapping[str, Any]], params: Params) -> list[Problem]:
    """Find out why no mask would have a labelled pixel, or only misplaced ones; empty if one has.

    Args:
        facts: What :func:`region_facts` counted, by key.
        params: How the annotation that counts is chosen.
    """
    counting = [fact for fact in facts.values() if fact["annotation"] is not None]
    if not counting:
        chosen = ", ".join(params.rasterize.annotation)
        what = f"{NOTHING_COUNTS}: annotate some tasks, or add criteria to this list ({chosen})"
        if any(least_voters(criterion) for criterion in params.rasterize.annotation):
            what += "; tasks that show the same image vote together with fetch.same_image: one"
        return [Problem(what, param="rasterize.annotation")]
    reach = max(fact["reach"] for fact in counting)
    if 0 < reach <= 1:
        return [
            Problem(_FRACTIONS, task=fact["task"], project=fact["project"])
            for fact in counting
            if fact["reach"]
        ]
    if any(fact["regions"] for fact in counting):
        return []
    empty = empty_masks(facts)
    return [
        Problem(
            f"no mask has a labelled pixel although regions were drawn: regions {REMEDIES[reason]}",
            task=facts[key]["task"],
            project=facts[key]["project"],
        )
        for reason in sorted(REMEDIES)
        for key, reasons in empty.items()
        if reason in reasons
    ]


def describe_empty_masks(
    facts: Mapping[str, Mapping[str, Any]], link: TaskLink | None = None
) -> str:
    """Say which masks are empty although regions were drawn, and why; empty if none is.

    Args:
        facts: What :func:`region_facts` counted, by key.
        link: Finds the address of a task: that of the first is given, if it is known.
    """
    empty = empty_masks(facts)
    if not empty:
        return ""
    named = some(f"{key} ({', '.join(reasons)})" for key, reasons in empty.items())
    are = counted(len(empty), "mask is", "masks are")
    first = facts[next(iter(empty))]
    end = see(link, first["task"], first["project"])
    return f"{are} empty although regions were drawn: {named}{end}"
