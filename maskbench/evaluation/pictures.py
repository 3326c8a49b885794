"""Draw the images of an evaluation's page: scene, thumbnail, and the masks as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from maskbench.dataset import load_mask, load_scene
from maskbench.evaluation.mistakes import MISTAKES, mistakes
from maskbench.files.atomic import replacing
from maskbench.files.masks import Mask, read_mask
from maskbench.pages.data import MaskData, plain_mask, write_item
from maskbench.pages.palette import MARKS

LONGEST = 1600
"""Pixels of a scene's longer side on the page; masks keep every pixel."""

_THUMBNAIL = (208, 156)


@dataclass(frozen=True)
class ShownImage:
    """An image of the page.

    Attributes:
        name: Its name in the page's files.
        scene: The scene's file.
        truth: The true mask's file.
        predictions: Its predicted masks or their files, by title.
    """

    name: str
    scene: Path
    truth: Path
    predictions: Mapping[str, Path | Mask]


@dataclass(frozen=True)
class DrawImage:
    """Write one image's files; a class, so that it can be sent to worker processes.

    Attributes:
        folder: The page's folder.
        classes: The number of classes.
    """

    folder: Path
    classes: int

    def __call__(self, shown: ShownImage) -> None:
        """Write the pictures and the data of one image."""
        scene, truth = load_scene(shown.scene), load_mask(shown.truth, self.classes)
        predicted = {
            title: read_mask(mask) if isinstance(mask, Path) else np.asarray(mask, dtype=np.uint8)
            for title, mask in shown.predictions.items()
        }
        wrong = {name: mistakes(truth, mask, self.classes) for name, mask in predicted.items()}
        picture = Image.fromarray(scene)
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        self._save(picture, f"{shown.name}.jpg", quality=86)
        last = list(wrong.values())[-1]
        self._save(thumbnail(picture, last), f"{shown.name}-thumbnail.jpg", quality=80)
        data: dict[str, Any] = {
            "truth": self._mask(truth),
            "predictions": {name: self._mask(mask) for name, mask in predicted.items()},
            "mistakes": {name: plain_mask(kinds.astype(np.uint16)) for name, kinds in wrong.items()},
        }
        write_item(self.folder, shown.name, data)

    def _mask(self, mask: Mask) -> MaskData:
        """Return a mask as data; what is no class has the number after the last class."""
        return plain_mask(np.minimum(mask, self.classes).astype(np.uint16))

    def _save(self, picture: Image.Image, name: str, **options: Any) -> None:
        with replacing(self.folder / "images" / name) as temporary:
            picture.save(temporary, **options)


def thumbnail(scene: Image.Image, kinds: Mask) -> Image.Image:
    """Return a small grey picture in which even a single wrong pixel leaves a mark."""
    small = ImageOps.contain(scene, _THUMBNAIL, Image.Resampling.LANCZOS)
    small = small.convert("L").convert("RGB")
    for number in range(len(MISTAKES), 0, -1):  # boundary first, so that the others lie on it
        here = Image.fromarray(np.where(kinds == number, 255, 0).astype(np.uint8))
        cover = here.resize(small.size, Image.Resampling.BOX)
        touched = cover.point([min(255, 110 + part) if part else 0 for part in range(256)])
        small.paste(Image.new("RGB", small.size, MARKS[MISTAKES[number - 1]]), mask=touched)
    return small
