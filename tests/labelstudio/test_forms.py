"""Every form in which Label Studio writes tasks."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.labelstudio.export import parse_task
from maskbench.labelstudio.forms import NotAnExportError, read_content
from tests.exports import annotation, box, polygon, task

TASK = task(
    7,
    annotation(1, [box(["Canvas"], 10, 10, 60, 70), polygon(["Both"], [[1, 1], [9, 1], [5, 8]])]),
    annotation(2, [], user=4, hour=9),
)


def encoded(value):
    return json.dumps(value).encode()


def tasks_in(value):
    return read_content(value if isinstance(value, bytes) else encoded(value)).tasks


def json_min(raw):
    """The entries that Label Studio's converter makes of a task, by its own rules."""
    for entry in raw["annotations"]:
        record = copy.deepcopy(raw["data"]) | {"id": raw["id"]}
        for result in entry["result"]:
            sizes = {name: result[name] for name in ("original_width", "original_height")}
            record.setdefault(result["from_name"], []).append({**result["value"], **sizes})
        names = ("created_at", "updated_at", "lead_time")
        yield record | {
            "annotator": entry["completed_by"],
            "annotation_id": entry["id"],
            **{name: entry[name] for name in names},
        }


def stored_annotations(raw):
    """What a target storage holds of a task: an annotation a file."""
    about = {name: value for name, value in raw.items() if name != "annotations"}
    for entry in raw["annotations"]:
        user = {"id": entry["completed_by"], "email": "a@b.c"}
        yield {**entry, "completed_by": user, "task": about}


def old_version(raw):
    """A task of a version before 1.0."""
    about = {name: value for name, value in raw.items() if name != "annotations"}
    return about | {"completions": raw["annotations"]}


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ([TASK], [7]),
        ([], []),
        (TASK, [7]),
        (old_version(TASK), [7]),
        (b"\n\n".join([encoded(TASK), encoded(TASK | {"id": 8})]), [7, 8]),
        (b"\r\n".join([encoded(TASK), encoded(old_version(TASK)), b""]), [7, 7]),
        (json.dumps([TASK]).encode("utf-16"), [7]),
        (b"\xef\xbb\xbf" + encoded(TASK), [7]),
    ],
)
def test_forms_of_whole_tasks(content, ids):
    found = [parse_task(raw) for raw in tasks_in(content)]
    assert [parsed.id for parsed in found] == ids
    assert all(parsed.annotations == parse_task(TASK).annotations for parsed in found)


def test_an_entry_that_is_no_task_stays_as_it_is():
    """Where others are tasks; :func:`parse_task` tells what is wrong with it."""
    assert tasks_in([TASK, 5, {"x": 1}]) == [TASK, 5, {"x": 1}]


def masks_of(parsed):
    """Who drew when, for how long, and shapes, labels, geometry and sizes by annotation."""
    return [
        (
            a.id, a.completed_by, a.updated_at, a.lead_time,
            [(r.shape, r.labels, r.value, r.from_name, r.original_size) for r in a.regions],
        )
        for a in parsed.annotations
    ]  # fmt: skip


@pytest.mark.parametrize("form", [json_min, stored_annotations])
def test_forms_of_an_annotation_each(form):
    pieces = list(form(TASK))
    content = read_content(encoded(pieces))
    assert (content.is_in_pieces, content.is_single) == (True, False)
    assert content.is_min == (form is json_min)
    expected = masks_of(parse_task(TASK))
    assert [masks_of(parse_task(raw)) for raw in content.tasks] == [[e] for e in expected]
    assert read_content(encoded(pieces[0])).is_single


def test_skipped_completions_and_their_times():
    old = {"id": 1, "result": [], "skipped": True, "created_at": 1_600_000_000}
    raw = {"id": 7, "data": {"image": "a.png"}, "completions": [old, 3]}
    first, second = tasks_in(raw)[0]["annotations"]
    assert (first["was_cancelled"], first["created_at"]) == (True, "2020-09-13T12:26:40+00:00")
    assert second == 3  # parse_task tells


def test_json_min_of_tasks_without_regions_or_annotations():
    about = {"image": "a.png", "id": 3, "created_at": None, "updated_at": None, "lead_time": None}
    empty, unlabelled = tasks_in(
        [
            about | {"annotator": 1, "annotation_id": 9},
            about | {"annotator": {}, "annotation_id": None},
        ]
    )
    assert len(parse_task(empty).annotations) == 1
    assert parse_task(unlabelled).annotations == ()
    assert unlabelled["data"] == {"image": "a.png"}


@pytest.mark.parametrize("lost", ["annotator", "annotation_id"])
def test_json_min_is_known_by_either_of_its_names(lost):
    """Nobody is named where the annotator's account is gone; older versions number nothing."""
    (piece,) = [dict(piece) for piece in json_min({**TASK, "annotations": TASK["annotations"][:1]})]
    del piece[lost]
    content = read_content(encoded([piece]))
    assert content.is_min
    ((*_, regions),) = masks_of(parse_task(content.tasks[0]))
    assert regions == masks_of(parse_task(TASK))[0][-1]


def test_json_min_of_the_split_form_is_one_region():
    """<Rectangle> with <Labels>: two controls with one geometry."""
    geometry = {"x": 1, "y": 2, "width": 3, "height": 4, "rotation": 0}
    sizes = {"original_width": 40, "original_height": 30}
    entry = {"image": "a.png", "id": 3, "annotator": 1, "annotation_id": 9, "room": "hall"}
    entry |= {"shape": [geometry | sizes], "label": [geometry | sizes | {"labels": ["Canvas"]}]}
    parsed = parse_task(tasks_in([entry])[0])
    [region] = parsed.annotations[0].regions
    assert (region.shape, region.labels, region.original_size) == (
        "rectangle",
        ("Canvas",),
        (40, 30),
    )
    assert parsed.data == {"image": "a.png", "room": "hall"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"images": [], "annotations": [], "categories": []}, "a COCO file: export the project as"),
        ({"categories": [], "info": {}}, "notes of a COCO or YOLO export"),
        ({"version": "5", "shapes": [], "imagePath": "a.png"}, "LabelMe's"),
        ({"tasks": [TASK], "total": 9}, "a page of the task list: export the project as JSON"),
        ([{"model_version": "1", "result": [], "score": 0.5}], "predictions without annotations"),
        (
            [{"id": 1, "data": {"image": "a.png"}, "predictions": [{"result": []}]}],
            "predictions wi",
        ),
        ({"id": 5, "result": [], "task": 7}, "annotations without their tasks: export the project"),
        ([{"image": "a.png"}], "no tasks of Label Studio's"),
        ({}, "no tasks of Label Studio's"),
        (None, "no tasks of Label Studio's"),
        ([1, 2], "no tasks of Label Studio's"),
        ("text", "no tasks of Label Studio's"),
    ],
)
def test_what_is_passed_over(value, reason):
    with pytest.raises(NotAnExportError, match=reason):
        read_content(encoded(value))


@pytest.mark.parametrize(
    "content", [b"", b"[1,", b"{}\n{", encoded(TASK) + b"\n" + encoded(TASK)[:-3], b"1\n2\n3"]
)
def test_what_is_no_json(content):
    with pytest.raises(ValueError) as caught:
        read_content(content)
    assert not isinstance(caught.value, NotAnExportError)


percent = st.integers(0, 400).map(lambda n: n / 4)
labels = st.lists(st.sampled_from(["Canvas", "Obstruction", "Both"]), min_size=1, max_size=2)
boxes = st.builds(box, labels, percent, percent, percent, percent)
polygons = st.builds(polygon, labels, st.lists(st.tuples(percent, percent), min_size=3, max_size=5))
drawings = st.lists(st.one_of(boxes, polygons), max_size=4, unique_by=lambda r: str(r["value"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(drawings, min_size=1, max_size=3), st.integers(1, 10**9))
def test_all_forms_say_the_same(results, number):
    """JSON, one task, lines, old versions, JSON_MIN and a target storage give equal regions."""
    for drawn in results:
        for place, entry in enumerate(drawn):
            entry["id"] = f"r{place}"
    annotations = [annotation(n, drawn, hour=n) for n, drawn in enumerate(results, start=1)]
    raw = task(number, *annotations)
    expected = masks_of(parse_task(raw))
    for whole in (encoded([raw]), encoded(raw), encoded(old_version(raw))):
        [found] = tasks_in(whole)
        assert masks_of(parse_task(found)) == expected
    for form in (json_min, stored_annotations):
        pieces = list(form(raw))
        for content in (encoded(pieces), b"\n".join(map(encoded, pieces))):
            found = [masks_of(parse_task(piece)) for piece in tasks_in(content)]
            assert found == [[entry] for entry in expected]
