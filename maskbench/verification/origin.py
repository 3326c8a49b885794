"""Check a benchmark against what it was made from: annotations, labels map, rules, splits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from maskbench.errors import DataError, Problem
from maskbench.files.images import inspect, read_levels, read_scene
from maskbench.files.levels import Scaling
from maskbench.files.manifest import Row
from maskbench.files.masks import Mask
from maskbench.labelstudio.stored import read_task
from maskbench.params import Params, ValueFrom
from maskbench.pipeline.combine import codes
from maskbench.pipeline.grouping import Grouping, group_images, read_groups
from maskbench.pipeline.splits import Member, assign_splits, groups_of, own_subset
from maskbench.regions.build import build_mask
from maskbench.regions.report import region_problems
from maskbench.regions.rules import missing_rule
from maskbench.regions.task import (
    Annotation,
    Image,
    Task,
    annotators,
    choose,
    choose_votes,
    labels_origin,
    task_and_project,
    voters,
)
from maskbench.text import counted, some

_BUILD = "run `dvc repro`"

_ENCODED = 4.0
"""Largest mean difference (grey levels of 255) between a picture and its copy encoded as JPEG at
quality 95, which changes even noise by less."""


class Origin:
    """What a benchmark was made from: the folder of stored tasks, and the params."""

    def __init__(self, annotations: Path, params: Params, rows: Iterable[Row]) -> None:
        self.annotations = annotations
        self.params = params
        self._rows = tuple(rows)
        members = (Member(row.group, row.classes, row.published) for row in self._rows)
        self._splits = assign_splits(groups_of(members), params.split)

    @cached_property
    def _read(self) -> tuple[Grouping, dict[str, set[int]]]:
        """Return the groups that the tasks give, and who annotated each image, by its digest.

        Damaged tasks, which are told elsewhere, have none.
        """
        found = []
        people: dict[str, set[int]] = {}
        for row in self._rows:
            try:
                task = read_task(self.annotations / f"{row.key}.json")
            except (OSError, DataError):
                continue
            annotation = choose(task.annotations, self.params.rasterize.criteria(task.key))
            if annotation is not None and task.image is not None:
                found.append(read_groups(task, annotation, self.params.split))
                people.setdefault(task.image.sha256, set()).update(annotators(task.annotations))
        return group_images(found, self.params.split, self.annotations.parent.parent), people

    def check_whole(self, root: Path, names: list[str], rows: Mapping[str, Row]) -> list[Problem]:
        """Check the class names, and that every task that counts is in the benchmark."""
        grouping, _ = self._read
        problems = [problem for problem in grouping.problems if problem.task is None]
        if names != codes(self.params.labels_map):
            what = f"does not name the classes of labels_map in params.yaml; {_BUILD}"
            problems.append(Problem(what, str(root / "codes.txt")))
        for file in sorted(self.annotations.glob("*.json")):
            if file.stem in rows:
                continue
            try:
                task = read_task(file)
            except DataError as error:
                problems += error.problems
                continue
            if choose(task.annotations, self.params.rasterize.criteria(task.key)) is not None:
                what = f"has an annotation that counts, but is not in manifest.csv; {_BUILD}"
                problems.append(Problem(what, str(file), task.id))
        return problems

    def check_item(self, root: Path, row: Row, mask: Mask | None) -> list[Problem]:
        """Check one image's row, scene and mask against its task and the rules."""
        file = self.annotations / f"{row.key}.json"
        if not file.is_file():
            what = f"is missing, but {row.key!r} is in manifest.csv; run `dvc checkout`"
            return [Problem(what, str(file))]
        try:
            task = read_task(file)
        except DataError as error:
            return list(error.problems)
        votes = choose_votes(task.annotations, self.params.rasterize.criteria(task.key))
        if not votes or task.image is None:
            what = f"has no annotation that counts, but {row.key!r} is in manifest.csv; {_BUILD}"
            return [Problem(what, str(file), task.id)]
        table = str(root / "manifest.csv")
        problems = [
            Problem(f"the row of {row.key!r} {what}; {_BUILD}", table)
            for what in self._row_faults(row, task, votes)
        ]
        scene = root / "scenes" / row.scene
        if (fault := self._scene_fault(row, task.image, scene)) is not None:
            problems.append(Problem(fault, str(scene)))
        problems += [Problem(what, table) for what in self._scaling_faults(row, scene)]
        if mask is not None:
            path = str(root / "masks" / row.mask)
            problems += [Problem(what, path) for what in self._mask_faults(task, task.image, mask)]
        return problems

    def _row_faults(self, row: Row, task: Task, votes: Sequence[Annotation]) -> Iterator[str]:
        grouping, people = self._read
        annotation = votes[-1]
        number, project = task_and_project(task, annotation)
        true = {
            "task": number,
            "project": project,
            "annotation": annotation.id,
            "annotator": annotation.completed_by,
            "ground_truth": all(vote.ground_truth for vote in votes),
            "updated_at": _as_written(annotation.updated_at or ""),
            "origin": labels_origin(votes),
            "parent_prediction": annotation.parent_prediction,
            "model_version": _as_written(annotation.model_version or ""),
            "voters": voters(votes),
        }
        if row.annotators is not None and task.image is not None:  # earlier versions did not tell
            true["annotators"] = len(people[task.image.sha256])
        for name, there in true.items():
            if (here := getattr(row, name)) != there:
                yield f"says {name} {here}; data/annotations says {there}"
        expected = own_subset(self._splits[row.group], row.origin, self.params.split)
        if row.split != expected:
            yield f"says {row.split}; its group and split in params.yaml give {expected}"
        for problem in grouping.problems:
            if problem.task == task.id:
                yield f"cannot be grouped: {problem.what}"
                return
        if row.group != _as_written(grouping.groups[row.key]):
            by = self.params.split.group_by
            told = by.what if isinstance(by, ValueFrom) else by
            whose = f"{told!r} gives" if told else "the digest of its image"
            yield f"names another group than {whose}"
        if row.published != (published := grouping.published.get(row.key, "")):
            yield f"says published {row.published!r}; split.published gives {published!r}"

    def _scene_fault(self, row: Row, image: Image, scene: Path) -> str | None:
        """Check that the scene shows the annotated image, which may have been turned upright."""
        if row.scene_sha256 == image.sha256:
            return None
        source = self.annotations.parent / "images" / image.file
        if not source.is_file():
            return None  # only annotations were pulled
        try:
            turned = inspect(source, self.params.fetch.max_pixels).orientation != 1
        except ValueError as error:
            return f"its source {source} cannot be read: {error}; run `dvc checkout fetch`"
        if turned and _alike(source, scene, row.scaling):
            return None
        return f"is not the image that was annotated, {source}; {_BUILD}"

    def _scaling_faults(self, row: Row, scene: Path) -> Iterator[str]:
        """Check that the row has the scaling that ``combine.scaling`` gives its scene."""
        try:
            _, expected = read_levels(scene, self.params.combine.scaling)
        except (ValueError, OSError):
            return  # check_item of maskbench.verification.items reports it
        if row.scaling != expected:
            yield (
                f"the row of {row.key!r} says scaling {row.scaling}; combine.scaling in "
                f"params.yaml gives {expected}; {_BUILD}"
            )

    def _mask_faults(self, task: Task, image: Image, mask: Mask) -> Iterator[str]:
        """Draw the mask from annotation and rules, and compare."""
        if (image.height, image.width) != mask.shape:  # before drawing: a task can claim any size
            yield f"has another size than the image that was annotated; {_BUILD}"
            return
        built = build_mask(task, self.params)
        assert built is not None  # noqa: S101 - the caller has checked
        if built.agreed is None:
            settings = self.params.labels_map, self.params.rasterize.strict
            (problem, *_) = region_problems(task, built.votes, *settings)
            yield f"the annotation cannot be drawn ({problem}); {_BUILD}"
            return
        expected = built.agreed.mask
        missing = [entry.labels for entry in built.combinations if entry.becomes is None]
        if missing:
            yield f"{missing_rule(missing[0])}; {_BUILD}"
        elif differs := int(np.count_nonzero(expected != mask)):
            y, x = np.argwhere(expected != mask)[0].tolist()
            numbers = some(str(vote.annotation.id) for vote in built.votes)
            whose = "annotation" if len(built.votes) == 1 else "the consensus of annotations"
            yield (
                f"is not what {whose} {numbers} and the rules give: "
                f"{counted(differs, 'pixel differs', 'pixels differ')}, the first at x {x}, y {y}; "
                f"{_BUILD}"
            )


def _as_written(text: str) -> str:
    """Return a text as it reads after :func:`maskbench.files.atomic.write_text`."""
    return text.encode("utf-8", "backslashreplace").decode()


def _alike(source: Path, scene: Path, scaling: Scaling | None) -> bool:
    """Tell whether a scene shows its source, apart from what encoding it changed."""
    try:
        one, other = read_scene(source, scaling), read_scene(scene, scaling)
    except ValueError:
        return True  # check_item of maskbench.verification.items reports it
    if one.shape != other.shape:
        return False
    return bool(np.abs(one.astype(np.int16) - other).mean() <= _ENCODED)
