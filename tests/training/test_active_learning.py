"""The example of the loop, with one round on few images: through Label Studio and back."""

import csv
import os
import subprocess
import sys

import pytest
from PIL import Image

from tests.repositories import ROOT, python_path


@pytest.mark.server
@pytest.mark.slow
def test_a_round_of_the_loop(tmp_path):
    words = "--seeds 1 --rounds 1 --batch 2 --videos 4 --steps 20 --out".split()
    done = subprocess.run(
        [sys.executable, ROOT / "examples/active_learning.py", *words, tmp_path / "out"],
        env={**os.environ, "PYTHONPATH": python_path(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    heading, first, second, *_ = done.stdout.splitlines()
    assert heading == "labels   rank  random  difference, 95 % interval over 1 seed"
    assert (first.split()[0], second.split()[0]) == ("4", "6")
    assert "+0.000 (no interval of one seed)" in first  # both begin with the same model
    with (tmp_path / "out/curve.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [(row["chosen"], row["labels"]) for row in rows] == [
        ("rank", "4"), ("rank", "6"), ("random", "4"), ("random", "6"),
    ]  # fmt: skip
    assert all(0 < float(row["mean_iou"]) < 1 for row in rows)
    with Image.open(tmp_path / "out/curve.png") as picture:
        assert picture.size == (840, 480)
