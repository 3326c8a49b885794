"""Make the things in the rooms. A thing paints itself and lists the regions it occupies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from . import artworks
from .painting import Canvas, sample, unit_coordinates
from .shapes import Array, Ellipse, Point, Points, Polygon, Rectangle, Shape
from .textures import Picture, Rgb, fractal

CANVAS, OBSTRUCTION, PARTIAL = "Canvas", "Obstruction", "PartialCanvas"


@dataclass(frozen=True)
class Region:
    """A shape and the labels an annotator gives it; `split` means Label Studio's generic tools."""

    labels: tuple[str, ...]
    shape: Shape
    split: bool = False


class Thing(Protocol):
    """Something in a scene."""

    def regions(self) -> Sequence[Region]:
        """Return what an annotator outlines."""

    def paint(self, canvas: Canvas) -> None:
        """Paint it over what is there."""


@dataclass(frozen=True)
class Frame:
    """A frame: colour, width and mat as shares of the shorter side."""

    colour: Rgb = (0.62, 0.47, 0.22)
    width: float = 0.07
    mat: float = 0.0
    gloss: float = 0.5


GOLD = Frame()
BLACK = Frame((0.09, 0.09, 0.1), 0.035, 0.12, 0.3)
WALNUT = Frame((0.33, 0.2, 0.12), 0.06, 0.0, 0.3)
OAK = Frame((0.72, 0.56, 0.37), 0.045, 0.1, 0.2)
WHITE = Frame((0.9, 0.89, 0.86), 0.045, 0.08, 0.15)
NONE = Frame((0.85, 0.82, 0.76), 0.012, 0.0, 0.0)


@dataclass(frozen=True)
class Picture4:
    """A framed picture seen straight or obliquely: four corners, clockwise from the top left."""

    quad: Points
    style: str
    palette: int
    frame: Frame = GOLD
    label: str = CANVAS
    seed: int = 0
    split: bool = False
    turned: Rectangle | None = None
    lift: float = 1.0

    def shape(self) -> Shape:
        """Return the outline of the frame."""
        return self.turned or Polygon(self.quad)

    def regions(self) -> Sequence[Region]:
        """Return one canvas."""
        return [Region((self.label,), self.shape(), self.split)]

    def paint(self, canvas: Canvas) -> None:
        """Paint the shadow, the frame with its bevel, the mat, the painting."""
        cover = canvas.cover(self.shape())
        width, height = _sides(self.quad)
        drop = self.lift * max(2.0, 0.022 * min(width, height))
        canvas.shadow(cover, (0.7 * drop, 1.5 * drop), 1.6 * drop, 0.42)
        canvas.shadow(cover, (0.1 * drop, 0.4 * drop), 0.5 * drop + 0.6, 0.35)
        u, v = unit_coordinates(self.quad, canvas.size)
        rng = np.random.default_rng(self.seed + 17)
        art = artworks.paint(self.style, self.palette, (round(width), round(height)), rng)
        canvas.lay(_framed(art, u, v, (width, height), self.frame), cover)


def _sides(quad: Points) -> tuple[float, float]:
    a, b, c, d = quad
    width = (math.dist(a, b) + math.dist(d, c)) / 2
    return width, (math.dist(a, d) + math.dist(b, c)) / 2


def _framed(art: Picture, u: Array, v: Array, sides: tuple[float, float], f: Frame) -> Picture:
    """Return a picture in its frame at the plane's coordinates (u, v)."""
    short = min(sides)
    left, right = u * sides[0] / short, (1 - u) * sides[0] / short
    above, below = v * sides[1] / short, (1 - v) * sides[1] / short
    rim = np.minimum(np.minimum(left, right), np.minimum(above, below))
    inner = f.width + f.mat
    inset_u, inset_v = inner * short / sides[0], inner * short / sides[1]
    shown = sample(art, (u - inset_u) / (1 - 2 * inset_u), (v - inset_v) / (1 - 2 * inset_v))
    shown = shown * _inner_shadow(np.minimum(left, above) - inner, 0.05)
    mat = np.array([0.93, 0.92, 0.88]) * _inner_shadow(np.minimum(left, above) - f.width, 0.04)
    side = np.select([rim == above, rim == left, rim == below], [0.16, 0.04, -0.16], -0.06)
    profile = np.sin(np.clip(rim / f.width, 0, 1) * math.pi)
    ridge = np.cos(np.clip(rim / f.width, 0, 1) * math.pi * 5) * 0.08
    shine = 1 + side + f.gloss * (0.5 * profile - 0.25 + ridge)
    moulding = np.array(f.colour) * np.clip(shine, 0.4, 1.7)[..., None]
    inside = _across(mat, shown, (rim - inner) * short)
    return _across(moulding, inside, (rim - f.width) * short)


def _across(outer: Picture, inner: Picture, pixels_in: Array) -> Picture:
    """Blend two pictures that meet where `pixels_in` is 0, without stairs."""
    share = np.clip(pixels_in + 0.5, 0, 1)[..., None]
    return np.asarray(outer * (1 - share) + inner * share, dtype=np.float32)


def _inner_shadow(distance: Array, reach: float) -> Array:
    return np.asarray(1 - 0.35 * np.clip(1 - distance / reach, 0, 1)[..., None])


@dataclass(frozen=True)
class Oval:
    """A painting in an elliptic frame."""

    outline: Ellipse
    style: str
    palette: int
    frame: Frame = GOLD
    label: str = CANVAS
    seed: int = 0

    def regions(self) -> Sequence[Region]:
        """Return one canvas."""
        return [Region((self.label,), self.outline)]

    def paint(self, canvas: Canvas) -> None:
        """Paint like a rectangular picture, with the frame's profile around the centre."""
        e, (width, height) = self.outline, canvas.size
        cover = canvas.cover(e)
        canvas.shadow(cover, (2, 4), 5, 0.5)
        a = math.radians(e.rotation)
        dx = np.arange(width) + 0.5 - e.x
        dy = (np.arange(height) + 0.5 - e.y)[:, None]
        along = (dx * math.cos(a) + dy * math.sin(a)) / e.radius_x
        down = (dy * math.cos(a) - dx * math.sin(a)) / e.radius_y
        rng = np.random.default_rng(self.seed + 17)
        size = round(2 * e.radius_x), round(2 * e.radius_y)
        art = artworks.paint(self.style, self.palette, size, rng)
        rim = 1 - np.hypot(along, down)
        share = np.clip(rim / 0.16, 0, 1)
        lit = 0.25 * (-down * 0.8 - along * 0.5) * np.cos(share * math.pi)
        shine = 0.85 + lit + self.frame.gloss * 0.6 * np.sin(share * math.pi)
        moulding = np.array(self.frame.colour) * shine[..., None]
        shown = sample(art, (along + 1) / 2, (down + 1) / 2)
        canvas.lay(_across(moulding, shown, (rim - 0.16) * e.radius_x), cover)


@dataclass(frozen=True)
class Body:
    """A plain thing in one or more parts of one colour each; every part is a region.

    `roundness` is how far the rounding reaches in from the rim, in pixels.
    """

    parts: tuple[tuple[Shape, Rgb], ...]
    roundness: float = 8.0
    labels: tuple[str, ...] = (OBSTRUCTION,)
    grain: float = 0.04
    glow: float = 0.0
    shade_shift: Point = (6.0, 8.0)
    folds: float = 0.0
    seed: int = field(default=0)

    def regions(self) -> Sequence[Region]:
        """Return one region for each part."""
        return [Region(self.labels, shape) for shape, _ in self.parts]

    def paint(self, canvas: Canvas) -> None:
        """Paint each part with its shadow on what is behind."""
        covers = [canvas.cover(shape) for shape, _ in self.parts]
        together = np.max(covers, axis=0)
        canvas.shadow(together, self.shade_shift, 9, 0.38)
        for cover, (_, colour) in zip(covers, self.parts, strict=True):
            tone: Picture = np.ones((*cover.shape, 3), np.float32) * np.array(colour, np.float32)
            if self.folds:
                tone = tone * self._drapery(canvas)
            canvas.body(tone * (1 + self.glow), cover, self.roundness, self.grain)

    def _drapery(self, canvas: Canvas) -> Picture:
        rng = np.random.default_rng(self.seed + 5)
        bend = fractal(canvas.size, 60, rng, 0.35)
        x = np.arange(canvas.size[0], dtype=np.float32)[None] / 13
        return np.asarray(1 + self.folds * (np.sin(x + 3 * bend) + 0.5 * bend))[..., None]
