"""Which code is running."""

from importlib.metadata import version

import pytest

from maskbench.files import hashing


@pytest.mark.parametrize("name", hashing._LIBRARIES)
def test_versions_are_those_that_are_installed(name):
    assert hashing._version(name) == version(name)


def test_a_missing_library_is_none():
    assert hashing._version("no-such-library") == "none"
