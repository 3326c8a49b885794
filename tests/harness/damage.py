"""A small built benchmark, and ways to damage its files."""

import csv
import json

import numpy as np
import yaml
from PIL import Image

from maskbench.files.hashing import sha256_file
from maskbench.files.masks import pixel_digest, read_mask
from tests import exports

PARAMS = {
    **exports.PARAMS,
    "fetch": {"folder": "unused"},
    "split": {"ratios": {"train": 0.5, "valid": 0.25, "test": 0.25}},
}


class Repository:
    """A built benchmark with what it was made from, and ways to damage it.

    ``train`` and ``test`` are the manifest's first rows of these splits. Where nothing else is
    said, a way to damage it concerns ``train``.
    """

    def __init__(self, root):
        self.root = root
        self.data = root / "data/benchmark"
        with (self.data / "manifest.csv").open(newline="") as stream:
            self.rows = list(csv.DictReader(stream))
        first = {row["split"]: row for row in reversed(self.rows)}
        self.train, self.test = first.get("train"), first.get("test")

    def write(self, rows=None):
        with (self.data / "manifest.csv").open("w", newline="") as stream:
            table = csv.DictWriter(stream, self.rows[0], lineterminator="\n")
            table.writeheader()
            table.writerows(self.rows if rows is None else rows)

    def set(self, *rows, **columns):
        """Change columns of rows in the manifest."""
        for row in rows or [self.train]:
            row.update(columns)
        self.write()

    @property
    def mask_path(self):
        return self.data / "masks" / self.train["mask"]

    @property
    def scene_path(self):
        return self.data / "scenes" / self.train["scene"]

    @property
    def task_path(self):
        return self.root / f"data/annotations/{self.train['key']}.json"

    def mask(self):
        return np.array(read_mask(self.mask_path))

    def put_mask(self, mask, sealed=False):
        """Write a mask; ``sealed``: with a manifest that fits."""
        Image.fromarray(mask).save(self.mask_path)
        if sealed:
            names = (self.data / "codes.txt").read_text().splitlines()
            counts = {n: int((mask == v).sum()) for v, n in enumerate(names) if (mask == v).any()}
            self.set(mask_sha256=pixel_digest(mask), classes=json.dumps(counts))

    def put_pixel(self, x, y, value, sealed=False):
        mask = self.mask()
        mask[y, x] = value
        self.put_mask(mask, sealed)

    def scene(self):
        with Image.open(self.scene_path) as image:
            return image.convert("RGB")

    def put_scene(self, image, row=None):
        """Write a scene, with a manifest that fits."""
        row = row or self.train
        path = self.data / "scenes" / row["scene"]
        image.save(path)
        self.set(row, scene_sha256=sha256_file(path))

    def lines(self, split, change):
        """Change the list of a split's lines."""
        path = self.data / f"splits/{split}.txt"
        lines = path.read_text().splitlines()
        path.write_text("".join(f"{line}\n" for line in change(lines)))

    def params(self, **sections):
        (self.root / "params.yaml").write_text(yaml.safe_dump({**PARAMS, **sections}))

    def task(self, change):
        """Change the stored task."""
        value = json.loads(self.task_path.read_text())
        change(value)
        self.task_path.write_text(json.dumps(value))

    def region(self, **fields):
        """Change the first region of the stored task."""
        self.task(lambda task: task["annotations"][0]["regions"][0].update(fields))
