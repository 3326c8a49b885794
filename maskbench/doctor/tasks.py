"""Check tasks, images, regions, combinations and splits with the stages' own code."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from maskbench.doctor.conclusions import draw_conclusions
from maskbench.doctor.findings import ERROR, WARNING, Finding
from maskbench.doctor.seen import CONSENSUS, TasksSeen
from maskbench.errors import Problem
from maskbench.files.images import inspect
from maskbench.labelstudio.export import RawTask, TaskError
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.image_file import MissingImageError
from maskbench.labelstudio.image_names import reference_parts, without_upload_prefix
from maskbench.labelstudio.stored import with_image
from maskbench.params import Params
from maskbench.pipeline.combine import combination_facts
from maskbench.pipeline.fetch import equal_keys, needs_image
from maskbench.pipeline.fetch_report import task_facts
from maskbench.pipeline.grouping import read_groups
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.same_image import equal_ids, unite
from maskbench.pipeline.sources import TaskSource, parse
from maskbench.regions.build import BuiltMask, build_label_sets, build_mask, unknown_labels
from maskbench.regions.consensus import lacking
from maskbench.regions.report import region_facts, region_problems
from maskbench.regions.task import Image, Task, annotators, choose


def check_tasks(
    source: TaskSource,
    params: Params,
    most: int | None,
    total: int = 0,
    layout: Layout | None = None,
) -> Iterator[Finding]:
    """Check tasks as the stages would.

    All tasks of the source are read; images and regions are checked in the first ``most``.

    Args:
        source: The source of the tasks.
        params: The checked params.
        most: In how many tasks to check images and regions; None: all.
        total: How many tasks there are, if that is more than the source yields.
        layout: The repository; None: the current folder.
    """
    yield from (Finding(WARNING, note) for note in source.notes)
    yield from (Finding(ERROR, "", problems=[problem]) for problem in source.problems)
    seen = TasksSeen(has_bad_source=bool(source.problems))
    tasks = list(_read(source, params, seen, most))
    seen.total = max(seen.tasks, total)
    source.prepare(task for task, _ in tasks if needs_image(task))
    if params.fetch.same_image == "one":
        tasks = _one_per_image(source, tasks)
    drawable = _drawable(params)
    for task, origin in tasks:
        seen.bad_tasks += equal_ids(task)
        _look(source, task, origin, drawable, seen)
    yield from draw_conclusions(seen, params, layout or Layout())


def _read(
    source: TaskSource, params: Params, seen: TasksSeen, most: int | None
) -> Iterator[tuple[Task, str]]:
    """Read all tasks; yield those whose images and regions to check, with their origin."""
    for raw in source.tasks():
        seen.tasks += 1
        is_looked_at = most is None or seen.looked < most
        seen.looked += is_looked_at
        try:
            task = parse(raw, source, params.fetch.image_field)
        except TaskError as error:
            seen.bad_tasks += error.problems
            continue
        if task.key in seen.fetched:
            seen.bad_tasks.append(equal_keys(task.key, raw.origin, task.id))
        seen.projects[task.id], seen.files[task.id] = task.project, raw.origin
        seen.names.setdefault(_name(task), []).append(task.id)
        seen.fetched[task.key] = task_facts(task)
        if is_looked_at:
            yield task, raw.origin
        else:
            _glance(source, task, raw, params, seen)


def _one_per_image(source: TaskSource, tasks: list[tuple[Task, str]]) -> list[tuple[Task, str]]:
    """Unite the tasks that show the same image, as *fetch* does."""
    groups: dict[str, list[tuple[Task, str]]] = {}
    for task, origin in sorted(tasks, key=lambda entry: (entry[0].id, entry[0].key)):
        image = f"task {task.key}"
        if needs_image(task):
            with suppress(ValueError):  # reported when the image is checked
                image = source.find(task).sha256
        groups.setdefault(image, []).append((task, origin))
    return [(unite([task for task, _ in group]), group[0][1]) for group in groups.values()]


def _drawable(params: Params) -> Params:
    """Return params by which each mask can be made here: a majority, where STAPLE cannot run."""
    consensus = params.combine.consensus
    if not lacking(consensus):
        return params
    majority = params.combine._replace(consensus=consensus._replace(method="majority"))
    return params._replace(combine=majority)


def _name(task: Task) -> str:
    try:
        return without_upload_prefix(reference_parts(task.reference or "")[-1])
    except ValueError:
        return ""


def _glance(source: TaskSource, task: Task, raw: RawTask, params: Params, seen: TasksSeen) -> None:
    """Check only what is cheap in a task: its group and its image's name."""
    if isinstance(source, Folder) and needs_image(task):
        try:
            source.image(task.reference or "")
        except ValueError as error:
            _note_bad_image(error, task, raw.origin, params, seen)
            return
    _group(task, params, seen)


def _note_bad_image(
    error: ValueError, task: Task, place: str, params: Params, seen: TasksSeen
) -> None:
    is_missing = isinstance(error, MissingImageError)
    if is_missing and params.fetch.missing_images == "skip":
        seen.missing.add(task, error)
        del seen.fetched[task.key]
    else:
        problems = seen.missing_images if is_missing else seen.bad_images
        problems.append(Problem(str(error), place, task.id, project=task.project))
        _group(task, params, seen)


def _group(task: Task, params: Params, seen: TasksSeen) -> None:
    """Record a task's group; without the image's digest, its key takes its place."""
    annotation = choose(task.annotations, params.rasterize.criteria(task.key))
    if annotation is not None:
        image = task.image or Image(task.key, 1, 1, task.key)
        seen.images.append(read_groups(replace(task, image=image), annotation, params.split))


def _look(source: TaskSource, task: Task, origin: str, params: Params, seen: TasksSeen) -> None:
    if not needs_image(task):
        return
    path: Path | None = None
    try:
        path = source.find(task).path
        info = inspect(path, params.fetch.max_pixels)
    except ValueError as error:
        _note_bad_image(error, task, str(path or origin), params, seen)
        _look_at_labels(task, params, seen)
        return
    seen.bytes.setdefault(info.sha256, []).append(task.id)
    if info.levels and info.levels.is_badly_seen(None) and params.combine.scaling is None:
        seen.levels[task.key] = info.levels
    if info.orientation != 1:
        seen.turned.append(task.id)
    image = Image(f"{task.key}{info.suffix}", info.width, info.height, info.sha256)
    full = with_image(task, image)
    _group(full, params, seen)
    built = build_mask(full, params)
    seen.people.append((info.sha256, annotators(full.annotations), _who_counts(built)))
    if built is None:
        seen.facts[task.key] = {"annotation": None}
    else:
        _look_at_mask(full, origin, built, params, seen)


def _who_counts(built: BuiltMask | None) -> str:
    if built is None:
        return "nobody"
    if len(built.votes) > 1:
        return CONSENSUS
    return f"annotator {built.votes[0].annotation.completed_by or 'unknown'}"


def _look_at_labels(task: Task, params: Params, seen: TasksSeen) -> None:
    """Find labels without a class in a task whose image cannot be used: they will be next."""
    if task.key in seen.fetched:  # else it is left out
        any_size = Image(task.key, 1, 1, task.key)
        votes = build_label_sets(replace(task, image=any_size), params.rasterize)
        if unknown := unknown_labels(votes, params.labels_map):
            seen.unknown[task.id] = unknown


def _look_at_mask(
    task: Task, origin: str, built: BuiltMask, params: Params, seen: TasksSeen
) -> None:
    facts = region_facts(task, built.votes)
    seen.facts[task.key] = facts
    seen.dropped.update(entry["reason"] for entry in facts["dropped"])
    if facts["clipped"]:
        seen.clipped.append(task.id)
    unknown = unknown_labels(built.votes, params.labels_map)
    if unknown:
        seen.unknown[task.id] = unknown
    labels = {*params.labels_map, *unknown}
    problems = region_problems(task, built.votes, labels, params.rasterize.strict)
    for problem in problems:  # the annotations of a united task may be in several files
        named = problem.task
        file = origin if named is None or named == task.id else seen.files[named]
        seen.bad_regions.append(problem._replace(file=file))
    seen.masks[task.key] = combination_facts(task.id, built.combinations)
