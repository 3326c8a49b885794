"""Look at a source of tasks: its labels, annotators, images, and where labels overlap."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations as combinations_of

from maskbench.errors import MaskbenchError, Problem, SourceError, group_by_cause
from maskbench.files.images import MOST_PIXELS, inspect
from maskbench.labelstudio.export import TaskError
from maskbench.labelstudio.folder import Folder
from maskbench.parallel.run import run_all
from maskbench.params import IGNORE, CombineParams, RasterizeParams
from maskbench.pipeline.sources import TaskSource, parse
from maskbench.regions.build import build_label_set
from maskbench.regions.rules import ClassRules, class_mask
from maskbench.regions.task import Image, Task, could_count

Labels = tuple[str, ...]

NO_LABELS = "no region carries a label: there is nothing to make classes of"
NO_TASKS = "no task can be read"


@dataclass(frozen=True)
class LabelOverlap:
    """Labels that lie on the same pixels: exactly these."""

    labels: Labels
    pixels: int
    tasks: int


@dataclass
class SourceSurvey:
    """What was found in a source.

    Attributes:
        name: What people call the source.
        tasks: How many tasks were looked at.
        total: How many tasks there are.
        counted: How many of those looked at have an annotation that counts.
        labels: Regions by label; labels that the setup offers come first, in its order.
        pixels: Pixels by label, over the annotations that count.
        annotators: Annotations by user id.
        fields: Tasks by the data field that holds their image.
        sizes: Images by (width, height).
        overlaps: Sets of labels that lie on the same pixels, most pixels first.
        pairs: The same by pair of labels.
        united: Sets of labels that single regions carry: no policy decides which of them counts.
        images: Digest by file name of the images found in a folder.
        notes: What a user should know of the source, such as files that were passed over.
        problems: Tasks that cannot be read, images that are missing.
    """

    name: str
    tasks: int = 0
    total: int = 0
    counted: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    pixels: Counter[str] = field(default_factory=Counter)
    annotators: Counter[int] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    overlaps: list[LabelOverlap] = field(default_factory=list)
    pairs: list[LabelOverlap] = field(default_factory=list)
    united: set[Labels] = field(default_factory=set)
    images: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def survey_source(
    source: TaskSource,
    name: str,
    offered: Iterable[str] = (),
    chosen: Mapping[str, str] | None = None,
    total: int = 0,
) -> SourceSurvey:
    """Look at all tasks of a source.

    Args:
        source: The source.
        name: What people call it.
        offered: The labels of its labelling setup, in order.
        chosen: As ``fetch.image_field``: the field that an image tag shows.
        total: How many tasks there are, if the source does not yield all.

    Raises:
        SourceError: It cannot be read, or has nothing to make classes of.
        MaskbenchError: Nothing tells which of several images to take.
    """
    survey = SourceSurvey(name, notes=list(source.notes), problems=list(source.problems))
    survey.labels.update(Counter(dict.fromkeys(offered, 0)))
    tasks = list(_tasks(source, chosen, survey))
    unknown = [problem for problem in survey.problems if problem.param == "fetch.image_field"]
    if unknown:
        what = f"{name}: several images in a task; say which one to take: --image TAG=FIELD"
        raise MaskbenchError(what, group_by_cause(unknown))
    survey.total = max(survey.tasks, total)
    _count(tasks, survey)
    counting = [task for task in tasks if could_count(task.annotations)]
    survey.counted = len(counting)
    sized = [_with_size(source, task, survey) for task in counting]
    _find_overlaps([task for task in sized if task.image is not None], survey)
    if not survey.labels:
        problems = group_by_cause(survey.problems)
        what = NO_LABELS if tasks or not problems else NO_TASKS
        raise SourceError(f"{name}: {what}", problems)
    return survey


def _tasks(
    source: TaskSource, chosen: Mapping[str, str] | None, survey: SourceSurvey
) -> Iterator[Task]:
    for raw in source.tasks():
        survey.tasks += 1
        try:
            yield parse(raw, source, chosen)
        except TaskError as error:
            survey.problems += error.problems


def _count(tasks: Iterable[Task], survey: SourceSurvey) -> None:
    """Count labels, annotators and image fields; labels of the setup keep their order."""
    drawn: Counter[str] = Counter()
    for task in tasks:
        names = (name for name, value in task.data.items() if value == task.reference)
        survey.fields.update([next(names, "")])
        for annotation in task.annotations:
            if annotation.was_cancelled:
                continue
            survey.annotators.update([annotation.completed_by or 0])
            labels = [region.labels for region in annotation.regions]
            drawn.update(label for each in labels for label in each)
            survey.united.update(tuple(sorted(each)) for each in labels if len(each) > 1)
    for label, count in sorted(drawn.items(), key=lambda entry: (-entry[1], entry[0])):
        survey.labels[label] += count


def _with_size(source: TaskSource, task: Task, survey: SourceSurvey) -> Task:
    """Return a task with its image's size, from its regions or else from the image in a folder."""
    sizes = (r.original_size for a in task.annotations for r in a.regions if r.original_size)
    size = next(sizes, None)
    if isinstance(source, Folder):
        try:
            file = source.find(task)
            survey.images[file.name] = file.sha256
            info = None if size else inspect(file.path)
            size = size or (info and (info.width, info.height))
        except ValueError as error:
            survey.problems.append(Problem(str(error), task=task.id))
    if size is None or not 0 < size[0] * size[1] <= MOST_PIXELS:
        return task
    survey.sizes.update([size])
    return replace(task, image=Image(task.key, *size, ""))


def _count_label_sets(task: Task) -> dict[Labels, int]:
    """Count the pixels of a task by the set of labels on them; none if no annotation counts."""
    rasterized = build_label_set(task, RasterizeParams())
    if rasterized is None:
        return {}
    # Only the combinations are of interest, so that values may repeat.
    values = {label: 1 + i % (IGNORE - 1) for i, label in enumerate(rasterized.label_set.labels)}
    rules = ClassRules({"": 0, **values}, (), CombineParams("error", (), "png"))
    _, found = class_mask(rasterized.label_set, rules)
    return {entry.labels: entry.pixels for entry in found if entry.labels}


def _find_overlaps(tasks: Sequence[Task], survey: SourceSurvey) -> None:
    sets, pairs = _Tally(), _Tally()
    for found in run_all(_count_label_sets, tasks, "overlaps"):
        sets.add(found)
        pairs.add(_pairs(found))
    for labels, count in sets.pixels.items():
        survey.pixels.update(dict.fromkeys(labels, count))
    survey.overlaps = [each for each in sets.sorted() if len(each.labels) > 1]
    survey.pairs = pairs.sorted()


def _pairs(combinations: Mapping[Labels, int]) -> Counter[Labels]:
    """Return the pixels of each pair of labels that overlap in a task."""
    pixels: Counter[Labels] = Counter()
    for labels, count in combinations.items():
        pixels.update(dict.fromkeys(combinations_of(labels, 2), count))
    return pixels


class _Tally:
    """Pixels and tasks by set of labels."""

    def __init__(self) -> None:
        self.pixels: Counter[Labels] = Counter()
        self._tasks: Counter[Labels] = Counter()

    def add(self, found: Mapping[Labels, int]) -> None:
        """Count what lies together in one task."""
        self.pixels.update(found)
        self._tasks.update(found.keys())

    def sorted(self) -> list[LabelOverlap]:
        """Return the sets, most pixels first."""
        order = sorted(self.pixels, key=lambda labels: (-self.pixels[labels], labels))
        return [LabelOverlap(labels, self.pixels[labels], self._tasks[labels]) for labels in order]
