"""Label Studio's export JSON to tasks: tolerant of its many forms, exact in what is kept."""

import json
import math
import random

import pytest

from maskbench.labelstudio.export import TaskError, parse_task
from maskbench.labelstudio.stored import parse_stored_task, task_json
from maskbench.regions.task import Region

TRIANGLE = {"points": [[10, 10], [50.5, 10], [10, 60]], "closed": True}


def item(kind="polygonlabels", value=None, labels=("Wall",), **more):
    """A result entry as the server exports it."""
    value = dict(TRIANGLE if value is None else value)
    if labels is not None:
        value[kind if kind.endswith("labels") else "labels"] = list(labels)
    common = {"id": "r1", "type": kind, "from_name": "tool", "to_name": "image", "value": value}
    size = {"original_width": 40, "original_height": 30, "image_rotation": 0}
    return common | size | {"origin": "manual"} | more


def task(*results, annotation=(), **more):
    about = {"id": 5, "completed_by": 2, "result": list(results), "was_cancelled": False}
    return {
        "id": 7,
        "data": {"image": "/data/upload/1/a.jpg"},
        "annotations": [about | dict(annotation)],
        "project": 3,
    } | more


def regions(*results):
    return parse_task(task(*results)).annotations[0].regions


def test_a_plain_polygon():
    assert regions(item()) == (
        Region("r1", "polygon", ("Wall",), TRIANGLE, "tool", "image", {}, (40, 30)),
    )


def test_a_task_and_its_annotations():
    raw = task(annotation={"ground_truth": True, "updated_at": "2026-01-01T00:00:00Z"})
    raw["annotations"].insert(0, {"id": 9, "result": [], "was_cancelled": True})
    parsed = parse_task(raw)
    assert (parsed.id, parsed.key, parsed.project) == (7, "000007_a", 3)
    assert parsed.reference == "/data/upload/1/a.jpg"
    first, second = parsed.annotations  # sorted by id, as the server does not
    assert (first.id, first.completed_by, first.ground_truth, first.was_cancelled) == (
        5, 2, True, False,
    )  # fmt: skip
    assert (second.id, second.completed_by, second.was_cancelled) == (9, None, True)


@pytest.mark.parametrize(
    ("kind", "value", "shape"),
    [
        ("polygonlabels", TRIANGLE, "polygon"),
        ("polygon", TRIANGLE, "polygon"),
        ("rectanglelabels", {"x": 1, "y": 1, "width": 2, "height": 3, "rotation": 0}, "rectangle"),
        ("ellipselabels", {"x": 9, "y": 9, "radiusX": 2, "radiusY": 3}, "ellipse"),
        ("brushlabels", {"format": "rle", "rle": [1, 2]}, "brush"),
        ("bitmasklabels", {"imageDataURL": "data:image/png;base64,"}, "bitmask"),
        ("keypointlabels", {"x": 1, "y": 2, "width": 0.5}, "keypoint"),
        ("vectorlabels", {"vertices": [], "closed": False}, "vector"),
        ("labels", TRIANGLE, "polygon"),  # the geometry tells
        ("labels", {"x": 1, "y": 1, "width": 2, "height": 3}, "rectangle"),
        ("videorectangle", {"sequence": [{"x": 1}]}, "videorectangle"),  # unknown: kept by name
        (None, {}, "none"),
        (None, None, "none"),
    ],
)
def test_shapes(kind, value, shape):
    raw = item(kind or "x", value or {}, None) | {"type": kind, "value": value}
    (region,) = regions(raw)
    assert region.shape == shape


@pytest.mark.parametrize("order", [1, -1])
def test_the_split_form_is_one_region(order):
    """<Labels> with <Polygon>: two results with one id and one geometry, in any order."""
    shape = item("polygon", labels=None, from_name="shape")
    label = item("labels", labels=["Wall"], from_name="label")
    whole = {name: float(v) if v == 10 else v for name, v in TRIANGLE.items()}
    label["value"]["points"] = [[float(x), float(y)] for x, y in TRIANGLE["points"]]
    assert whole == TRIANGLE
    (region,) = regions(*[shape, label][::order])
    assert (region.shape, region.labels, dict(region.value)) == ("polygon", ("Wall",), TRIANGLE)


def test_one_id_with_two_geometries_is_two_regions():
    other = {"points": [[0, 0], [1, 0], [0, 1]]}
    first, second = regions(item(), item(value=other, labels=["Door"]))
    assert (first.labels, second.labels) == (("Wall",), ("Door",))
    assert (first.id, second.id) == ("r1", "r1")


def test_two_controls_and_two_labels_unite():
    (region,) = regions(
        item(labels=["Wall", "Door"]), item(labels=["Door", "Lamp"], from_name="other")
    )
    assert region.labels == ("Wall", "Door", "Lamp")


def test_equal_geometry_under_two_ids_is_two_regions():
    assert len(regions(item(), item(id="r2"))) == 2


@pytest.mark.parametrize("missing", [{}, {"id": None}])
def test_results_without_an_id_are_regions_of_their_own(missing):
    bare = {name: v for name, v in item().items() if name != "id"} | missing
    assert [region.id for region in regions(bare, bare, item())] == ["#0", "#1", "r1"]


def test_answers_of_a_region_and_of_the_image():
    choices = item("choices", TRIANGLE | {"choices": ["torn"]}, None, from_name="state")
    text = item("textarea", TRIANGLE | {"text": ["a note"]}, None, from_name="note")
    whole = {"id": "z", "type": "choices", "from_name": "room", "value": {"choices": ["hall"]}}
    annotation = parse_task(task(item(), choices, text, whole)).annotations[0]
    (region,) = annotation.regions
    assert region.answers == {"state": ["torn"], "note": ["a note"]}
    assert region.labels == ("Wall",)
    assert region.from_name == "tool"
    assert annotation.answers == {"room": ["hall"]}


def test_relations_are_no_regions():
    relation = {"type": "relation", "to_id": "b", "from_id": "a", "direction": "right"}
    annotation = parse_task(task(item(), relation)).annotations[0]
    assert annotation.relations == (relation,)
    assert len(annotation.regions) == 1


@pytest.mark.parametrize("junk", [None, 3, "text", [], {}, {"a": 1}, {"value": 3}, {"value": []}])
def test_junk_is_a_region_without_shape(junk):
    first, second = regions(junk, item())
    assert (first.id, first.shape, first.labels) == ("#0", "none", ())
    assert second.shape == "polygon"


@pytest.mark.parametrize("result", [None, []])
def test_no_result_is_an_image_of_background(result):
    parsed = parse_task(task(annotation={"result": result}))
    assert parsed.annotations[0].regions == ()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], ()),
        (None, ()),
        (["a", "a"], ("a",)),
        ([1, None, {"a": 1}], ("1",)),
        ("Wall", ()),
        (["", " "], ()),
        (["red\nwall"], ("red wall",)),
    ],
)
def test_labels(labels, expected):
    raw = item(labels=None)
    if labels is not None:
        raw["value"]["polygonlabels"] = labels
    assert regions(raw)[0].labels == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (3.25, 3.2), (3, 3.0), (0, 0.0), (None, None), (-1, None), (True, None), ("3", None),
        (1e12, None), (10**400, None), ([3], None),
    ],
)  # fmt: skip
def test_the_time_spent_is_kept_to_a_tenth_of_a_second(told, expected):
    parsed = parse_task(task(annotation={"lead_time": told}))
    assert parsed.annotations[0].lead_time == expected
    stored = parse_stored_task(task_json(parsed), "a.json")
    assert stored.annotations[0].lead_time == expected
    assert (b"lead_time" in task_json(parsed)) == (expected is not None)


@pytest.mark.parametrize(
    ("user", "expected"),
    [(3, 3), ({"id": 3, "email": "a@b.c"}, 3), (None, None), ("a@b.c", None), (True, None)],
)
def test_only_the_annotator_s_id_is_kept(user, expected):
    parsed = parse_task(task(annotation={"completed_by": user}))
    assert parsed.annotations[0].completed_by == expected
    assert b"a@b.c" not in task_json(parsed)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (None, "a task with a numeric id is expected, found NoneType"),
        ([], "found list"),
        ({}, "found None"),
        (task(id="7"), "found '7'"),
        (task(id=True), "found True"),
        (task(id=-1), "found -1"),
        (task(id=7.0), r"found 7\.0"),
        (task(data=None), "has no 'data' and 'annotations': export the project as JSON"),
        (task(annotations=None), "has no 'data' and 'annotations'"),
        (task(annotations=[3]), "an annotation with a list 'result' is expected"),
        (task(annotation={"result": "x"}), "an annotation with a list 'result' is expected"),
        (task(annotation={"result": {"0": item()}}), "an annotation with a list 'result'"),
        (task(data={"text": "no picture"}), "no field of the task's data .text. names an image"),
        (task(item(value={"points": [[math.inf, 1]]})), "a number that is infinite or NaN"),
        (task(data={"image": "a.jpg", "score": math.nan}), "a number that is infinite or NaN"),
    ],
)
def test_what_is_no_task(raw, message):
    with pytest.raises(TaskError, match=message) as caught:
        parse_task(raw, "export.json")
    assert all(problem.file == "export.json" for problem in caught.value.problems)


def test_all_problems_of_a_task_come_together():
    raw = task(annotations=[{"id": 8, "result": 3}, {"id": 9, "result": "x"}], data={})
    with pytest.raises(TaskError) as caught:
        parse_task(raw)
    places = [(problem.task, problem.annotation) for problem in caught.value.problems]
    assert places == [(7, 8), (7, 9), (7, None)]


def test_deep_nesting_is_refused():
    for levels in (700, 100_000):
        deep = []
        for _ in range(levels):
            deep = [deep]
        with pytest.raises(TaskError, match="is nested too deeply"):
            parse_task(task(item(value={"points": deep})))


def canonical(raw):
    return task_json(parse_task(raw))


def shuffled(value, seed):
    """The same JSON value with its keys in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.Random(seed).shuffle(keys)
        return {key: shuffled(value[key], seed) for key in keys}
    return [shuffled(entry, seed) for entry in value] if isinstance(value, list) else value


FULL = task(
    item(),
    item("labels", TRIANGLE, ["Door"], from_name="other"),
    item("rectanglelabels", {"x": 1, "y": 2, "width": 3, "height": 4, "rotation": 0}, id="r2"),
    item("choices", TRIANGLE | {"choices": ["torn"]}, None, from_name="state"),
    {"type": "relation", "from_id": "r1", "to_id": "r2", "direction": "right", "labels": []},
    {"id": "c", "type": "choices", "from_name": "room", "value": {"choices": ["hällé"]}},
)


@pytest.mark.parametrize("seed", range(5))
def test_key_order_changes_nothing(seed):
    assert canonical(shuffled(FULL, seed)) == canonical(FULL)


def test_what_label_studio_rewrites_by_itself_changes_nothing():
    """A mere save in the browser, other people's work, and another database."""
    noisy = json.loads(json.dumps(FULL))
    noisy |= {"updated_at": "2030-01-01", "total_annotations": 4, "predictions": [1], "drafts": []}
    noisy |= {"inner_id": 9, "updated_by": [1], "comment_count": 3, "meta": {}}
    annotation = noisy["annotations"][0]
    annotation |= {"updated_by": 3, "result_count": 8, "last_action": "x"}
    annotation |= {
        "prediction": {"id": 4, "result": []},
        "draft_created_at": "2030",
        "import_id": 1,
    }
    for entry in annotation["result"]:
        if "image_rotation" in entry:
            entry |= {"image_rotation": 90, "origin": "manual"}
        for name, number in entry.get("value", {}).items():
            if isinstance(number, int) and not isinstance(number, bool):
                entry["value"][name] = float(number)
    assert canonical(noisy) == canonical(FULL)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw["annotations"][0]["result"][0]["value"]["points"][0].__setitem__(0, 10.01),
        lambda raw: raw["annotations"][0]["result"][0]["value"].update(polygonlabels=["Lamp"]),
        lambda raw: raw["annotations"][0].update(was_cancelled=True),
        lambda raw: raw["annotations"][0].update(ground_truth=True),
        lambda raw: raw["annotations"][0].update(completed_by=4),
        lambda raw: raw["annotations"][0].update(parent_prediction=4),
        lambda raw: raw["annotations"][0].update(lead_time=99.9),
        lambda raw: raw["annotations"][0]["result"][0].update(origin="prediction-changed"),
        lambda raw: raw["annotations"][0]["result"].pop(),
        lambda raw: raw["data"].update(room="hall"),
        lambda raw: raw.update(id=8),
    ],
)
def test_what_somebody_did_shows(change):
    raw = json.loads(json.dumps(FULL))
    change(raw)
    assert canonical(raw) != canonical(FULL)
