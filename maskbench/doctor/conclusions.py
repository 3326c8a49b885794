"""Say what was found in the tasks: errors in the stages' own words, and what is worth knowing."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from maskbench.doctor.findings import ERROR, OK, WARNING, Finding
from maskbench.doctor.seen import TasksSeen
from maskbench.errors import Problem, count_problems
from maskbench.files.levels import describe_badly_seen
from maskbench.params import Params
from maskbench.pipeline.annotators import undeclared_choices, unmet_choices
from maskbench.pipeline.combine import (
    advise,
    describe_masks_without_class,
    find_unmatched,
    no_class_at_all,
)
from maskbench.pipeline.fetch import MISSING_ADVICE, without_annotation
from maskbench.pipeline.grouping import group_images
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.split import undeclared_table
from maskbench.regions.proposals import label_advice, unknown_problems
from maskbench.regions.report import describe_empty_masks, no_mask_at_all
from maskbench.text import counted, some

_DROPPED = {
    "no_label": "without a label",
    "no_pixel": "collapsed or off the image",
    "no_area": "points or open lines",
    "not_a_region": "entries that are no regions",
    "other_image": "on another image than the one chosen",
    "left_out": "labels that label_aliases leaves out",
}


def draw_conclusions(seen: TasksSeen, params: Params, layout: Layout) -> Iterator[Finding]:
    """Yield what was found, the errors first."""
    yield Finding(OK, _looked_at(seen))
    yield from _errors(seen, params)
    yield from _empty(seen, params)
    yield from _choices(seen, params, layout)
    yield from _splits(seen, params, layout)
    yield from _warnings(seen, params)


def _looked_at(seen: TasksSeen) -> str:
    """Say how much of the source was looked at."""
    have = f"{counted(len(seen.images), 'has', 'have')} an annotation that counts"
    if not seen.is_part:
        return f"looked at {counted(seen.tasks, 'task')}; {have}"
    rest = "images and regions of the others were not looked at: `maskbench doctor --all` does"
    if seen.tasks == seen.total:
        return f"read {counted(seen.tasks, 'task')}; {have}; looked at {seen.looked}, {rest}"
    of = f"{seen.looked} of {counted(seen.total, 'task')}"
    return f"looked at {of}, those changed last; of these {have}; {rest}"


def _errors(seen: TasksSeen, params: Params) -> Iterator[Finding]:
    named = sorted({problem.param for problem in seen.bad_tasks if problem.param})
    advice = "mend or delete these tasks in Label Studio"
    if named:
        is_all = all(problem.param for problem in seen.bad_tasks)
        advice = f"set {' and '.join(named)} in params.yaml" + f", or {advice}" * (not is_all)
    what = ("task cannot be read", "tasks cannot be read")
    yield from _group_of(seen.bad_tasks, *what, advice)
    what = ("image is missing", "images are missing")
    yield from _group_of(seen.missing_images, *what, MISSING_ADVICE)
    what = ("image cannot be used", "images cannot be used")
    yield from _group_of(seen.bad_images, *what, "mend these images, or delete the tasks")
    advice = "mend the regions in Label Studio"
    what = ("problem with a region", "problems with regions")
    yield from _group_of(seen.bad_regions, *what, advice)
    unknown = unknown_problems(seen.unknown, params.labels_map)
    advice = label_advice(seen.unknown, params.labels_map)
    yield from _group_of(unknown, "label without a class", "labels without a class", advice)
    unmatched = find_unmatched(seen.masks)
    what = ("combination of labels without a rule", "combinations of labels without a rule")
    yield from _group_of(unmatched, *what, advise(seen.masks, params))


def _group_of(problems: Sequence[Problem], one: str, many: str, advice: str) -> Iterator[Finding]:
    if problems:
        yield Finding(ERROR, counted(len(problems), one, many), advice, problems)


def _empty(seen: TasksSeen, params: Params) -> Iterator[Finding]:
    """Check that a mask would have a pixel; tasks that were not looked at may have what lacks."""
    level = WARNING if seen.is_part else ERROR
    if seen.has_bad_source:
        return
    if not seen.bad_tasks and (problems := without_annotation(seen.fetched, seen.missing)):
        nothing_read = WARNING if seen.tasks < seen.total else ERROR
        yield from (Finding(nothing_read, str(problem)) for problem in problems)
    elif not (seen.bad_regions or seen.has_bad_images or seen.bad_tasks or seen.unknown):
        found = no_mask_at_all(seen.facts, params)
        found = found or no_class_at_all(seen.masks, params.labels_map)
        yield from (Finding(level, str(problem)) for problem in found)


def _choices(seen: TasksSeen, params: Params, layout: Layout) -> Iterator[Finding]:
    """Check the table that chooses annotators."""
    problems = undeclared_choices(params.rasterize, layout)
    problems += unmet_choices(seen.facts, params.rasterize)
    what = ("problem with the choice of annotators", "problems with the choice of annotators")
    yield from _group_of(problems, *what, "correct the table, or dvc.yaml")


def _splits(seen: TasksSeen, params: Params, layout: Layout) -> Iterator[Finding]:
    is_all = seen.tasks == seen.total and not seen.bad_tasks
    images = sorted(seen.images, key=lambda image: image.key)  # as the build has them
    grouping = group_images(images, params.split, layout.root, is_all)
    problems = [*grouping.problems, *undeclared_table(params.split, layout)]
    if problems:
        what = f"{count_problems(problems)} with the split into train, valid and test"
        yield Finding(ERROR, what, "correct split in params.yaml, or these tasks", problems)
    for note in grouping.notes:
        yield Finding(WARNING, f"split: {note}", "look whether that is meant")


def _warnings(seen: TasksSeen, params: Params) -> Iterator[Finding]:
    if seen.turned:
        are = counted(len(seen.turned), "image is", "images are")
        what = f"{are} turned by EXIF (task {some(seen.turned)})"
        yield Finding(OK, f"{what}; scenes and masks will stand upright")
    if seen.missing:
        yield Finding(WARNING, str(seen.missing), "put the images there, or leave it at that")
    if said := describe_badly_seen(seen.levels, None):
        yield Finding(WARNING, *said)
    if seen.clipped:
        where = counted(len(seen.clipped), "task")
        what = f"regions reach off the image in {where} ({some(seen.clipped)})"
        yield Finding(WARNING, what, "they are cut at its edge; look whether that is meant")
    for reason, count in sorted(seen.dropped.items()):
        what = f"{counted(count, 'region')} will have no pixel: {_DROPPED.get(reason, reason)}"
        advice = "after a build plots/dropped.csv lists them; rasterize.strict: true would stop"
        yield Finding(WARNING, what, advice)
    without_class = describe_masks_without_class(seen.masks, params.labels_map)
    for empty in filter(None, (describe_empty_masks(seen.facts), without_class)):
        yield Finding(WARNING, empty, "look whether these images are meant to be background")
    yield from _repeated(seen)
    yield from _several_annotators(seen)


def _repeated(seen: TasksSeen) -> Iterator[Finding]:
    if twins := _twins(seen.names):
        yield Finding(OK, f"images of one name: tasks {twins}; they are told apart by task id")
    if twins := _twins(seen.bytes):
        advice = (
            "delete one, unless both are meant; equal images share a subset, and with "
            "fetch.same_image: one they become one task with the annotations of all"
        )
        yield Finding(WARNING, f"one image in several tasks: {twins}", advice)


def _several_annotators(seen: TasksSeen) -> Iterator[Finding]:
    """Say in how many images several people drew, and whose work counts there."""
    people: dict[str, set[int]] = {}
    for image, own, _ in seen.people:
        people.setdefault(image, set()).update(own)
    several = {image: own for image, own in people.items() if len(own) > 1}
    if not several:
        return
    most = max(map(len, several.values()))
    counting = Counter(who or "unknown" for image, _, who in seen.people if image in several)
    whose = some(f"annotator {who} in {number}" for who, number in counting.most_common())
    what = f"{counted(len(several), 'image')} annotated by several people (up to {most})"
    advice = "rasterize.annotation chooses; `maskbench quality` tells how far they agree"
    yield Finding(OK, f"{what}; of them counts {whose}", advice)


def _twins(groups: Mapping[str, list[int]]) -> str:
    """Say which tasks share a key of ``groups``; empty if no two do."""
    twins = sorted(ids for name, ids in groups.items() if name and len(ids) > 1)
    return some(" = ".join(map(str, ids)) for ids in twins)
