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
from maskbench.quality.measure import ImageWork, draw, latest_by_person, read_tasks

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels; no width and height: the whole image."""

_MARGIN = 0.5  # around a finding, as a share of its longer side
_LEAST = 64  # pixels of a crop's shorter side


class ShownImage(NamedTuple):
    """An image of the page.

    Attributes:
        name: Its name in the page's files.
        work: The tasks that show it.
        scaling: Which values of its scene become 0 and 255, if it has 16 bits.
        crops: The boxes to show apart, by the name of the crop.
    """

    name: str
    work: ImageWork
    scaling: Scaling | None
    crops: Mapping[str, Box]


@dataclass(frozen=True)
class DrawImage:
    """Write one image's files; a class, so that it can be sent to worker processes.

    Attributes:
        folder: The page's folder.
        images: The folder of the images as fetched.
        names: The page's classes; the last is no class.
    """

    folder: Path
    images: Path
    names: Sequence[str]

    def __call__(self, shown: ShownImage) -> dict[str, Any]:
        """Write the pictures and the data of one image.

        Returns:
            Its size, its annotators, and the share of its pixels with several classes; or the
            problem for which it cannot be drawn.
        """
        tasks, params = list(read_tasks(shown.work)), shown.work.params
        people, masks = [], []
        for who, task, annotation in latest_by_person(tasks):
            mask = draw(task, annotation, params).mask
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
        self._save_pictures(shown, scene, opinions, found)
        return {
            "size": [image.width, image.height],
            "people": [person["who"] for person in people],
            "apart": round(float((opinions > 1).mean()), 6),
        }

    def _save_pictures(
        self, shown: ShownImage, scene: Image.Image, opinions: Mask, found: Sequence[Place]
    ) -> None:
        for name, box in shown.crops.items():
            save_picture(self.folder, f"{name}-finding.jpg", crop(scene, box), quality=82)
        small = thumbnail(scene, opinions, found)
        save_picture(self.folder, f"{shown.name}-thumbnail.jpg", small, quality=80)
        scene.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        save_picture(self.folder, f"{shown.name}.jpg", scene)


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


def thumbnail(scene: Image.Image, opinions: Mask, found: Sequence[Place]) -> Image.Image:
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


def crop(scene: Image.Image, box: Box) -> Image.Image:
    """Return the part of a scene around a box, which is framed."""
    window = _window(box, scene.size)
    picture = scene.crop(window)
    scale = min(THUMBNAIL[0] / picture.width, THUMBNAIL[1] / picture.height) * 1.5
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    if box[2] and box[3]:
        frame = [
            scale * (box[0] - window[0]) - 2, scale * (box[1] - window[1]) - 2,
            scale * (box[0] + box[2] - window[0]) + 2, scale * (box[1] + box[3] - window[1]) + 2,
        ]  # fmt: skip
        brush = ImageDraw.Draw(picture)
        brush.rectangle([frame[0] - 1, frame[1] - 1, frame[2] + 1, frame[3] + 1], outline="black")
        brush.rectangle(frame, outline=MARKS["pointed-region"], width=2)
    return picture


def _window(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a window in a thumbnail's shape around a box."""
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
