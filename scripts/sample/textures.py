"""Paint surfaces: noise, walls and floors, as (H, W, 3) float arrays of brightness 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

Rgb = tuple[float, float, float]
Picture = NDArray[np.floating[Any]]
Size = tuple[int, int]


def noise(size_wh: Size, cell: float, rng: Generator, stretch: float = 1.0) -> Picture:
    """Return smooth noise of mean 0, about -1 to 1; lumps: `cell` high, `stretch` times wider."""
    width, height = size_wh
    columns = max(int(width / (cell * stretch)) + 3, 4)
    rows = max(int(height / cell) + 3, 4)
    grid = Image.fromarray((rng.random((rows, columns)) * 2 - 1).astype(np.float32))
    return np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


def fractal(size_wh: Size, cell: float, rng: Generator, stretch: float = 1.0) -> Picture:
    """Return noise with finer and fainter noise on top of it."""
    total = np.zeros(size_wh[::-1], dtype=np.float32)
    for octave in range(4):
        total += noise(size_wh, max(cell / 2**octave, 1.0), rng, stretch) / 2**octave
    return total / 1.4


def tinted(shade: Picture, colour: Rgb) -> Picture:
    """Return a grey picture (H, W) in one colour."""
    return np.asarray(shade[..., None] * np.array(colour, dtype=np.float32))


def _grid(size_wh: Size) -> tuple[Picture, Picture]:
    x, y = np.meshgrid(np.arange(size_wh[0]), np.arange(size_wh[1]))
    return x.astype(np.float32) + 0.5, y.astype(np.float32) + 0.5


def plaster(size_wh: Size, colour: Rgb, rng: Generator) -> Picture:
    """Paint plaster: large faint stains, fine grain, a hint of the roller's relief."""
    grain = noise(size_wh, 2.5, rng)
    relief = np.roll(grain, 1, axis=0) - grain
    shade = 1 + 0.035 * fractal(size_wh, size_wh[1] / 3, rng) + 0.035 * relief + 0.012 * grain
    return tinted(shade, colour)


def concrete(size_wh: Size, colour: Rgb, rng: Generator) -> Picture:
    """Paint cast concrete: cloudy, with shuttering seams and tie holes."""
    x, y = _grid(size_wh)
    shade = 1 + 0.11 * fractal(size_wh, 70, rng) + 0.03 * noise(size_wh, 1.6, rng)
    pitch_x, pitch_y = size_wh[0] / 2.6, size_wh[1] / 2.2
    seam = np.minimum(np.abs((x - 40) % pitch_x), np.abs((y - 25) % pitch_y))
    hole = np.hypot((x - 75) % pitch_x - 20, (y - 60) % pitch_y - 20)
    return tinted(shade * (1 - 0.22 * (seam < 1.6)) * (1 - 0.45 * (hole < 4)), colour)


def brick(size_wh: Size, colour: Rgb, rng: Generator, height: float = 17.0) -> Picture:
    """Paint a running bond: each brick of its own shade, worn edges, light mortar."""
    x, y = _grid(size_wh)
    wobble_x, wobble_y = noise(size_wh, 9, rng), noise(size_wh, 9, rng)
    y = y + 0.9 * wobble_y
    course = np.floor(y / height).astype(int)
    x = x + 0.9 * wobble_x + (course % 2) * height * 1.25
    column = np.floor(x / (height * 2.5)).astype(int)
    shades = rng.random((97, 89)).astype(np.float32)
    shade = 0.72 + 0.42 * shades[course % 97, column % 89] + 0.16 * fractal(size_wh, 12, rng)
    warm = shades[(course + 31) % 97, (column + 7) % 89]
    edge = np.minimum(_to_edge(x, height * 2.5), _to_edge(y, height))
    face = tinted(shade, colour) * (1 + (warm[..., None] - 0.5) * np.array([0.1, -0.05, -0.12]))
    face = face * (0.8 + 0.2 * np.clip((edge - 1.2) / 1.6, 0, 1))[..., None]
    mortar = tinted(0.62 + 0.1 * noise(size_wh, 2, rng), (0.86, 0.82, 0.76))
    mix = np.clip(edge - 0.9, 0, 1)[..., None]
    return np.asarray(mortar * (1 - mix) + face * mix, dtype=np.float32)


def _to_edge(value: Picture, pitch: float) -> Picture:
    return np.asarray(np.minimum(value % pitch, pitch - value % pitch))


def boards(size_wh: Size, colour: Rgb, rng: Generator, pitch: float = 58.0) -> Picture:
    """Paint upright boards with grain, knots' swirls and dark joints."""
    x, _ = _grid(size_wh)
    board = np.floor(x / pitch).astype(int)
    tone = rng.random(200).astype(np.float32)
    grain = np.asarray(noise((size_wh[0], size_wh[1]), 46, rng, 0.09), dtype=np.float32)
    rings = np.sin(noise(size_wh, 130, rng, 0.35) * 14 + tone[board % 200] * 30)
    shade = 0.86 + 0.2 * tone[board % 200] + 0.09 * grain + 0.05 * rings
    joint = np.clip(1 - _to_edge(x, pitch) / 1.7, 0, 1)
    return tinted(shade * (1 - 0.55 * joint) + 0.02 * noise(size_wh, 2, rng), colour)


def wallpaper(size_wh: Size, colour: Rgb, rng: Generator, pitch: float = 46.0) -> Picture:
    """Paint a damask: rows of lobed ornaments, half a step apart, on a finely woven ground."""
    x, y = _grid(size_wh)
    row = np.floor(y / pitch)
    u = ((x + (row % 2) * pitch / 2) % pitch) / pitch - 0.5
    v = (y % pitch) / pitch - 0.5
    angle, radius = np.arctan2(v, u * 1.5), np.hypot(u * 1.5, v)
    petals = radius - 0.27 - 0.11 * np.cos(angle * 4) - 0.05 * np.cos(angle * 12)
    ring = np.clip(0.09 - np.abs(radius - 0.15), 0, 0.06)
    ornament = np.clip(-petals * 18, 0, 1) - 7.2 * ring
    weave = 0.012 * np.sin(x * 2.1) + 0.012 * np.sin(y * 2.1)
    shade = 0.95 + 0.085 * ornament + weave + 0.03 * fractal(size_wh, 120, rng)
    return tinted(shade, colour)


def stripes(size_wh: Size, colour: Rgb, rng: Generator, pitch: float = 54.0) -> Picture:
    """Paint a striped wallpaper: broad bands with a thin line beside each."""
    x, _ = _grid(size_wh)
    phase = (x % pitch) / pitch
    band = np.clip(8 * (0.25 - np.abs(phase - 0.5)) + 0.5, 0, 1)
    line = np.abs(phase - 0.1) < 0.022
    shade = 0.93 + 0.09 * band - 0.12 * line + 0.03 * fractal(size_wh, 100, rng)
    return tinted(shade + 0.012 * noise(size_wh, 2, rng), colour)


WALLS = {
    "plaster": plaster,
    "concrete": concrete,
    "brick": brick,
    "boards": boards,
    "wallpaper": wallpaper,
    "stripes": stripes,
}


def floor(size_wh: Size, top: float, colour: Rgb, rng: Generator) -> Picture:
    """Paint planks running away from the viewer below the line y = `top`; no meaning above it."""
    width, height = size_wh
    x, y = _grid(size_wh)
    horizon = top - 0.55 * height
    depth = 1 / np.maximum(y - horizon, 1.0)
    across = (x - width * 0.5) * depth * 9
    along = depth * height * 14
    plank = np.floor(across).astype(int)
    tone = rng.random(101).astype(np.float32)
    piece = np.floor(along / 9 + tone[plank % 101] * 5).astype(int)
    shade = 0.75 + 0.3 * tone[(plank * 7 + piece * 13) % 101]
    shade = shade + 0.05 * np.sin(across * 43 + 5 * noise(size_wh, 30, rng))
    joint = np.clip(1 - _to_edge(across.astype(np.float32), 1.0) * 22, 0, 1)
    cross = (along / 9 + tone[plank % 101] * 5) % 1
    return tinted(shade * (1 - 0.45 * joint) * (1 - 0.3 * (cross < 0.02)), colour)
