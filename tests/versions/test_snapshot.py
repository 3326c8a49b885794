"""The next name of a snapshot, and writing it into params.yaml."""

import pytest

from maskbench.versions.snapshot import next_snapshot, with_snapshot


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fetch:\n  snapshot: '1' # a\nb: 2\n", "fetch:\n  snapshot: 'N' # a\nb: 2\n"),
        ("fetch:\n  snapshot: plain\n", "fetch:\n  snapshot: 'N'\n"),
        ('fetch: {snapshot: "x", a: 1}\n', "fetch: {snapshot: 'N', a: 1}\n"),
        ("fetch:\n  snapshot:\n  a: 1\n", "fetch:\n  snapshot: 'N'\n  a: 1\n"),
        ("fetch:\n  # c\n  a: 1\n", "fetch:\n  # c\n  snapshot: 'N'\n  a: 1\n"),
        ("fetch: {a: 1}\n", "fetch: {snapshot: 'N', a: 1}\n"),
        ("# x\r\nfetch:\r\n  snapshot: 1\r\n", "# x\r\nfetch:\r\n  snapshot: 'N'\r\n"),
    ],
)  # fmt: skip
def test_only_the_value_is_replaced(text, expected):
    assert with_snapshot(text, "N") == expected


def test_names():
    assert next_snapshot("anything", "2026-11-22") == "2026-11-22"
    assert next_snapshot("2026-11-22.x", "2026-11-22") == "2026-11-22.2"
    with pytest.raises(ValueError, match="no section fetch"):
        with_snapshot("a: 1\n", "N")
