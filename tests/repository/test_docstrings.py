"""The examples in docstrings say what the code gives."""

import doctest
import importlib
from pathlib import Path

import pytest

import maskbench

PACKAGE = Path(maskbench.__file__).parent
TRAINING = {"torch", "fastai"}
"""Modules that import what only training machines have."""

MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8") and path.stem not in TRAINING
]


def test_there_are_examples():
    assert len(MODULES) > 20


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
