"""Make small pictures of scenes, masks and mistakes for pages. Pillow and numpy only."""

import numpy as np
from PIL import Image

from maskbench.files.images import Scene
from maskbench.files.masks import Mask
from maskbench.pages.palette import MARKS, class_colors
from maskbench.pages.pictures import jpeg_url, palette_picture, png_url
from maskbench.params import IGNORE

SIDE = 320
"""Longest side of a picture in pixels."""


def scene_url(scene: Scene) -> str:
    """Return a scene as a data URL (JPEG)."""
    return jpeg_url(_reduced(scene))


def mask_url(mask: Mask, classes: int) -> str:
    """Return a mask in class colours as a data URL (PNG); what is no class is grey."""
    colors = class_colors(classes) + [MARKS["ignored"]] * (256 - classes)
    small = Image.fromarray(mask).resize(_small(mask), Image.Resampling.NEAREST)
    return png_url(palette_picture(np.asarray(small), colors))


def difference_url(scene: Scene, truth: Mask, predicted: Mask) -> str:
    """Return the pale scene with wrong pixels coloured, ignored ones grey, as a data URL (JPEG)."""
    pale = scene.mean(axis=2, keepdims=True, dtype=np.float32) * 0.4 + 150.0
    picture = np.repeat(pale, 3, axis=2).astype(np.uint8)
    picture[truth != predicted] = MARKS["wrong"]
    picture[truth == IGNORE] = MARKS["ignored"]
    return jpeg_url(_reduced(picture))


def _reduced(picture: Scene) -> Image.Image:
    """Return a smaller picture in which even a single wrong pixel leaves a mark."""
    return Image.fromarray(picture).resize(_small(picture), Image.Resampling.BOX)


def _small(picture: Scene | Mask) -> tuple[int, int]:
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))
