"""Which code is running."""

from importlib.metadata import version

import pytest

from maskbench import code


@pytest.mark.parametrize("name", code._LIBRARIES)
def test_versions_are_those_that_are_installed(name):
    assert code._version(name) == version(name)


def test_a_missing_library_is_none():
    assert code._version("no-such-library") == "none"
