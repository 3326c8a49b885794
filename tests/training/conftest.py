"""Fixtures of the training side: small benchmarks, and the built sample."""

import importlib
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.training.making import make
from tests.training.operators import torch

if torch is not None:
    with warnings.catch_warnings():  # of libraries while they load; our own count
        warnings.simplefilter("ignore")
        importlib.import_module("fastai.vision.all")

HERE = Path(__file__).resolve().parents[2]


@pytest.fixture
def benchmark(tmp_path):
    """The folder of a benchmark of ten small images in three classes."""
    return make(tmp_path / "benchmark")


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The repository's sample, built by the stages without DVC: its ``data`` folder."""
    root = tmp_path_factory.mktemp("built")
    shutil.copy(HERE / "params.yaml", root)
    shutil.copytree(HERE / "data" / "sample", root / "data" / "sample")
    environment = {**os.environ, "PYTHONPATH": str(HERE), "MASKBENCH_WORKERS": "1"}
    for stage in ("fetch", "rasterize", "combine", "split"):
        script = HERE / "stages" / f"{stage}.py"
        subprocess.run([sys.executable, script], cwd=root, env=environment, check=True)
    return root / "data"


@pytest.fixture(scope="session")
def sample(built):
    """The folder of the sample's benchmark; tests do not write to it."""
    return built / "benchmark"
