"""Several annotators of one image: within a task, and in tasks of several projects."""

import json

import pytest

from maskbench.doctor.findings import ERROR
from maskbench.doctor.tasks import check_tasks
from maskbench.errors import DataError, ParamsError
from maskbench.files.choices import read_choices
from maskbench.files.manifest import read_manifest
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.stored import read_task, task_json
from maskbench.params import load_params, with_choices
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.same_image import separate
from maskbench.verification.verify import verify
from maskbench.versions.refresh import Changes, compare_tasks
from tests.exports import PARAMS, annotation, box, task, write_export, write_image
from tests.pipeline.test_build import STAGES, contents, params, run

RIGHT = {5: 50, 7: 60, 9: 80}
"""The right edge of each expert's box on wall.png, in percent."""


def expert(user, *, number=None, right=None, name="wall.png"):
    """A project of one task on an image that the other experts annotated, too."""
    number = number or user * 10
    drawn = annotation(number + 1, [box(["Canvas"], 0, 0, right or RIGHT[user], 50)], user=user)
    return task(number, drawn, image=name, project=user)


@pytest.fixture
def source(tmp_path):
    """Exports of three projects on one image, and a task of its own."""
    folder = tmp_path / "source"
    write_image(folder / "wall.png")
    for user in RIGHT:
        (folder / f"expert-{user}.json").write_text(json.dumps([expert(user)]))
    write_image(folder / "door.png", seed=1)
    (folder / "other.json").write_text(json.dumps([expert(5, number=200, name="door.png")]))
    return folder


def one(source, **rasterize):
    return {"fetch": {"folder": str(source), "same_image": "one"}, "rasterize": rasterize}


def rows(root):
    return read_manifest(root / "data/benchmark/manifest.csv")


def metrics(root, stage):
    return json.loads((root / f"metrics/{stage}.json").read_text())


def test_tasks_stay_apart_by_default_and_are_counted(tmp_path, source):
    run(tmp_path, source)
    assert len(rows(tmp_path)) == 4
    assert [row.annotators for row in rows(tmp_path).values()] == [3, 3, 3, 1]
    found = metrics(tmp_path, "fetch")
    assert (found["images_in_several_tasks"], found["images_of_several_annotators"]) == (1, 1)
    assert metrics(tmp_path, "rasterize")["annotators"] == {"5": 2, "7": 1, "9": 1}


@pytest.mark.parametrize(("user", "pixels"), [(5, 300), (7, 360), (9, 480)])
def test_one_image_becomes_one_mask_of_the_annotator_that_counts(tmp_path, source, user, pixels):
    settings = one(source, annotation=[f"annotator:{user}", "latest"])
    run(tmp_path, source, **settings)
    row = rows(tmp_path)["000050_wall"]
    assert len(rows(tmp_path)) == 2
    assert (row.annotator, row.annotators, row.classes["Canvas"]) == (user, 3, pixels)
    assert (row.task, row.project) == (user * 10, user)  # where it was made: links lead there
    assert metrics(tmp_path, "rasterize")["tasks"]["of_several_annotators"] == 1
    (tmp_path / "params.yaml").write_text(json.dumps({**PARAMS, **settings}))
    assert not verify(tmp_path / "data/benchmark", tmp_path / "params.yaml").problems
    manifest = tmp_path / "data/benchmark/manifest.csv"
    manifest.write_text(manifest.read_text().replace(f",{user},3,false,", f",{user},2,false,"))
    (problem,) = verify(tmp_path / "data/benchmark", tmp_path / "params.yaml").problems
    assert "says annotators 2; data/annotations says 3" in str(problem)


def test_the_key_stays_when_an_expert_is_added(tmp_path, source):
    settings = one(source, annotation=["annotator:7", "latest"])
    (source / "expert-9.json").unlink()
    run(tmp_path / "a", source, **settings)
    (source / "expert-9.json").write_text(json.dumps([expert(9)]))
    run(tmp_path / "a", source, **settings)
    run(tmp_path / "b", source, **settings)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    stored = read_task(tmp_path / "a/data/annotations/000050_wall.json")
    assert [(t.id, t.project, len(t.annotations)) for t in separate(stored)] == [
        (50, 5, 1), (70, 7, 1), (90, 9, 1),
    ]  # fmt: skip
    assert b'"task"' not in task_json(separate(stored)[0])


def test_annotations_of_one_id_are_told(tmp_path, source):
    same = expert(7, number=50)
    (source / "expert-7.json").write_text(json.dumps([{**same, "project": 7}]))
    with pytest.raises(DataError, match="1 problem") as error:
        run(tmp_path, source, **one(source))
    assert "have annotations of one id (51)" in str(error.value.problems[0])
    found = check_tasks(Folder(source), params(source, **one(source)), None)
    assert [f.what for f in found if f.level == ERROR] == ["1 task cannot be read"]


def test_doctor_says_who_counts(source):
    def said(**sections):
        found = check_tasks(Folder(source), params(source, **sections), None)
        return "\n".join(map(str, found))

    assert "one image in several tasks\n" in said()
    assert "- task 50: shows the same image as tasks 70, 90\n" in said()
    text = said(**one(source, annotation=["annotator:7", "latest"]))
    assert "1 image annotated by several people (up to 3); annotator 7 counts in 1" in text
    assert "several tasks" not in text


def test_doctor_names_the_export_of_the_annotation_that_is_wrong(source):
    smaller = expert(9)
    smaller["annotations"][0]["result"][0] |= {"original_width": 20, "original_height": 15}
    (source / "expert-9.json").write_text(json.dumps([smaller]))
    found = list(check_tasks(Folder(source), params(source, **one(source)), None))
    [problem] = [each for finding in found if finding.level == ERROR for each in finding.problems]
    assert str(problem).startswith("expert-9.json, task 90, annotation 91, region r0: was drawn on")


def chosen(tmp_path, source, table):
    """The params of a repository in which a table chooses annotators."""
    settings = one(source, annotation=["file:votes.csv", "latest"])
    (tmp_path / "params.yaml").write_text(json.dumps({**PARAMS, **settings}))
    (tmp_path / "votes.csv").write_text(table)
    return load_params(tmp_path / "params.yaml")


def test_a_table_chooses_by_image(tmp_path, source):
    for user in (7, 9):
        settings = chosen(tmp_path, source, f"key,annotator\n000050_wall,{user}\ngone,1\n")
        said = [stage(settings, Layout(tmp_path)) for stage in STAGES]
        assert rows(tmp_path)["000050_wall"].annotator == user
        assert rows(tmp_path)["000200_door"].annotator == 5
        assert "1 line of votes.csv of no task: gone" in said[1]


def test_the_table_is_a_dependency_and_only_its_own_line_shapes_a_mask(tmp_path, source):
    run_with = chosen(tmp_path, source, "key,annotator\n000050_wall,7\n")
    for stage in STAGES:
        stage(run_with, Layout(tmp_path))
    other = chosen(tmp_path, source, "key,annotator\n000050_wall,9\n")
    assert "1 task rasterized in this run" in rasterize(other, Layout(tmp_path))
    stages = {"stages": {"rasterize": {"deps": ["data/annotations"]}}}
    (tmp_path / "dvc.yaml").write_text(json.dumps(stages))
    with pytest.raises(DataError) as error:
        rasterize(other, Layout(tmp_path))
    assert "put the line `- votes.csv` below" in str(error.value.problems[0])


def test_a_choice_of_somebody_who_did_not_annotate_stops(tmp_path, source):
    settings = chosen(tmp_path, source, "key,annotator\n000200_door,7\n")
    with pytest.raises(DataError) as error:
        [stage(settings, Layout(tmp_path)) for stage in STAGES]
    told = "annotator 7 is chosen for '000200_door', but has no"
    assert told in str(error.value.problems[0])
    found = check_tasks(Folder(source), settings, None, layout=Layout(tmp_path))
    assert [told in str(f) for f in found if f.level == ERROR] == [True]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no such file"),
        (b"image;annotator\n", ""),
        (b"image,annotator\na,1\n", "needs the columns 'key' and 'annotator'"),
        (b"key,annotator\na,x\n", "line 2 says 'x' for 'a'; a key and a user id are expected"),
        (b"key,annotator\na," + b"7" * 5000, "line 2 says '7777"),
        (b"key,annotator\na\n", "line 2 says '' for 'a'"),
        (b"key,annotator\na,1\na,2\n", "line 3 chooses 2 for 'a', an earlier one 1"),
        (b"\xff\xfe", "cannot be read as CSV"),
    ],
)
def test_bad_tables(source, content, told):
    _, problems = read_choices(content, "votes.csv")
    assert told in "".join(map(str, problems)) and bool(told) == bool(problems)
    settings = params(source, **one(source, annotation=["file:votes.csv"]))
    if told:
        with pytest.raises(ParamsError, match="1 problem"):
            with_choices(settings, lambda name: content)


def test_two_tables_are_one_too_many(source):
    with pytest.raises(ParamsError) as error:
        params(source, **one(source, annotation=["file:a.csv", "file:b.csv"]))
    assert "names several files" in str(error.value.problems[0])


def test_another_annotators_later_annotation_is_told(tmp_path):
    first = annotation(1, [box(["Canvas"], 0, 0, 50, 50)], user=7)
    later = annotation(2, [box(["Canvas"], 0, 0, 25, 50)], user=8, hour=9)
    write_export(tmp_path / "source", [task(1, first)])
    run(tmp_path, tmp_path / "source")
    write_export(tmp_path / "source", [task(1, first, later)])
    said = run(tmp_path, tmp_path / "source")[1]
    told = "another annotator's annotation counts now in 1 task: 000001_scene_1 (annotator 8 in "
    assert f"{told}place of annotator 7; they agree on 50% of the labels)" in said
    assert "another annotator" not in run(tmp_path, tmp_path / "source")[1]


@pytest.mark.parametrize(
    ("file", "tasks", "changes"),
    [
        ("expert-9.json", [expert(9)], Changes()),
        ("expert-9.json", [expert(9, right=20)], Changes(changed=("000050_wall",))),
        ("expert-5.json", [expert(5, right=20)], Changes(changed=("000050_wall",))),
        ("expert-9.json", None, Changes(changed=("000050_wall",))),
        ("expert-5.json", None, Changes(removed=("000050_wall",))),
        ("expert-11.json", [expert(11, right=20)], Changes(new=("000110_wall",))),
    ],
)
def test_refresh_sees_what_changed_in_tasks_of_one_image(tmp_path, source, file, tasks, changes):
    """The folder stands for the server: both say which tasks there are now."""
    settings = params(source, **one(source))
    fetch(settings, Layout(tmp_path))
    if tasks is None:
        (source / file).unlink()
    else:
        (source / file).write_text(json.dumps(tasks))
    assert compare_tasks(Folder(source), Layout(tmp_path), settings.fetch) == changes
