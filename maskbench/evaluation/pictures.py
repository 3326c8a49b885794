"""Make small pictures of scenes, masks and mistakes for pages. Pillow and numpy only."""

import base64
import io

import numpy as np
from PIL import Image

from maskbench.files.images import Scene
from maskbench.files.masks import Mask
from maskbench.files.palette import IGNORED, Color, class_colors
from maskbench.params import IGNORE

SIDE = 320
"""Longest side of a picture in pixels."""

WRONG: Color = (230, 0, 90)
"""Pixels whose class was predicted wrongly."""


def scene_url(scene: Scene) -> str:
    """Return a scene as a data URL (JPEG)."""
    return _jpeg(Image.fromarray(scene))


def mask_url(mask: Mask, classes: int) -> str:
    """Return a mask in class colours as a data URL (PNG); what is no class is grey."""
    colors = np.full((256, 3), IGNORED, dtype=np.uint8)
    colors[:classes] = class_colors(classes)
    image = Image.fromarray(mask)
    image = image.resize(_small(image.size), Image.Resampling.NEAREST).convert("L")
    image.putpalette(colors.tobytes())
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return _url("png", stream.getvalue())


def difference_url(scene: Scene, truth: Mask, predicted: Mask) -> str:
    """Return the pale scene with wrong pixels coloured, ignored ones grey, as a data URL (JPEG)."""
    pale = scene.mean(axis=2, keepdims=True, dtype=np.float32) * 0.4 + 150.0
    picture = np.repeat(pale, 3, axis=2).astype(np.uint8)
    picture[truth != predicted] = WRONG
    picture[truth == IGNORE] = IGNORED
    return _jpeg(Image.fromarray(picture))


def _small(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _jpeg(image: Image.Image) -> str:
    small = image.resize(_small(image.size), Image.Resampling.BOX)  # a lone wrong pixel still shows
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=85)
    return _url("jpeg", stream.getvalue())


def _url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
