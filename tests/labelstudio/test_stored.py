"""The stored form of a task: equal when it is read, one region on a line."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.errors import DataError
from maskbench.labelstudio.stored import parse_stored_task, read_task, task_json
from maskbench.regions.task import FROM_MODEL, Annotation, Image, Region, Task

texts = st.text(max_size=8)
names = texts.map(lambda text: text.replace("/", "_"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.floats(allow_nan=False, width=32)
    .filter(lambda x: abs(x) < 1e30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
fields = st.dictionaries(texts, values, max_size=3)
regions = st.builds(
    Region, texts, texts, st.lists(texts, max_size=3).map(tuple), fields, st.none() | texts,
    st.none() | texts, fields, st.none() | st.tuples(st.integers(1, 99), st.integers(1, 99)),
    st.booleans(), st.none() | st.sampled_from(FROM_MODEL),
)  # fmt: skip
annotations = st.builds(
    Annotation, st.integers(0), st.none() | st.integers(0), st.none() | texts, st.none() | texts,
    st.booleans(), st.booleans(), st.lists(regions, max_size=3).map(tuple), fields,
    st.lists(fields, max_size=2).map(tuple), st.none() | st.integers(0), st.none() | texts,
    lead_time=st.none() | st.floats(0, 1e9),
)  # fmt: skip
tasks = st.builds(
    Task, st.integers(0), texts, st.none() | st.integers(0), fields, st.none() | texts,
    st.lists(annotations, max_size=3).map(tuple),
    st.none() | st.builds(Image, names, st.integers(1), st.integers(1), texts),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(tasks)
def test_a_task_comes_back_equal(task):
    content = task_json(task)
    assert parse_stored_task(content, "a.json") == task
    assert task_json(parse_stored_task(content, "a.json")) == content
    assert json.loads(content)["id"] == task.id


def annotation(number, updated=None, **more):
    fixed = {"completed_by": 1, "created_at": None, "ground_truth": False, "was_cancelled": False}
    return Annotation(id=number, updated_at=updated, regions=(), **(fixed | more))


def test_one_region_stands_on_a_line():
    drawn = tuple(
        Region(f"r{i}", "polygon", ("Wände",), {"points": [[1, 2], [3, 4], [5, 6]]}) for i in "abc"
    )
    task = Task(1, "k", None, {"image": "a.jpg"}, "a.jpg", (replace(annotation(1), regions=drawn),))
    lines = task_json(task).decode("ascii").splitlines()
    about = [line for line in lines if '"points"' in line]
    assert len(about) == 3
    assert json.loads(about[0].rstrip(",")) == {
        "id": "ra", "shape": "polygon", "labels": ["Wände"], "from_name": None, "to_name": None,
        "value": {"points": [[1, 2], [3, 4], [5, 6]]},
    }  # fmt: skip
    changed = replace(task, annotations=(replace(task.annotations[0], regions=drawn[:2]),))
    other = task_json(changed).decode("ascii").splitlines()
    assert len([line for line in lines if line not in other]) <= 2  # one gone, a comma before it


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"3", b"null", b"{}", b'{"annotations": [], "image": null}', b"{\xff",
     b'{"annotations": [3], "image": null}', b'{"annotations": 3, "image": null}'],
)  # fmt: skip
def test_damaged_files_are_one_clear_error(tmp_path, content):
    (tmp_path / "000001_a.json").write_bytes(content)
    with pytest.raises(DataError, match=r"000001_a\.json: is not a stored task .*dvc checkout"):
        read_task(tmp_path / "000001_a.json")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"width": 3', '"width": "3"'),
        ('"width": 3', '"width": -3'),
        ('"file": "a"', '"file": "../a"'),
        ('"file": "a"', '"file": 5'),
        ('"shape": "polygon"', '"shape": []'),
        ('"value": {}', '"value": null'),
        ('"Canvas"', "5"),
        ('"Canvas"', "{}"),
        ('"updated_at": null', '"updated_at": 5'),
        ('"id": 7', '"id": "7"'),
        ('"data": {}', '"data": ' + "[" * 100_000),
    ],
)
def test_values_of_another_kind_are_refused(old, new):
    """As after a merge by hand; drawing them would end in a traceback."""
    drawn = Region("r", "polygon", ("Canvas",), {})
    image = Image("a", 3, 1, "x")
    whole = task_json(
        Task(7, "k", None, {}, None, (replace(annotation(1), regions=(drawn,)),), image)
    )
    assert parse_stored_task(whole, "a.json").id == 7
    damaged = whole.decode().replace(old, new, 1)
    assert damaged != whole.decode()
    with pytest.raises(DataError, match=r"a\.json: is not a stored task"):
        parse_stored_task(damaged.encode(), "a.json")


def test_a_file_cut_anywhere_is_refused():
    whole = task_json(Task(1, "k", None, {}, None, (annotation(1),), Image("a", 1, 1, "x")))
    for end in range(len(whole) - 2):
        with pytest.raises(DataError):
            parse_stored_task(whole[:end], "a.json")
