"""Check tasks, images, regions, combinations and splits with the stages' own code."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from maskbench.doctor.findings import ERROR, OK, WARNING, Finding
from maskbench.errors import Problem, count_problems
from maskbench.files.images import ImageInfo, inspect
from maskbench.labelstudio.export import TaskError, parse_task
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.image_names import reference_parts, without_upload_prefix
from maskbench.params import Params
from maskbench.pipeline.combine import combination_facts, find_unmatched
from maskbench.pipeline.fetch import (
    TaskSource,
    needs_image,
    sized,
    task_facts,
    there_twice,
    without_annotation,
)
from maskbench.pipeline.grouping import GroupedImage, group_images, read_groups
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import (
    describe_empty_masks,
    no_mask_at_all,
    region_facts,
    region_problems,
)
from maskbench.pipeline.split import undeclared_table
from maskbench.regions.build import BuiltMask, build_mask
from maskbench.regions.task import Image, Task, choose
from maskbench.text import counted, some

_DROPPED = {
    "no_label": "without a label",
    "no_pixel": "collapsed or off the image",
    "no_area": "that are points or open lines",
    "not_a_region": "that are no regions",
    "other_image": "on another image than the one chosen",
}


@dataclass
class _Seen:
    """What was found in the tasks so far; lists of integers are task ids."""

    total: int = 0
    tasks: int = 0
    looked: int = 0
    is_part: bool = False
    origins: dict[int, str] = field(default_factory=dict)
    fetched: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    combinations: dict[str, dict[str, Any]] = field(default_factory=dict)
    images: list[GroupedImage] = field(default_factory=list)
    bad_tasks: list[Problem] = field(default_factory=list)
    bad_images: list[Problem] = field(default_factory=list)
    bad_regions: list[Problem] = field(default_factory=list)
    turned: list[int] = field(default_factory=list)
    clipped: list[int] = field(default_factory=list)
    names: dict[str, list[int]] = field(default_factory=dict)
    bytes: dict[str, list[int]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)


def check_tasks(
    source: TaskSource,
    params: Params,
    most: int | None,
    total: int = 0,
    layout: Layout | None = None,
) -> Iterator[Finding]:
    """Check tasks as the stages would.

    All tasks of the source are read; images and regions are looked at in the first ``most``.

    Args:
        source: Where they come from.
        params: The checked params.
        most: In how many tasks to look at images and regions; None: all.
        total: How many tasks there are, if that is more than the source yields.
        layout: The repository; None: the current folder.
    """
    seen = _Seen()
    tasks = list(_read(source, params, seen, most))
    seen.total = max(seen.tasks, total)
    seen.is_part = seen.looked < seen.total
    source.prepare(task for task in tasks if needs_image(task))
    for task in tasks:
        _look(source, task, params, seen)
    yield Finding(OK, _looked_at(seen))
    yield from _errors(seen, params, layout or Layout())
    yield from _warnings(seen)


def _read(source: TaskSource, params: Params, seen: _Seen, most: int | None) -> Iterator[Task]:
    """Read all tasks; yield those whose images and regions are to be looked at."""
    for raw, origin in source.tasks():
        seen.tasks += 1
        is_looked_at = most is None or seen.looked < most
        seen.looked += is_looked_at
        try:
            fields = source.image_fields(origin)
            task = parse_task(raw, origin, fields, params.fetch.image_field)
        except TaskError as error:
            seen.bad_tasks += error.problems
            continue
        if task.id in seen.origins:
            seen.bad_tasks.append(there_twice(task.id, origin, seen.origins[task.id]))
        seen.origins[task.id] = origin
        seen.names.setdefault(_name(task), []).append(task.id)
        seen.fetched[task.key] = task_facts(task)
        if is_looked_at:
            yield task
            continue
        _group(task, params, seen)
        if isinstance(source, Folder) and needs_image(task):
            try:
                source.image(task.reference or "")
            except ValueError as error:
                seen.bad_images.append(_bad_image(error, task, seen))


def _name(task: Task) -> str:
    try:
        return without_upload_prefix(reference_parts(task.reference or "")[-1])
    except ValueError:
        return ""


def _bad_image(error: ValueError, task: Task, seen: _Seen, file: Path | None = None) -> Problem:
    place = seen.origins[task.id] if file is None else str(file)
    return Problem(str(error), place, task.id, project=task.project)


def _group(task: Task, params: Params, seen: _Seen) -> None:
    """Note what a task says of its group; its key stands for an image that was not looked at."""
    annotation = choose(task.annotations, params.rasterize.annotation)
    if annotation is not None:
        image = task.image or Image(task.key, 1, 1, task.key)
        seen.images.append(read_groups(replace(task, image=image), annotation, params.split))


def _look(source: TaskSource, task: Task, params: Params, seen: _Seen) -> None:
    if not needs_image(task):
        return
    path = None
    try:
        path = source.find(task).path
        info = inspect(path, params.fetch.max_pixels)
    except ValueError as error:
        seen.bad_images.append(_bad_image(error, task, seen, path))
        _group(task, params, seen)
        return
    seen.bytes.setdefault(info.sha256, []).append(task.id)
    if info.orientation != 1:
        seen.turned.append(task.id)
    full = _with_image(task, info)
    _group(full, params, seen)
    built = build_mask(full, params)
    if built is None:
        seen.facts[task.key] = {"annotation": None}
    else:
        _look_at_mask(full, built, seen)


def _with_image(task: Task, info: ImageInfo) -> Task:
    image = Image(f"{task.key}{info.suffix}", info.width, info.height, info.sha256)
    return replace(task, image=image, annotations=tuple(sized(task.annotations, image)))


def _look_at_mask(task: Task, built: BuiltMask, seen: _Seen) -> None:
    facts = region_facts(task, built.rasterized)
    seen.facts[task.key] = facts
    problems = region_problems(task, built.rasterized, built.faults)
    seen.bad_regions += [p._replace(file=seen.origins[task.id]) for p in problems]
    seen.dropped.update(entry["reason"] for entry in facts["dropped"])
    if facts["clipped"]:
        seen.clipped.append(task.id)
    seen.combinations[task.key] = combination_facts(task.id, built.combinations)


def _looked_at(seen: _Seen) -> str:
    """Say how much of the source was looked at."""
    have = f"{counted(len(seen.images), 'has', 'have')} an annotation that counts"
    if not seen.is_part:
        return f"looked at {counted(seen.tasks, 'task')}; {have}"
    rest = "images and regions of the others were not looked at: `maskbench doctor --all` does"
    if seen.tasks == seen.total:
        return f"read {counted(seen.tasks, 'task')}; {have}; looked at {seen.looked}, {rest}"
    of = f"{seen.looked} of {counted(seen.total, 'task')}"
    return f"looked at {of}, those changed last; of these {have}; {rest}"


def _errors(seen: _Seen, params: Params, layout: Layout) -> Iterator[Finding]:
    advice = "mend or delete these tasks in Label Studio"
    if named := sorted({problem.param for problem in seen.bad_tasks if problem.param}):
        advice += f", or set {' and '.join(named)} in params.yaml"
    yield from _group_of(seen.bad_tasks, "task cannot be read", "tasks cannot be read", advice)
    advice = "put these images there under the names in the tasks, or delete the tasks"
    what = ("image is missing or cannot be used", "images are missing or cannot be used")
    yield from _group_of(seen.bad_images, *what, advice)
    advice = "mend the regions in Label Studio, or labels_map in params.yaml"
    what = ("problem with a region", "problems with regions")
    yield from _group_of(seen.bad_regions, *what, advice)
    for problem in find_unmatched(seen.combinations):
        yield Finding(ERROR, str(problem))
    yield from _empty(seen, params)
    yield from _splits(seen, params, layout)


def _group_of(problems: Sequence[Problem], one: str, many: str, advice: str) -> Iterator[Finding]:
    if problems:
        yield Finding(ERROR, counted(len(problems), one, many), advice, problems)


def _empty(seen: _Seen, params: Params) -> Iterator[Finding]:
    """Check that a mask would have a pixel; tasks that were not looked at may have what lacks."""
    level = WARNING if seen.is_part else ERROR
    if not seen.bad_tasks and (problems := without_annotation(seen.fetched)):
        nothing_read = WARNING if seen.tasks < seen.total else ERROR
        yield from (Finding(nothing_read, str(problem)) for problem in problems)
    elif not (seen.bad_regions or seen.bad_images or seen.bad_tasks):
        yield from (Finding(level, str(p)) for p in no_mask_at_all(seen.facts, params))


def _splits(seen: _Seen, params: Params, layout: Layout) -> Iterator[Finding]:
    is_all = seen.tasks == seen.total and not seen.bad_tasks
    images = sorted(seen.images, key=lambda image: image.key)  # as the build has them
    grouping = group_images(images, params.split, layout.root, is_all)
    problems = [*grouping.problems, *undeclared_table(params.split, layout)]
    if problems:
        what = f"{count_problems(problems)} with the split into train, valid and test"
        yield Finding(ERROR, what, "correct split in params.yaml, or these tasks", problems)
    for note in grouping.notes:
        yield Finding(WARNING, f"split: {note}", "look whether that is meant")


def _warnings(seen: _Seen) -> Iterator[Finding]:
    if seen.turned:
        are = counted(len(seen.turned), "image is", "images are")
        what = f"{are} turned by EXIF (task {some(seen.turned)})"
        yield Finding(OK, f"{what}; scenes and masks will stand upright")
    if seen.clipped:
        where = counted(len(seen.clipped), "task")
        what = f"regions reach off the image in {where} ({some(seen.clipped)})"
        yield Finding(WARNING, what, "they are cut at its edge; look whether that is meant")
    for reason, count in sorted(seen.dropped.items()):
        what = f"{counted(count, 'region')} {_DROPPED.get(reason, reason)} will have no pixel"
        advice = "after a build plots/dropped.csv lists them; rasterize.strict: true would stop"
        yield Finding(WARNING, what, advice)
    empty = describe_empty_masks(seen.facts)
    if empty:
        yield Finding(WARNING, empty, "look whether these images are meant to be background")
    twins = _twins(seen.names)
    if twins:
        yield Finding(OK, f"images of one name: tasks {twins}; they are told apart by task id")
    twins = _twins(seen.bytes)
    if twins:
        advice = "delete one, unless both are meant; equal images share a subset"
        yield Finding(WARNING, f"one image in several tasks: {twins}", advice)


def _twins(groups: Mapping[str, list[int]]) -> str:
    """Say which tasks share a key of ``groups``; empty if no two do."""
    twins = sorted(ids for name, ids in groups.items() if name and len(ids) > 1)
    return some(" = ".join(map(str, ids)) for ids in twins)
