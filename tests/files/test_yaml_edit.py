"""Written YAML means the same to every reader; an edit changes its own lines only."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from maskbench.files.yaml import parse_yaml
from maskbench.files.yaml_edit import edit_file, with_copies, with_entries, with_value, yaml_text

ODD = (
    "No", "yes", "on", "~", "null", "", "010", "0o17", "0x1f", "1e3", "1e-3", "1_0", ".5",
    "12:30:00", "2026-11-22", "a: b", "a #b", "'q'", '"dq"', "-", "- a", "?", "[a]", "{b", "=",
    "<<", "*x", "&y", "!z", "%p", "@q", "`r", " lead", "trail ", "a\nb", "\u202eabc", "x\x1b[2J",
    "\x85", "\ufeff", "é" * 200, "😀", "👨\u200d👩\u200d👧", "Wand (außen)",
)  # fmt: skip


def read_by_all(text):
    ours = parse_yaml(text)
    assert ours == YAML(typ="safe").load(text) == yaml.safe_load(text)
    return ours


@pytest.mark.parametrize("flow", [False, True])
@pytest.mark.parametrize("word", ODD)
def test_any_text_comes_back_from_every_reader(word, flow):
    value = {"labels_map": {word: 7}, "when": [word, {"a": word}]}
    text = yaml_text(value, flow)
    assert read_by_all(text) == value
    assert all(line.isprintable() for line in text.split("\n"))


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_at_all(word):
    assert read_by_all(yaml_text({word: [word]})) == {word: [word]}


TEXT = """\
# Head.
a:
  b: 1  # one
  c:  # two
  - x
  d: []

# About e.
e: {f: 2}
g:
"""


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("a.b", "No", "b: 1  # one", "b: 'No'  # one"),
        ("a.b", ["x", 2], "b: 1  # one", "b:\n  - x\n  - 2  # one"),
        ("a.c", None, "c:  # two\n  - x", "c: null  # two"),
        ("a.c", ["y"], "c:  # two\n  - x", "c:  # two\n  - y"),
        ("a.d", ["No"], "d: []", "d:\n  - 'No'"),
        ("a.n", {"k": None}, "d: []\n", "d: []\n  n:\n    k: null\n"),
        ("e.f", ["x"], "{f: 2}", "{f: [x]}"),
        ("e.n", {"k": 1}, "{f: 2}", "{f: 2, n: {k: 1}}"),
        ("g", 5, "g:\n", "g: 5\n"),
        ("g.h.i", 5, "g:\n", "g:\n  h:\n    i: 5\n"),
        ("n", {"k": 1}, "g:\n", "g:\nn:\n  k: 1\n"),
    ],
)
def test_only_the_value_is_replaced(path, value, old, new):
    assert with_value(TEXT, path.split("."), value) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  b: 1\n\n# Next.\nz: 2\n", "a:\n  b: 1\n  n: 3\n\n# Next.\nz: 2\n"),
        ("a:\n    b: 1 # x\n# Next.\n", "a:\n    b: 1 # x\n    n: 3\n# Next.\n"),
        ("a:\n- b\nc: {a: 1, # x\n}", None),
        ("a: {}  # none\n", "a:\n  n: 3  # none\n"),
        ("a:\n\n# Next.\nz: 2\n", "a:\n  n: 3\n\n# Next.\nz: 2\n"),
        ("z: 2", "z: 2\na:\n  n: 3"),
        ("", "a:\n  n: 3\n"),
    ],
)
def test_entries_are_added_at_the_end_of_their_mapping(text, expected):
    if expected is None:
        assert parse_yaml(with_entries(text, ["a"], {"n": 3})) == {"a": {"n": 3}, "c": {"a": 1}}
    else:
        assert with_entries(text, ["a"], {"n": 3}) == expected


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        (
            "a:\n  b: 1  # one\n\n# Next.\nz: 2\n",
            "a:\n    b: 7\n\n    # Mine.\n    own: |\n      x\n\n      y\n\n    c: {d: [1]}  # c\n",
            "a:\n  b: 1  # one\n\n  # Mine.\n  own: |\n    x\n\n    y\n\n  c: {d: [1]}  # c\n"
            "\n# Next.\nz: 2\n",
        ),
        ("a:\n  b: 1\n", "a:\n  # Two.\n  c: 1\n  b: 1", "a:\n  b: 1\n  # Two.\n  c: 1\n"),
        ("a:\n- b\nz: 2\n", "a:\n  - b\n  - c:\n      d: 1\n", "a:\n- b\n- c:\n    d: 1\nz: 2\n"),
        ("a: |\n  x\n", "a: |\n  x\n", "a: |\n  x\n"),
        ("a:\n- b\n", "{}", "a:\n- b\n"),
        ("a:\n- b", "a:\n- c", "a:\n- b\n- c"),
    ],
)
def test_entries_of_another_file_are_copied_as_they_are_written(text, source, expected):
    assert with_copies(text, ["a"], source, lambda entry: entry != "b") == expected


def test_whole_sections_are_copied():
    mine = "# Mine.\nvars:\n- x.yaml\n\nstages: {}\n"
    assert with_copies("stages: {}\n", [], mine, lambda section: section == "vars") == (
        "stages: {}\n# Mine.\nvars:\n- x.yaml\n"
    )


@pytest.mark.parametrize(
    "source", ["a: {c: 1}\n", "a: [c]\n", "x: &x {y: 1}\na:\n  c: *x\n", "a:\n- c\n"]
)
def test_entries_that_cannot_be_copied_are_told(source):
    with pytest.raises(ValueError, match=r"a is written in a way that|undefined alias"):
        with_copies("a:\n  b: 1\n", ["a"], source, lambda entry: entry != "b")


def test_what_cannot_be_edited_is_told():
    with pytest.raises(ValueError, match=r"a\.x is written in a way that cannot be edited here"):
        with_value("b: &b {x: 1}\na: *b\n", ["a", "x"], 2)  # would change b, too


def test_line_ends_stay(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_bytes(b"# x\r\nfetch:\r\n  snapshot: 1\r\n")
    edit_file(file, lambda text: with_value(text, ["fetch", "snapshot"], "2026-11-22"))
    assert file.read_bytes() == b"# x\r\nfetch:\r\n  snapshot: '2026-11-22'\r\n"
