"""A small built benchmark that tests damage, and the means to do so."""

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
    """A built benchmark with what it was made from, and ways to damage it."""

    def __init__(self, root):
        self.root = root
        self.data = root / "data/benchmark"
        with (self.data / "manifest.csv").open(newline="") as stream:
            self.rows = list(csv.DictReader(stream))

    def of(self, split, place=0):
        """A row of a split."""
        return [row for row in self.rows if row["split"] == split][place]

    def write(self, rows=None):
        with (self.data / "manifest.csv").open("w", newline="") as stream:
            table = csv.DictWriter(stream, self.rows[0], lineterminator="\n")
            table.writeheader()
            table.writerows(self.rows if rows is None else rows)

    def mask(self, row):
        return np.array(read_mask(self.data / "masks" / row["mask"]))

    def put_mask(self, row, mask, sealed=False):
        Image.fromarray(mask).save(self.data / "masks" / row["mask"])
        if sealed:
            row["mask_sha256"] = pixel_digest(mask)
            names = (self.data / "codes.txt").read_text().splitlines()
            counts = {n: int((mask == v).sum()) for v, n in enumerate(names) if (mask == v).any()}
            row["classes"] = json.dumps(counts)
            self.write()

    def put_scene(self, row, image):
        path = self.data / "scenes" / row["scene"]
        image.save(path)
        row["scene_sha256"] = sha256_file(path)
        self.write()

    def scene(self, row):
        with Image.open(self.data / "scenes" / row["scene"]) as image:
            return image.convert("RGB")

    def lines(self, split, change):
        path = self.data / f"splits/{split}.txt"
        lines = path.read_text().splitlines()
        path.write_text("".join(f"{line}\n" for line in change(lines)))

    def params(self, **sections):
        (self.root / "params.yaml").write_text(yaml.safe_dump({**PARAMS, **sections}))

    def task(self, row, change):
        path = self.root / f"data/annotations/{row['key']}.json"
        value = json.loads(path.read_text())
        change(value)
        path.write_text(json.dumps(value))


BREACHES = {}


def breach(*messages):
    """Register a way to damage a benchmark, and what has to be said of it."""

    def register(function):
        BREACHES[function.__name__] = (function, messages)
        return function

    return register
