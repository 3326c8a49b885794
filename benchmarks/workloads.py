"""Write benchmark workloads from a seed, as Label Studio exports with their images.

W1: 250 images of 1920 x 1080, 1-6 polygons of 4-20 points, 3 labels. W2: 200 of 2048 x 1024, 60-120
polygons of 10-80 points, 19 labels. W3: 6 of 8000 x 6000, 40 polygons of 200-2000 points, 8 labels.
S1 and S2 are not timed: small objects, none touching another, for the bias of areas.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Workload:
    """Numbers of images, polygons, points and labels, and the images' size in pixels.

    With ``spacing``, polygons lie on a grid of so many pixels, as many as fit; without, anywhere.
    """

    name: str
    images: int
    width: int
    height: int
    polygons: tuple[int, int]
    points: tuple[int, int]
    radius: tuple[int, int]
    labels: int
    spacing: int = 0


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("W1", 250, 1920, 1080, (1, 6), (4, 20), (60, 400), 3),
        Workload("W2", 200, 2048, 1024, (60, 120), (10, 80), (10, 120), 19),
        Workload("W3", 6, 8000, 6000, (40, 40), (200, 2000), (300, 2500), 8),
        Workload("S1", 15, 640, 480, (300, 300), (6, 15), (2, 5), 1, spacing=32),
        Workload("S2", 15, 960, 960, (400, 400), (6, 15), (5, 20), 1, spacing=48),
    )
}


def label_names(workload: Workload) -> list[str]:
    """Return the labels of a workload; mask value = place in the list + 1."""
    return [f"label_{i:02d}" for i in range(workload.labels)]


def _star(rng: np.random.Generator, workload: Workload, number: int) -> list[list[float]]:
    """Return a star-shaped outline in percent, clamped to the image as Label Studio does."""
    count = int(rng.integers(workload.points[0], workload.points[1] + 1))
    turn = np.sort(rng.uniform(0, 2 * np.pi, count))
    radius = rng.uniform(*workload.radius) * rng.uniform(0.6, 1.0, count)
    size = np.array([workload.width, workload.height])
    centre = rng.uniform(0, 1, 2) * size
    if workload.spacing:
        row, column = divmod(number, workload.width // workload.spacing)
        middle = np.array([column, row]) * workload.spacing + workload.spacing / 2
        centre = middle + rng.uniform(-0.5, 0.5, 2)
    points = centre + radius[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    clamped: list[list[float]] = np.clip(points / size * 100, 0, 100).tolist()
    return clamped


def _result(rng: np.random.Generator, workload: Workload, number: int) -> dict[str, Any]:
    label = str(rng.choice(label_names(workload)))
    value = {"points": _star(rng, workload, number), "closed": True, "polygonlabels": [label]}
    return {
        "id": f"r{number}",
        "type": "polygonlabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": workload.width,
        "original_height": workload.height,
        "image_rotation": 0,
        "value": value,
    }


def params(workload: Workload, folder: str) -> dict[str, Any]:
    """Return a params.yaml that builds the workload; its first label is the strongest."""
    labels = label_names(workload)
    return {
        "fetch": {"folder": folder},
        "labels_map": {"Background": 0} | {label: i + 1 for i, label in enumerate(labels)},
        "multi_label_rules": {},
        "rasterize": {},
        "combine": {"unmatched": "priority", "priority": labels},
        "split": {},
    }


def _commented(jpeg: bytes, text: str) -> bytes:
    """Return the JPEG with a comment after its first segment."""
    place = 4 + int.from_bytes(jpeg[4:6], "big")
    comment = b"\xff\xfe" + (2 + len(text)).to_bytes(2, "big") + text.encode()
    return jpeg[:place] + comment + jpeg[place:]


def write(workload: Workload, folder: Path, images: int | None = None) -> Path:
    """Write the workload's export and images below ``folder``; returns the export's path.

    All images are one noisy JPEG with a comment each: their pixels do not matter, their bytes are
    read, and DVC stores equal files once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    shape = (workload.height // 8, workload.width // 8, 3)
    noise = Image.fromarray(rng.integers(0, 255, shape, dtype=np.uint8))
    noise.resize((workload.width, workload.height)).save(folder / "first.jpg", quality=80)
    content = (folder / "first.jpg").read_bytes()
    tasks = []
    for number in range(1, (images or workload.images) + 1):
        polygons = int(rng.integers(workload.polygons[0], workload.polygons[1] + 1))
        result = [_result(rng, workload, i) for i in range(polygons)]
        name = f"scene_{number:05d}.jpg"
        (folder / name).write_bytes(_commented(content, name))
        annotation = {"id": number, "completed_by": 1, "result": result}
        tasks.append({"id": number, "data": {"image": name}, "annotations": [annotation]})
    (folder / "first.jpg").unlink()
    (folder / "export.json").write_text(json.dumps(tasks))
    return folder / "export.json"
