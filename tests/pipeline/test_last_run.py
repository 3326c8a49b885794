"""The record of a stage's last run: kept, ignored if damaged or of other code."""

import pytest

from maskbench.pipeline import incremental
from maskbench.pipeline.incremental import LastRun
from maskbench.pipeline.layout import Layout

ITEMS = {"a wall": {"inputs": "1", "facts": {"pixels": [1, 2.5]}}, "\udc80\n": [None, "é"]}


@pytest.fixture
def layout(tmp_path):
    LastRun(Layout(tmp_path), "split").save(ITEMS, changed=True)
    return Layout(tmp_path)


def test_what_was_saved_is_known_to_the_next_run(layout):
    assert dict(LastRun(layout, "split").items) == ITEMS
    assert dict(LastRun(layout, "combine").items) == {}
    assert dict(LastRun(layout, "split", "tasks").items) == {}


def test_other_code_begins_again(layout, monkeypatch):
    monkeypatch.setattr(incremental, "build_id", lambda code: "of other code")
    assert dict(LastRun(layout, "split").items) == {}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-7],
        lambda content: content + b"\n",
        lambda content: content.replace(b"2.5", b"2,5"),
        lambda content: content.replace(b"pixels", b"pixel\0"),
        lambda content: content[: content.index(b"\n") + 1],
        lambda content: b"\0" * len(content),
        lambda content: b"",
        lambda content: b'{"build_id": "1", "items": {}}',
    ],
)
def test_a_damaged_record_is_none(layout, damage):
    file = layout.last_run("split", "last_run")
    file.write_bytes(damage(file.read_bytes()))
    assert dict(LastRun(layout, "split").items) == {}


def test_the_file_is_written_only_if_something_changed(layout):
    file = layout.last_run("split", "last_run")
    before = file.stat().st_ino
    last = LastRun(layout, "split")
    last.save(last.items, changed=False)
    assert file.stat().st_ino == before
    last.save({"a wall": ITEMS["a wall"]}, changed=False)  # one has gone
    assert dict(LastRun(layout, "split").items) == {"a wall": ITEMS["a wall"]}
