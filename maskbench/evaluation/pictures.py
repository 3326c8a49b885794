"""Draw the images of an evaluation's page: scene, thumbnail, and the masks as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from maskbench.evaluation.mistakes import MISTAKES, mistakes
from maskbench.files.benchmark import load_mask
from maskbench.files.levels import Scaling
from maskbench.files.masks import Mask, read_mask
from maskbench.pages.data import MaskData, plain_mask, write_item
from maskbench.pages.palette import MARKS
from maskbench.pages.pictures import THUMBNAIL, mark_pixels, save_picture, scene_of_item


@dataclass(frozen=True)
class EvaluatedImage:
    """An image of the page.

    Attributes:
        name: Its name in the page's files.
        scene: The scene's file.
        scaling: Which of its values become 0 and 255, if it has 16 bits.
        truth: The true mask's file.
        predictions: Its predicted masks or their files, by title.
    """

    name: str
    scene: Path
    scaling: Scaling | None
    truth: Path
    predictions: Mapping[str, Path | Mask]


def draw_image(folder: Path, classes: int, shown: EvaluatedImage) -> None:
    """Write the pictures and the data of one image.

    Args:
        folder: The page's folder.
        classes: The number of classes.
        shown: The image.
    """
    picture = scene_of_item(shown.scene, shown.scaling, str(shown.scene))
    truth = load_mask(shown.truth, classes)
    predicted = {
        title: read_mask(mask) if isinstance(mask, Path) else np.asarray(mask, dtype=np.uint8)
        for title, mask in shown.predictions.items()
    }
    wrong = {name: mistakes(truth, mask, classes) for name, mask in predicted.items()}
    save_picture(folder, f"{shown.name}.jpg", picture)
    small = mistakes_thumbnail(picture, list(wrong.values())[-1])
    save_picture(folder, f"{shown.name}-thumbnail.jpg", small, quality=80)
    data: dict[str, Any] = {
        "truth": _mask_data(truth, classes),
        "predictions": {name: _mask_data(mask, classes) for name, mask in predicted.items()},
        "mistakes": {name: plain_mask(kinds.astype(np.uint16)) for name, kinds in wrong.items()},
    }
    write_item(folder, shown.name, data)


def _mask_data(mask: Mask, classes: int) -> MaskData:
    """Return a mask as data; "no class" gets the number after the last class."""
    return plain_mask(np.minimum(mask, classes).astype(np.uint16))


def mistakes_thumbnail(picture: Image.Image, kinds: Mask) -> Image.Image:
    """Return a small grey picture in which even a single wrong pixel leaves a mark."""
    small = ImageOps.contain(picture, THUMBNAIL, Image.Resampling.LANCZOS)
    small = small.convert("L").convert("RGB")
    mark_pixels(small, kinds, [MARKS[name] for name in MISTAKES])
    return small
