"""Draw the images of the page: scene, thumbnail, crops of findings, and everybody's masks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from maskbench.errors import Problem
from maskbench.files.images import read_scene
from maskbench.files.levels import Scaling
from maskbench.files.masks import Mask
from maskbench.pages.data import write_item
from maskbench.pages.item import Place, draw_task, mask_data, places
from maskbench.pages.palette import MARKS
from maskbench.pages.pictures import LONGEST, THUMBNAIL, mark_pixels, save_picture
from maskbench.quality.measure import ImageWork, draw_annotation, latest_by_person, read_tasks

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels; no width and height: the whole image."""

CROP = (312, 234)
"""Largest width and height of a finding's picture."""

_MARGIN = 0.5  # around a finding, as a share of its longer side
_LEAST = 24  # pixels of a window's shorter side


class FindingCrop(NamedTuple):
    """The place of a finding, to draw as a picture of its own.

    Attributes:
        box: Where it is.
        who: Whose annotation it is about; empty: nobody's.
        regions: The ids of the regions concerned.
    """

    box: Box
    who: str
    regions: tuple[str, ...]


class AnnotatedImage(NamedTuple):
    """An image of the page.

    Attributes:
        name: Its name in the page's files.
        work: The tasks that show it.
        scaling: Which values of its scene become 0 and 255, if it has 16 bits.
        crops: The places of findings, by the name of the picture.
    """

    name: str
    work: ImageWork
    scaling: Scaling | None
    crops: Mapping[str, FindingCrop]


@dataclass(frozen=True)
class DrawImage:
    """Write one image's files; a class, so that it can be sent to worker processes.

    Attributes:
        folder: The page's folder.
        images: The folder of the images as fetched.
        names: The page's classes; the last one means "no class".
    """

    folder: Path
    images: Path
    names: Sequence[str]

    def __call__(self, shown: AnnotatedImage) -> dict[str, Any]:
        """Write the pictures and the data of one image.

        Returns:
            Its size, its annotators, and the share of its pixels with several classes; or the
            problem for which it cannot be drawn.
        """
        tasks, params = list(read_tasks(shown.work)), shown.work.params
        people: list[dict[str, Any]] = []
        masks: list[Mask] = []
        for who, task, annotation in latest_by_person(tasks):
            mask = draw_annotation(task, annotation, params).mask
            if mask is not None:
                drawn = draw_task(replace(task, annotations=(annotation,)), params, mask.shape)
                numbers = np.minimum(mask, len(self.names) - 1).astype(np.uint16)
                people.append({"who": who, "mask": mask_data(numbers, self.names, drawn, params)})
                masks.append(mask)
        opinions = count_opinions(masks) if masks else np.zeros((1, 1), dtype=np.uint8)
        found = places(opinions > 1)
        write_item(self.folder, shown.name, {"people": people, "places": found})
        image = next(task.image for task in tasks if task.image)
        try:
            scene = Image.fromarray(read_scene(self.images / image.file, shown.scaling))
        except (OSError, ValueError) as error:
            what = f"the image cannot be read ({error}); run `dvc checkout`"
            return {"problem": Problem(what, str(self.images / image.file), tasks[0].id)}
        for name, place in shown.crops.items():
            regions = [
                region
                for person in people
                for region in person["mask"]["regions"]
                if person["who"] == place.who and region["id"] in place.regions
            ]
            picture = finding_crop(scene, place.box, [r["ring"] for r in regions if "ring" in r])
            save_picture(self.folder, f"{name}-finding.jpg", picture, quality=82)
        small = disagreement_thumbnail(scene, opinions, found)
        save_picture(self.folder, f"{shown.name}-thumbnail.jpg", small, quality=80)
        scene.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        save_picture(self.folder, f"{shown.name}.jpg", scene)
        return {
            "size": [image.width, image.height],
            "people": [person["who"] for person in people],
            "apart": round(float((opinions > 1).mean()), 6),
        }


def count_opinions(masks: Sequence[Mask]) -> Mask:
    """Return how many different classes the annotators gave each pixel.

    Args:
        masks: Class values by each annotator, all of shape (H, W), uint8; 255 counts as one, too.

    Returns:
        Shape (H, W), uint8, from 1 on.
    """
    ordered = np.sort(np.stack(masks), axis=0)
    found: Mask = 1 + (ordered[1:] != ordered[:-1]).sum(axis=0, dtype=np.uint8)
    return found


def disagreement_thumbnail(
    scene: Image.Image, opinions: Mask, found: Sequence[Place]
) -> Image.Image:
    """Return the part of a scene around the largest disagreement, in grey, with all marked."""
    height, width = opinions.shape
    box = (0, 0, 0, 0)
    if found:
        left, top, right, bottom, _ = found[0]
        box = (left, top, right - left, bottom - top)
    window = _window(box, scene.size)
    left, top, right, bottom = window
    small = ImageOps.contain(scene.crop(window), THUMBNAIL, Image.Resampling.LANCZOS)
    small = small.convert("L").convert("RGB")
    if (width, height) == scene.size:
        kinds = np.minimum(opinions[top:bottom, left:right] - 1, 2)
        mark_pixels(small, kinds, [MARKS["two-classes"], MARKS["more-classes"]])
    return small


def finding_crop(scene: Image.Image, box: Box, rings: Sequence[Sequence[float]]) -> Image.Image:
    """Return the part of a scene around a box, with outlines; without any, with the box's frame.

    Args:
        scene: The whole scene.
        box: What is to be seen.
        rings: Outlines in pixels of the scene: x, y, x, y …
    """
    window = _window(box, scene.size)
    picture = scene.crop(window)
    scale = min(CROP[0] / picture.width, CROP[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    left, top, right, bottom = box[0], box[1], box[0] + box[2], box[1] + box[3]
    frame = [(left, top, right, top, right, bottom, left, bottom)] if box[2] and box[3] else []
    brush, origin = ImageDraw.Draw(picture), np.array(window[:2])
    for ring in rings or frame:
        points = scale * (np.array(ring).reshape(-1, 2) - origin)
        closed = [tuple(point) for point in (*points, points[0])]
        for color, width in (((0, 0, 0), 4), (MARKS["pointed-region"], 2)):
            brush.line(closed, fill=color, width=width)
    return picture


def _window(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a window around a box, in a thumbnail's proportions."""
    left, top, wide, tall = box if box[2] and box[3] else (0, 0, *size)
    margin, ratio = _MARGIN * max(wide, tall), THUMBNAIL[0] / THUMBNAIL[1]
    high = max(tall + 2 * margin, (wide + 2 * margin) / ratio, _LEAST)
    sides = (min(round(high * ratio), size[0]), min(round(high), size[1]))
    middle = (left + wide / 2, top + tall / 2)
    first = [
        round(min(max(0, at - side / 2), whole - side))
        for at, side, whole in zip(middle, sides, size, strict=True)
    ]
    return first[0], first[1], first[0] + sides[0], first[1] + sides[1]
