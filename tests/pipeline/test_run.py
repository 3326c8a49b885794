"""A stage as a command: what it says when it stops."""

import yaml

from maskbench.pipeline.fetch import fetch
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
        "  (`maskbench doctor` tells what else would stop the build)",
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
