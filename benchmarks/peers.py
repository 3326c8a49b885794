"""What other tools make of an export: one mask an image, later regions over earlier ones.

Runs in the peers' own environment: ``python benchmarks/peers.py NAME EXPORT OUT``. Each reads Label
Studio's JSON, fills polygon by polygon as its users do, and writes PNG masks with Pillow.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

Fill = Callable[[Any, Any, int], None]  # (mask (H, W) uint8, points (N, 2) in pixels, value)


def cv2_fill() -> Fill:
    """``cv2.fillPoly`` on rounded points."""
    import cv2

    def fill(mask: Any, points: Any, value: int) -> None:
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], value)

    return fill


def supervision_fill() -> Fill:
    """``supervision.polygon_to_mask`` and a boolean write."""
    import supervision

    def fill(mask: Any, points: Any, value: int) -> None:
        height, width = mask.shape
        plane = supervision.polygon_to_mask(points.astype(np.int32), (width, height))
        mask[plane.astype(bool)] = value

    return fill


def pillow_fill() -> Fill:
    """``ImageDraw.polygon``, on an image that is copied back."""

    def fill(mask: Any, points: Any, value: int) -> None:
        image = Image.fromarray(mask)
        ImageDraw.Draw(image).polygon([tuple(point) for point in points], fill=value)
        mask[:] = np.asarray(image)

    return fill


def pycocotools_fill() -> Fill:
    """``frPyObjects`` and ``decode`` of pycocotools."""
    from pycocotools import mask as coco

    def fill(mask: Any, points: Any, value: int) -> None:
        height, width = mask.shape
        code = coco.frPyObjects([points.ravel().tolist()], height, width)
        mask[coco.decode(code)[..., 0].astype(bool)] = value

    return fill


def floor_fill() -> Fill:
    """No fill at all: reading the export, an empty mask, and the encoder."""
    return lambda mask, points, value: None


FILLS = {
    "cv2": cv2_fill,
    "supervision": supervision_fill,
    "pillow": pillow_fill,
    "pycocotools": pycocotools_fill,
    "floor": floor_fill,
}


def main(name: str, export: Path, out: Path) -> None:
    """Write the masks of one peer."""
    out.mkdir(parents=True, exist_ok=True)
    fill = FILLS[name]()
    for task in json.loads(export.read_text()):
        results = task["annotations"][0]["result"]
        first = results[0]
        size = np.array([first["original_width"], first["original_height"]])
        mask = np.zeros((size[1], size[0]), dtype=np.uint8)
        for result in results:
            value = 1 + int(result["value"]["polygonlabels"][0].rpartition("_")[2])
            fill(mask, np.array(result["value"]["points"]) / 100 * size, value)
        Image.fromarray(mask).save(out / f"{task['id']:06d}.png")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
