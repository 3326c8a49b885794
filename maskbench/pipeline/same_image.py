"""Make one task of all that show the same image: ``fetch.same_image: one``.

Several people often annotate the same pictures in projects of their own. The task with the smallest
id stands for all of them, so that its key stays when others are added; each annotation of another
task remembers where it was made.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from maskbench.errors import Problem
from maskbench.regions.task import Annotation, Task
from maskbench.text import some


def unite(tasks: Sequence[Task]) -> Task:
    """Return one task with the annotations of all.

    Args:
        tasks: Tasks with the same image, that with the smallest id first.
    """
    first = tasks[0]
    own = [a for task in tasks for a in _placed(task, is_first=task is first)]
    return replace(first, annotations=tuple(sorted(own, key=lambda a: (a.id, a.task or 0))))


def _placed(task: Task, is_first: bool) -> Iterable[Annotation]:
    if is_first:
        return task.annotations
    return [replace(a, task=task.id, project=task.project) for a in task.annotations]


def separate(task: Task) -> list[Task]:
    """Return the tasks whose annotations :func:`unite` brought together; data of the first only."""
    places = dict.fromkeys((a.task, a.project) for a in task.annotations if a.task is not None)
    first = replace(task, annotations=tuple(a for a in task.annotations if a.task is None))
    others = [
        replace(
            task,
            id=number,
            project=project,
            annotations=tuple(
                replace(a, task=None, project=None)
                for a in task.annotations
                if (a.task, a.project) == (number, project)
            ),
        )
        for number, project in places
        if number is not None
    ]
    return [first, *others]


def same_images(seen: Iterable[tuple[str | None, Sequence[int]]]) -> dict[str, int]:
    """Count for the metrics the images that several tasks or several people have to do with.

    Args:
        seen: Of each task, the digest of its image, if it has one, and its annotators.
    """
    tasks: Counter[str] = Counter()
    people: dict[str, set[int]] = {}
    for image, own in seen:
        if image is not None:
            tasks[image] += 1
            people.setdefault(image, set()).update(own)
    return {
        "images_in_several_tasks": sum(count > 1 for count in tasks.values()),
        "images_of_several_annotators": sum(len(own) > 1 for own in people.values()),
    }


def equal_ids(task: Task) -> list[Problem]:
    """Find annotations that nothing tells apart, such as those of several servers, united."""
    counts = Counter(annotation.id for annotation in task.annotations)
    twice = sorted(number for number, count in counts.items() if count > 1)
    if not twice:
        return []
    numbers = sorted({a.task or task.id for a in task.annotations if a.id in twice})
    if len({(a.task, a.project) for a in task.annotations if a.id in twice}) == 1:
        what = f"has several annotations of one id ({some(twice)}); give each an id of its own"
        return [Problem(what, task=numbers[0], project=task.project)]
    what = (
        f"the same image is in several tasks ({some(numbers)}), which have annotations of one id "
        f"({some(twice)}): they are of different servers; give the annotations of one export "
        "other ids, or set fetch.same_image: separate"
    )
    return [Problem(what, task=task.id, project=task.project, param="fetch.same_image")]
