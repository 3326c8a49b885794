"""Random exports, end to end, against the independent reference: zero differing pixels.

Centres within the grid of vertices (2^-16 px) of an outline are ties, which may go either way.
"""

import numpy as np
from PIL import Image

from maskbench.files.label_sets import read_label_sets
from maskbench.regions.label_set import LabelSet
from tests.exports import annotation, region, task, write_export
from tests.pipeline.test_build import run
from tests.reference import edge_distance, ellipse_distance, nonzero

SIZES = ((97, 61), (160, 100), (48, 80))
LABELS = ("Canvas", "Obstruction", "Lamp")
SECTIONS = {
    "labels_map": {"Background": 0, "Canvas": 1, "Obstruction": 2, "Lamp": 3, "Several": 4},
    "multi_label_rules": {
        "a": {"when": ["Canvas", "Obstruction"], "then": "Several"},
        "b": {"when": ["Canvas", "Lamp"], "then": "Several"},
        "c": {"when": ["Obstruction", "Lamp"], "then": "Several"},
        "d": {"when": ["Canvas", "Obstruction", "Lamp"], "then": "Several"},
    },
}


def polygon_value(rng):
    """Random points in percent: mostly self-crossing, some off the image, some on a grid."""
    points = rng.uniform(-15, 115, (rng.integers(3, 12), 2))
    return {"points": (np.round(points) if rng.random() < 0.3 else points).tolist()}


def rectangle_value(rng):
    x, y, w, h = rng.uniform(0, 60, 4)
    rotation = rng.choice([0, 90, 180, 270, float(rng.uniform(0, 360))])
    return {"x": x, "y": y, "width": w, "height": h, "rotation": float(rotation)}


def ellipse_value(rng):
    x, y = rng.uniform(0, 100, 2)
    rx, ry = rng.uniform(2, 40, 2)
    return {"x": x, "y": y, "radiusX": rx, "radiusY": ry, "rotation": float(rng.uniform(0, 360))}


VALUES = {"polygon": polygon_value, "rectangle": rectangle_value, "ellipse": ellipse_value}


def filled(ring, width, height):
    """(pixels inside an outline, those whose centre lies on it)."""
    return nonzero(ring, width, height), edge_distance(ring, width, height) < 2**-15


def expected(shape, value, width, height):
    """(pixels of the region, pixels that may go either way), both (H, W) bool."""
    sides = np.array([width, height])
    if shape == "polygon":
        return filled(np.array(value["points"]) / 100 * sides, width, height)
    turn = np.deg2rad(value["rotation"])
    corner = np.array([value["x"], value["y"]]) / 100 * sides
    if shape == "rectangle":
        w, h = value["width"] / 100 * width, value["height"] / 100 * height
        if value["rotation"] % 90 == 0:  # exact axes, which sine and cosine only nearly give
            across = np.round([np.cos(turn), np.sin(turn)])
        else:
            across = np.array([np.cos(turn), np.sin(turn)])
        down = np.array([-across[1], across[0]])
        ring = [corner, corner + w * across, corner + w * across + h * down, corner + h * down]
        return filled(np.array(ring), width, height)
    radii = np.array([value["radiusX"], value["radiusY"]]) / 100 * sides
    distance = ellipse_distance(corner, radii, value["rotation"], width, height)
    return distance <= 1, np.abs(distance - 1) <= 1e-9


def random_tasks(rng, count):
    for number in range(1, count + 1):
        size = SIZES[number % len(SIZES)]
        results = []
        for i in range(rng.integers(1, 7)):
            shape = str(rng.choice(["polygon", "polygon", "rectangle", "ellipse"]))
            labels = rng.choice(LABELS, rng.integers(1, 3), replace=False).tolist()
            value = VALUES[shape](rng)
            results.append(region(shape, labels, value, number=i, size=size))
        yield size, task(number, annotation(number, results))


def test_random_exports_equal_the_reference(tmp_path):
    tasks = list(random_tasks(np.random.default_rng(20261122), 120))
    for size in SIZES:
        write_export(tmp_path / "source", [t for s, t in tasks if s == size], size=size)
    write_export(tmp_path / "source", [t for _, t in tasks])
    run(tmp_path, tmp_path / "source", **SECTIONS)
    regions = pixels = ties = 0
    for (width, height), entry in tasks:
        file = tmp_path / f"data/label_sets/{entry['id']:06d}_scene_{entry['id']}.tif"
        stored = read_label_sets(file)[0]
        found = LabelSet(stored.labels, stored.planes)
        sets = np.zeros((height, width), dtype=np.int64)
        doubtful = np.zeros((height, width), dtype=bool)
        for k, label in enumerate(LABELS):
            inside = np.zeros((height, width), dtype=bool)
            for result in entry["annotations"][0]["result"]:
                shape = result["type"].removesuffix("labels")
                if label in result["value"][result["type"]]:
                    here, either = expected(shape, result["value"], width, height)
                    inside |= here
                    doubtful |= either
                    regions += 1
            assert not ((found.on(label) != inside) & ~doubtful).any(), (file.name, label)
            sets |= inside.astype(np.int64) << k
            pixels += inside.size
        ties += int(doubtful.sum())
        mask = np.asarray(Image.open(tmp_path / f"data/benchmark/masks/{file.stem}.png"))
        several = np.array([bin(bits).count("1") > 1 for bits in range(8)])
        classes = np.where(several[sets], 4, np.array([0, 1, 2, 0, 3, 0, 0, 0])[sets])
        assert not ((mask != classes) & ~doubtful).any(), file.name
    assert regions > 500
    assert pixels > 2_000_000
    assert ties < 10_000
