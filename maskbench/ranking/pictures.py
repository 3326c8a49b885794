"""Draw the images of a ranking's page: what model and labels say, and where to look."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.files.benchmark import load_mask
from maskbench.files.images import read_scene
from maskbench.files.masks import Mask
from maskbench.pages.palette import MARKS, overlay_palette
from maskbench.pages.pictures import save_picture
from maskbench.predictions.folder import read_prediction
from maskbench.ranking.labelled import contradicted
from maskbench.ranking.model import Ranked, Ranking
from maskbench.ranking.unlabelled import uncertainty

LONGEST = 480
"""Pixels of a picture's longer side."""

_STRONGEST = 0.8  # opacity of a mark


class NamedImage(NamedTuple):
    """An image of the page, and its name in the page's files."""

    name: str
    image: Ranked


@dataclass(frozen=True)
class DrawRanked:
    """Writes one image's pictures; workers get a copy.

    Attributes:
        folder: The page's folder.
        ranking: Classes, measure and the rest; its images are not used.
    """

    folder: Path
    ranking: Ranking

    def __call__(self, drawn: NamedImage) -> None:
        """Write the pictures: one for each kind of :func:`picture_kinds`."""
        files, classes = drawn.image.files, self.ranking.classes
        scene = read_scene(files.image, files.scaling)
        predicted = [
            read_prediction(path, drawn.image.size, classes)
            for path in (files.first, files.second)
            if path is not None
        ]
        pictures = [self._overlaid(scene, each.mask) for each in predicted]
        if files.truth is not None:
            truth = load_mask(files.truth, len(classes))
            pictures.append(self._overlaid(scene, truth))
            where = contradicted(truth, predicted[0], self._confidence).astype(np.float32)
        else:
            where = uncertainty(self.ranking.by, predicted, self.ranking.weights)
        pictures.append(marked(scene, where))
        for kind, picture in zip(picture_kinds(self.ranking), pictures, strict=True):
            save_picture(self.folder, f"{drawn.name}-{kind}.jpg", picture, quality=82)

    @property
    def _confidence(self) -> float:
        """Return the probability from which pixels are marked: 0 marks all that differ."""
        return self.ranking.confidence if self.ranking.by == "contradicted" else 0.0

    def _overlaid(self, scene: npt.NDArray[np.uint8], mask: Mask) -> Image.Image:
        picture = small(Image.fromarray(scene)).convert("RGBA")
        colors = overlay_palette(len(self.ranking.classes))[mask]
        cover = Image.fromarray(colors, "RGBA").resize(picture.size, Image.Resampling.NEAREST)
        return Image.alpha_composite(picture, cover).convert("RGB")


def picture_kinds(ranking: Ranking) -> tuple[str, ...]:
    """Return what the pictures of an image show, in order."""
    if ranking.is_labelled:
        return ("model", "labels", "where")
    is_pair = bool(ranking.images) and ranking.images[0].files.second is not None
    return ("model", "other-model", "where") if is_pair else ("model", "where")


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
