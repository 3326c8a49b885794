"""Check tasks, images, regions and combinations with the stages' own code."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from maskbench.doctor.findings import ERROR, OK, WARNING, Finding, some
from maskbench.errors import Problem, group_by_cause
from maskbench.files.images import ImageInfo, inspect
from maskbench.files.levels import Levels, describe_badly_seen
from maskbench.labelstudio.export import TaskError
from maskbench.labelstudio.image_file import MissingImageError
from maskbench.labelstudio.image_names import reference_parts, without_upload_prefix
from maskbench.params import Params
from maskbench.pipeline.combine import describe_masks_without_class, no_class_at_all
from maskbench.pipeline.fetch import Missing, needs_image, sized
from maskbench.pipeline.sources import TaskSource, parse
from maskbench.regions.build import BuiltMask, build_mask
from maskbench.regions.report import (
    NOTHING_COUNTS,
    describe_empty_masks,
    no_mask_at_all,
    region_facts,
    region_problems,
)
from maskbench.regions.rules import missing_rule
from maskbench.regions.task import Image, Task

_DROPPED = {
    "no_label": "without a label",
    "no_pixel": "collapsed or off the image",
    "no_area": "that are points or open lines",
    "not_a_region": "that are no regions",
    "other_image": "on another image than the one chosen",
    "left_out": "whose labels are all left out by label_aliases",
}


@dataclass
class _Seen:
    """What was found in the tasks so far; lists of integers are task ids."""

    tasks: int = 0
    total: int = 0
    counted: int = 0
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    masks: dict[str, dict[str, Any]] = field(default_factory=dict)
    bad_tasks: list[Problem] = field(default_factory=list)
    bad_images: list[Problem] = field(default_factory=list)
    missing: Missing = field(default_factory=Missing)
    bad_regions: list[Problem] = field(default_factory=list)
    levels: dict[str, Levels] = field(default_factory=dict)
    turned: list[int] = field(default_factory=list)
    clipped: list[int] = field(default_factory=list)
    names: dict[str, list[int]] = field(default_factory=dict)
    bytes: dict[str, list[int]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    unmatched: dict[tuple[str, ...], list[int]] = field(default_factory=dict)


def check_tasks(
    source: TaskSource, params: Params, most: int | None, total: int = 0
) -> Iterator[Finding]:
    """Check tasks as *fetch*, *rasterize* and *combine* would.

    Args:
        source: Where they come from.
        params: The checked params.
        most: How many of the source's tasks to look at; None: all.
        total: How many tasks there are, if that is more than the source yields.
    """
    for note in source.notes:
        yield Finding(WARNING, note)
    for problem in source.problems:
        yield Finding(ERROR, str(problem))
    seen = _Seen()
    tasks = list(_parsed(source, params, seen, most))
    seen.total = max(seen.total, total)
    source.prepare(task for task in tasks if needs_image(task))
    for task in tasks:
        _look(source, task, params, seen)
    yield Finding(
        OK, f"looked at {seen.tasks} tasks; {seen.counted} have an annotation that counts"
    )
    yield from _errors(seen, params)
    yield from _warnings(seen, params)


def _parsed(source: TaskSource, params: Params, seen: _Seen, most: int | None) -> Iterator[Task]:
    for raw in source.tasks():
        seen.total += 1
        if seen.tasks == most:
            continue
        seen.tasks += 1
        try:
            task = parse(raw, source, params.fetch.image_field)
        except TaskError as error:
            seen.bad_tasks += error.problems
            continue
        seen.names.setdefault(_name(task), []).append(task.id)
        yield task


def _name(task: Task) -> str:
    try:
        return without_upload_prefix(reference_parts(task.reference or "")[-1])
    except ValueError:
        return ""


def _look(source: TaskSource, task: Task, params: Params, seen: _Seen) -> None:
    if not needs_image(task):
        return
    try:
        file = source.find(task)
        info = inspect(file.path)
    except ValueError as error:
        if isinstance(error, MissingImageError) and params.fetch.missing_images == "skip":
            seen.missing.add(task, error)
        else:
            seen.bad_images.append(Problem(str(error), task=task.id))
        return
    seen.bytes.setdefault(info.sha256, []).append(task.id)
    if info.levels and info.levels.is_badly_seen(None) and params.combine.scaling is None:
        seen.levels[task.key] = info.levels
    if info.orientation != 1:
        seen.turned.append(task.id)
    full = _with_image(task, info)
    built = build_mask(full, params)
    if built is not None:
        seen.counted += 1
        _look_at_mask(full, built, seen)


def _with_image(task: Task, info: ImageInfo) -> Task:
    image = Image(f"{task.key}{info.suffix}", info.width, info.height, info.sha256)
    return replace(task, image=image, annotations=tuple(sized(task.annotations, image)))


def _look_at_mask(task: Task, built: BuiltMask, seen: _Seen) -> None:
    facts = region_facts(task, built.rasterized)
    seen.facts[task.key] = facts
    seen.bad_regions += region_problems(task, built.rasterized, built.faults)
    seen.dropped.update(entry["reason"] for entry in facts["dropped"])
    if facts["clipped"]:
        seen.clipped.append(task.id)
    seen.masks[task.key] = {
        "combinations": [(c.labels, c.pixels, c.becomes) for c in built.combinations]
    }
    for combination in built.combinations:
        if combination.becomes is None:
            seen.unmatched.setdefault(combination.labels, []).append(task.id)


def _errors(seen: _Seen, params: Params) -> Iterator[Finding]:
    advice = "mend or delete these tasks in Label Studio"
    unreadable = [problem for problem in seen.bad_tasks if problem.param is None]
    yield from _group(unreadable, "tasks cannot be read", advice)
    for problem in group_by_cause(p for p in seen.bad_tasks if p.param is not None):
        yield Finding(ERROR, str(problem), f"set {problem.param} in params.yaml")
    advice = "put these images there under the names in the tasks, or delete the tasks"
    yield from _group(seen.bad_images, "images are missing or cannot be used", advice)
    advice = "mend the regions in Label Studio, or labels_map in params.yaml"
    yield from _group(seen.bad_regions, "problems with regions", advice)
    for labels, tasks in sorted(seen.unmatched.items()):
        what = f"{missing_rule(labels)} (task {some(tasks)})"
        advice = f"add a rule with when: [{', '.join(labels)}], or set combine.unmatched"
        yield Finding(ERROR, what, advice)
    # In tasks that were not looked at there may be what is missing here.
    level = ERROR if seen.tasks == seen.total else WARNING
    if not seen.counted and not seen.bad_images and not seen.bad_tasks:
        chosen = ", ".join(params.rasterize.annotation)
        advice = f"annotate some tasks, or widen rasterize.annotation ({chosen})"
        yield Finding(level, NOTHING_COUNTS, advice)
    elif seen.counted and not seen.bad_regions:
        advice = "draw what has an area and a label; the next build stops otherwise"
        for problem in no_mask_at_all(seen.facts, params):
            yield Finding(level, str(problem), advice)
        for problem in no_class_at_all(seen.masks, params.labels_map):
            yield Finding(level, str(problem), "the next build stops otherwise")


def _group(problems: list[Problem], what: str, advice: str) -> Iterator[Finding]:
    if problems:
        yield Finding(ERROR, f"{len(problems)} {what}: {some(problems)}", advice)


def _warnings(seen: _Seen, params: Params) -> Iterator[Finding]:
    if seen.turned:
        what = f"{len(seen.turned)} images are turned by EXIF (task {some(seen.turned)})"
        yield Finding(OK, f"{what}; scenes and masks will stand upright")
    if seen.missing:
        yield Finding(WARNING, str(seen.missing), "put the images there, or leave it at that")
    if seen.levels:
        what, _, advice = describe_badly_seen(seen.levels, None).rpartition("; ")
        yield Finding(WARNING, what, advice)
    if seen.clipped:
        what = f"regions reach off the image in {len(seen.clipped)} tasks ({some(seen.clipped)})"
        yield Finding(WARNING, what, "they are cut at its edge; look whether that is meant")
    for reason, count in sorted(seen.dropped.items()):
        what = f"{count} regions {_DROPPED.get(reason, reason)} will have no pixel"
        yield Finding(WARNING, what, "after a build plots/dropped.csv lists them")
    without_class = describe_masks_without_class(seen.masks, params.labels_map)
    for empty in filter(None, (describe_empty_masks(seen.facts), without_class)):
        yield Finding(WARNING, empty, "look whether these images are meant to be background")
    twins = _twins(seen.names)
    if twins:
        yield Finding(OK, f"images of one name: tasks {twins}; they are told apart by task id")
    twins = _twins(seen.bytes)
    if twins:
        advice = "delete one, unless both are meant: without split.group_by they share a subset"
        yield Finding(WARNING, f"one image in several tasks: {twins}", advice)


def _twins(groups: Mapping[str, list[int]]) -> str:
    """Say which tasks share a key of ``groups``; empty if no two do."""
    twins = sorted(ids for name, ids in groups.items() if name and len(ids) > 1)
    return some(" = ".join(map(str, ids)) for ids in twins)
