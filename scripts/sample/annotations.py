"""Return a scene's regions as Label Studio stores them, drawn by a nearly steady hand."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.random import Generator

from .brush import encode
from .scene import LABELS, Scene
from .shapes import Ellipse, Point, Polygon, Rectangle, Stroke, clip_to_image, coverage
from .textures import Size
from .things import Region

Json = dict[str, Any]
_COLOURS = ("#2f7ed8", "#c0392b", "#e0a100")


def label_config() -> str:
    """Return the labelling set-up: every tool with the same labels, and the generic pair."""
    labels = "".join(
        f'\n    <Label value="{label}" background="{colour}"/>'
        for label, colour in zip(LABELS, _COLOURS, strict=True)
    )
    tools = (
        ("PolygonLabels", "polygon", ' strokeWidth="2"'),
        ("RectangleLabels", "rectangle", ' canRotate="true"'),
        ("EllipseLabels", "ellipse", ""),
        ("BrushLabels", "brush", ""),
        ("Labels", "label", ""),
    )
    controls = "\n".join(
        f'  <{tag} name="{name}" toName="image" choice="multiple"{more}>{labels}\n  </{tag}>'
        for tag, name, more in tools
    )
    image = '<Image name="image" value="$image" zoom="true"/>'
    shape = '<Polygon name="shape" toName="image"/>'
    return f"<View>\n  {image}\n{controls}\n  {shape}\n</View>\n"


def result(scene: Scene, sloppiness: float | None = None, skip: int = 0) -> list[Json]:
    """Return the `result` of an annotation of the scene.

    Args:
        scene: what was annotated.
        sloppiness: how far, in pixels, the hand strays; None takes the scene's own.
        skip: how many regions, from the front, the annotator forgot.
    """
    jitter = scene.jitter if sloppiness is None else sloppiness
    rng = np.random.default_rng(scene.seed + round(1000 * jitter))
    regions = scene.regions()
    items: list[Json] = []
    for index, region in enumerate(regions[: len(regions) - skip]):
        items += _items(scene, index, region, rng, jitter)
    return items


def _items(scene: Scene, index: int, region: Region, rng: Generator, jitter: float) -> list[Json]:
    """Return one result item, or the two with one id that the generic tools write."""
    tool, value = _value(region, scene.size, rng, jitter)
    name = f"{scene.file}/{index}/{jitter}"
    common: Json = {
        "original_width": scene.size[0],
        "original_height": scene.size[1],
        "image_rotation": 0,
        "id": hashlib.sha256(name.encode("utf-8")).hexdigest()[:10],
        "to_name": "image",
        "origin": "manual",
    }
    labels = list(region.labels)
    if region.split:
        shape = {**common, "from_name": "shape", "type": tool, "value": value}
        label = {**common, "from_name": "label", "type": "labels"}
        return [shape, {**label, "value": {**value, "labels": labels}}]
    kind = f"{tool}labels"
    return [{**common, "from_name": tool, "type": kind, "value": {**value, kind: labels}}]


def _value(region: Region, size: Size, rng: Generator, jitter: float) -> tuple[str, Json]:
    shape = region.shape
    if isinstance(shape, Polygon):
        drawn = [_stray(point, rng, jitter) for point in shape.points]
        points = [_percent(point, size) for point in clip_to_image(drawn, size)]
        return "polygon", {"points": points, "closed": True}
    if isinstance(shape, Rectangle):
        return "rectangle", _rectangle(shape, size, rng, jitter)
    if isinstance(shape, Ellipse):
        return "ellipse", _ellipse(shape, size, rng, jitter)
    if isinstance(shape, Stroke):
        alpha = np.rint(coverage(shape, size) * 255).astype(np.uint8)
        return "brush", {"format": "rle", "rle": encode(alpha)}
    raise TypeError(f"no tool draws a {type(shape).__name__}")


def _rectangle(shape: Rectangle, size: Size, rng: Generator, jitter: float) -> Json:
    x, y = _percent(_stray((shape.x, shape.y), rng, jitter), size)
    width, height = _percent((shape.width, shape.height), size)
    turn = shape.rotation % 360
    return {"x": x, "y": y, "width": width, "height": height, "rotation": turn}


def _ellipse(shape: Ellipse, size: Size, rng: Generator, jitter: float) -> Json:
    x, y = _percent(_stray((shape.x, shape.y), rng, jitter), size)
    rx, ry = _percent((shape.radius_x, shape.radius_y), size)
    turn = shape.rotation % 360
    return {"x": x, "y": y, "radiusX": rx, "radiusY": ry, "rotation": turn}


def _stray(point: Point, rng: Generator, jitter: float) -> Point:
    dx, dy = (rng.random(2) * 2 - 1) * jitter
    return point[0] + float(dx), point[1] + float(dy)


def _percent(point: Point, size: Size) -> list[float]:
    return [point[0] / size[0] * 100, point[1] / size[1] * 100]
