"""COCO instances: a JSON file for each split, with regions as polygons.

See https://cocodataset.org/#format-data. Layout: ``train/``, ``valid/``, ``test/`` with the scenes
and ``annotations/instances_<split>.json``. A category's id is the class's value in masks; ``area``
and ``bbox`` are those of the region's pixels.

A region is a polygon for each of its parts along the borders of its pixels, whichever tool drew
it. pycocotools, with which training programs decode COCO, gives back exactly its pixels. A hole is
joined to the outline by a cut of no width. Run-length codes would be exact as well, but many
training programs expect polygons (Detectron2 by default, Ultralytics' converter).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskbench.export.folder import copy_scene, scene_name
from maskbench.export.source import ExportSource
from maskbench.files.atomic import write_text
from maskbench.files.json import json_text
from maskbench.params import SUBSETS
from maskbench.text import counted

if TYPE_CHECKING:
    from maskbench.export.instances import Instance

NEEDS_REGIONS = True
OPTIONS = ()


def write(source: ExportSource, folder: Path) -> str:
    """Write all splits; return a one-line summary."""
    total = 0
    for split in SUBSETS:
        content = _split(source, split)
        total += len(content["annotations"])
        write_text(folder / "annotations" / f"instances_{split}.json", json_text(content))
        (folder / split).mkdir(exist_ok=True)
        for key in source.benchmark.splits[split]:
            copy_scene(source.benchmark, key, folder / split)
    return f"{counted(total, 'instance')} in COCO's format"


def _split(source: ExportSource, split: str) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, key in enumerate(source.benchmark.splits[split], start=1):
        width, height = source.size_wh(key)
        name = scene_name(source.benchmark, key)
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for instance in source.instances(key):
            entry = {"id": len(annotations) + 1, "image_id": number, **_annotation(instance)}
            annotations.append(entry)
    categories = [
        {"id": value, "name": name, "supercategory": ""}
        for value, name in enumerate(source.benchmark.classes)
        if value
    ]
    return {"images": images, "annotations": annotations, "categories": categories}


def _annotation(instance: "Instance") -> dict[str, Any]:
    return {
        "category_id": instance.value,
        "segmentation": [outline.reshape(-1).tolist() for outline in instance.outlines],
        "area": instance.area,
        "bbox": list(instance.box),
        "iscrowd": 0,
    }
