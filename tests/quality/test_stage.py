"""The stage *quality* and its command on small exports with several annotators."""

import json
import re

import pytest

from maskbench.cli import main
from maskbench.files.csv import read_table
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.quality.report import heading
from maskbench.quality.stage import quality
from tests.exports import PARAMS, annotation, box, simple_tasks, task, write_export, write_image
from tests.pipeline.test_build import contents, params


def canvas(number, user, right, **more):
    """An annotation whose box covers the upper half, from the left to `right` percent."""
    return annotation(number, [box(["Canvas"], 0, 0, right, 50)], user=user, **more)


TWO = [
    task(1, canvas(1, 5, 100), canvas(2, 7, 50)),
    task(2, canvas(3, 5, 100), canvas(4, 7, 100, ground_truth=True), canvas(5, 9, 20)),
    task(3, canvas(6, 5, 100)),
]


def build(root, source, **sections):
    settings = params(source, **sections)
    fetch(settings, Layout(root))
    return quality(settings, Layout(root))


def metrics(root):
    return json.loads((root / "metrics/quality.json").read_text())


def test_agreement_by_class_pair_and_annotator(tmp_path):
    write_export(tmp_path / "source", TWO)
    said = build(tmp_path, tmp_path / "source")
    found = metrics(tmp_path)
    assert found["images"] == {
        "all": 3, "measured": 2, "of_several_annotators": 2, "of_several_sizes": 0,
    }  # fmt: skip
    assert found["annotators"] == 3
    # An image has 1200 pixels, its upper half 600: 5 and 7 share 300 of 600, then 600 of 600.
    pair = found["pairs"]["5 and 7"]
    assert pair["images"] == 2
    assert pair["iou"] == pytest.approx((900 / 1200 + 1200 / 1500) / 2, abs=1e-4)
    assert found["pairs"]["7 and 9"] | {"images": 1} == found["pairs"]["7 and 9"]
    assert "interval_95" in pair and "interval_95" not in found["pairs"]["7 and 9"]
    assert found["classes"]["Canvas"]["iou"] == pytest.approx((840 + 300) / 2400, abs=1e-4)
    assert found["classes"]["Obstruction"] == {"images": 0}
    assert found["against_the_others"].keys() == {"5", "7", "9"}
    assert found["against_ground_truth"].keys() == {"5", "9"}
    assert found["against_ground_truth"]["5"]["iou"] == 1
    assert said.startswith("2 images of several annotators: iou 0.")
    ranking = read_table(tmp_path / "plots/ranking.csv")
    assert [(row["key"], row["annotators"]) for row in ranking] == [
        ("000002_scene_2", "3"), ("000001_scene_1", "2"),
    ]  # fmt: skip
    last = read_table(tmp_path / "plots/agreement.csv")[-1]
    assert (last["class"], float(last["iou"])) == ("(all)", found["agreement"]["iou"])


def test_only_what_changed_is_measured_and_the_bytes_are_those_of_a_build_from_nothing(tmp_path):
    source = tmp_path / "source"
    write_export(source, TWO)
    assert "2 images measured in this run" in build(tmp_path / "a", source)
    assert "0 images measured in this run" in build(tmp_path / "a", source)
    write_export(source, [task(1, canvas(1, 5, 100), canvas(2, 7, 75)), *TWO[1:]])
    assert "1 image measured in this run" in build(tmp_path / "a", source)
    build(tmp_path / "b", source)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    # Who counts in the benchmark changes nothing here; how pixels are found does.
    chosen = {"annotation": ["annotator:9", "latest"]}
    assert "0 images measured in this run" in build(tmp_path / "a", source, rasterize=chosen)
    touched = {"all_touched": True}
    assert "2 images measured in this run" in build(tmp_path / "a", source, rasterize=touched)


@pytest.mark.parametrize("same_image", ["separate", "one"])
def test_tasks_of_several_projects_with_one_image(tmp_path, same_image):
    source = tmp_path / "source"
    write_image(source / "wall.png")
    for user, right in ((5, 100), (7, 50)):
        own = task(user, canvas(user, user, right), image="wall.png", project=user)
        (source / f"{user}.json").write_text(json.dumps([own]))
    build(tmp_path, source, fetch={"folder": str(source), "same_image": same_image})
    found = metrics(tmp_path)
    assert found["images"]["of_several_annotators"] == 1
    assert found["classes"]["Canvas"]["iou"] == 0.5
    keys = {"separate": "000005_wall 000007_wall", "one": "000005_wall"}
    assert read_table(tmp_path / "plots/ranking.csv")[0]["tasks"] == keys[same_image]


def nobody_twice():
    return simple_tasks(2)


def no_task_in_common():
    return [task(1, canvas(1, 5, 50)), task(2, canvas(2, 7, 50))]


def skipped():
    return [task(1, canvas(1, 5, 50), canvas(2, 7, 50, was_cancelled=True))]


@pytest.mark.parametrize("tasks", [nobody_twice, no_task_in_common, skipped])
def test_nothing_to_compare_is_said(tmp_path, tasks, monkeypatch, capsys):
    write_export(tmp_path / "source", tasks())
    assert "none has two annotators to compare" in build(tmp_path, tmp_path / "source")
    assert read_table(tmp_path / "plots/ranking.csv") == []
    (tmp_path / "dvc.yaml").write_text("")
    (tmp_path / "params.yaml").write_text(json.dumps(PARAMS))  # JSON is YAML
    monkeypatch.chdir(tmp_path)
    assert main(["quality"]) == 0
    assert "nothing to compare: of" in capsys.readouterr().out


def test_what_cannot_be_drawn_is_left_out_and_said(tmp_path):
    unknown = annotation(2, [box(["Curtain"], 0, 0, 50, 50)], user=7)
    other_size = annotation(4, [box(["Canvas"], 0, 0, 50, 50, size=(80, 60))], user=7)
    write_export(
        tmp_path / "source",
        [task(1, canvas(1, 5, 50), unknown), task(2, canvas(3, 5, 50), other_size)],
    )
    said = build(tmp_path, tmp_path / "source")
    assert (
        "2 annotations left out: annotation 2 of annotator 7 in 000001_scene_1 (the label" in said
    )
    assert "was drawn on an image of 80 x 60 pixels" in said
    found = metrics(tmp_path)
    assert found["annotations_left_out"] == 2
    said = (
        "nothing to compare: 2 images were annotated by several people; 2 annotations were left out"
    )
    assert heading(found).startswith(said)


def test_an_image_of_several_sizes_is_said(tmp_path):
    write_image(tmp_path / "source/wall.png")
    tasks = [task(n, canvas(n, n, 50), image="wall.png") for n in (1, 2)]
    (tmp_path / "source/all.json").write_text(json.dumps(tasks))
    settings = params(tmp_path / "source")
    fetch(settings, Layout(tmp_path))
    stored = tmp_path / "data/annotations/000002_wall.json"
    stored.write_text(stored.read_text().replace('"width": 40', '"width": 44'))
    assert "1 image is stored with several sizes" in quality(settings, Layout(tmp_path))


def test_the_command(tmp_path, monkeypatch, capsys):
    write_export(tmp_path / "source", TWO)
    (tmp_path / "dvc.yaml").write_text("")
    (tmp_path / "params.yaml").write_text(json.dumps(PARAMS))  # JSON is YAML
    monkeypatch.chdir(tmp_path)
    assert main(["quality"]) == 1
    assert "run `dvc repro quality`" in capsys.readouterr().err
    build(tmp_path, tmp_path / "source")
    assert main(["quality"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("2 images of 3 with several annotators (3 people in all)\n\nClasses\n")
    assert "Annotators against ground truth" in text and "Obstruction" not in text
    assert main(["quality", "--md"]) == 0
    assert "| class | images | IoU | 95 % | Dice |" in capsys.readouterr().out
    metrics = (tmp_path / "metrics/quality.json").read_text()
    for text in ("[", "[]", "{}", metrics.replace('"iou": 0', '"iou": "high", "x": 0')):
        (tmp_path / "metrics/quality.json").write_text(text)
        assert main(["quality"]) == 1
        said = "does not hold what the stage writes .*; run `dvc repro -f quality`"
        assert re.search(said, capsys.readouterr().err)
    (tmp_path / "metrics/quality.json").write_text(metrics)
    (tmp_path / "plots/ranking.csv").write_text("name\nwall\n")
    assert main(["quality"]) == 1


def test_annotators_are_compared_with_their_consensus(tmp_path):
    write_export(tmp_path / "source", [task(1, *(canvas(n, n, 100 - 20 * n) for n in (1, 2, 3)))])
    build(tmp_path, tmp_path / "source")
    assert metrics(tmp_path)["against_consensus"] == {}
    votes = {"rasterize": {"annotation": ["consensus"]}}
    assert "1 image measured in this run" in build(tmp_path, tmp_path / "source", **votes)
    found = metrics(tmp_path)["against_consensus"]
    # Two of three reach to 60 % of the width: 360 of 1200 pixels; the others to 80 and 40 %.
    assert [found[who]["iou"] for who in "123"] == pytest.approx(
        [(360 / 480 + 720 / 840) / 2, 1, (240 / 360 + 840 / 960) / 2], abs=1e-4
    )
    # What they do not agree on counts for nobody.
    votes["combine"] = {"consensus": {"agreement": 1}}
    build(tmp_path, tmp_path / "source", **votes)
    assert {own["iou"] for own in metrics(tmp_path)["against_consensus"].values()} == {1}
