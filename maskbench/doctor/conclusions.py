"""Turn the results of the checks of tasks into findings: the stages' own errors, then warnings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from maskbench.doctor.findings import ERROR, OK, WARNING, Finding
from maskbench.doctor.seen import CONSENSUS, TasksSeen
from maskbench.errors import Problem, count_problems
from maskbench.files.levels import describe_badly_seen
from maskbench.params import Params
from maskbench.pipeline.annotators import unmet_choices
from maskbench.pipeline.combine import advise, find_unmatched
from maskbench.pipeline.combine_report import describe_masks_without_class, no_class_at_all
from maskbench.pipeline.fetch_report import MISSING_ADVICE, without_annotation
from maskbench.pipeline.grouping import group_images
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.tables import undeclared
from maskbench.regions.build import SLIPS
from maskbench.regions.consensus import lacking
from maskbench.regions.proposals import label_advice, propose_labels, unknown_problems
from maskbench.regions.report import describe_empty_masks, no_mask_at_all
from maskbench.regions.task import least_voters
from maskbench.text import counted, some

_DROPPED = {
    "no_label": "without a label",
    "no_pixel": "collapsed or off the image",
    "no_area": "points or open lines",
    "not_a_region": "entries that are not regions",
    "other_image": "on another image than the one chosen",
    "left_out": "labels that label_aliases leaves out",
}


def draw_conclusions(seen: TasksSeen, params: Params, layout: Layout) -> Iterator[Finding]:
    """Yield the findings, errors first."""
    found = [
        Finding(OK, _looked_at(seen)),
        *_errors(seen, params),
        *_empty(seen, params),
        *_choices(seen, params, layout),
        *_consensus(seen, params),
        *_splits(seen, params, layout),
        *_warnings(seen, params),
    ]
    for finding in found:
        problems = [_with_project(problem, seen) for problem in finding.problems]
        yield replace(finding, problems=problems)


def _with_project(problem: Problem, seen: TasksSeen) -> Problem:
    """Return a problem with its task's project, for a link."""
    if problem.task is None or problem.project is not None:
        return problem
    return problem._replace(project=seen.projects.get(problem.task))


def _looked_at(seen: TasksSeen) -> str:
    """Say how much of the source was checked."""
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
        setting = f"set {' and '.join(named)} in params.yaml"
        is_all = all(problem.param for problem in seen.bad_tasks)
        advice = setting if is_all else f"{setting}, or {advice}"
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
    yield from _group_of(unknown, "label without a class", "labels without a class", advice, True)
    labels = sorted({label for counts in seen.unknown.values() for label in counts})
    proposed = propose_labels(labels, params.labels_map).get("labels_map", {})
    decided = params._replace(labels_map={**params.labels_map, **proposed})  # both are pasted
    unmatched = find_unmatched(seen.masks)
    what = ("combination of labels without a rule", "combinations of labels without a rule")
    yield from _group_of(unmatched, *what, advise(seen.masks, decided), True)


def _group_of(
    problems: Sequence[Problem], one: str, many: str, advice: str, is_by_cause: bool = False
) -> Iterator[Finding]:
    if problems:
        number = len({problem.what for problem in problems} if is_by_cause else problems)
        yield Finding(ERROR, counted(number, one, many), advice, problems)


def _empty(seen: TasksSeen, params: Params) -> Iterator[Finding]:
    """Check that a mask would have a pixel; if tasks were left out, theirs may."""
    level = WARNING if seen.is_part else ERROR
    if seen.has_bad_source:
        return
    if not seen.bad_tasks and (problems := without_annotation(seen.fetched, seen.missing)):
        nothing_read = WARNING if seen.tasks < seen.total else ERROR
        yield Finding(nothing_read, "", problems=problems)
    elif not (seen.bad_regions or seen.has_bad_images or seen.bad_tasks or seen.unknown):
        found = no_mask_at_all(seen.facts, params)
        found = found or no_class_at_all(seen.masks, params.labels_map)
        if found:
            yield Finding(level, "", problems=found)


def _choices(seen: TasksSeen, params: Params, layout: Layout) -> Iterator[Finding]:
    """Check the table that chooses annotators."""
    problems = undeclared(layout, "rasterize", params.rasterize.table, "rasterize.annotation")
    problems += unmet_choices(seen.facts, params.rasterize)
    what = ("problem with the choice of annotators", "problems with the choice of annotators")
    yield from _group_of(problems, *what, "correct the table, or dvc.yaml")


def _consensus(seen: TasksSeen, params: Params) -> Iterator[Finding]:
    """Check that what decides where annotators vote is installed."""
    is_asked = any(map(least_voters, params.rasterize.annotation))
    if is_asked and (said := lacking(params.combine.consensus)):
        is_needed = any(who == CONSENSUS for *_, who in seen.people)
        what, _, advice = said.partition("; ")
        yield Finding(ERROR if is_needed else WARNING, what, advice)


def _splits(seen: TasksSeen, params: Params, layout: Layout) -> Iterator[Finding]:
    is_all = seen.tasks == seen.total and not seen.bad_tasks
    images = sorted(seen.images, key=lambda image: image.key)  # as the build has them
    grouping = group_images(images, params.split, layout.root, is_all)
    problems = [
        *grouping.problems,
        *undeclared(layout, "split", params.split.table, "split.published.file"),
    ]
    if problems:
        what = f"{count_problems(problems)} with the split into train, valid and test"
        yield Finding(ERROR, what, "correct split in params.yaml, or these tasks", problems)
    for note in grouping.notes:
        yield Finding(WARNING, f"split: {note}", "look whether that is meant")


def _warnings(seen: TasksSeen, params: Params) -> Iterator[Finding]:
    what = "the image is turned by EXIF; scene and mask will stand upright"
    yield from _of_tasks(OK, what, seen.turned)
    if seen.missing:
        advice = "put the images there, or leave it at that"
        yield Finding(WARNING, seen.missing.describe(params.fetch.task_link), advice)
    if said := describe_badly_seen(seen.levels, None):
        yield Finding(WARNING, *said)
    advice = "they are cut at its edge; look whether that is meant"
    yield from _of_tasks(WARNING, "regions reach off the image", seen.clipped, advice)
    stops = SLIPS.keys() if params.rasterize.strict else ()  # told as errors
    for reason, count in sorted(seen.dropped.items()):
        if reason in stops:
            continue
        what = f"{counted(count, 'region')} will have no pixel: {_DROPPED.get(reason, reason)}"
        advice = "after a build plots/dropped.csv lists them; rasterize.strict: true would stop"
        yield Finding(WARNING, what, advice)
    link = params.fetch.task_link
    without_class = describe_masks_without_class(seen.masks, params.labels_map, link)
    facts = {
        key: fact
        for key, fact in seen.facts.items()
        if not any(entry["reason"] in stops for entry in fact.get("dropped", ()))
    }
    for empty in filter(None, (describe_empty_masks(facts, link), without_class)):
        yield Finding(WARNING, empty, "look whether these images are meant to be background")
    yield from _repeated(seen)
    yield from _several_annotators(seen)


def _of_tasks(level: str, what: str, tasks: Sequence[int], advice: str = "") -> Iterator[Finding]:
    """Yield what is to be said of some tasks, if there are any."""
    if tasks:
        yield Finding(level, "", advice, [Problem(what, task=task) for task in tasks])


def _repeated(seen: TasksSeen) -> Iterator[Finding]:
    if twins := _twins(seen.names, "its image has the name of that of"):
        yield Finding(OK, "images of one name are told apart by task id", "", twins)
    if twins := _twins(seen.bytes, "shows the same image as"):
        advice = (
            "delete one, unless both are meant; equal images share a subset, and with "
            "fetch.same_image: one they become one task with the annotations of all"
        )
        yield Finding(WARNING, "one image in several tasks", advice, twins)


def _several_annotators(seen: TasksSeen) -> Iterator[Finding]:
    """Say how many images several people annotated, and whose annotations count."""
    people: dict[str, set[int]] = {}
    for image, own, _ in seen.people:
        people.setdefault(image, set()).update(own)
    several = {image: own for image, own in people.items() if len(own) > 1}
    if not several:
        return
    most = max(map(len, several.values()))
    counting = Counter(who for image, _, who in seen.people if image in several)
    whose = some(f"{who} counts in {number}" for who, number in counting.most_common())
    what = f"{counted(len(several), 'image')} annotated by several people (up to {most})"
    advice = "rasterize.annotation chooses; `maskbench quality` tells how far they agree"
    yield Finding(OK, f"{what}; {whose}", advice)


def _twins(groups: Mapping[str, list[int]], what: str) -> list[Problem]:
    """Say of the first of the tasks that share a key of ``groups`` what it has in common."""
    twins = sorted(ids for name, ids in groups.items() if name and len(ids) > 1)
    return [
        Problem(f"{what} {'task' if len(others) == 1 else 'tasks'} {some(others)}", task=first)
        for first, *others in twins
    ]
