"""Say what *fetch* found: its metrics, tasks without images, and tasks that are gone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from maskbench.errors import Problem, TaskLink, group_by_cause
from maskbench.files.levels import Levels
from maskbench.labelstudio.image_file import HasImage
from maskbench.labelstudio.image_names import public_form
from maskbench.pipeline.same_image import same_images
from maskbench.regions.task import Task, annotators
from maskbench.text import SHOWN, counted, some

MISSING_ADVICE = (
    "Put the missing images there under the names in the tasks; or set `missing_images: skip` in "
    "the section fetch of params.yaml, which leaves such tasks out"
)


class MissingImages:
    """The tasks whose images are missing.

    Attributes:
        is_skipped: Whether they are left out; otherwise each is a problem.
        references: Their image references, by key.
        problems: Why the images of the first ones are missing.
    """

    def __init__(self, is_skipped: bool) -> None:
        self.is_skipped = is_skipped
        self.references: dict[str, str] = {}
        self.problems: list[Problem] = []

    def add(self, task: HasImage, reason: ValueError) -> None:
        """Count a task."""
        self.references[task.key] = public_form(str(task.reference))
        if len(self.problems) < SHOWN:
            self.problems.append(Problem(str(reason), task=task.id))

    def __len__(self) -> int:
        return len(self.references)

    @property
    def summary(self) -> str:
        """Return how many there are."""
        tasks = counted(len(self), "task is", "tasks are")
        return f"{tasks} left out, with images missing (fetch.missing_images: skip)"

    def describe(self, link: TaskLink) -> str:
        """Return how many there are, and why their images are missing."""
        rest = len(self) - len(self.problems)
        reasons = "; ".join(map(str, group_by_cause(self.problems, link=link)))
        return f"{self.summary}: {reasons}" + (f" and {rest} more" if rest else "")


def task_facts(task: Task) -> dict[str, Any]:
    """Count what a task holds, for the metrics."""
    return {
        "image": int(task.image is not None),
        "annotations": len(task.annotations),
        "skipped": sum(annotation.was_cancelled for annotation in task.annotations),
        "ground_truth": sum(annotation.ground_truth for annotation in task.annotations),
        "regions": sum(len(annotation.regions) for annotation in task.annotations),
        "annotators": sorted({a.completed_by for a in task.annotations if a.completed_by}),
        "able": annotators(task.annotations),
        "image_sha256": task.image.sha256 if task.image else None,
    }


def without_annotation(
    facts: Mapping[str, Mapping[str, Any]], missing: MissingImages
) -> Sequence[Problem]:
    """Return a problem if there is nothing to build masks from."""
    if any(not fact or fact["annotations"] > fact["skipped"] for fact in facts.values()):
        return ()  # a task that could not be stored has no facts
    if missing and missing.is_skipped:
        return (Problem(f"no task is left: {missing.summary}"), *missing.problems)
    skipped = sum(fact["skipped"] for fact in facts.values())
    what = (
        f"no task has an annotation that counts (tasks: {len(facts)}, skipped annotations: "
        f"{skipped}); label some in Label Studio and submit them"
    )
    return (Problem(what),)


def fetch_metrics(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what ``metrics/fetch.json`` says of tasks and images.

    Args:
        facts: What :func:`task_facts` counts in each task, and its image's ``levels``, by key.
    """
    tasks = facts.values()
    total: Counter[str] = Counter()
    for fact in tasks:
        total.update({name: value for name, value in fact.items() if isinstance(value, int)})
    return {
        "tasks": {
            "all": len(tasks),
            "annotated": sum(fact["annotations"] > fact["skipped"] for fact in tasks),
            "only_skipped": sum(0 < fact["annotations"] == fact["skipped"] for fact in tasks),
            "unlabelled": sum(fact["annotations"] == 0 for fact in tasks),
        },
        "annotations": {
            "all": total["annotations"],
            "skipped": total["skipped"],
            "ground_truth": total["ground_truth"],
        },
        "annotators": len({annotator for fact in tasks for annotator in fact["annotators"]}),
        "images": total["image"],
        **same_images((fact["image_sha256"], fact["able"]) for fact in tasks),
        "images_with_few_levels": len(badly_seen(facts)),
        "regions": total["regions"],
    }


def badly_seen(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Levels]:
    """Return the levels of images that loaders see badly without a stated scaling, by key."""
    found = {key: Levels(*fact["levels"]) for key, fact in facts.items() if fact["levels"]}
    return {key: levels for key, levels in found.items() if levels.is_badly_seen(None)}


def describe_gone(keys: set[str]) -> str:
    """Say which tasks of the last fetch are gone; empty if none is."""
    if not keys:
        return ""
    are = counted(len(keys), "task of last time is", "tasks of last time are")
    return f"{are} not there any more: {some(sorted(keys))}"
