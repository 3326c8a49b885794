"""An image of 20,000 x 20,000 pixels with 5,000 regions is built in bounded memory."""

import json
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest

from tests.exports import annotation, polygon, task
from tests.repositories import ROOT, python_path

pytestmark = pytest.mark.slow

SIDE, REGIONS, SPACING = 20_000, 5_000, 280
MOST_MEMORY = 2 << 30
RUN = """
import json, resource, subprocess, sys
subprocess.run([sys.executable, sys.argv[1]], check=True)
print(json.dumps(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024))
"""


def white_png(path, side):
    """A white grey PNG of one bit a pixel, deflated row by row: no array of its pixels is made."""
    deflate = zlib.compressobj(1)
    rows = b"".join(deflate.compress(b"\0" + b"\xff" * (side // 8)) for _ in range(side))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)),
        (b"IDAT", rows + deflate.flush()),
        (b"IEND", b""),
    )
    content = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def stars():
    """Regions on a grid, up to a hundred points each, which reach into their neighbours' cells."""
    rng = np.random.default_rng(3)
    for i in range(REGIONS):
        row, column = divmod(i, SIDE // SPACING)
        count = int(rng.integers(4, 100))
        turn = np.sort(rng.uniform(0, 2 * np.pi, count))
        radius = rng.uniform(60, 250, count)
        centre = (np.array([column, row]) + 0.5) * SPACING
        points = centre + radius[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
        percent = np.clip(points / SIDE * 100, 0, 100)
        yield polygon([f"label_{i % 19}"], percent.tolist(), number=i, size=(SIDE, SIDE))


def stage(root, name):
    """Run a stage; returns the largest resident memory of its processes in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, ROOT / f"stages/{name}.py"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": python_path(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_large_image_fits_into_memory(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    white_png(source / "wall.png", SIDE)
    entry = task(1, annotation(1, list(stars())), image="wall.png")
    (source / "export.json").write_text(json.dumps([entry]))
    labels = [f"label_{i}" for i in range(19)]
    params = {
        "fetch": {"folder": "source"},
        "labels_map": {"Background": 0} | {label: i + 1 for i, label in enumerate(labels)},
        "multi_label_rules": {},
        "rasterize": {},
        "combine": {"unmatched": "priority", "priority": labels},
        "split": {},
    }
    (tmp_path / "params.yaml").write_text(json.dumps(params))
    for name in ("fetch", "rasterize", "combine"):
        peak = stage(tmp_path, name)
        assert peak < MOST_MEMORY, f"{name} took {peak / 2**30:.1f} GiB"
    metrics = json.loads((tmp_path / "metrics/combine.json").read_text())
    assert metrics["pixels"] == SIDE * SIDE
    assert sum(entry["pixels"] for entry in metrics["classes"].values()) == SIDE * SIDE
    regions = json.loads((tmp_path / "metrics/rasterize.json").read_text())["regions"]
    assert sum(regions.values()) == REGIONS
