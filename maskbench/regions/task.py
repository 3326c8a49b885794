"""Define tasks, annotations and regions, and choose the annotation of a task that counts.

They hold everything that changes pixels or says who drew them and when. They leave out what saving
in the browser rewrites without a change: view rotation, sizes and the order of keys.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

NOT_A_REGION = "none"
"""Shape of a result entry that has no geometry and is no answer either."""

FROM_MODEL = ("prediction", "prediction-changed")
"""Label Studio's words for a region that a model proposed, left as it was or changed."""

DRAWN, CORRECTED, ACCEPTED = "drawn", "corrected", "accepted"
LABEL_ORIGINS = (DRAWN, CORRECTED, ACCEPTED)
"""Where the labels of an annotation come from: see :func:`label_origin`."""


class Region(NamedTuple):
    """One shape that an annotator drew.

    Attributes:
        id: Label Studio's region id (not always unique within an annotation).
        shape: ``polygon``, ``rectangle``, ``ellipse``, ``brush``, ``bitmask``, ``vector``,
            ``keypoint``, ``none`` or a result type that maskbench does not know.
        labels: The labels it carries, in the order in which they were found.
        value: Geometry as Label Studio stores it, in percent of the upright image.
        from_name: The control that made it.
        to_name: The object (image) it lies on.
        answers: Per-region choices and texts, by control.
        original_size: (width, height) that the annotator's image had, in pixels, kept only where it
            differs from the image's.
        on_other_image: Whether it lies on an image of the task other than the one kept.
        origin: One of :data:`FROM_MODEL`; None: the annotator drew it.
    """

    id: str
    shape: str
    labels: tuple[str, ...]
    value: Mapping[str, Any]
    from_name: str | None = None
    to_name: str | None = None
    answers: Mapping[str, Any] = MappingProxyType({})
    original_size: tuple[int, int] | None = None
    on_other_image: bool = False
    origin: str | None = None


@dataclass(frozen=True)
class Annotation:
    """One person's work on a task.

    Attributes:
        id: Label Studio's annotation id.
        completed_by: The annotator's user id.
        created_at: ISO 8601 time, as the server gives it.
        updated_at: ISO 8601 time of the last save.
        ground_truth: Marked as ground truth.
        was_cancelled: Skipped: never counts.
        regions: In drawing order.
        answers: Whole-image choices and texts, by control.
        relations: Relations between regions, as Label Studio stores them.
        task: The id of the task it was made in; None: the task that it is stored with.
        project: That task's project.
        parent_prediction: The id of the prediction that it began as; None: it began empty.
        model_version: The version of the model that made that prediction, if the export has it.
        lead_time: Seconds spent on drawing it, over all saves, if the export has them.
    """

    id: int
    completed_by: int | None
    created_at: str | None
    updated_at: str | None
    ground_truth: bool
    was_cancelled: bool
    regions: tuple[Region, ...]
    answers: Mapping[str, Any] = field(default_factory=dict)
    relations: tuple[Mapping[str, Any], ...] = ()
    task: int | None = None
    project: int | None = None
    parent_prediction: int | None = None
    model_version: str | None = None
    lead_time: float | None = None


@dataclass(frozen=True)
class Image:
    """The image of a task, as stored in ``data/images``.

    Attributes:
        file: File name, ``<key>.<ext>``.
        width: Width in pixels of the upright image (EXIF orientation applied).
        height: Height in pixels of the upright image.
        sha256: Digest of the file's bytes.
    """

    file: str
    width: int
    height: int
    sha256: str


@dataclass(frozen=True)
class Task:
    """One item to label.

    Attributes:
        id: Label Studio's task id.
        key: The name of this item in all files of the benchmark.
        project: The project's id, if the export has it.
        data: The task's data fields, as imported into Label Studio.
        reference: How the data names the image; None if no field does.
        annotations: Sorted by id.
        image: The stored image; None for a task without an annotation that could count.
    """

    id: int
    key: str
    project: int | None
    data: Mapping[str, Any]
    reference: str | None
    annotations: tuple[Annotation, ...]
    image: Image | None = None


def renamed(region: Region, aliases: Mapping[str, str | None]) -> Region:
    """Return a region with its labels replaced by ``label_aliases``, or dropped."""
    if not aliases.keys() & set(region.labels):
        return region
    labels = (aliases.get(label, label) for label in region.labels)
    return region._replace(labels=tuple(dict.fromkeys(n for n in labels if n is not None)))


def labels_origin(votes: Iterable[Annotation]) -> str:
    """Return where the labels of a mask come from; of several votes, the one closest to a model."""
    return max((label_origin(vote) for vote in votes), key=LABEL_ORIGINS.index)


def voters(votes: Sequence[Annotation]) -> str:
    """Name the annotators of several annotations by id; empty for one, which nobody voted on."""
    people = sorted(vote.completed_by or 0 for vote in votes)
    return " ".join(map(str, people)) if len(people) > 1 else ""


def label_origin(annotation: Annotation) -> str:
    """Return where an annotation's labels come from.

    Returns:
        ``accepted``: a model proposed all of its regions, and none was changed. ``corrected``: it
        began as a prediction, and regions were changed, added or all deleted. ``drawn``: neither.
    """
    found = [region.origin for region in annotation.regions if region.shape != NOT_A_REGION]
    if found and all(origin == "prediction" for origin in found):
        return ACCEPTED
    began = annotation.parent_prediction is not None or any(found)
    return CORRECTED if began else DRAWN


def could_count(annotations: Iterable[Annotation]) -> bool:
    """Return whether one of the annotations could count: skipped ones never do."""
    return any(not annotation.was_cancelled for annotation in annotations)


def annotators(annotations: Iterable[Annotation]) -> list[int]:
    """Return the user ids of the people whose work could count, sorted; 0 stands for no id."""
    return sorted({a.completed_by or 0 for a in annotations if not a.was_cancelled})


def task_and_project(task: Task, annotation: Annotation) -> tuple[int, int | None]:
    """Return the ids of the task and the project in which an annotation was made."""
    if annotation.task is None:
        return task.id, task.project
    return annotation.task, annotation.project


NEVER = datetime.min.replace(tzinfo=UTC)
"""The time of an annotation that has none."""


CONSENSUS = "consensus"
"""The criterion of :func:`choose_votes` by which several annotations count."""


def choose(annotations: Iterable[Annotation], criteria: Sequence[str]) -> Annotation | None:
    """Choose the annotation that counts, of several the one saved last; None if none counts."""
    votes = choose_votes(annotations, criteria)
    return votes[-1] if votes else None


def choose_votes(
    annotations: Iterable[Annotation], criteria: Sequence[str]
) -> tuple[Annotation, ...]:
    """Choose the annotations that count: one, or for a consensus the latest of each annotator.

    Skipped annotations never count. The criteria are tried in order; the first that an annotation
    meets chooses: ``ground_truth`` (the latest so marked), ``latest`` and ``earliest`` by the time
    of the last save, ``annotator:ID`` (that user's latest). ``consensus:N`` is met where N people
    or more annotated; ``consensus`` stands for ``consensus:1``.

    Returns:
        The annotations, saved first to last; empty if none counts. Those that name nobody are
        taken for one person's.
    """
    able = sorted((a for a in annotations if not a.was_cancelled), key=_age)
    for criterion in criteria:
        if (least := least_voters(criterion)) is not None:
            people = {annotation.completed_by: annotation for annotation in able}
            fitting = sorted(people.values(), key=_age) if len(people) >= least else []
        else:
            meets = _test(criterion)
            fitting = [annotation for annotation in able if meets(annotation)]
            fitting = fitting[:1] if criterion == "earliest" else fitting[-1:]
        if fitting:
            return tuple(fitting)
    return ()


def least_voters(criterion: str) -> int | None:
    """Return how many people the criterion ``consensus`` needs; None for other criteria.

    >>> least_voters("consensus:3"), least_voters("consensus"), least_voters("latest")
    (3, 1, None)
    """
    name, _, least = criterion.partition(":")
    return int(least or 1) if name == CONSENSUS else None


def _test(criterion: str) -> Callable[[Annotation], bool]:
    if criterion == "ground_truth":
        return lambda annotation: annotation.ground_truth
    if criterion.startswith("annotator:"):
        user = int(criterion.removeprefix("annotator:"))
        return lambda annotation: annotation.completed_by == user
    return lambda annotation: True


def _age(annotation: Annotation) -> tuple[datetime, int]:
    """Return the key to sort annotations by, earliest first: the last save, then the id."""
    return moment(annotation.updated_at or annotation.created_at), annotation.id


def moment(text: str | None) -> datetime:
    """Return the time of an ISO 8601 text, in UTC if it names no zone.

    Anything else counts as the earliest time of all.
    """
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        time = NEVER
    return time if time.tzinfo else time.replace(tzinfo=UTC)
