"""Small Label Studio exports with their images, for tests: the form is a real export's."""

import json
from pathlib import Path

import numpy as np
from PIL import Image


def region(shape, labels, value, *, number=0, size=(40, 30), **more):
    """A result entry as Label Studio writes it; ``size`` is (width, height) in pixels."""
    return {
        "id": f"r{number}",
        "type": f"{shape}labels",
        "from_name": "label",
        "to_name": "image",
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
        "origin": "manual",
        "value": {**value, f"{shape}labels": list(labels)},
        **more,
    }


def polygon(labels, points, **more):
    """A polygon region; ``points`` in percent."""
    value = {"points": [list(point) for point in points], "closed": True}
    return region("polygon", labels, value, **more)


def box(labels, left, top, right, bottom, **more):
    """An upright rectangle region from edges in percent."""
    value = {"x": left, "y": top, "width": right - left, "height": bottom - top, "rotation": 0}
    return region("rectangle", labels, value, **more)


def annotation(number, result, *, user=1, hour=8, **more):
    """An annotation; ``hour`` is when it was saved last."""
    time = f"2026-11-22T{hour:02d}:00:00.000000Z"
    return {
        "id": number,
        "completed_by": user,
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": time,
        "updated_at": time,
        "lead_time": 3.2,
        **more,
    }


def task(number, *annotations, image=None, **more):
    """A task; its image is an upload unless ``image`` names another reference."""
    reference = image or f"/data/upload/1/{number:08x}-scene_{number}.png"
    data = {"image": reference, **more.pop("data", {})}
    return {"id": number, "annotations": list(annotations), "data": data, "project": 1, **more}


def write_image(path: Path, size=(40, 30), seed=0):
    """A random picture of the given (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def write_wide_image(path: Path, low, high, size=(40, 30), seed=0):
    """A grey picture of 16 bits with values from ``low`` to ``high``, in the order of a seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.linspace(low, high, size[0] * size[1]).round().astype(np.uint16)
    Image.fromarray(np.random.default_rng(seed).permutation(values).reshape(size[::-1])).save(path)


def write_wide_export(folder: Path, count, low=0, high=249):
    """Write tasks on pictures of 16 bits, with few of their levels as a microscope has them."""
    tasks = simple_tasks(count)
    for entry in tasks:
        entry["data"]["image"] = f"cell_{entry['id']}.tif"
        write_wide_image(folder / entry["data"]["image"], low, high, seed=entry["id"])
    write_export(folder, tasks, images=False)


def write_export(folder: Path, tasks, *, images=True, name="export.json", size=(40, 30)):
    """Write tasks as an export, with an image for each upload that has none yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(tasks))
    for entry in tasks if images else ():
        path = folder / entry["data"]["image"].removeprefix("/data/")
        if not path.exists():
            write_image(path, size, seed=entry["id"])


PARAMS = {
    "fetch": {"folder": "source"},
    "labels_map": {"Background": 0, "Canvas": 1, "Obstruction": 2, "Both": 3},
    "multi_label_rules": {"both": {"when": ["Canvas", "Obstruction"], "then": "Both"}},
    "rasterize": {},
    "combine": {},
    "split": {},
}
"""What ``params.yaml`` holds for :func:`simple_tasks`, written to the folder ``source``."""


def simple_tasks(count, first=1):
    """Tasks with one canvas and one obstruction that overlap, a little different each."""
    return [
        task(
            number,
            annotation(
                number,
                [
                    box(["Canvas"], 10, 10, 60 + number % 7, 70, number=1),
                    box(["Obstruction"], 40, 30, 90, 80 + number % 5, number=2),
                ],
            ),
        )
        for number in range(first, first + count)
    ]
