"""A small benchmark to look at, and the command that writes its pages."""

import json

import pytest

from maskbench.cli import main
from tests.exports import PARAMS, annotation, box, region, task, write_export
from tests.pipeline.test_build import run as run_stages

NASTY = "<img src=x onerror='window.hacked=1'>"
POINT = region("keypoint", ["Canvas"], {"x": 50, "y": 50, "width": 1}, number=9)
LABELS = {"Background": 0, "Canvas": 1, "Obstruction": 2, "Both": 3, NASTY: 4}


def tasks():
    """Canvas and obstruction that overlap; more of each in later tasks; two annotators."""
    made = []
    for number in range(1, 13):
        regions = [
            box(["Canvas"], 10, 10, 40 + 4 * number, 70, number=1),
            box(["Obstruction"], 40, 30, 60, 80, number=2),
        ]
        if number == 3:
            regions.append(box([NASTY], 70, 80, 100, 100, number=3))
        if number == 5:
            regions.append(POINT)
        if number == 7:
            regions = []
        spent = {1: 4.5, 2: 725, 12: 7800}.get(number)  # seconds
        by = annotation(number, regions, user=1 + number % 2, lead_time=spent)
        made.append(task(number, by))
    made.append(task(13))
    made.append(task(14, annotation(14, [], was_cancelled=True)))
    return made


def build(root, entries, rules=PARAMS["multi_label_rules"]):
    """Build a repository of these tasks, without DVC; stop before *combine* if there is no rule."""
    write_export(root / "source", entries)
    sections = {"labels_map": LABELS, "multi_label_rules": rules}
    params = {**PARAMS, "fetch": {"folder": str(root / "source")}, **sections}
    (root / "params.yaml").write_text(json.dumps(params))
    (root / "dvc.yaml").write_text("stages: {}\n")
    run_stages(root, root / "source", **sections)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """A built repository; tests do not write to it."""
    root = tmp_path_factory.mktemp("world") / "rooms"
    root.mkdir()
    build(root, tasks())
    return root


@pytest.fixture
def show(monkeypatch, capsys):
    """Runs ``maskbench show`` in a folder: exit status, standard output, standard error."""

    def run(root, *words):
        monkeypatch.chdir(root)
        status = main(["show", *map(str, words)])
        return status, *capsys.readouterr()

    return run
