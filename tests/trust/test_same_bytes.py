"""The built sample's digests are the committed ones; its pixels with the oldest libraries, too."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import digests
from tests.repositories import ROOT, new_repository

AGAIN = "if that is meant: `make digests`, and say why in the commit"


def test_bytes_are_the_committed_ones(built_once):
    found = digests.byte_digests(built_once.root)
    assert digests.differences(found, digests.BYTES) == [], AGAIN
    done = built_once.run("sha256sum", "--quiet", "-c", digests.BYTES)
    assert done.stdout == ""


def test_pixels_are_the_committed_ones(built_once):
    found = digests.pixel_digests(built_once.root)
    assert digests.differences(found, digests.PIXELS) == [], AGAIN


def test_every_output_has_a_digest(built_once):
    """All that the stages write, as DVC and git see it."""
    written = built_once.outputs().keys()
    assert digests.byte_digests(built_once.root).keys() == written
    assert len([name for name in written if "/masks/" in name]) == 22


@pytest.mark.parametrize("change", ["pixel", "encoding", "missing"])
def test_a_difference_is_seen(repository, change):
    mask = next((repository.root / "data/benchmark/masks").iterdir())
    pixels = np.asarray(Image.open(mask)).copy()
    mask.unlink()
    if change != "missing":
        pixels[0, 0] += change == "pixel"
        Image.fromarray(pixels).save(mask, compress_level=1)
    name = str(mask.relative_to(repository.root))
    done = repository.run(sys.executable, ROOT / "scripts/digests.py", ".", check=False)
    assert done.returncode == 1
    assert f"{digests.BYTES.name}: {name}" in done.stdout
    assert (f"{digests.PIXELS.name}: {name}" in done.stdout) == (change != "encoding")


def _bounds(text):
    """The lower bounds in pyproject.toml of what a build needs."""
    needed = text.split("\ndependencies = [")[1].split("]")[0]
    needed += text.split("\nbuild = [")[1].split("]")[0]
    return dict(re.findall(r'"([\w-]+)>=([\d.]+)', needed))


def test_the_oldest_versions_are_those_that_are_promised():
    lock = (ROOT / "requirements/oldest.lock").read_text()
    pinned = dict(re.findall(r"^([\w-]+)==([\w.]+) ", lock, re.MULTILINE))
    bounds = _bounds((ROOT / "pyproject.toml").read_text())
    assert len(bounds) >= 8
    for name, version in bounds.items():
        assert f"{pinned[name.lower()]}.".startswith(f"{version}."), name


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_oldest_versions_give_the_same_pixels(tmp_path):
    """All four stages by the oldest DVC, from nothing; every file read by the oldest readers."""
    subprocess.run(
        ["make", "-s", f"PYTHON={sys.executable}", ".venv/oldest/ready"], cwd=ROOT, check=True
    )
    place = new_repository(tmp_path / "repo")
    place.environment["PATH"] = f"{ROOT}/.venv/oldest/bin{os.pathsep}{os.environ['PATH']}"
    place.dvc("repro")
    done = place.run("python", ROOT / "scripts/digests.py", ".", "--pixels")
    assert "44 digests\nall are the committed ones" in done.stdout
    assert place.run("python", "-c", "import numpy; print(numpy.__version__)").stdout[:4] == "1.26"
