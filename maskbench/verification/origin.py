"""Checks of a benchmark against what it was made from: annotations, labels map, rules, splits."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from maskbench.errors import DataError, Problem
from maskbench.files.images import inspect, read_scene
from maskbench.files.manifest import Row
from maskbench.files.masks import Mask
from maskbench.labelstudio.stored import read_task
from maskbench.params import Params
from maskbench.pipeline.combine import codes
from maskbench.pipeline.rasterize import region_problems
from maskbench.pipeline.split import group_of
from maskbench.pipeline.splits import assign_splits, groups_of
from maskbench.regions.build import build_label_set
from maskbench.regions.rules import ClassRules, class_mask, missing_rule
from maskbench.regions.task import Annotation, Image, Task, choose

_BUILD = "run `dvc repro`"

_ENCODED = 4.0
"""Mean difference (grey levels of 255) up to which two pictures are one, encoded anew; JPEG at
quality 95 changes even noise by less."""


class Origin:
    """What a benchmark was made from.

    Args:
        annotations: The folder of canonical tasks.
        params: The choices.
        rows: The manifest's rows.
    """

    def __init__(self, annotations: Path, params: Params, rows: Iterable[Row]) -> None:
        self.annotations = annotations
        self.params = params
        self._rules = ClassRules.of(params)
        groups = groups_of((row.group, row.classes) for row in rows)
        self._splits = assign_splits(groups, params.split)

    def check_whole(self, root: Path, names: list[str], rows: Mapping[str, Row]) -> list[Problem]:
        """Class names, and tasks that count but are not in the benchmark."""
        problems = []
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
            if choose(task.annotations, self.params.rasterize.annotation) is not None:
                what = f"has an annotation that counts, but is not in manifest.csv; {_BUILD}"
                problems.append(Problem(what, str(file), task.id))
        return problems

    def check_item(self, root: Path, row: Row, mask: Mask | None) -> list[Problem]:
        """One image's row and mask against its task and the rules."""
        file = self.annotations / f"{row.key}.json"
        if not file.is_file():
            what = f"is missing, but {row.key!r} is in manifest.csv; run `dvc checkout`"
            return [Problem(what, str(file))]
        try:
            task = read_task(file)
        except DataError as error:
            return list(error.problems)
        annotation = choose(task.annotations, self.params.rasterize.annotation)
        if annotation is None or task.image is None:
            what = f"has no annotation that counts, but {row.key!r} is in manifest.csv; {_BUILD}"
            return [Problem(what, str(file), task.id)]
        table = str(root / "manifest.csv")
        problems = [
            Problem(f"the row of {row.key!r} {what}; {_BUILD}", table)
            for what in self._row_faults(row, task, annotation)
        ]
        scene = root / "scenes" / row.scene
        if (fault := self._scene_fault(row, task.image, scene)) is not None:
            problems.append(Problem(fault, str(scene)))
        if mask is not None:
            path = str(root / "masks" / row.mask)
            problems += [Problem(what, path) for what in self._mask_faults(task, annotation, mask)]
        return problems

    def _row_faults(self, row: Row, task: Task, annotation: Annotation) -> Iterator[str]:
        true = {
            "task": task.id,
            "project": task.project,
            "annotation": annotation.id,
            "annotator": annotation.completed_by,
            "ground_truth": annotation.ground_truth,
            "updated_at": _as_written(annotation.updated_at or ""),
        }
        for name, there in true.items():
            if (here := getattr(row, name)) != there:
                yield f"says {name} {here}; data/annotations says {there}"
        expected = self._splits[row.group]
        if row.split != expected:
            yield f"says {row.split}; its group and split in params.yaml give {expected}"
        try:
            group = _as_written(group_of(task, annotation, self.params.split.group_by))
        except KeyError as error:
            yield f"cannot be grouped: {error.args[0]}"
            return
        if row.group != group:
            by = self.params.split.group_by
            whose = f"{by!r} gives" if by else "the digest of its image"
            yield f"names another group than {whose}"

    def _scene_fault(self, row: Row, image: Image, scene: Path) -> str | None:
        """What is wrong with the scene as the manifest has it; a turned one has its own bytes."""
        if row.scene_sha256 == image.sha256:
            return None
        source = self.annotations.parent / "images" / image.file
        if not source.is_file():
            return None  # only annotations were pulled
        try:
            turned = inspect(source).orientation != 1
        except ValueError as error:
            return f"its source {source} cannot be read: {error}; run `dvc checkout fetch`"
        if turned and _alike(source, scene):
            return None
        return f"is not the image that was annotated, {source}; {_BUILD}"

    def _mask_faults(self, task: Task, annotation: Annotation, mask: Mask) -> Iterator[str]:
        """Whether annotation and rules give this very mask, drawn anew."""
        assert task.image is not None  # noqa: S101 - the caller has checked
        if (task.image.height, task.image.width) != mask.shape:  # which may claim any size
            yield f"has another size than the image that was annotated; {_BUILD}"
            return
        rasterized = build_label_set(task, self.params.rasterize)
        assert rasterized is not None  # noqa: S101 - the caller has checked
        problems = region_problems(task, rasterized, self.params.labels_map)
        if problems:
            yield f"the annotation cannot be drawn ({problems[0]}); {_BUILD}"
            return
        expected, found = class_mask(rasterized.label_set, self._rules)
        unmatched = [entry.labels for entry in found if entry.becomes is None]
        if unmatched:
            yield f"{missing_rule(unmatched[0])}; {_BUILD}"
        elif differs := int(np.count_nonzero(expected != mask)):
            y, x = np.argwhere(expected != mask)[0].tolist()
            yield (
                f"is not what annotation {annotation.id} and the rules give: {differs} pixels "
                f"differ, the first at x {x}, y {y}; {_BUILD}"
            )


def _as_written(text: str) -> str:
    """A text as the manifest's file gives it back.

    See :func:`maskbench.files.atomic.write_text`.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _alike(source: Path, scene: Path) -> bool:
    """Whether a scene that was turned, and so encoded anew, shows its source."""
    try:
        one, other = read_scene(source), read_scene(scene)
    except ValueError:
        return True  # such a scene has been told already
    if one.shape != other.shape:
        return False
    return bool(np.abs(one.astype(np.int16) - other).mean() <= _ENCODED)
