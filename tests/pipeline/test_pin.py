"""The pin of a team's repository: what it says, and that another maskbench does not build."""

import json

import pytest

from maskbench import __version__
from maskbench.errors import MaskbenchError
from maskbench.pipeline import pin
from maskbench.pipeline.pin import Pin, change, check_pin, parse_pin

A, B = "a" * 40, "b" * 40
SHA = "c" * 64


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("maskbench==0.2.0", Pin("0.2.0")),
        (f"maskbench @ git+https://h/m@{A}  # 0.2.0", Pin("0.2.0", A)),
        (f"maskbench @ git+https://h/m@{A}", Pin(None, A)),
        (f"# 9.9\n./wheels/maskbench-0.3.1-py3-none-any.whl --hash=sha256:{SHA}\n",
         Pin("0.3.1", None, SHA)),
        (f"maskbench @ https://h/maskbench-0.4-py3.whl#sha256={SHA}", Pin("0.4", None, SHA)),
        ("", Pin()),
    ],
)  # fmt: skip
def test_what_a_pin_says(line, expected):
    assert parse_pin(line) == expected


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (Pin("0.1.0", A), Pin("0.2.0", B), ("0.1.0", "0.2.0")),
        (Pin("0.1.0", A), Pin("0.1.0", B), ("0.1.0 (aaaaaaa)", "0.1.0 (bbbbbbb)")),
        (Pin(None, A), Pin(None, B), ("aaaaaaa", "bbbbbbb")),
        (Pin(), Pin("0.2.0"), ("unknown", "0.2.0")),
    ],
)
def test_how_a_change_is_named(before, after, words):
    assert change(before, after) == words


@pytest.mark.parametrize(
    ("line", "here", "message"),
    [
        ("maskbench==0.2.0", Pin("0.1.0"), "pins maskbench 0.2.0, but 0.1.0 runs here: `make`"),
        (
            f"maskbench @ git+https://h/m@{A}  # 1",
            Pin("1", B),
            r"pins maskbench 1 \(aaaaaaa\), but 1",
        ),
        (f"maskbench @ git+https://h/m@{A}  # 1", Pin("2", A), "end the line with `# 2`"),
        (f"maskbench @ git+https://h/m@{A}  # 1", Pin("1", A), None),
        (f"maskbench @ git+https://h/m@{A}", Pin("1"), None),
        ("maskbench==1", Pin("1", A), None),
        (None, Pin("1"), None),
    ],
)
def test_another_maskbench_does_not_build(line, here, message, tmp_path, monkeypatch):
    monkeypatch.setattr(pin, "installed", lambda: here)
    if line is not None:
        (tmp_path / "maskbench.txt").write_text(line)
    if message is None:
        check_pin(tmp_path)
        return
    with pytest.raises(MaskbenchError, match=message):
        check_pin(tmp_path)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, Pin(__version__)),  # from a folder, or by conda
        ({"vcs_info": {"vcs": "git", "commit_id": A}}, Pin(__version__, A)),
        ({"archive_info": {"hashes": {"sha256": SHA}}}, Pin(__version__, None, SHA)),
        ({"archive_info": {"hashes": None}, "vcs_info": {"commit_id": 7}}, Pin(__version__)),
    ],
)
def test_what_is_installed_here(origin, expected, tmp_path, monkeypatch):
    """As pip notes it beside the installed package."""
    folder = tmp_path / "maskbench-9.9.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: maskbench\nVersion: 9.9\n")
    if origin is not None:
        (folder / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(tmp_path)
    assert pin.installed() == expected
