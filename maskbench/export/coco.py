"""COCO instances (https://cocodataset.org/#format-data): a JSON file a split beside its images.

Layout: ``train/``, ``valid/``, ``test/`` with the scenes, ``annotations/instances_<split>.json``. A
category's id is the class's value in masks; ``area`` and ``bbox`` are of the region's pixels.

Every region is polygons along the borders of its pixels, one for each part, whether it was drawn
with the polygon tool or the brush. pycocotools, which training programs decode COCO with, gives
back exactly its pixels. A hole is joined to the outline by a cut of no width. Run-length codes
would be exact, too, but many training programs expect polygons (Detectron2 unless it is told
otherwise, Ultralytics' converter).
"""

from pathlib import Path
from typing import Any

from maskbench.export.folder import copy
from maskbench.export.instances import Instance, instances
from maskbench.export.source import ExportSource
from maskbench.export.trace import trace
from maskbench.files.atomic import write_text
from maskbench.files.json import json_text
from maskbench.pipeline.splits import SUBSETS


def write(source: ExportSource, folder: Path) -> str:
    """Write all splits; return the summary."""
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


def _split(source: ExportSource, split: str) -> dict[str, Any]:
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
    return {
        "category_id": instance.value,
        "segmentation": [outline.reshape(-1).tolist() for outline in trace(instance.pixels)],
        "area": instance.area,
        "bbox": list(instance.box),
        "iscrowd": 0,
    }
