"""Draw the images of a ranking's page: what model and labels say, and where to look."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.files.benchmark import load_mask, load_scene
from maskbench.files.masks import Mask
from maskbench.pages.palette import MARKS, overlay_palette
from maskbench.pages.pictures import save_picture
from maskbench.predictions.folder import read_prediction
from maskbench.ranking.labelled import contradicted
from maskbench.ranking.model import Files, Ranked, Ranking
from maskbench.ranking.unlabelled import uncertainty

LONGEST = 480
"""Pixels of a picture's longer side."""

_STRONGEST = 0.8  # opacity of a mark


class NamedImage(NamedTuple):
    """An image of the page, and its name in the page's files."""

    name: str
    image: Ranked


def draw_ranked(folder: Path, ranking: Ranking, drawn: NamedImage) -> None:
    """Write an image's pictures: one for each kind of :func:`picture_kinds`.

    Args:
        folder: The page's folder.
        ranking: Classes, measure and the rest; its images are not used.
        drawn: The image.
    """
    files, classes = drawn.image.files, ranking.classes
    scene = load_scene(files.image, files.scaling)
    predicted = [
        read_prediction(path, drawn.image.size, classes)
        for path in (files.first, files.second)
        if path is not None
    ]
    masks = [each.mask for each in predicted]
    if files.truth is not None:
        truth = load_mask(files.truth, len(classes))
        masks.append(truth)
        confidence = ranking.confidence if ranking.by == "contradicted" else 0.0  # mark all others
        where = contradicted(truth, predicted[0], confidence).astype(np.float32)
    else:
        where = uncertainty(ranking.by, predicted, ranking.weights)
    pictures = [*(_overlaid(scene, mask, len(classes)) for mask in masks), marked(scene, where)]
    for kind, picture in zip(picture_kinds(files), pictures, strict=True):
        save_picture(folder, f"{drawn.name}-{kind}.jpg", picture, quality=82)


def _overlaid(scene: npt.NDArray[np.uint8], mask: Mask, classes: int) -> Image.Image:
    picture = small(Image.fromarray(scene)).convert("RGBA")
    colors = overlay_palette(classes)[mask]
    cover = Image.fromarray(colors, "RGBA").resize(picture.size, Image.Resampling.NEAREST)
    return Image.alpha_composite(picture, cover).convert("RGB")


def picture_kinds(files: Files) -> tuple[str, ...]:
    """Return what the pictures of an image show, in order."""
    if files.truth is not None:
        return ("model", "labels", "where")
    return ("model", "where") if files.second is None else ("model", "other-model", "where")


def marked(scene: npt.NDArray[np.uint8], where: npt.NDArray[np.float32]) -> Image.Image:
    """Return a small grey picture in which pixels of larger values are marked more strongly.

    Args:
        scene: Red, green, blue, shape (H, W, 3).
        where: From 0, no mark, to 1, shape (H, W).
    """
    picture = small(Image.fromarray(scene)).convert("L").convert("RGB")
    values = np.clip(255 * _STRONGEST * where, 0, 255).astype(np.uint8)
    cover = Image.fromarray(values).resize(picture.size, Image.Resampling.BOX)
    picture.paste(Image.new("RGB", picture.size, MARKS["wrong"]), mask=cover)
    return picture


def small(picture: Image.Image) -> Image.Image:
    """Shrink a picture to the size in which the page shows it."""
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return picture
