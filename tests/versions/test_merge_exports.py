"""Exports are merged task by task, in the layout of ours."""

import json

import pytest

from maskbench.versions.merge_exports import changed_in_both, merge_export
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


@pytest.mark.parametrize("options", [{}, {"indent": 2}, {"indent": 1, "ensure_ascii": False}])
def test_the_layout_stays(options):
    tasks = [*BASE, task(9, annotation(9, [box(["Tür"], 0, 0, 10, 10)]))]
    content = dump(tasks, **options)
    assert merge_export(content, content, content).content == content


@pytest.mark.parametrize("content", [b"{", b"[5]", b'[{"id": "x"}]', dump([BASE[0], BASE[0]])])
def test_what_is_no_list_of_tasks_is_left_to_git(content):
    with pytest.raises(ValueError, match=r"."):
        merge_export(dump(BASE), content, dump(BASE))


def test_keys_changed_in_both():
    base = {"same": "1", "ours": "1", "both": "1", "alike": "1", "gone": "1"}
    ours = {"same": "1", "ours": "2", "both": "2", "alike": "2", "new": "2"}
    theirs = {"same": "1", "ours": "1", "both": "3", "alike": "2", "new": "3", "gone": "3"}
    assert changed_in_both(base, ours, theirs) == ["both", "gone", "new"]
