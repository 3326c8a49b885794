"""Which code is running: versions are those that Python's own registry tells."""

from importlib.metadata import version

import pytest

from maskbench import code


@pytest.mark.parametrize("name", code._LIBRARIES)
def test_versions_are_those_that_are_installed(name):
    assert code._version(name) == version(name)


def test_a_library_that_says_so_in_no_folder_is_asked_for(monkeypatch):
    monkeypatch.setattr(code, "_installed", lambda: ("numpy_financial-1.0",))
    assert code._version("numpy") == version("numpy")


def test_a_missing_library_is_none():
    assert code._version("no-such-library") == "none"
