"""Forms of exports, several exports and missing images, from the files to the masks."""

import json
import shutil

import pytest

from maskbench.doctor.findings import ERROR, WARNING
from maskbench.doctor.tasks import check_tasks
from maskbench.errors import DataError
from maskbench.labelstudio.folder import Folder
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from tests.exports import annotation, box, simple_tasks, task, write_export, write_image
from tests.labelstudio.test_forms import json_min, old_version, stored_annotations
from tests.pipeline.test_build import contents, params, run

TASKS = simple_tasks(3)


def masks(root):
    folder = root / "data/benchmark/masks"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def findings(source, level, **sections):
    found = check_tasks(Folder(source), params(source, **sections), None)
    lines = [finding.describe().splitlines()[0] for finding in found if finding.level == level]
    return [line.removeprefix(level).strip() for line in lines]


def metrics(root):
    return json.loads((root / "metrics/fetch.json").read_text())


def as_lines(values):
    return "\n".join(map(json.dumps, values))


@pytest.mark.parametrize(
    "files",
    [
        {"export.jsonl": as_lines(TASKS)},
        {"export.json": as_lines(TASKS)},
        {"deep/er/export.json": json.dumps(TASKS)},
        {"a.json": json.dumps(TASKS[:1]), "b.json": json.dumps(TASKS[1:])},
        {f"{raw['id']}.json": json.dumps(raw) for raw in TASKS},
        {"old.json": json.dumps([old_version(raw) for raw in TASKS])},
        {"min.json": json.dumps([entry for raw in TASKS for entry in json_min(raw)])},
        {
            f"storage/{place}": json.dumps(entry)
            for raw in TASKS
            for place, entry in enumerate(stored_annotations(raw), start=raw["id"])
        },
    ],
    ids=lambda files: next(iter(files)),
)
def test_every_form_gives_the_same_masks(tmp_path, files):
    write_export(tmp_path / "plain", TASKS)
    run(tmp_path / "expected", tmp_path / "plain")
    shutil.copytree(tmp_path / "plain/upload", tmp_path / "source/upload")
    for name, text in files.items():
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_text(text)
    run(tmp_path / "found", tmp_path / "source")
    assert masks(tmp_path / "found") == masks(tmp_path / "expected")


def test_fetch_and_doctor_say_which_of_two_exports_counts(tmp_path, capsys):
    source = tmp_path / "source"
    write_export(source, TASKS, name="old.json")
    newer = task(1, annotation(1, [box(["Canvas"], 0, 0, 50, 50)], hour=12))
    write_export(source, [newer], name="new.json")
    (source / "notes.json").write_text('{"categories": [], "info": {}}')
    run(tmp_path, source)
    notes = capsys.readouterr().err.splitlines()
    assert notes == [
        "warning: passed over, as no export: notes.json (notes of a COCO or YOLO export)",
        "warning: new.json and old.json have 1 task in common (1): new.json is newer and counts; 2 "
        "tasks only in old.json count, too (remove that file if they are gone in Label Studio)",
    ]
    assert [f"warning: {what}" for what in findings(source, WARNING)] == notes
    stored = json.loads((tmp_path / "data/annotations/000001_scene_1.json").read_text())
    assert len(stored["annotations"][0]["regions"]) == 1


def test_names_of_files_cannot_write_to_the_terminal(tmp_path, capsys):
    write_export(tmp_path / "source", TASKS)
    (tmp_path / "source/\x1b[31mred.json").write_text("{}")
    run(tmp_path, tmp_path / "source")
    assert "no export: \\x1b[31mred.json (no tasks of Label" in capsys.readouterr().err


def test_two_servers_with_equal_ids_and_names(tmp_path):
    """Each task is built from its own image and regions, with keys that stay."""
    source = tmp_path / "source"
    for place, size in (("a", (40, 30)), ("b", (20, 10))):
        result = box(["Canvas"], 0, 0, 50, 50, size=size)
        image = f"{place}/scene.png"
        made = f"2026-11-01T0{size[0] // 10}:00:00Z"
        raw = task(1, annotation(1, [result]), image=image, created_at=made)
        write_export(source, [raw], name=f"{place}.json", images=False)
        write_image(source / image, size, seed=size[0])
    run(tmp_path / "repo", source)
    first = contents(tmp_path / "repo/data")
    sizes = {json.loads(t)["image"]["width"] for n, t in first.items() if n.startswith("annot")}
    assert sizes == {40, 20}
    (source / "a.json").rename(source / "z.json")
    run(tmp_path / "repo", source)
    run(tmp_path / "again", source)
    assert contents(tmp_path / "repo/data") == contents(tmp_path / "again/data") == first


def without_image(tmp_path, *numbers):
    source = tmp_path / "source"
    write_export(source, TASKS)
    for number in numbers:
        (source / f"upload/1/{number:08x}-scene_{number}.png").unlink()
    return source


def skipping(source):
    return {"fetch": {"folder": str(source), "missing_images": "skip"}}


def test_missing_images_are_skipped_on_request_counted_and_listed(tmp_path, capsys):
    source = without_image(tmp_path, 2)
    run(tmp_path, source, **skipping(source))
    said = capsys.readouterr().err
    assert said.startswith(
        "warning: 1 task is left out, with images missing (fetch.missing_images: skip): task 2: no "
        "image file below"
    )
    assert metrics(tmp_path)["missing_images"] == {
        "all": 1, "tasks": {"000002_scene_2": "/data/upload/1/00000002-scene_2.png"},
    }  # fmt: skip
    assert metrics(tmp_path)["tasks"]["all"] == len(masks(tmp_path)) == 2
    assert said.strip() in [f"warning: {w}" for w in findings(source, WARNING, **skipping(source))]
    assert findings(source, ERROR, **skipping(source)) == []
    run(tmp_path, without_image(tmp_path), **skipping(source))  # it is there again
    assert metrics(tmp_path)["missing_images"] == {"all": 0, "tasks": {}}
    assert len(masks(tmp_path)) == 3


def test_missing_images_stop_the_build_unless_told_otherwise(tmp_path):
    source = without_image(tmp_path, 2)
    with pytest.raises(DataError, match=r"export\.json, task 2: no image file below"):
        fetch(params(source), Layout(tmp_path))
    assert len(findings(source, ERROR)) == 1


def test_an_image_that_is_there_twice_is_not_missing(tmp_path):
    source = without_image(tmp_path, 2)
    for folder in ("x", "y"):
        write_image(source / folder / "scene_2.png", seed=len(folder))
    with pytest.raises(DataError, match="fits several files"):
        fetch(params(source, **skipping(source)), Layout(tmp_path))


def test_when_all_images_are_missing_that_is_the_reason(tmp_path):
    source = without_image(tmp_path, 1, 2, 3)
    with pytest.raises(DataError, match="no task is left: 3 tasks are left out, with images mis"):
        fetch(params(source, **skipping(source)), Layout(tmp_path))


def test_tasks_without_ids_are_told_by_fetch_and_doctor(tmp_path):
    write_export(tmp_path / "source", TASKS)
    bare = [{"data": {"image": "a.png"}, "annotations": []}, {**TASKS[0], "id": None}]
    (tmp_path / "source/bare.json").write_text(json.dumps(bare))
    with pytest.raises(DataError) as caught:
        fetch(params(tmp_path / "source"), Layout(tmp_path))
    [problem] = map(str, caught.value.problems)
    assert problem.startswith(
        "bare.json: 2 tasks have no whole number below 10^15 as id (entry 1: None, entry 2: "
    )
    assert any(problem in what for what in findings(tmp_path / "source", ERROR))
