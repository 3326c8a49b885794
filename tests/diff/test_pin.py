"""The pinned maskbench of two versions: what the report says, and who built a mask."""

import pytest

from maskbench.diff import code
from maskbench.pipeline.pin import PIN, Pin
from maskbench.versions.revision import md5_of


class Version:
    """A version of a team's repository with a certain pin."""

    def __init__(self, pin, built_with=None):
        self._pin = pin.encode()
        self._built_with = self._pin if built_with is None else built_with.encode()

    def text(self, path):
        return self._pin if path == PIN else None

    def stage_digests(self, stage):
        return {PIN: md5_of(self._built_with), "data/annotations": "x"}


OLD, NEW = Version("maskbench==0.1.0"), Version("maskbench==0.2.0")
MOVED = Version("maskbench==0.2.0", built_with="maskbench==0.1.0")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (OLD, NEW, ("0.1.0", "0.2.0")),
        (OLD, OLD, None),
        (OLD, MOVED, None),  # the line moved, but nothing was built with it
        (MOVED, NEW, ("unknown", "0.2.0")),
    ],
)
def test_a_change_of_the_pin(before, after, expected):
    assert code.pin_change(before, after) == expected


@pytest.mark.parametrize(("running", "expected"), [("0.1.0", True), ("0.2.0", False)])
def test_who_built_a_version(running, expected, monkeypatch):
    """If another maskbench built it, pixels that cannot be replayed are the code's."""
    monkeypatch.setattr(code, "installed", lambda: Pin(running))
    assert code.runs_here(OLD) is expected
