"""Show benchmarks in notebooks: small pictures with their masks. Numpy and Pillow only.

A notebook's page is somebody else's, so that these pieces bring their own style, readable on light
and dark grounds.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.pages.palette import class_colors, hex_color, overlay_palette, palette
from maskbench.pages.pictures import jpeg_url

Pixels = npt.NDArray[np.uint8]

FEW = 8
"""Pictures that stand for a benchmark."""

_SMALL, _LARGE = (240, 130), (320, 320)  # largest width and height of pictures in pixels
_ROW = "display:flex;flex-wrap:wrap;gap:8px;margin:6px 0"
_FIGURE = "margin:0;font-size:11px;overflow-wrap:anywhere;max-width"
_SWATCH = "display:inline-block;width:11px;height:11px;border:1px solid #888;background"


class Item(Protocol):
    """An image with its mask, shapes (H, W, 3) and (H, W), uint8, and its key."""

    key: str

    @property
    def image(self) -> Pixels:
        """The image."""

    @property
    def mask(self) -> Pixels:
        """The mask."""


def spread(keys: Sequence[str]) -> Sequence[str]:
    """Return at most :data:`FEW` keys, spread over all of them."""
    return [keys[i * len(keys) // FEW] for i in range(FEW)] if len(keys) > FEW else keys


def thumbnails_html(heading: str, items: Iterable[Item], classes: Sequence[str]) -> str:
    """Return small pictures of items with their masks over them, and a legend, as HTML."""
    pictures = {item.key: _overlay(item.image, item.mask, len(classes), _SMALL) for item in items}
    return _html(heading, pictures, classes)


def sample_html(key: str, image: Pixels, mask: Pixels, classes: Sequence[str]) -> str:
    """Return an item's image, its mask and both together, with a legend, as HTML.

    Args:
        key: Its key.
        image: Shape (H, W, 3), uint8.
        mask: Class values, shape (H, W), uint8.
        classes: Class names by value.
    """
    pictures = {
        "image": _small(image, _LARGE, Image.Resampling.BOX),
        "mask": Image.fromarray(palette()[np.asarray(_small(mask, _LARGE))]),
        "overlay": _overlay(image, mask, len(classes), _LARGE),
    }
    heading = f"{key}: {mask.shape[1]} x {mask.shape[0]} pixels"
    return _html(heading, pictures, classes)


def _small(
    pixels: Pixels, most_wh: tuple[int, int], resample: Image.Resampling = Image.Resampling.NEAREST
) -> Image.Image:
    picture = Image.fromarray(pixels)
    picture.thumbnail(most_wh, resample)
    return picture


def _overlay(image: Pixels, mask: Pixels, classes: int, most_wh: tuple[int, int]) -> Image.Image:
    scene = _small(image, most_wh, Image.Resampling.BOX)
    values = Image.fromarray(mask).resize(scene.size, Image.Resampling.NEAREST)
    colors = Image.fromarray(overlay_palette(classes)[np.asarray(values)])
    scene.paste(colors, mask=colors.getchannel("A"))
    return scene


def _html(heading: str, pictures: dict[str, Image.Image], classes: Sequence[str]) -> str:
    figures = "".join(_figure(caption, picture) for caption, picture in pictures.items())
    colors = map(hex_color, class_colors(len(classes)))
    legend = " ".join(map(_entry, classes, colors))
    return (
        f"<div><strong>{escape(heading)}</strong>"
        f'<div style="{_ROW}">{figures}</div><div style="font-size:11px">{legend}</div></div>'
    )


def _figure(caption: str, picture: Image.Image) -> str:
    text, (width, height) = escape(caption), picture.size
    return (
        f'<figure style="{_FIGURE}:{width}px">'
        f'<img src="{jpeg_url(picture)}" alt="{text}" width="{width}" height="{height}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _entry(name: str, color: str) -> str:
    swatch = f'<span style="{_SWATCH}:{color}"></span>'
    return f'<span style="white-space:nowrap;margin-right:10px">{swatch} {escape(name)}</span>'
