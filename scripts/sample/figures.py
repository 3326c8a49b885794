"""Draw people, plants and lamps, whose outlines are far from convex."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .painting import Canvas
from .shapes import Ellipse, Point, Points, Polygon, smooth
from .textures import Picture, Rgb, fractal
from .things import OBSTRUCTION, Region

# Half a visitor from behind, from the crown down the right side to the crotch: x from the
# middle axis, y from crown to sole, both in units of the body's height.
_STANDING: tuple[Point, ...] = (
    (0.0, 0.0), (0.034, 0.008), (0.05, 0.04), (0.048, 0.085), (0.03, 0.118), (0.036, 0.142),
    (0.08, 0.156), (0.115, 0.182), (0.133, 0.25), (0.143, 0.35), (0.14, 0.44), (0.131, 0.5),
    (0.115, 0.508), (0.11, 0.45), (0.112, 0.37), (0.098, 0.29), (0.09, 0.37), (0.096, 0.46),
    (0.102, 0.535), (0.09, 0.62), (0.078, 0.76), (0.064, 0.92), (0.072, 0.965), (0.07, 0.995),
    (0.024, 0.995), (0.02, 0.93), (0.022, 0.76), (0.012, 0.585),
)  # fmt: skip


@dataclass(frozen=True)
class Clothes:
    """Colours from head to foot."""

    hair: Rgb = (0.16, 0.11, 0.08)
    skin: Rgb = (0.78, 0.58, 0.46)
    top: Rgb = (0.2, 0.26, 0.36)
    legs: Rgb = (0.16, 0.17, 0.2)
    shoes: Rgb = (0.1, 0.08, 0.07)


@dataclass(frozen=True)
class Person:
    """A visitor seen from behind; `foot` is the point on the floor between the shoes."""

    foot: Point
    height: float
    clothes: Clothes = Clothes()
    lean: float = 0.0
    akimbo: float = 0.0
    seed: int = 0

    def outline(self) -> Polygon:
        """Return the silhouette, with the arms and the gaps beside them."""
        right = [self._limb(x, y, 1) for x, y in _STANDING]
        left = [self._limb(x, y, -1) for x, y in _STANDING[:0:-1]]
        return Polygon(smooth([*right, *left], 2))

    def _limb(self, x: float, y: float, side: int) -> Point:
        # One elbow goes out when `akimbo`; the body sways with `lean`.
        if side > 0 and x > 0.105 and 0.2 < y < 0.52:
            x += self.akimbo * math.sin((y - 0.2) / 0.32 * math.pi) * 0.07
        sway = self.lean * (1 - y) ** 2 * 0.25
        return (
            self.foot[0] + (side * x + sway) * self.height,
            self.foot[1] + (y - 1) * self.height,
        )

    def regions(self) -> Sequence[Region]:
        """Return one obstruction."""
        return [Region((OBSTRUCTION,), self.outline())]

    def paint(self, canvas: Canvas) -> None:
        """Paint the shadow on the floor and the wall, then the clothed body."""
        cover = canvas.cover(self.outline())
        pool = canvas.cover(
            Ellipse(self.foot[0] + 9, self.foot[1] - 1, self.height * 0.15, self.height * 0.025)
        )
        canvas.shadow(pool, (0, 0), 6, 0.55)
        canvas.shadow(cover, (0.04 * self.height, 4), 0.03 * self.height, 0.3)
        tone = self._dressed(canvas)
        canvas.body(tone, cover, self.height * 0.022, 0.03)

    def _dressed(self, canvas: Canvas) -> Picture:
        rng = np.random.default_rng(self.seed + 3)
        width, height = canvas.size
        x = (np.arange(width) + 0.5 - self.foot[0])[None] / self.height
        y = (np.arange(height) + 0.5 - self.foot[1])[:, None] / self.height + 1
        x = x - self.lean * (1 - np.clip(y, 0, 1)) ** 2 * 0.25
        folds = fractal(canvas.size, self.height * 0.05, rng, 0.5)
        hand = (y > 0.468) & (y < 0.53) & (np.abs(x) > 0.103)
        seam = 0.535 + 0.006 * folds
        layers = [y < 0.098 + 0.004 * folds, y < 0.138, hand, y < seam, y < 0.958]
        c = self.clothes
        masks = [np.broadcast_to(layer, (height, width))[..., None] for layer in layers]
        colours = [np.array(v, np.float32) for v in (c.hair, c.skin, c.skin, c.top, c.legs)]
        cloth = np.select(masks, colours, np.array(c.shoes, np.float32))
        spine = 1 - 0.16 * np.exp(-((x / 0.008) ** 2)) * ((y > 0.58) & (y < 0.95))
        arm = 1 - 0.3 * np.exp(-(((np.abs(x) - 0.1) / 0.006) ** 2)) * ((y > 0.24) & (y < 0.5))
        hem = 1 - 0.3 * np.exp(-(((y - 0.54) / 0.008) ** 2))
        shade = (1 + 0.14 * folds) * spine * arm * hem
        return np.asarray(cloth * shade[..., None], dtype=np.float32)


@dataclass(frozen=True)
class Plant:
    """Curved leaves out of one point, in a pot.

    The foliage is one outline that runs out and back along each leaf. Where leaves overlap it
    crosses itself, and it winds the same way around everything: the non-zero rule fills it all.
    """

    base: Point
    size: float
    leaves: int = 11
    broad: float = 0.16
    droop: float = 0.5
    colour: Rgb = (0.25, 0.42, 0.2)
    pot: Rgb = (0.6, 0.36, 0.26)
    pot_size: float = 0.3
    seed: int = 0

    def _leaf_points(self) -> list[Points]:
        rng = np.random.default_rng(self.seed + 11)
        leaves = []
        for index in range(self.leaves):
            share = (index + 0.5) / self.leaves * 2 - 1
            angle = share * 1.25 + 0.2 * (rng.random() - 0.5)
            length = self.size * (0.72 + 0.28 * rng.random()) * (1 - 0.15 * abs(share))
            leaves.append(self._leaf(angle, length, self.broad * (0.85 + 0.3 * rng.random())))
        return leaves

    def _leaf(self, angle: float, length: float, broad: float) -> Points:
        spine = []
        for step in range(9):
            t = step / 8
            bend = angle * (0.55 + self.droop * 1.1 * t)
            x = self.base[0] + length * t * math.sin(bend)
            y = self.base[1] - length * t * math.cos(bend) * (1 - 0.25 * self.droop * t * t)
            spine.append((x, y))
        half = [broad * length * 0.5 * math.sin(math.pi * (s / 8) ** 0.8) ** 0.8 for s in range(9)]
        left, right = [], []
        for i in range(1, 8):
            (x0, y0), (x1, y1) = spine[i - 1], spine[i + 1]
            norm = math.hypot(x1 - x0, y1 - y0)
            nx, ny = (y1 - y0) / norm, -(x1 - x0) / norm
            x, y = spine[i]
            left.append((x + nx * half[i], y + ny * half[i]))
            right.append((x - nx * half[i], y - ny * half[i]))
        return (spine[0], *left, spine[8], *reversed(right))

    def _pot(self) -> Polygon:
        (x, y), s = self.base, self.size * self.pot_size
        rim = 0.1 * s
        return Polygon(
            ((x - 0.5 * s, y - rim), (x + 0.5 * s, y - rim), (x + 0.5 * s, y + 0.12 * s),
             (x + 0.45 * s, y + 0.12 * s), (x + 0.34 * s, y + 0.95 * s),
             (x - 0.34 * s, y + 0.95 * s), (x - 0.45 * s, y + 0.12 * s),
             (x - 0.5 * s, y + 0.12 * s))
        )  # fmt: skip

    def regions(self) -> Sequence[Region]:
        """Return the foliage and the pot."""
        foliage = Polygon(tuple(p for leaf in self._leaf_points() for p in leaf))
        return [Region((OBSTRUCTION,), foliage), Region((OBSTRUCTION,), self._pot())]

    def paint(self, canvas: Canvas) -> None:
        """Paint outer leaves first, so that the upright ones are in front; the pot last."""
        leaves = self._leaf_points()
        covers = [canvas.cover(Polygon(leaf)) for leaf in leaves]
        canvas.shadow(np.max(covers, axis=0), (7, 9), 8, 0.38)
        rng = np.random.default_rng(self.seed + 29)
        middle = (len(leaves) - 1) / 2
        for index in sorted(range(len(leaves)), key=lambda i: -abs(i - middle)):
            tone = 0.78 + 0.5 * rng.random()
            canvas.shadow(covers[index], (2, 3), 3, 0.22)
            self._paint_leaf(canvas, leaves[index], covers[index], tone)
        pot = canvas.cover(self._pot())
        canvas.shadow(pot, (6, 5), 6, 0.35)
        canvas.body(self.pot, pot, self.size * self.pot_size * 0.3, 0.05)

    def _paint_leaf(self, canvas: Canvas, leaf: Points, cover: Picture, tone: float) -> None:
        colour = (self.colour[0] * tone, self.colour[1] * tone, self.colour[2] * tone)
        canvas.body(colour, cover, max(2.5, self.broad * self.size * 0.2), 0.05)
        # The half of a leaf that faces the light; the midrib shows as the border between.
        lit = cover * canvas.cover(Polygon(leaf[:9])) * 0.8
        canvas.lay(np.minimum(canvas.rgb * 1.13, 1), lit)
