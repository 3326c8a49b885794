"""Make lamps, benches, vases, ribbons and dust sheets: bodies of a few plain parts."""

from __future__ import annotations

import math

from .shapes import Ellipse, Point, Points, Polygon, Rectangle, Shape, Stroke, smooth
from .textures import Rgb
from .things import CANVAS, OBSTRUCTION, Body

BRASS: Rgb = (0.55, 0.43, 0.22)
STEEL: Rgb = (0.2, 0.2, 0.22)


def floor_lamp(foot: Point, height: float, shade: Rgb = (0.95, 0.87, 0.68)) -> Body:
    """Return a lamp on a thin pole: the pole with its foot, and the lit shade."""
    x, y = foot
    h, pole = height, max(2.2, height * 0.011)
    stand: Points = (
        (x - pole, y - 0.7 * h), (x + pole, y - 0.7 * h), (x + pole, y - 0.05 * h),
        (x + 0.06 * h, y - 0.03 * h), (x + 0.12 * h, y - 0.012 * h), (x + 0.12 * h, y),
        (x - 0.12 * h, y), (x - 0.12 * h, y - 0.012 * h), (x - 0.06 * h, y - 0.03 * h),
        (x - pole, y - 0.05 * h),
    )  # fmt: skip
    hood: Points = (
        (x - 0.1 * h, y - h), (x + 0.1 * h, y - h), (x + 0.19 * h, y - 0.68 * h),
        (x - 0.19 * h, y - 0.68 * h),
    )  # fmt: skip
    parts: tuple[tuple[Shape, Rgb], ...] = ((Polygon(stand), STEEL), (Polygon(hood), shade))
    return Body(parts, roundness=0.04 * h, grain=0.02, glow=0.12)


def star_lamp(centre: Point, radius: float, turn: float = 0.0) -> Body:
    """Return a paper star drawn in one go: a pentagram, whose outline crosses itself."""
    tips = [math.radians(turn - 90 + 144 * k) for k in range(5)]
    x, y = centre
    star: Points = tuple((x + radius * math.cos(a), y + radius * math.sin(a)) for a in tips)
    cord = Rectangle(x - 1.2, -4, 2.4, y - 0.96 * radius + 6)
    parts: tuple[tuple[Shape, Rgb], ...] = ((cord, STEEL), (Polygon(star), (0.98, 0.82, 0.5)))
    return Body(parts, roundness=0.22 * radius, grain=0.02, glow=0.06, shade_shift=(8, 12))


def ribbon(start: Point, length: float, swing: float, colour: Rgb, width: float = 13) -> Body:
    """Return a loop of ribbon as one outline that crosses itself: down one rim and up the other."""
    x, y = start
    path = []
    for step in range(33):
        t = step / 32
        loop = math.sin(t * math.pi * 2)
        px = x + swing * math.sin(t * math.pi * 3.2) * (0.4 + t)
        path.append((px, y + length * (t + 0.11 * loop * math.sin(t * math.pi * 4))))
    left, right = [], []
    for i, (px, py) in enumerate(path):
        (x0, y0), (x1, y1) = path[max(i - 1, 0)], path[min(i + 1, len(path) - 1)]
        norm = math.hypot(x1 - x0, y1 - y0)
        half = width / 2 * math.cos(i / 32 * math.pi * 2.5)
        nx, ny = -(y1 - y0) / norm * half, (x1 - x0) / norm * half
        left.append((px + nx, py + ny))
        right.append((px - nx, py - ny))
    shape = Polygon((*left, *reversed(right)))
    return Body(((shape, colour),), roundness=5, folds=0.06)


def scarf(points: tuple[Point, ...], radius: float, colour: Rgb) -> Body:
    """Return a scarf or garland along a path: what one stroke of the brush tool covers."""
    stroke = Stroke(smooth(points, 5, closed=False), radius)
    return Body(((stroke, colour),), roundness=radius * 0.8, grain=0.3, folds=0.3, seed=4)


def bench(left: Point, width: float, height: float, colour: Rgb = (0.5, 0.35, 0.22)) -> Body:
    """Return a bench seen from the front: seat, two legs, the gap between them."""
    x, y = left
    seat, leg = 0.26 * height, 0.08 * width
    outline: Points = (
        (x, y - height), (x + width, y - height), (x + width, y - height + seat),
        (x + width - leg, y - height + seat), (x + width - 1.4 * leg, y),
        (x + width - 2.4 * leg, y), (x + width - 2.2 * leg, y - height + seat),
        (x + 2.2 * leg, y - height + seat), (x + 2.4 * leg, y), (x + 1.4 * leg, y),
        (x + leg, y - height + seat), (x, y - height + seat),
    )  # fmt: skip
    return Body(((Polygon(outline), colour),), roundness=3, grain=0.05, shade_shift=(4, 7))


def plinth(foot: Point, width: float, height: float, colour: Rgb = (0.84, 0.83, 0.8)) -> Body:
    """Return a white block to put things on; `foot` is the middle of its lower edge."""
    block = Rectangle(foot[0] - width / 2, foot[1] - height, width, height)
    return Body(((block, colour),), roundness=2, grain=0.01)


def vase(foot: Point, height: float, colour: Rgb) -> Body:
    """Return a bellied vase; `foot` is the middle of its base."""
    half = ((0.09, 1.0), (0.11, 0.93), (0.08, 0.84), (0.09, 0.72), (0.25, 0.53),
            (0.3, 0.35), (0.23, 0.12), (0.14, 0.0))  # fmt: skip
    right = [(foot[0] + x * height, foot[1] - y * height) for x, y in half]
    left = [(2 * foot[0] - x, y) for x, y in reversed(right)]
    outline = Polygon(smooth([*right, *left], 3))
    return Body(((outline, colour),), roundness=0.14 * height, grain=0.02)


def balloon(centre: Point, radius: float, colour: Rgb, tilt: float = 12) -> Body:
    """Return a paper lantern or balloon: a turned ellipse on a cord."""
    cord = Rectangle(centre[0] - 1, -4, 2, centre[1] - radius + 4)
    ball = Ellipse(*centre, radius * 0.86, radius, tilt)
    parts: tuple[tuple[Shape, Rgb], ...] = ((cord, STEEL), (ball, colour))
    return Body(parts, roundness=radius * 0.5, grain=0.02, glow=0.08, shade_shift=(10, 14))


def dust_sheet(corner: Point, width: float, height: float, colour: Rgb) -> Body:
    """Return a picture under a sheet: one outline that is a canvas and an obstruction at once."""
    x, y = corner
    w, h = width, height
    hem = [(x + w * (1.06 - 1.12 * k / 9), y + h * (1.03 + 0.05 * (k % 2))) for k in range(10)]
    outline = ((x - 0.01 * w, y + 0.01 * h), (x + 0.5 * w, y - 0.012 * h),
               (x + 1.01 * w, y + 0.01 * h), (x + 1.03 * w, y + 0.5 * h),
               *hem, (x - 0.03 * w, y + 0.5 * h))  # fmt: skip
    labels = (CANVAS, OBSTRUCTION)
    return Body(((Polygon(outline), colour),), 10, labels, folds=0.09, seed=2)
