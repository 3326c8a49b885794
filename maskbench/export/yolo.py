"""YOLO instance segmentation (https://docs.ultralytics.com/datasets/segment/).

Layout: ``images/<split>``, ``labels/<split>/<key>.txt`` with a line an outline (class, then x y
pairs as shares of width and height), ``data.yaml``. YOLO has no background class, so its class is
the value in masks minus one. It has no holes either: a hole is joined to the outline by a cut of no
width, which fills right. A region in several parts becomes a line a part; a stroke is outlined
along its pixels.
"""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio.features
import shapely
from rasterio.errors import NotGeoreferencedWarning

from maskbench.export.folder import copy
from maskbench.export.instances import Instance, instances, polygons_in
from maskbench.export.source import Source
from maskbench.files import write_text
from maskbench.splits import SUBSETS


def write(source: Source, folder: Path) -> str:
    """Write all splits; returns the summary."""
    total = 0
    for split in SUBSETS:
        for name in ("images", "labels"):
            (folder / name / split).mkdir(parents=True)
        for key in source.benchmark.splits[split]:
            size_wh = source.size_wh(key)
            lines = [line for i in instances(source, key) for line in _lines(i, size_wh)]
            write_text(folder / "labels" / split / f"{key}.txt", "".join(lines))
            scene = source.benchmark.scene_path(key)
            copy(scene, folder / "images" / split / scene.name)
            total += len(lines)
    write_text(folder / "data.yaml", _description(source))
    return f"{total} outlines in YOLO's form"


def _description(source: Source) -> str:
    """``data.yaml``; JSON strings are YAML strings.

    It has no ``path``: without one its folders lie beside it wherever training is started, while
    ``.`` would be that place.
    """
    names = (
        f"  {value}: {json.dumps(name)}\n"
        for value, name in enumerate(source.benchmark.classes[1:])
    )
    folders = "train: images/train\nval: images/valid\ntest: images/test\n"
    return f"{folders}nc: {len(source.benchmark.classes) - 1}\nnames:\n{''.join(names)}"


def _lines(instance: Instance, size_wh: tuple[int, int]) -> Iterator[str]:
    for polygon in _polygons(instance):
        shares = np.asarray(_without_holes(polygon).coords)[:-1] / size_wh
        numbers = " ".join(f"{share:.6f}" for share in shares.clip(0, 1).reshape(-1))
        yield f"{instance.value - 1} {numbers}\n"


def _polygons(instance: Instance) -> list[shapely.Polygon]:
    if instance.polygons:
        return [shapely.Polygon(polygon[0], polygon[1:]) for polygon in instance.polygons]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # pixels are what we work in
        found = rasterio.features.shapes(instance.plane.astype(np.uint8), mask=instance.plane)
        return [p for shape, _ in found for p in polygons_in(shapely.geometry.shape(shape))]


def _without_holes(polygon: shapely.Polygon) -> shapely.LinearRing:
    """The outline with each hole joined to it by its shortest line, nearest hole first.

    The shortest line from a hole to what is joined already crosses no other hole, since that one
    would have been nearer.
    """
    outline = shapely.geometry.polygon.orient(polygon).exterior
    holes = [shapely.geometry.polygon.orient(shapely.Polygon(h), -1.0) for h in polygon.interiors]
    while holes:
        distances = [outline.distance(hole.exterior) for hole in holes]
        hole = holes.pop(int(np.argmin(distances))).exterior
        outline = _join(outline, hole)
    return outline


def _join(outline: shapely.LinearRing, hole: shapely.LinearRing) -> shapely.LinearRing:
    start, end = shapely.get_coordinates(shapely.shortest_line(outline, hole))
    around, within = _turned(outline, start), _turned(hole, end)
    return shapely.LinearRing([*around, *within])


def _turned(
    ring: shapely.LinearRing, at: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"
) -> list[tuple[float, float]]:
    """The ring's vertices from a point on it around to the same point."""
    point = shapely.Point(at)
    coords = [(x, y) for x, y in ring.coords[:-1]]
    sides = [
        shapely.LineString([a, b]) for a, b in zip(coords, [*coords[1:], coords[0]], strict=True)
    ]
    nearest = int(np.argmin(shapely.distance(sides, point)))
    turned = [*coords[nearest + 1 :], *coords[: nearest + 1]]
    here = (float(at[0]), float(at[1]))
    return [here, *turned, here]
