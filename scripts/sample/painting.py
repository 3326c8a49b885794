"""Put things into a picture: light, shadows, rounded bodies, and pictures in perspective."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .shapes import Array, Point, Shape, coverage
from .textures import Picture, Rgb, Size, noise


def blur(plane: Picture, radius: float) -> Picture:
    """Return a plane of values 0 to 1, blurred."""
    grey = Image.fromarray(np.rint(np.clip(plane, 0, 1) * 255).astype(np.uint8))
    soft = grey.filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(soft, dtype=np.float32) / 255


class Canvas:
    """The picture in the making. Light comes from above and a little from the left."""

    def __init__(self, rgb: Picture, seed: int) -> None:
        self.rgb: Picture = rgb.astype(np.float32)
        self.rng = np.random.default_rng(seed)

    @property
    def size(self) -> Size:
        """Return the width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    def cover(self, shape: Shape) -> Picture:
        """Return how much of each pixel the shape covers."""
        return coverage(shape, self.size)

    def lay(self, colour: Picture | Rgb, cover: Picture) -> None:
        """Paint a colour, or a whole picture, where `cover` says."""
        share = cover[..., None]
        self.rgb = self.rgb * (1 - share) + np.asarray(colour, dtype=np.float32) * share

    def shadow(self, cover: Picture, shift: Point, soft: float, depth: float) -> None:
        """Darken what lies behind a thing; to be called before the thing itself is painted."""
        dx, dy = round(shift[0]), round(shift[1])
        margin = abs(dx) + abs(dy)
        wide = np.pad(blur(cover, soft), margin, mode="edge")
        width, height = self.size
        moved = wide[margin - dy : margin - dy + height, margin - dx : margin - dx + width]
        self.rgb = self.rgb * (1 - depth * moved)[..., None]

    def body(self, colour: Picture | Rgb, cover: Picture, roundness: float, grain: float) -> None:
        """Paint a thing that bulges towards the viewer: its rims turn from the light."""
        height = 0.6 * blur(cover, roundness) + 0.4 * blur(cover, roundness * 0.4)
        dy, dx = np.gradient(height)
        light = 1 + 3.2 * roundness * (0.30 * dx + 0.16 * dy) - 0.30 * (1 - height)
        light = light * (1 + grain * noise(self.size, 3, self.rng))
        tone = np.asarray(colour, dtype=np.float32) * np.clip(light, 0.3, 1.6)[..., None]
        self.lay(tone, cover)

    def light(self, at: Point, reach: float, gain: float, squash: float = 1.0) -> None:
        """Add a warm pool of light around a point."""
        width, height = self.size
        x = (np.arange(width) + 0.5 - at[0]) / reach
        y = (np.arange(height) + 0.5 - at[1]) / (reach * squash)
        pool = np.exp(-(x[None] ** 2 + y[:, None] ** 2))[..., None]
        self.rgb = self.rgb * (1 + gain * pool * np.array([1.0, 0.94, 0.82])).astype(np.float32)


def unit_coordinates(quad: Sequence[Point], size_wh: Size) -> tuple[Array, Array]:
    """Return each pixel centre's (u, v) in the plane of a picture whose corners are `quad`.

    The corners go clockwise from the top left; (0, 0) and (1, 1) are the first and the third.
    """
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(quad, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    system = np.array(rows, dtype=np.float64)
    h = np.linalg.solve(system[:, :8], system[:, 8])
    xs, ys = np.arange(size_wh[0]) + 0.5, (np.arange(size_wh[1]) + 0.5)[:, None]
    scale = h[6] * xs + h[7] * ys + 1
    scale = np.where(np.abs(scale) < 1e-9, 1e-9, scale)
    return (h[0] * xs + h[1] * ys + h[2]) / scale, (h[3] * xs + h[4] * ys + h[5]) / scale


def sample(picture: Picture, u: Array, v: Array) -> Picture:
    """Return the picture's colour at (u, v), 0 to 1 across it, blended between pixels."""
    height, width = picture.shape[:2]
    x = np.clip(u * width - 0.5, 0, width - 1.001)
    y = np.clip(v * height - 0.5, 0, height - 1.001)
    left, top = x.astype(np.int64), y.astype(np.int64)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    upper = picture[top, left] * (1 - fx) + picture[top, left + 1] * fx
    lower = picture[top + 1, left] * (1 - fx) + picture[top + 1, left + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, dtype=np.float32)


def to_bytes(rgb: Picture) -> NDArray[np.uint8]:
    """Return brightness 0 to 1 as bytes."""
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
