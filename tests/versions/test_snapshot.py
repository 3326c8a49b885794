"""The next name of a snapshot."""

from maskbench.versions.snapshot import next_snapshot


def test_names():
    assert next_snapshot("anything", "2026-11-22") == "2026-11-22"
    assert next_snapshot("2026-11-22.x", "2026-11-22") == "2026-11-22.2"
