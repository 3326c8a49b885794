"""Make masks of an export by other tools: one for each image, later regions over earlier ones.

Runs in the peers' own environment: ``python benchmarks/peers.py NAME SOURCE OUT``. ``SOURCE`` holds
export.json and its images. Each peer does what its users do with Label Studio's JSON. What it
writes, and where, is up to the peer: benchmarks/truth.py reads it.
"""

import gc
import json
import os
import struct
import sys
import xml.sax.saxutils
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

Regions = list[tuple[Any, int]]
"""Each region's points in pixels, shape (N, 2), and its value."""

Paint = Callable[[tuple[int, int], Regions], Image.Image]
"""Makes a mask from (width, height) and regions."""


def cv2_paint() -> Paint:
    """Fill by ``cv2.fillPoly`` on rounded points."""
    import cv2

    def paint(size: tuple[int, int], regions: Regions) -> Image.Image:
        mask = np.zeros((size[1], size[0]), dtype=np.uint8)
        for points, value in regions:
            cv2.fillPoly(mask, [np.round(points).astype(np.int32)], value)
        return Image.fromarray(mask)

    return paint


def supervision_paint() -> Paint:
    """Fill by ``supervision.polygon_to_mask`` and a boolean write."""
    import supervision

    def paint(size: tuple[int, int], regions: Regions) -> Image.Image:
        mask = np.zeros((size[1], size[0]), dtype=np.uint8)
        for points, value in regions:
            plane = supervision.polygon_to_mask(points.astype(np.int32), size)
            mask[plane.astype(bool)] = value
        return Image.fromarray(mask)

    return paint


def pillow_paint() -> Paint:
    """Fill by ``ImageDraw.polygon``."""

    def paint(size: tuple[int, int], regions: Regions) -> Image.Image:
        image = Image.new("L", size)
        draw = ImageDraw.Draw(image)
        for points, value in regions:
            draw.polygon([tuple(point) for point in points.tolist()], fill=value)
        return image

    return paint


def pycocotools_paint() -> Paint:
    """Fill by ``frPyObjects`` and ``decode`` of pycocotools."""
    from pycocotools import mask as coco

    def paint(size: tuple[int, int], regions: Regions) -> Image.Image:
        width, height = size
        mask = np.zeros((height, width), dtype=np.uint8)
        for points, value in regions:
            code = coco.frPyObjects([points.ravel().tolist()], height, width)
            mask[coco.decode(code)[..., 0].astype(bool)] = value
        return Image.fromarray(mask)

    return paint


PAINTERS = {
    "cv2": cv2_paint,
    "supervision": supervision_paint,
    "pillow": pillow_paint,
    "pycocotools": pycocotools_paint,
}


def by_region(paint: Paint, source: Path, out: Path) -> None:
    """Paint region by region from the JSON, and save by Pillow."""
    for task in json.loads((source / "export.json").read_text()):
        results = task["annotations"][0]["result"]
        size = (results[0]["original_width"], results[0]["original_height"])
        regions = [
            (np.array(result["value"]["points"]) / 100 * size, value_of(result["value"]))
            for result in results
        ]
        paint(size, regions).save(out / f"{task['id']:06d}.png")


def value_of(value: Any) -> int:
    """Return the mask value of a region: labels end with their number, counted from 0."""
    return 1 + int(value["polygonlabels"][0].rpartition("_")[2])


def to_coco(source: Path, out: Path) -> Path:
    """Convert to COCO by Label Studio SDK's own converter; return the file."""
    from label_studio_sdk.converter import Converter

    tasks = json.loads((source / "export.json").read_text())
    names = {r["value"]["polygonlabels"][0] for t in tasks for r in t["annotations"][0]["result"]}
    names.add("background")  # number 0, which Datumaro leaves out of its masks
    labels = "".join(f"<Label value={xml.sax.saxutils.quoteattr(name)}/>" for name in sorted(names))
    setup = (
        '<View><Image name="image" value="$image"/>'
        f'<PolygonLabels name="label" toName="image">{labels}</PolygonLabels></View>'
    )
    for task in tasks:
        name = task["data"]["image"]
        (out / name).symlink_to(source / name)
    os.chdir(out)  # the converter looks for the images here
    converter = Converter(setup, str(source), download_resources=False)
    converter.convert_to_coco(str(source / "export.json"), str(out), is_dir=False)
    return out / "result.json"


def label_studio_sdk(source: Path, out: Path) -> None:
    """Convert to COCO by Label Studio's SDK, fill by pycocotools' ``annToMask``, save by Pillow."""
    from pycocotools.coco import COCO

    coco = COCO(str(to_coco(source, out)))
    names = {number: category["name"] for number, category in coco.cats.items()}
    for number, image in coco.imgs.items():
        mask = np.zeros((image["height"], image["width"]), dtype=np.uint8)
        for annotation in coco.imgToAnns[number]:
            value = value_of({"polygonlabels": [names[annotation["category_id"]]]})
            mask[coco.annToMask(annotation).astype(bool)] = value
        task = int(Path(image["file_name"]).stem.rpartition("_")[2])
        Image.fromarray(mask).save(out / f"{task:06d}.png")


def datumaro(source: Path, out: Path) -> None:
    """Turn the SDK's COCO file into Pascal VOC masks by Datumaro's ``polygons_to_masks``."""
    from datumaro import Dataset

    coco = to_coco(source, out)
    (out / "coco/annotations").mkdir(parents=True)
    (out / "coco/images").mkdir()
    (out / "coco/images/default").symlink_to(source)
    coco.rename(out / "coco/annotations/instances_default.json")
    dataset = Dataset.import_from(str(out / "coco"), "coco_instances")
    dataset.transform("polygons_to_masks")
    dataset.export(str(out / "voc"), "voc_segmentation", save_media=False)


def floor(source: Path, out: Path) -> None:
    """Do what no tool can do without: copy an image's pixels, encode a cheap PNG, write a file.

    ``SOURCE/truth.png`` is one of the workload's masks; it is written once for each task.
    """
    from isal import isal_zlib

    tasks = json.loads((source / "export.json").read_text())
    Image.MAX_IMAGE_PIXELS = None
    mask = np.asarray(Image.open(source / "truth.png"))
    height, width = mask.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each row starts with its filter: none
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    for task in tasks:
        rows[:, 1:] = mask
        body = isal_zlib.compress(rows, 1)
        content = b"".join(chunks((b"IHDR", head), (b"IDAT", body), (b"IEND", b"")))
        (out / f"{task['id']:06d}.png").write_bytes(content)


def chunks(*parts: tuple[bytes, bytes]) -> Iterator[bytes]:
    """Yield a PNG's signature and chunks."""
    yield b"\x89PNG\r\n\x1a\n"
    for name, content in parts:
        check = zlib.crc32(name + content)
        yield struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def main(name: str, source: Path, out: Path) -> None:
    """Write the masks of one peer."""
    gc.disable()  # parsing large JSON takes half as long
    out.mkdir(parents=True)
    if name in PAINTERS:
        by_region(PAINTERS[name](), source, out)
    else:
        {"label-studio-sdk": label_studio_sdk, "datumaro": datumaro, "floor": floor}[name](
            source, out
        )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve())
