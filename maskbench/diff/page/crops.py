"""Draw the changed part of an item, before and after in class colours, for the summary."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from maskbench.diff.class_names import NamedMask
from maskbench.pages.item import Place
from maskbench.pages.palette import overlay_palette

HALF = (168, 126)
"""Width and height of each half of the picture."""

_MARGIN = 0.3  # beside the changed part, as a share of its longer side
_LEAST = 48  # pixels of the mask on the shorter side


def crop_pair(
    scenes: Sequence[Image.Image], masks: Sequence[NamedMask], place: Place, classes: int
) -> Image.Image:
    """Return a part of an item before and after, side by side.

    Args:
        scenes: The old and the new scene, perhaps smaller than the masks.
        masks: The old and the new mask, of one size.
        place: The part that changed.
        classes: The number of classes.
    """
    height, width = masks[0].shape
    window = _window(place, width, height)
    picture = Image.new("RGB", (2 * HALF[0] + 4, HALF[1]), (255, 255, 255))
    for number, (scene, mask) in enumerate(zip(scenes, masks, strict=True)):
        scale = (scene.width / width, scene.height / height)
        box = tuple(side * scale[i % 2] for i, side in enumerate(window))
        half = scene.resize(HALF, Image.Resampling.BICUBIC, box=box)
        values = Image.fromarray(np.minimum(mask, 255).astype(np.uint8))
        values = values.resize(HALF, Image.Resampling.NEAREST, box=window)
        colors = Image.fromarray(overlay_palette(min(classes, 255))[np.asarray(values)])
        half.paste(colors, mask=colors.getchannel("A"))
        picture.paste(half, (number * (HALF[0] + 4), 0))
    return picture


def _window(place: Place, width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a window in the halves' shape around a part."""
    left, top, right, bottom, _ = place
    margin = _MARGIN * max(right - left, bottom - top)
    ratio = HALF[0] / HALF[1]
    tall = max(bottom - top + 2 * margin, (right - left + 2 * margin) / ratio, _LEAST)
    tall = min(tall, height, width / ratio)
    wide = tall * ratio
    first = [
        int(min(max(0, middle - size / 2), whole - size))
        for middle, size, whole in (
            ((left + right) / 2, wide, width),
            ((top + bottom) / 2, tall, height),
        )
    ]
    size = (max(1, int(wide)), max(1, int(tall)))
    return first[0], first[1], first[0] + size[0], first[1] + size[1]
