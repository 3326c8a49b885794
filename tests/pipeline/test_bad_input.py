"""Bad input: a clear message that names task, region and parameter; previous outputs stay."""

import json
import math

import pytest

from maskbench.errors import MaskbenchError
from tests.exports import annotation, box, polygon, region, simple_tasks, task, write_export
from tests.pipeline.test_build import contents, run

GOOD = simple_tasks(2)


def broken_region(result):
    """A third task with one good region and one that is broken."""
    return [*GOOD, task(3, annotation(33, [box(["Canvas"], 1, 1, 50, 50), result]))]


def points(*values):
    return polygon(["Canvas"], [], number=9) | {
        "value": {"points": list(values), "polygonlabels": ["Canvas"]}
    }


WHERE = "task 3, annotation 33, region r9: "
REGIONS = {
    "unknown label": (
        box(["Canvass"], 1, 1, 9, 9, number=9),
        "the label 'Canvass' is not in labels_map: 1 region; did you mean 'Canvas'?",
    ),
    "points are no list": (
        region("polygon", ["Canvas"], {"points": None}, number=9),
        WHERE + "points is None, not a list of points",
    ),
    "image of another size": (
        box(["Canvas"], 2, 2, 9, 9, number=9, size=(80, 60)),
        WHERE + "was drawn on an image of 80 x 60 pixels, but the image has 40 x 30",
    ),
    "brush cut off": (
        region("brush", ["Canvas"], {"format": "rle", "rle": [0, 0, 18, 192, 57]}, number=9),
        WHERE + "the brush code ends in the middle of the stroke",
    ),
}

EXPORTS = {
    "no JSON": ('[{"id": 1', "export.json: is not valid JSON"),
    "no list": ("{}", "passed over: export.json (no tasks of Label Studio's)"),
    "no task": ("[5]", "passed over: export.json (no tasks of Label Studio's)"),
    "a number among tasks": (
        json.dumps([GOOD[0], 5]),
        "export.json: 1 task has no whole number below 10^15 as id (entry 2: 5); import the "
        "file into Label Studio",
    ),
    "ids are text, null or missing": (
        json.dumps([GOOD[0] | {"id": "a"}, GOOD[1], GOOD[0] | {"id": None}, {"data": {}}]),
        "export.json: 3 tasks have no whole number below 10^15 as id (entry 1: 'a', entry 3: "
        "None, entry 4: None)",
    ),
    "bare data": ('[{"id": 1, "image": "a.png"}]', "passed over: export.json (no tasks of Label"),
    "without annotations": (
        json.dumps([GOOD[0], {"id": 9, "data": {"image": "a.png"}}]),
        "export.json, task 9: has no 'data' and 'annotations': export the project as JSON",
    ),
    "predictions only": (
        json.dumps([{"id": 1, "data": {"image": "a.png"}, "predictions": [{"result": []}]}]),
        "passed over: export.json (predictions without annotations: have people accept",
    ),
    "no image field": (
        json.dumps([task(1, annotation(1, [])) | {"data": {"text": "hello"}}]),
        "export.json, task 1: no field of the task's data (text) names an image, such as photo.jpg "
        "or https://host/photo",
    ),
    "several images": (
        json.dumps([task(1, annotation(1, [])) | {"data": {"images": ["a.png", "b.png"]}}]),
        "export.json, task 1: data.images lists 2 images; a task must have one",
    ),
    "climbing": (
        json.dumps([task(1, annotation(1, []), image="../../etc/passwd.png")]),
        "export.json, task 1: the image reference '../../etc/passwd.png' climbs out of its folder",
    ),
    "result is text": (
        json.dumps([task(1, annotation(7, "x"))]),
        "export.json, task 1, annotation 7: an annotation with a list 'result' is expected",
    ),
    "task twice": (
        json.dumps([GOOD[0], GOOD[0] | {"project": None}]),
        "export.json, task 1: is there twice, and which one is newer is not told; remove one",
    ),
    "missing image": (
        json.dumps([task(9, annotation(1, []))]),
        "export.json, task 9: no image file below",
    ),
}


def refused(tmp_path, **sections):
    """Run on the broken source; returns the message, after checking that outputs stayed."""
    before = contents(tmp_path / "repo")
    with pytest.raises(MaskbenchError) as caught:
        run(tmp_path / "repo", tmp_path / "source", **sections)
    after = contents(tmp_path / "repo")
    for path, content in before.items():
        if path.startswith("data/benchmark"):
            assert after[path] == content, path
    return str(caught.value)


@pytest.fixture
def built(tmp_path):
    write_export(tmp_path / "source", GOOD)
    run(tmp_path / "repo", tmp_path / "source")
    return tmp_path


@pytest.mark.parametrize("case", REGIONS)
def test_broken_region(built, case):
    result, message = REGIONS[case]
    write_export(built / "source", broken_region(result))
    assert message in refused(built)


@pytest.mark.parametrize("case", EXPORTS)
def test_broken_export(built, case):
    text, message = EXPORTS[case]
    (built / "source/export.json").write_text(text)
    before = contents(built / "repo")
    assert message in refused(built)
    assert contents(built / "repo") == before


def test_a_broken_region_of_an_annotation_that_does_not_count_is_no_error(built):
    skipped = annotation(33, [points()], was_cancelled=True)
    write_export(built / "source", [*GOOD, task(3, skipped, annotation(34, []))])
    run(built / "repo", built / "source")


def test_all_problems_are_shown_together(built):
    results = [result for result, _ in REGIONS.values()]
    write_export(built / "source", [*GOOD, task(3, annotation(33, results))])
    message = refused(built)
    for _, expected in REGIONS.values():
        assert expected in message


@pytest.mark.parametrize("damage", ["truncated", "text", "empty", "bomb"])
def test_broken_image(built, damage):
    write_export(built / "source", [*GOOD, task(3, annotation(33, []))])
    image = built / "source/upload/1/00000003-scene_3.png"
    content = image.read_bytes()
    huge = content[:16] + (60_000).to_bytes(4, "big") * 2 + content[24:]
    image.write_bytes(
        {"truncated": content[:900], "text": b"hello", "empty": b"", "bomb": huge}[damage]
    )
    before = contents(built / "repo")
    message = refused(built)
    assert "00000003-scene_3.png, task 3: it " in message
    assert contents(built / "repo") == before


def test_combinations_without_a_rule_are_listed_with_pixels_and_tasks(built):
    labels = {"Background": 0, "Canvas": 1, "Obstruction": 2, "Lamp": 3}
    extra = [box(["Canvas"], 0, 0, 50, 100), box(["Lamp"], 0, 0, 25, 100)]
    write_export(built / "source", [*GOOD, task(3, annotation(33, extra))])
    message = refused(built, labels_map=labels, multi_label_rules={})
    assert "combine: 2 problems; nothing was changed" in message
    assert (
        "task 3, params.yaml: multi_label_rules: no rule says what Canvas + Lamp together become: "
        "300 pixels\n"
    ) in message
    assert "Canvas + Obstruction together become: " in message
    assert " pixels (2 tasks: 1, 2)\n" in message
    fallback = {"unmatched": "priority", "priority": ["Lamp", "Obstruction", "Canvas"]}
    sections = {"labels_map": labels, "multi_label_rules": {}, "combine": fallback}
    run(built / "repo", built / "source", **sections)
    metrics = json.loads((built / "repo/metrics/combine.json").read_text())
    assert metrics["classes"]["Lamp"]["pixels"] == math.prod((10, 30))


@pytest.mark.parametrize("name", ["a b.png", "a.b.c.png", "Ärger-日本.png", "a#b c+d.PNG"])
def test_unusual_file_names_work(tmp_path, name):
    write_export(tmp_path / "source", [task(5, annotation(1, []), image=name)])
    run(tmp_path / "repo", tmp_path / "source")
    scenes = [path.name for path in (tmp_path / "repo/data/benchmark/scenes").iterdir()]
    assert len(scenes) == 1
    assert scenes[0].startswith("000005_")
    assert set(scenes[0]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")


def test_stage_shell_shows_no_traceback(repository):
    """Through dvc repro: message on stderr, exit status, previous files in place."""
    before = repository.outputs()
    repository.edit_params("then: NestedCanvas", "then: NestedCanvs")
    done = repository.dvc("repro", check=False)
    assert done.returncode != 0
    assert "multi_label_rules.nested_canvas.then" in done.stderr
    assert "did you mean 'NestedCanvas'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert repository.outputs() == before
