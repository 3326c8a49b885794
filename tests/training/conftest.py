"""Fixtures of the training side: small benchmarks, and the built sample."""

import importlib
import warnings

import pytest

from tests.training.making import make
from tests.training.operators import torch

if torch is not None:
    with warnings.catch_warnings():  # of libraries while they load; our own count
        warnings.simplefilter("ignore")
        importlib.import_module("fastai.vision.all")


@pytest.fixture
def benchmark(tmp_path):
    """The folder of a benchmark of ten small images in three classes."""
    return make(tmp_path / "benchmark")


@pytest.fixture(scope="session")
def built(built_once):
    """The ``data`` folder of the built sample; tests do not write to it."""
    return built_once.root / "data"


@pytest.fixture(scope="session")
def sample(built):
    """The folder of the sample's benchmark; tests do not write to it."""
    return built / "benchmark"
