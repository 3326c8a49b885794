"""Find where labels overlap, and draw crops of it, in worker processes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.errors import DataError, Problem
from maskbench.files.atomic import replacing
from maskbench.files.images import Scene, read_scene
from maskbench.labelstudio.stored import read_task
from maskbench.pages.item import Place, places
from maskbench.pages.palette import MARKS, palette
from maskbench.params import IGNORE, Params
from maskbench.regions.build import build_label_sets
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules, class_mask
from maskbench.regions.task import Task

SIDE = 300
"""Pixels of a crop's sides in the page."""

_MARGIN = 0.6
_STRIPES = 12
_OPACITY = 0.6

Labels = tuple[str, ...]


class OverlapPlace(NamedTuple):
    """A connected part of an image on which one of the votes has exactly these labels.

    Attributes:
        labels: The labels.
        file: The task's file.
        image: Name of the image's file in ``data/images``.
        key: The task's key.
        task: Its id.
        project: Its project's id, if that is known.
        place: Where the part lies.
        vote: The number of the annotation among those that count.
    """

    labels: Labels
    file: Path
    image: str
    key: str
    task: int
    project: int | None
    place: Place
    vote: int = 0


def find_places(params: Params, most: int, file: Path) -> list[OverlapPlace]:
    """Return the largest places of each combination of labels in a task, at most ``most``."""
    task = read_task(file)
    rules = ClassRules.of(params)
    return [
        OverlapPlace(labels, file, vote.image.file, task.key, task.id, task.project, place, number)
        for number, vote in enumerate(build_label_sets(task, params.rasterize))
        for labels, *_ in class_mask(vote.label_set, rules)[1]
        if len(labels) > 1
        for place in places(_exactly(vote.label_set, labels), most)
    ]


class OverlapCrop(NamedTuple):
    """A place to draw, its image, and the first part of its files' names."""

    overlap: OverlapPlace
    image: Path
    name: str


def draw_crop(folder: Path, params: Params, crop: OverlapCrop) -> None:
    """Draw a place as the scene has it, before a rule decides, and after.

    Args:
        folder: Where to write ``<name>-scene.jpg``, ``-before.jpg`` and ``-after.jpg``.
        params: The params.
        crop: The place.
    """
    task = read_task(crop.overlap.file)
    votes = build_label_sets(task, params.rasterize)
    if crop.overlap.vote >= len(votes):
        raise DataError(f"no annotation of {task.key} counts any more")
    label_set = votes[crop.overlap.vote].label_set
    mask, _ = class_mask(label_set, ClassRules.of(params))
    scene = _scene(task, crop.image)
    window = _window(crop.overlap.place, mask.shape)
    part = LabelSet(label_set.labels, label_set.planes[:, *window])
    colors = class_palette(params)
    pictures = {
        "scene": scene[window],
        "before": _striped(scene[window], part, params),
        "after": _blended(scene[window], colors[mask[window]], mask[window] != 0),
    }
    outline = _edge(_exactly(part, crop.overlap.labels))
    for name, picture in pictures.items():
        if name != "scene":
            picture[outline] = 255
        with replacing(folder / f"{crop.name}-{name}.jpg") as temporary:
            _enlarged(picture).save(temporary, quality=88)


def class_palette(params: Params) -> npt.NDArray[np.uint8]:
    """Return the colour of each mask value; pixels that no rule decides get a warning colour."""
    colors = palette()
    if IGNORE not in params.labels_map.values():
        colors[IGNORE] = MARKS["wrong"]
    return colors


def _scene(task: Task, image: Path) -> Scene:
    try:
        return read_scene(image)
    except ValueError as error:
        problem = Problem(f"{error}; run `dvc checkout`", task.key, task.id)
        raise DataError("an image cannot be read", [problem]) from None


def _exactly(label_set: LabelSet, labels: Labels) -> npt.NDArray[np.bool_]:
    """Return the pixels with exactly these labels, shape (H, W)."""
    where = np.ones(label_set.planes.shape[1:], dtype=np.bool_)
    for label in label_set.labels:
        where &= label_set.on(label) == (label in labels)
    return where


def _window(place: Place, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return a square window around a place, cut at the image's edges."""
    left, top, right, bottom, _ = place
    half = max(32, round((0.5 + _MARGIN) * max(right - left, bottom - top)))
    x, y = (left + right) // 2, (top + bottom) // 2
    return (
        slice(max(0, y - half), min(shape[0], y + half)),
        slice(max(0, x - half), min(shape[1], x + half)),
    )


def _striped(scene: Scene, label_set: LabelSet, params: Params) -> Scene:
    """Return the scene with its labels in their colours, as stripes where several overlap."""
    height, width = scene.shape[:2]
    period = max(2, max(height, width) // _STRIPES)
    stripe = (np.arange(height)[:, None] + np.arange(width)) // period
    lies = np.array([label_set.on(label) for label in label_set.labels])
    if not len(lies):
        return scene.copy()
    count = lies.sum(axis=0)
    turn = stripe % np.maximum(count, 1)
    chosen = (lies & (np.cumsum(lies, axis=0) - 1 == turn)).argmax(axis=0)
    values = [params.labels_map.get(label, IGNORE) for label in label_set.labels]
    colors = class_palette(params)[np.array(values)[chosen]]
    return _blended(scene, colors, count > 0)


def _blended(scene: Scene, colors: npt.NDArray[np.uint8], where: npt.NDArray[np.bool_]) -> Scene:
    opacity = np.where(where, _OPACITY, 0.0)[:, :, np.newaxis]
    mixed: Scene = (scene * (1 - opacity) + colors * opacity).round().astype(np.uint8)
    return mixed


def _edge(where: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the pixels just outside a place, on which its border is drawn."""
    padded = np.pad(where, 1)
    beside = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return beside & ~where


def _enlarged(picture: Scene) -> Image.Image:
    """Scale a crop to its size on the page; enlarged pixels are not smoothed."""
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    kind = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Image.fromarray(picture).resize(size, kind)


def largest(found: Sequence[OverlapPlace], most: int) -> list[OverlapPlace]:
    """Return the largest places."""
    return sorted(found, key=lambda overlap: (-overlap.place[4], overlap.key, overlap.place))[:most]
