"""Several exports: which copy of a task counts, and which tasks only share an id."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.labelstudio.copies import Export, Union, exports_of, is_same_task
from maskbench.labelstudio.export import RawTask, parse_task
from tests.exports import annotation, task


def made(number, hour=8, project=1, image=None, **more):
    """A task that was saved at this hour."""
    reference = image or f"/data/upload/1/0a1b2c3d-scene_{number}.png"
    return task(number, annotation(1, [], hour=hour), image=reference, **more) | {
        "project": project
    }


def union(**exports):
    """The union of exports by name; a double underscore stands for a dot."""
    return Union(
        export
        for name, tasks in exports.items()
        for export in exports_of(name.replace("__", "."), [RawTask(raw, name) for raw in tasks])
    )


def hours(found):
    """(id, hour of the last save) of the tasks that count."""
    return [
        (raw.value["id"], int(raw.value["annotations"][0]["updated_at"][11:13]))
        for raw in found.tasks
    ]


def keys(found):
    return [parse_task(raw.value, qualifier=raw.qualifier).key for raw in found.tasks]


def test_the_newer_export_counts_in_one_line():
    old = [made(n, hour=8) for n in (1, 2, 3)]
    new = [made(1, hour=8), made(2, hour=12), made(4, hour=9)]
    found = union(new__json=new, old__json=old)
    assert hours(found) == [(1, 8), (2, 12), (4, 9), (3, 8)]
    assert found.notes == [
        "new.json and old.json have 2 tasks in common (1, 2): new.json is newer and counts; 1 task "
        "only in old.json counts, too (remove that file if it is gone in Label Studio)"
    ]
    assert found.problems == []


def test_the_time_in_the_name_goes_first():
    """After an annotation was deleted, the newer export is the one that was saved earlier."""
    before, after = made(1, hour=12), made(1, hour=8)
    names = ("project-1-at-2026-11-20-10-00-aa.json", "project-1-at-2026-11-21-09-00-bb.json")
    found = union(**dict(zip(names, ([before], [after]), strict=True)))
    assert hours(found) == [(1, 8)]
    assert found.notes[0].endswith(f"in common (1): {names[1]} is newer and counts")


@pytest.mark.parametrize("change", [{}, {"total_annotations": 5, "updated_at": None}])
def test_equal_copies_are_no_problem(change):
    found = union(a__json=[made(1)], copy__json=[made(1) | change])
    assert hours(found) == [(1, 8)]
    assert found.notes == [
        "a.json and copy.json have 1 task in common (1): they are the same in both"
    ]


def test_where_nothing_tells_which_is_newer_there_is_a_problem():
    found = union(a__json=[made(1)], b__json=[made(1, data={"room": "hall"})])
    assert [str(problem) for problem in found.problems] == [
        "a.json and b.json have 1 task in common (1); nothing tells which of them is newer: remove "
        "the older one"
    ]


def test_a_task_twice_in_one_export():
    found = union(a__json=[made(1, hour=8), made(2), made(1, hour=9)])
    assert hours(found) == [(1, 9), (2, 8)]
    assert found.notes == ["1 task of a.json (1) is in it more than once: the last saved counts"]


def test_several_projects_put_together_in_one_file():
    others = [made(1, project=2, hour=9), made(3, project=2)]
    found = union(all__json=[made(1), made(2), *others])
    assert hours(found) == [(1, 8), (2, 8), (3, 8), (1, 9)]
    assert len(set(keys(found))) == 4
    assert found.notes == [
        "1 task id (1) in both all.json and all.json (part 2) means different tasks, of another "
        "project or with another image; all of them count"
    ]


def test_pieces_of_a_task_are_united():
    one, two = made(1), made(1) | {"annotations": [annotation(2, [])]}
    export = Export("storage/*", [RawTask(one, "storage/1"), RawTask(two, "storage/2")], True)
    [raw] = Union([export]).tasks
    assert [entry["id"] for entry in raw.value["annotations"]] == [1, 2]


MADE_1, MADE_2 = "2026-11-01T08:00:00Z", "2026-11-02T08:00:00Z"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (made(1), made(1, hour=9), True),
        (made(1), made(1, project=2), False),
        (made(1), made(1, project=None), True),  # JSON_MIN has no project
        (made(1), made(1, image="/data/upload/1/99999999-scene_1.png"), False),  # another server
        (made(1), made(1, image="http://host/data/upload/2/0a1b2c3d-scene_1.png"), True),
        (made(1, image="a/1.png"), made(1, image="b/1.png"), False),
        (made(1, image="a/1.png"), made(1, image="a/1.png"), True),
        (made(1, created_at=MADE_1), made(1, created_at=MADE_2), False),  # two servers
        (made(1, created_at=MADE_1), made(1, image="moved.png", created_at=MADE_1), True),
        (made(1, data={"room": "hall"}), made(1, data={"room": "attic"}), True),  # edited
    ],
)  # fmt: skip
def test_copies_and_strangers(one, other, same):
    assert is_same_task(one, other) is is_same_task(other, one) is same


def test_strangers_with_other_names_keep_their_keys():
    found = union(a__json=[made(1)], b__json=[made(1, project=2, image="wall.png")])
    assert keys(found) == ["000001_scene_1", "000001_wall"]
    assert found.notes == [
        "1 task id (1) in both a.json and b.json means different tasks, of another project or with "
        "another image; all of them count"
    ]


def test_strangers_of_one_name_are_told_apart_by_their_projects():
    found = union(a__json=[made(1), made(2)], b__json=[made(1, project=2), made(3, project=2)])
    assert keys(found) == [
        "000001_scene_1_project1", "000002_scene_2", "000001_scene_1_project2", "000003_scene_3",
    ]  # fmt: skip


def test_strangers_of_one_project_number_are_told_apart_by_a_digest():
    """Two servers; the names of the files, which change with each export, do not matter."""
    one, other = made(1, created_at=MADE_1), made(1, created_at=MADE_2, hour=9)
    first = keys(union(a__json=[one], b__json=[other]))
    again = keys(union(c__json=[other, made(2)], d__json=[one]))
    assert len(set(first)) == 2
    assert set(first) < set(again)
    assert all(key.startswith("000001_scene_1_") and len(key) == 23 for key in first)


copies = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 23), st.integers(1, 2)), max_size=6,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(copies, max_size=4), st.permutations(["a.json", "b.json", "c.json", "d.json"]))
def test_no_task_is_lost_and_none_counts_twice(exports, names):
    """Whatever the names and orders: each (id, project) counts once, and keys are unique."""
    result = union(
        **{
            name: [made(n, hour, project) for n, hour, project in tasks]
            for name, tasks in zip(names, exports, strict=False)
        }
    )
    counting = [(raw.value["id"], raw.value["project"]) for raw in result.tasks]
    assert len(set(counting)) == len(counting)
    assert set(counting) == {(n, p) for n, _, p in itertools.chain(*exports)}
    assert len(set(keys(result))) == len(counting)
