"""COCO instances (https://cocodataset.org/#format-data): a JSON file a split beside its images.

Layout: ``train/``, ``valid/``, ``test/`` with the scenes, ``annotations/instances_<split>.json``. A
category's id is the class's value in masks. A region without holes is written as polygons, vertex
for vertex; strokes and regions with holes as uncompressed RLE. ``area`` and ``bbox`` are those of
the region's pixels by the benchmark's rule.
"""

from pathlib import Path
from typing import Any

import numpy as np

from maskbench.export.folder import copy
from maskbench.export.instances import Instance, Plane, instances
from maskbench.export.source import Source
from maskbench.files import json_text, write_text
from maskbench.splits import SUBSETS


def write(source: Source, folder: Path) -> str:
    """Write all splits; returns the summary."""
    total = 0
    for split in SUBSETS:
        content = _split(source, split)
        total += len(content["annotations"])
        write_text(folder / "annotations" / f"instances_{split}.json", json_text(content))
        (folder / split).mkdir(exist_ok=True)
        for key in source.benchmark.splits[split]:
            scene = source.benchmark.scene_path(key)
            copy(scene, folder / split / scene.name)
    return f"{total} instances in COCO's form"


def _split(source: Source, split: str) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, key in enumerate(source.benchmark.splits[split], start=1):
        width, height = source.size_wh(key)
        name = source.benchmark.scene_path(key).name
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for instance in instances(source, key):
            entry = {"id": len(annotations) + 1, "image_id": number, **_annotation(instance)}
            annotations.append(entry)
    categories = [
        {"id": value, "name": name, "supercategory": ""}
        for value, name in enumerate(source.benchmark.classes)
        if value
    ]
    return {"images": images, "annotations": annotations, "categories": categories}


def _annotation(instance: Instance) -> dict[str, Any]:
    whole = instance.polygons and all(len(polygon) == 1 for polygon in instance.polygons)
    outlines = [polygon[0].round(2).reshape(-1).tolist() for polygon in instance.polygons]
    return {
        "category_id": instance.value,
        "segmentation": outlines if whole else run_lengths(instance.plane),
        "area": instance.area,
        "bbox": list(instance.box),
        "iscrowd": 0,
    }


def run_lengths(plane: Plane) -> dict[str, Any]:
    """COCO's uncompressed RLE of a plane, shape (H, W): runs down the columns, zeros first.

    >>> run_lengths(np.array([[0, 1], [0, 1]], dtype=bool))
    {'counts': [2, 2], 'size': [2, 2]}
    """
    flat = plane.T.reshape(-1)
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return {"counts": [0, *counts] if flat[0] else counts, "size": list(plane.shape)}
