"""Compose a scene: a room, its things, its photograph, and the exact class of each pixel."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .painting import Canvas, to_bytes
from .shapes import Rectangle, centres_inside
from .textures import WALLS, Picture, Rgb, Size, floor, fractal
from .things import CANVAS, OBSTRUCTION, PARTIAL, Region, Thing

LABELS = (CANVAS, OBSTRUCTION, PARTIAL)
CLASSES = (
    "Background",
    "Canvas",
    "Obstruction",
    "PartialCanvas",
    "ObstructedCanvas",
    "NestedCanvas",
    "ObstructedPartialCanvas",
)
# The class of each set of labels, as bits: Canvas 1, Obstruction 2, PartialCanvas 4.
_CLASS_OF_SET = np.array([0, 1, 2, 4, 3, 5, 6, 4], dtype=np.uint8)


@dataclass(frozen=True)
class Room:
    """Wall, floor and lamps. `floor_at` is the share of the height where the floor begins."""

    wall: str = "plaster"
    colour: Rgb = (0.86, 0.84, 0.79)
    floor_at: float | None = 0.84
    floor_colour: Rgb = (0.56, 0.41, 0.28)
    skirting: Rgb = (0.88, 0.87, 0.84)
    lamps: tuple[tuple[float, float], ...] = ((0.3, 0.2), (0.7, 0.2))
    lamp_gain: float = 0.3
    dim: float = 1.0


@dataclass(frozen=True)
class Scene:
    """One photograph of the sample.

    `file` is its name below `data/sample/images` (local files) or the uploaded name. `size` is
    the upright one; `orientation` is the EXIF tag with which the photograph is stored.
    `jitter` is how far, in pixels, the annotator's hand strays from the true outline. `case`
    says what happens to the task in Label Studio (see `import_sample.py`).
    """

    file: str
    size: Size
    place: str
    room: Room
    things: Sequence[Thing]
    local: bool = False
    orientation: int = 1
    jitter: float = 0.0
    case: str = "plain"
    quality: int = 84
    grain: float = 0.012
    vignette: float = 0.3
    warmth: float = 0.03

    @property
    def seed(self) -> int:
        """Return the scene's own noise, which does not depend on other scenes."""
        return zlib.crc32(self.file.encode("utf-8"))

    def regions(self) -> list[Region]:
        """Return all regions, back to front."""
        return [region for thing in self.things for region in thing.regions()]

    def truth_mask(self) -> NDArray[np.uint8]:
        """Return the class of each pixel of the upright photograph, by its centre: (H, W)."""
        width, height = self.size
        labels = np.zeros((height, width), dtype=np.uint8)
        for region in self.regions():
            bits = sum(1 << LABELS.index(label) for label in region.labels)
            labels[centres_inside(region.shape, self.size)] |= bits
        return _CLASS_OF_SET[labels]

    def render(self) -> NDArray[np.uint8]:
        """Return the upright photograph: (H, W, 3)."""
        canvas = Canvas(_empty_room(self.room, self.size, self.seed), self.seed)
        for thing in self.things:
            thing.paint(canvas)
        return _photograph(canvas, self)

    def encoded(self) -> bytes:
        """Return the photograph as stored: JPEG or PNG by its ending, turned per `orientation`."""
        picture = Image.fromarray(self.render())
        stream = io.BytesIO()
        if self.file.endswith(".png"):
            picture.save(stream, "PNG", optimize=True)
            return stream.getvalue()
        exif = Image.Exif()
        if self.orientation == 6:
            picture = picture.transpose(Image.Transpose.ROTATE_90)
            exif[0x0112] = self.orientation
        picture.save(stream, "JPEG", quality=self.quality, optimize=True, exif=exif)
        return stream.getvalue()


def _empty_room(room: Room, size: Size, seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    width, height = size
    canvas = Canvas(WALLS[room.wall](size, room.colour, rng), seed + 1)
    v = (np.arange(height, dtype=np.float32) / height)[:, None, None]
    u = (np.arange(width, dtype=np.float32) / width)[None, :, None]
    canvas.rgb = canvas.rgb * (0.88 - 0.16 * v - 0.08 * u)
    if room.floor_at is not None:
        _lay_floor(canvas, room, room.floor_at * height)
    for x, y in room.lamps:
        canvas.light((x * width, y * height), 0.3 * width, room.lamp_gain, 1.25)
    canvas.rgb *= room.dim * (1 + 0.03 * fractal(size, height / 2, rng)[..., None])
    return canvas.rgb


def _lay_floor(canvas: Canvas, room: Room, top: float) -> None:
    width, height = canvas.size
    below = Rectangle(-1, top, width + 2, height)
    planks = floor(canvas.size, top, room.floor_colour, canvas.rng)
    mirrored = canvas.rgb[::-1].mean(axis=1, keepdims=True)
    canvas.lay(planks * 0.85 + 0.1 * mirrored, canvas.cover(below))
    tall = max(7.0, 0.026 * height)
    board = canvas.cover(Rectangle(-9, top - tall, width + 18, tall))
    canvas.shadow(board, (0, -2), 1.5, 0.35)
    canvas.lay(0.86 * np.array(room.skirting, dtype=np.float32), board)
    canvas.lay(room.skirting, canvas.cover(Rectangle(-9, top - tall, width + 18, 1.6)))
    corner = canvas.cover(Rectangle(-9, top - 1, width + 18, 4))
    canvas.shadow(corner, (0, 1), 3, 0.6)


def _photograph(canvas: Canvas, scene: Scene) -> NDArray[np.uint8]:
    """Apply what a lens and a sensor do: soft focus, darker corners, a colour cast, grain."""
    width, height = scene.size
    picture = Image.fromarray(to_bytes(canvas.rgb))
    rgb = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.55)), dtype=np.float32) / 255
    x = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5
    corner = (x[None] ** 2 + y[:, None] ** 2)[..., None]
    rgb = rgb * (1 - scene.vignette * 1.6 * corner**1.2)
    rgb = rgb * np.array([1 + scene.warmth, 1.0, 1 - 1.5 * scene.warmth], dtype=np.float32)
    rgb = np.clip(rgb, 0, 1)
    rgb = 0.75 * rgb + 0.25 * (3 * rgb**2 - 2 * rgb**3)
    shot = canvas.rng.random((height, width, 3)) + canvas.rng.random((height, width, 3)) - 1
    return to_bytes((rgb + scene.grain * 2 * shot.astype(np.float32)).astype(np.float32))
