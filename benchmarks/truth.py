"""Compare what tools wrote with exact masks, which share no code with maskbench."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image

from maskbench.files.masks import Mask
from maskbench.pages.palette import voc_color

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.reference import nonzero

TIE = 2e-5
"""Distance in pixels up to which a centre counts as on an outline, where either side is right."""

MANY = 10_000
"""Differing pixels beyond which ties among them do not matter."""

GRID = 65536
"""Vertices are rounded to this fraction of a pixel, so that moving them is exact."""

Task = dict[str, Any]


@dataclass(frozen=True)
class Errors:
    """Differences of a tool's masks from the exact ones.

    Attributes:
        wrong: Wrong pixels, in % of the labelled ones.
        bias: The labelled area, in % above the exact one.
    """

    wrong: float
    bias: float


def errors(root: Path, tool: str) -> Errors:
    """Return the errors of a tool's masks, on the first ten images of a workload."""
    wrong = labelled = painted = 0
    for task in islice(tasks(root), 10):
        truth = exact_mask(task, tool)
        mask = written(root, tool, task)
        wrong += _differing(task, mask, truth)
        labelled += int((truth > 0).sum())
        painted += int((mask > 0).sum())
    return Errors(100 * wrong / labelled, 100 * (painted / labelled - 1))


def area_bias(root: Path, tool: str) -> float:
    """Return by how many % the pixels of separate polygons exceed the polygons' areas."""
    painted = area = 0.0
    for task in tasks(root):
        painted += int((written(root, tool, task) > 0).sum())
        area += sum(_area(result) for result in task["annotations"][0]["result"])
    return 100 * (painted / area - 1)


def different(root: Path) -> int:
    """Count the pixels in which maskbench differs from the recipe, which shares no code with it."""
    return sum(
        _differing(task, written(root, "maskbench", task), written(root, "recipe", task))
        for task in tasks(root)
    )


def _differing(task: Task, one: Mask, other: Mask) -> int:
    """Count the pixels in which masks differ, without ties: centres that lie on an outline."""
    rows, columns = np.nonzero(one != other)
    if len(rows) > MANY:
        return len(rows)  # ties are a handful
    results = task["annotations"][0]["result"]
    outlines = shapely.STRtree([shapely.LinearRing(_points(result)) for result in results])
    centres = shapely.points(columns + 0.5, rows + 0.5)
    tied, _ = outlines.query(centres, predicate="dwithin", distance=TIE)
    return len(rows) - len(np.unique(tied))


def tasks(root: Path) -> Iterator[Task]:
    """Yield the export's tasks."""
    yield from json.loads((root / "source/export.json").read_text())


def written(root: Path, tool: str, task: Task) -> Mask:
    """Read the class mask that a tool wrote for a task."""
    Image.MAX_IMAGE_PIXELS = None  # W3 is what it is
    if tool == "datumaro":
        return _pascal(root / "datumaro/voc", Path(task["data"]["image"]).stem)
    name = f"{task['id']:06d}"
    if tool == "maskbench":
        (path,) = (root / "data/benchmark/masks").glob(f"{name}_*.png")
    else:
        path = root / tool / f"{name}.png"
    return np.asarray(Image.open(path))


def _pascal(voc: Path, name: str) -> Mask:
    """Read a mask in Pascal VOC's colours, which follow from a label's line in the label map."""
    colours = np.asarray(Image.open(voc / f"SegmentationClass/{name}.png").convert("RGB"))
    mask = np.zeros(colours.shape[:2], dtype=np.uint8)
    lines = (voc / "labelmap.txt").read_text().splitlines()
    labels = [line.partition(":")[0] for line in lines if not line.startswith("#")]
    for i, label in enumerate(labels[1:], start=1):
        mask[(colours == voc_color(i)).all(axis=2)] = 1 + int(label.rpartition("_")[2])
    return mask


def exact_mask(task: Task, tool: str) -> Mask:
    """Return the class mask by exact winding numbers, painted in the tool's order."""
    results = task["annotations"][0]["result"]
    size = _size(results[0])
    mask = np.zeros(size[::-1], dtype=np.uint8)
    for result in _bottom_up(results, tool):
        (rows, columns), inside = _inside(json.dumps(result))
        mask[rows, columns][inside] = _value(result)
    return mask


@lru_cache(maxsize=2000)
def _inside(text: str) -> tuple[tuple[slice, slice], npt.NDArray[np.bool_]]:
    """Return a region's window and its pixels there; every tool is compared with the same ones."""
    result = json.loads(text)
    points = np.round(_points(result) * GRID) / GRID
    left, top = np.floor(points.min(axis=0)).clip(0).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).clip(0, _size(result)).astype(int)
    inside = nonzero(points - [left, top], right - left, bottom - top)
    return (slice(top, bottom), slice(left, right)), inside


def _bottom_up(results: list[dict[str, Any]], tool: str) -> list[dict[str, Any]]:
    """Return the regions in the order in which the tool paints them, the top one last."""
    if tool in ("maskbench", "recipe"):
        return sorted(results, key=_value, reverse=True)  # the strongest label, here the first
    return results[::-1] if tool == "datumaro" else results


def _value(result: dict[str, Any]) -> int:
    return 1 + int(result["value"]["polygonlabels"][0].rpartition("_")[2])


def _size(result: dict[str, Any]) -> npt.NDArray[np.int64]:
    """Return the image's width and height in pixels."""
    return np.array([result["original_width"], result["original_height"]])


def _points(result: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Return a polygon's vertices in pixels, shape (N, 2), (x, y)."""
    return np.array(result["value"]["points"]) / 100 * _size(result)


def _area(result: dict[str, Any]) -> float:
    """Return a polygon's area in pixels, by the shoelace formula."""
    x, y = _points(result).T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
