"""A stage as a command: what it says when it stops."""

from pathlib import Path

import yaml

from maskbench.cli import main
from maskbench.pipeline.combine import combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.fetch_report import MISSING_ADVICE
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.run import run_stage
from tests.exports import PARAMS, annotation, box, simple_tasks, task, write_export


def test_a_stage_names_the_export_counts_and_says_where_to_see_all(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    wrong = [box(["Canvas"], 1, 1, 9, 9, number=n, size=(20, 15)) for n in range(1, 8)]
    write_export(tmp_path / "source", [*simple_tasks(2), task(3, annotation(33, wrong))])
    assert run_stage("fetch", fetch) == 0
    assert (
        capsys.readouterr().out
        == "fetch: 3 tasks, 3 images, 11 regions in 3 annotations (3 tasks new or changed)\n"
    )
    assert run_stage("rasterize", rasterize) == 4
    first, problem, *rest = capsys.readouterr().err.splitlines()
    assert first == "error: rasterize: 1 problem; nothing was changed"
    assert problem.startswith(
        "  - export.json: was drawn on an image of 20 x 15 pixels, but the image has 40 x "
        "30: it looks like a copy at 50 % of its size"
    )
    assert "(7 regions: task 3, annotation 33, region r1; task 3, ann" in problem
    assert problem.endswith(" and 2 more)")
    assert rest == [
        "  (all of them: `maskbench doctor --all`)",
        "  (what would stop combine or split after this: `maskbench doctor --all` tells it now)",
    ]


def test_links_to_tasks_where_the_server_is_known(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    wrong = box(["Canvas"], 1, 1, 9, 9, size=(0, 0))
    write_export(tmp_path / "source", [task(3, annotation(33, [wrong]))])
    run_stage("fetch", fetch)
    source = {"folder": "source", "server": "http://labels.lan", "project": 1}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({**PARAMS, "fetch": source}))
    assert run_stage("rasterize", rasterize) == 4
    assert "; see http://labels.lan/projects/1/data?task=3\n" in capsys.readouterr().err


def in_projects(*tasks, **sections):
    """Write and fetch tasks as a folder, then name two projects of a server as their source."""
    source = {"folder": "source", "server": "http://labels.lan", "project": [1, 2]}
    write_export(Path("source"), tasks)
    Path("params.yaml").write_text(yaml.safe_dump({**PARAMS, **sections}))
    assert run_stage("fetch", fetch) == 0
    Path("params.yaml").write_text(yaml.safe_dump({**PARAMS, **sections, "fetch": source}))


LAMP = box(["Lamp"], 0, 0, 25, 100, number=3)


def test_labels_and_combinations_lead_to_a_task_of_theirs(tmp_path, monkeypatch, capsys):
    """Also where projects are several, and the stage's input does not tell them."""
    monkeypatch.chdir(tmp_path)
    lamps = [task(n, annotation(n, [LAMP]), project=2) for n in (3, 4)]
    in_projects(*simple_tasks(2), *lamps, multi_label_rules={})
    capsys.readouterr()
    assert run_stage("rasterize", rasterize) == 4
    assert capsys.readouterr().err.splitlines()[1] == (
        "  - params.yaml: labels_map: the label 'Lamp' is not in labels_map: 2 regions; known: "
        "Background, Both, Canvas, Obstruction (2 tasks: 3, 4); "
        "see http://labels.lan/projects/2/data?task=3"
    )
    labels = {**PARAMS["labels_map"], "Lamp": 4}
    in_projects(*simple_tasks(2), *lamps, multi_label_rules={}, labels_map=labels)
    assert run_stage("rasterize", rasterize) == 0
    capsys.readouterr()
    assert run_stage("combine", combine) == 4
    told = capsys.readouterr().err.splitlines()
    assert told[1].endswith(
        "no rule says what Canvas + Obstruction together become: 204 pixels (2 tasks: 1, 2); see "
        "http://labels.lan/projects/1/data?task=1"
    )
    assert told[2] == (
        "  (what would stop split after this: `maskbench doctor --all` tells it now)"
    )


def test_doctor_tells_at_once_what_stages_tell_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text("stages: {}\n")
    Path(".dvc").mkdir()
    wrong = box(["Canvas"], 1, 1, 9, 9, size=(20, 15))
    tasks = [*simple_tasks(2), task(3, annotation(3, [wrong])), task(4, annotation(4, [LAMP]))]
    tasks.append(task(5, annotation(5, [box(["Chair"], 1, 1, 9, 9)])))
    write_export(Path("source"), tasks)
    sections = {"multi_label_rules": {}, "split": {"group_by": "pateint"}}
    Path("params.yaml").write_text(yaml.safe_dump({**PARAMS, **sections}))
    Path("source/upload/1/00000005-scene_5.png").unlink()
    assert run_stage("fetch", fetch) == 4
    assert capsys.readouterr().err.splitlines()[-3:] == [
        "  (what would stop rasterize, combine or split after this: `maskbench doctor --all` "
        "tells it now)",
        "",
        MISSING_ADVICE,
    ]
    assert main(["doctor", "--all"]) == 1
    told = capsys.readouterr().out
    for problem in (
        "no image file below",  # fetch
        "was drawn on an image of 20 x 15 pixels",  # rasterize
        "the label 'Lamp' is not in labels_map: 1 region",
        "the label 'Chair' is not in labels_map: 1 region",  # although its image is missing
        "no rule says what Canvas + Obstruction together become",  # combine
        "its data has no field 'pateint'",  # split
    ):
        assert problem in told
