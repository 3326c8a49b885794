"""`maskbench doctor` on exports in a folder says what the build says."""

import sys

import pytest

from maskbench.doctor.checkup import check_up
from maskbench.doctor.findings import ERROR, WARNING
from maskbench.errors import DataError
from maskbench.files.yaml import parse_yaml
from maskbench.pipeline.layout import Layout
from tests.exports import annotation, box, simple_tasks, task, write_export
from tests.pasting import paste, team_params
from tests.pipeline.test_build import params, run
from tests.pipeline.test_never_wrong import on, pair, point, write_pairs


def findings(root, most=100, **sections):
    """What doctor finds on the exports in ``source``, by level; git and DVC aside."""
    (root / ".dvc").mkdir(exist_ok=True)
    found = list(check_up(params(root / "source", **sections), Layout(root), most))
    return {
        level: [
            text
            for finding in found
            if finding.level == level
            for text in [finding.what, *map(str, finding.problems)]
            if text
        ]
        for level in (ERROR, WARNING)
    }


def problems_of_the_build(root):
    with pytest.raises(DataError) as caught:
        run(root / "built", root / "source")
    return [str(problem) for problem in caught.value.problems]


def test_several_images(tmp_path):
    write_pairs(tmp_path / "source", [pair(number, on("img2")) for number in (1, 2, 3)])
    headline, *errors = findings(tmp_path)[ERROR]
    assert headline == "3 tasks cannot be read"
    assert errors[0].endswith("set {img2: image} or {img2: second}")
    assert errors == problems_of_the_build(tmp_path)


def test_nothing_but_empty_masks(tmp_path):
    tasks = [task(number, annotation(number, [point(1)])) for number in (1, 2)]
    write_export(tmp_path / "source", tasks)
    found = findings(tmp_path)
    assert found[ERROR] == problems_of_the_build(tmp_path)
    assert found[ERROR][0].startswith("task 1: no mask has a labelled pixel although regions were")
    assert (
        "2 masks are empty although regions were drawn: 000001_scene_1 (no_area), "
        "000002_scene_2 (no_area)"
    ) in found[WARNING]


def test_tasks_that_were_not_looked_at_may_have_what_is_missing(tmp_path):
    drawn = task(2, annotation(2, [box(["Canvas"], 0, 0, 50, 50)]))
    write_export(tmp_path / "source", [task(1, annotation(1, [point(1)])), drawn])
    found = findings(tmp_path, most=1)
    assert found[ERROR] == []
    assert any(what.startswith("task 1: no mask has a labelled") for what in found[WARNING])
    assert findings(tmp_path)[ERROR] == []


def test_nothing_annotated(tmp_path):
    write_export(tmp_path / "source", [task(1)])
    [error] = findings(tmp_path)[ERROR]
    assert error.startswith("no task has an annotation that counts (tasks: 1, skipped")
    assert problems_of_the_build(tmp_path) == [error]


def test_the_lines_to_paste_of_all_findings_fit_together(tmp_path):
    """A label and a combination without a class: each gets a mask value of its own."""
    lamp = task(3, annotation(3, [box(["Lamp"], 0, 0, 50, 50)]))
    write_export(tmp_path / "source", [*simple_tasks(1), lamp])
    sections = {"multi_label_rules": {}}
    (tmp_path / ".dvc").mkdir()
    read = params(tmp_path / "source", **sections)
    found = check_up(read, Layout(tmp_path), None)
    text = team_params(read.labels_map)
    for finding in found:
        if finding.level == ERROR and "\n# " in finding.advice:
            text = paste(text, finding.advice)
    labels_map = parse_yaml(text)["labels_map"]
    assert labels_map == {**read.labels_map, "Lamp": 4, "Canvas+Obstruction": 5}


def test_staple_without_simpleitk_is_one_finding_among_the_others(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    several = [annotation(n, [box(["Canvas"], 0, 0, 50, 50)], user=n) for n in (1, 2)]
    unknown = annotation(3, [box(["Curtain"], 0, 0, 50, 50)])
    write_export(tmp_path / "source", [task(1, *several), task(2, unknown)])
    said = "combine.consensus.method: staple needs SimpleITK, which is not installed"
    votes = {"rasterize": {"annotation": ["consensus"]}}
    staple = {"combine": {"consensus": {"method": "staple"}}}
    found = findings(tmp_path, **votes, **staple)
    assert said in found[ERROR] and "1 label without a class" in found[ERROR]
    assert said not in findings(tmp_path, **votes)[ERROR]
    assert said not in findings(tmp_path, **staple)[ERROR]  # the annotation saved last counts
    write_export(tmp_path / "source", [task(1, several[0])])
    found = findings(tmp_path, **votes, **staple)
    assert said in found[WARNING] and said not in found[ERROR]  # nobody has to vote yet
