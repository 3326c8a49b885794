"""Paint the pictures that hang on the walls: (H, W, 3) float arrays of brightness 0 to 1."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from .textures import Picture, Rgb, Size, fractal, noise

PALETTES: tuple[tuple[Rgb, ...], ...] = (
    ((0.93, 0.84, 0.66), (0.85, 0.45, 0.22), (0.20, 0.33, 0.42), (0.10, 0.15, 0.22)),
    ((0.88, 0.90, 0.86), (0.42, 0.62, 0.66), (0.16, 0.32, 0.42), (0.86, 0.58, 0.28)),
    ((0.96, 0.90, 0.80), (0.76, 0.24, 0.20), (0.90, 0.66, 0.24), (0.18, 0.20, 0.30)),
    ((0.86, 0.88, 0.78), (0.46, 0.56, 0.32), (0.24, 0.34, 0.24), (0.80, 0.66, 0.40)),
    ((0.90, 0.84, 0.88), (0.60, 0.40, 0.56), (0.26, 0.22, 0.40), (0.92, 0.66, 0.52)),
    ((0.92, 0.92, 0.90), (0.60, 0.62, 0.64), (0.28, 0.30, 0.34), (0.72, 0.18, 0.16)),
)


def _axes(size_wh: Size) -> tuple[Picture, Picture]:
    width, height = size_wh
    u = (np.arange(width, dtype=np.float32) + 0.5) / width
    v = (np.arange(height, dtype=np.float32) + 0.5) / height
    return np.broadcast_to(u, (height, width)), np.broadcast_to(v[:, None], (height, width))


def _mix(below: Picture, above: Rgb, amount: Picture) -> Picture:
    share = np.clip(amount, 0, 1)[..., None]
    return np.asarray(below * (1 - share) + np.array(above, dtype=np.float32) * share)


def _plain(size_wh: Size, colour: Rgb) -> Picture:
    return np.ones((size_wh[1], size_wh[0], 3), np.float32) * np.array(colour, np.float32)


def landscape(size_wh: Size, palette: tuple[Rgb, ...], rng: Generator) -> Picture:
    """Paint sky, a low sun, and ridges that darken towards the viewer."""
    u, v = _axes(size_wh)
    picture = _mix(_plain(size_wh, palette[1]), palette[0], v * 1.9)
    picture = _mix(picture, (1.0, 0.97, 0.9), 0.5 * fractal(size_wh, size_wh[1] / 4, rng, 3) - 0.1)
    sun_u, sun_v = 0.25 + 0.5 * rng.random(), 0.25 + 0.12 * rng.random()
    away = np.hypot((u - sun_u) * size_wh[0] / size_wh[1], v - sun_v)
    picture = _mix(picture, (1.0, 0.93, 0.74), np.clip((0.075 - away) * 60, 0, 1))
    picture = _mix(picture, (1.0, 0.9, 0.7), 0.45 * np.exp(-((away / 0.22) ** 2)))
    for ridge in range(4):
        crest = 0.46 + 0.14 * ridge
        line = noise((size_wh[0], 4), 4 / (2 + ridge), rng, size_wh[0] / 14)[0]
        line = crest + 0.09 * line + 0.02 * noise((size_wh[0], 1), 1, rng, 9)[0]
        share = ridge / 3
        colour = tuple(
            (1 - share) * (0.55 * a + 0.45 * b) + share * c
            for a, b, c in zip(palette[0], palette[2], palette[3], strict=True)
        )
        tone = 1 + 0.12 * fractal(size_wh, 22, rng, 2.5)
        hill = _mix(picture, (colour[0], colour[1], colour[2]), (v - line[None]) * size_wh[1])
        picture = np.where((v > line[None])[..., None], hill * tone[..., None], hill)
    return picture


def seascape(size_wh: Size, palette: tuple[Rgb, ...], rng: Generator) -> Picture:
    """Paint a horizon, clouds, and water with a glittering lane of light."""
    u, v = _axes(size_wh)
    picture = _mix(_plain(size_wh, palette[1]), palette[0], v * 1.8)
    clouds = fractal(size_wh, size_wh[1] / 5, rng, 3.5)
    picture = _mix(picture, (0.99, 0.96, 0.92), clouds * 0.9)
    sea = np.clip((v - 0.56) * size_wh[1], 0, 1)
    waves = fractal(size_wh, 7, rng, 6) * (0.4 + v)
    water = _mix(_plain(size_wh, palette[2]), palette[1], 0.35 + 0.4 * waves - 0.5 * (v - 0.56))
    lane = np.exp(-(((u - 0.62) / (0.03 + 0.5 * np.clip(v - 0.56, 0, 1))) ** 2))
    water = _mix(water, (1.0, 0.95, 0.82), lane * np.clip(waves * 1.6 + 0.25, 0, 1))
    picture = picture * (1 - sea[..., None]) + water * sea[..., None]
    hull = (np.abs(u - 0.3) < 0.06 - (v - 0.6) * 0.6) & (np.abs(v - 0.615) < 0.015)
    sail = (v < 0.6) & (v > 0.36) & (u > 0.3 - 0.004) & (u - 0.3 < (v - 0.36) * 0.28)
    return _mix(_mix(picture, palette[3], 0.9 * hull), (0.97, 0.95, 0.9), 0.92 * sail)


def fields(size_wh: Size, palette: tuple[Rgb, ...], rng: Generator) -> Picture:
    """Paint soft-edged blocks of colour that float over a ground."""
    u, v = _axes(size_wh)
    ragged = 0.018 * fractal(size_wh, 14, rng)
    picture = _plain(size_wh, palette[1])
    tops = (0.07, 0.42 + 0.1 * rng.random(), 0.95)
    for index in range(2):
        top, bottom = tops[index], tops[index + 1] - 0.05
        inset = np.minimum(np.minimum(u - 0.08, 0.92 - u), np.minimum(v - top, bottom - v))
        breath = 0.8 + 0.25 * fractal(size_wh, size_wh[1] / 3, rng)
        picture = _mix(picture, palette[(0, 2, 3)[index]], (inset + ragged) * 30 * breath)
    return picture


def blocks(size_wh: Size, palette: tuple[Rgb, ...], rng: Generator) -> Picture:
    """Paint rectangles of plain colour between black bars."""
    u, v = _axes(size_wh)
    picture = _plain(size_wh, (0.94, 0.92, 0.86))
    xs = np.sort(rng.random(3) * 0.76 + 0.12)
    ys = np.sort(rng.random(3) * 0.76 + 0.12)
    column = np.digitize(u, xs)
    row = np.digitize(v, ys)
    for index, colour in enumerate(palette[1:] + palette[1:3]):
        where = (column == (index * 2 + 1) % 4) & (row == (index * 3) % 4)
        picture = np.where(where[..., None], np.array(colour, np.float32), picture)
    bars = np.zeros(u.shape, dtype=np.bool_)
    for x, y in zip(xs, ys, strict=True):
        bars |= (np.abs(u - x) < 0.016) | (np.abs(v - y) < 0.016)
    return _mix(picture, (0.07, 0.07, 0.08), bars.astype(np.float32))


def circles(size_wh: Size, palette: tuple[Rgb, ...], rng: Generator) -> Picture:
    """Paint discs, rings and a few straight lines."""
    u, v = _axes(size_wh)
    aspect = size_wh[0] / size_wh[1]
    picture = _mix(_plain(size_wh, palette[0]), palette[1], 0.35 * fractal(size_wh, 60, rng) + 0.1)
    for index in range(9):
        radius = 0.05 + 0.2 * rng.random()
        away = np.hypot((u - rng.random()) * aspect, v - rng.random())
        colour = palette[1 + index % 3]
        disc = np.clip((radius - away) * 90, 0, 1)
        ring = np.clip((0.018 - np.abs(away - radius)) * 120, 0, 1)
        picture = _mix(_mix(picture, colour, 0.72 * disc * (index % 3 != 0)), palette[3], ring)
    for _ in range(3):
        slope, shift = rng.random() * 2 - 1, rng.random()
        line = np.clip((0.008 - np.abs(v - shift - slope * (u - 0.5))) * 200, 0, 1)
        picture = _mix(picture, palette[3], 0.9 * line)
    return picture


def swirls(size_wh: Size, palette: tuple[Rgb, ...], rng: Generator) -> Picture:
    """Paint bands that flow around slow eddies."""
    u, v = _axes(size_wh)
    bend = 1.3 * fractal(size_wh, size_wh[1] / 2.2, rng)
    phase = 9 * (v + 0.6 * u) + 4 * bend
    picture = _plain(size_wh, palette[0])
    for index, colour in enumerate(palette[1:]):
        band = np.sin(phase + index * 2.1 + 0.4 * fractal(size_wh, 16, rng))
        picture = _mix(picture, colour, np.clip((band - 0.1) * 2.4, 0, 0.95))
    return picture


def ink(size_wh: Size, palette: tuple[Rgb, ...], rng: Generator) -> Picture:
    """Paint reeds in ink before a red sun, on paper."""
    u, v = _axes(size_wh)
    picture = _plain(size_wh, (0.93, 0.90, 0.83))
    away = np.hypot((u - 0.66) * size_wh[0] / size_wh[1], v - 0.3)
    picture = _mix(picture, (0.76, 0.22, 0.16), np.clip((0.13 - away) * 60, 0, 0.9))
    mist = np.clip(v - 0.72 + 0.1 * noise(size_wh, 30, rng), 0, 1)
    picture = _mix(picture, palette[2], 0.5 * mist)
    for _ in range(16):
        foot, lean, top = rng.random(), (rng.random() - 0.5) * 0.5, 0.15 + 0.45 * rng.random()
        rise = np.clip((1 - v) / (1 - top), 0, 1)
        path = foot + lean * rise**2
        width = 0.013 * (1 - rise) + 0.002
        stem = np.clip((width - np.abs(u - path)) * 150, 0, 1) * (v > top)
        picture = _mix(picture, (0.12, 0.13, 0.14), 0.9 * stem)
    return picture


STYLES = {
    "landscape": landscape,
    "seascape": seascape,
    "fields": fields,
    "blocks": blocks,
    "circles": circles,
    "swirls": swirls,
    "ink": ink,
}


def paint(style: str, palette: int, size_wh: Size, rng: Generator) -> Picture:
    """Paint one picture; brush work and the canvas's weave lie over every style alike."""
    picture = STYLES[style](size_wh, PALETTES[palette], rng)
    bristles = 0.05 * noise(size_wh, 2.2, rng, 7) + 0.03 * noise(size_wh, 1.4, rng)
    return np.asarray(np.clip(picture * (1 + bristles[..., None]), 0, 1), dtype=np.float32)
