"""Exports are merged task by task, in the layout of ours."""

import codecs
import json
from functools import partial

import pytest

from maskbench.versions.merge_exports import changed_in_both, merge_export, renamed
from tests.exports import annotation, box, task

BASE = [task(number, annotation(number, [box(["A"], 0, 0, 10, 10)])) for number in range(1, 6)]


def dump(tasks, **options):
    return json.dumps(tasks, **options).encode()


def edited(*changes, drop=(), add=()):
    """The tasks after relabelling: (task id, label)."""
    labels = dict(changes)
    tasks = [
        task(t["id"], annotation(t["id"], [box([labels.get(t["id"], "A")], 0, 0, 10, 10)]))
        for t in BASE
        if t["id"] not in drop
    ]
    return [*tasks, *(task(number, annotation(number, [])) for number in add)]


@pytest.mark.parametrize(
    ("ours", "theirs", "merged", "both"),
    [
        (edited((1, "B")), edited((2, "C")), edited((1, "B"), (2, "C")), ()),
        (BASE, edited((2, "C")), edited((2, "C")), ()),
        (edited((1, "B")), BASE, edited((1, "B")), ()),
        (edited((1, "B")), edited((1, "B")), edited((1, "B")), ()),
        (edited((1, "B")), edited((1, "C"), (4, "C")), edited((1, "B"), (4, "C")), (1,)),
        (edited(drop=[3]), edited((2, "C")), edited((2, "C"), drop=[3]), ()),
        (edited(add=[7]), edited(drop=[3], add=[8, 9]), edited(drop=[3], add=[7, 8, 9]), ()),
        (edited(drop=[3]), edited((3, "C")), edited(drop=[3]), (3,)),
    ],
)
def test_each_task_from_the_side_that_changed_it(ours, theirs, merged, both):
    found = merge_export(dump(BASE), dump(ours), dump(theirs))
    assert json.loads(found.content) == merged
    assert found.both == both
    other = merge_export(dump(BASE), dump(theirs), dump(ours), prefer="theirs")
    assert {t["id"]: t for t in json.loads(other.content)} == {t["id"]: t for t in merged}


def test_what_an_export_rewrites_by_itself_is_no_change():
    saved = json.loads(dump(BASE))
    for entry in saved:
        entry["annotations"][0]["result_count"] = 99
        entry["annotations"][0]["result"][0]["image_rotation"] = 90
    found = merge_export(dump(BASE), dump(edited((1, "B"))), dump(saved))
    assert (json.loads(found.content), found.both) == (edited((1, "B")), ())


DOOR = task(9, annotation(9, [box(["Tür"], 0, 0, 10, 10)]))
COMPACT = {"separators": (",", ":"), "ensure_ascii": False}


def lines(tasks, start="", joint="\n", end="\n", **options):
    """Tasks as JSON lines, or as a list with one a line."""
    return (start + joint.join(json.dumps(task, **options) for task in tasks) + end).encode()


LAYOUTS = [
    dump,
    partial(dump, indent=2),
    partial(dump, indent=1, ensure_ascii=False),
    partial(dump, **COMPACT),
    lines,
    partial(lines, end="", **COMPACT),
    partial(lines, start="[\n", joint=",\n", end="\n]\n", **COMPACT),  # as `init` writes it
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_stays(layout):
    content = layout([*BASE, DOOR])
    assert merge_export(content, content, content).content == content
    ours, theirs = layout([*edited((1, "B")), DOOR]), layout([*edited((2, "C")), DOOR])
    merged = layout([*edited((1, "B"), (2, "C")), DOOR])
    assert merge_export(content, ours, theirs).content == merged


@pytest.mark.parametrize("left", [[1, 3, 5], []])
def test_a_list_with_a_byte_order_mark_stays_a_list(left):
    ours = [t for t in BASE if t["id"] in left]
    found = merge_export(dump(BASE), codecs.BOM_UTF8 + dump(ours), dump(BASE))
    assert found.content == dump(ours)


@pytest.mark.parametrize("alone", [json.dumps(DOOR).encode(), json.dumps(DOOR, indent=2).encode()])
def test_a_file_with_one_task(alone):
    assert merge_export(alone, alone, alone).content == alone
    two = merge_export(None, alone, lines(BASE[:1])).content
    assert [json.loads(line)["id"] for line in two.splitlines()] == [9, 1]


def test_exports_under_other_names_are_known_by_their_tasks():
    """git would not: each is one long line."""
    old, other = dump(BASE), lines([DOOR])
    labelled, next_project = (
        dump(edited((1, "B"), add=[7])),
        dump([task(1), task(2, image="x.png")]),
    )
    new = {"b.json": next_project, "c.json": labelled, "d.jsonl": lines([DOOR]), "e.json": b"{"}
    assert renamed({"a.json": old, "x.jsonl": other}, new) == {
        "a.json": "c.json",
        "x.jsonl": "d.jsonl",
    }
    assert renamed({"a.json": old}, {"b.json": next_project}) == {}
    assert renamed({"a.json": b"["}, {"b.json": b"["}) == {}


@pytest.mark.parametrize("content", [b"{", b"[5]", b'[{"id": "x"}]', dump([BASE[0], BASE[0]])])
def test_what_is_no_list_of_tasks_is_left_to_git(content):
    with pytest.raises(ValueError, match=r"."):
        merge_export(dump(BASE), content, dump(BASE))


def test_keys_changed_in_both():
    base = {"same": "1", "ours": "1", "both": "1", "alike": "1", "gone": "1"}
    ours = {"same": "1", "ours": "2", "both": "2", "alike": "2", "new": "2"}
    theirs = {"same": "1", "ours": "1", "both": "3", "alike": "2", "new": "3", "gone": "3"}
    assert changed_in_both(base, ours, theirs) == ["both", "gone", "new"]
