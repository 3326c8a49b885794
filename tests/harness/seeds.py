"""What the fuzzer starts from: tasks that the pipeline accepts, on images of 40 x 30 pixels."""

import copy
import json

import numpy as np
from PIL import Image

from tests.exports import annotation, box, polygon, region, task, write_image
from tests.repositories import SAMPLE
from tests.strokes import bitmask, brush

SIZE = (40, 30)
IMAGES = tuple(
    f"/data/upload/1/{n:08x}-scene_{n}.{'jpg' if n == 4 else 'png'}" for n in range(1, 5)
)

PARAMS = (SAMPLE / "params.yaml").read_text(encoding="utf-8")


def write_images(folder):
    """The images that all inputs share; the last one lies on its side and says so in its EXIF."""
    for number, reference in enumerate(IMAGES, start=1):
        path = folder / reference.removeprefix("/data/")
        write_image(path, SIZE if number < 4 else SIZE[::-1], seed=number)
        if number == 4:
            exif = Image.Exif()
            exif[0x0112] = 6
            with Image.open(path) as image:
                image.save(path, exif=exif)


def _alpha(rows, columns):
    alpha = np.zeros(SIZE[::-1], dtype=np.uint8)
    alpha[rows, columns] = 255
    return alpha


def _vector():
    def point(name, previous, x, y, **more):
        return {"id": name, "prevPointId": previous, "x": x, "y": y, "isBezier": False, **more}

    bend = {
        "isBezier": True,
        "controlPoint1": {"x": 60, "y": 2},
        "controlPoint2": {"x": 90, "y": 9},
    }
    corners = [point("a", "c", 10, 10), point("b", "a", 80, 12, **bend), point("c", "b", 50, 70)]
    return {"vertices": corners, "closed": True}


def made_tasks():
    """A task for each kind of region and entry."""
    shapes = [
        polygon(["Canvas"], [(5, 5), (60, 9), (40, 80)], number=1),
        polygon(["Canvas"], [(5, 5), (60, 80), (60, 9), (5, 80)], number=2),
        box(["Obstruction"], 40, 30, 90, 80, number=3),
        region(
            "ellipse", ["Canvas"], {"x": 50, "y": 50, "radiusX": 20, "radiusY": 9, "rotation": 30}
        ),
        region("brush", ["Obstruction"], brush(_alpha(slice(5, 9), slice(3, 30))), number=5),
        region(
            "bitmask", ["PartialCanvas"], bitmask(_alpha(slice(10, 14), slice(10, 20))), number=6
        ),
        region("vector", ["Canvas"], _vector(), number=7),
        region("keypoint", ["Canvas"], {"x": 3, "y": 3, "width": 1}, number=8),
    ]
    whole = {"from_name": "light", "to_name": "image", "type": "choices"}
    extra = [
        {**whole, "id": "q", "value": {"choices": ["day"]}},
        {"type": "relation", "from_id": "r1", "to_id": "r3", "direction": "right"},
        {**shapes[0], "type": "polygon", "value": {"points": shapes[0]["value"]["points"]}},
    ]
    tasks = [task(1, annotation(1, [shape])) for shape in shapes]
    tasks.append(task(1, annotation(1, [shapes[0], shapes[2], *extra])))
    skipped = annotation(1, [shapes[0]], was_cancelled=True)
    tasks.append(task(1, skipped, annotation(2, shapes[:3], ground_truth=True, hour=9)))
    return [*tasks, task(1, annotation(1, [])), task(1)]


def sample_tasks():
    """The sample's tasks, moved to our small images; its brush strokes do not fit them."""
    tasks = json.loads((SAMPLE / "data/sample/export.json").read_text(encoding="utf-8"))
    for entry in tasks:
        for found in entry["annotations"]:
            found["result"] = [r for r in found["result"] if r["type"] != "brushlabels"]
            for result in found["result"]:
                if "original_width" in result:
                    result["original_width"], result["original_height"] = SIZE
    return tasks


def an_export(random, pool):
    """One to three tasks of the pool with ids and images of their own."""
    tasks = []
    for number in range(1, random.choice((1, 1, 2, 3)) + 1):
        entry = copy.deepcopy(random.choice(pool))
        entry["id"] = number
        entry["data"] = {"image": IMAGES[(number - 1 + random.randrange(4)) % 4], "room": "hall"}
        tasks.append(entry)
    return tasks
