"""Workers load numpy beside the stage: when they do, and that the stage itself does not."""

import json
import subprocess
import sys

import pytest

from maskbench.pipeline import ahead
from tests.exports import PARAMS, simple_tasks, write_export
from tests.repositories import ROOT

STAGES = ("fetch", "rasterize", "combine")
WATCHED = """
import json, runpy, sys
from maskbench.pipeline import ahead, run
started, start = [], ahead.start_ahead
ahead.start_ahead = lambda count, module: (started.append(count), start(count, module))
def end(status):
    print(json.dumps([status, sum(started), "numpy" in sys.modules, "PIL" in sys.modules]))
run.end = end
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def loaded(root, stage, workers="2"):
    """Run a stage's script: (exit status, processes started ahead, loaded numpy, loaded Pillow)."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(ROOT / f"stages/{stage}.py")],
        cwd=root, env={"MASKBENCH_WORKERS": workers, "PATH": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def watched(root, stage, workers="2"):
    """Run a stage's script: (exit status, processes started ahead, whether it loaded numpy)."""
    return loaded(root, stage, workers)[:3]


@pytest.fixture
def root(tmp_path):
    return fresh(tmp_path, 12)


def fresh(root, count, picture="png"):
    tasks = json.loads(json.dumps(simple_tasks(count)).replace(".png", f".{picture}"))
    write_export(root / "source", tasks)
    (root / "params.yaml").write_text(json.dumps(PARAMS))
    return root


def test_from_nothing_the_stage_loads_no_numpy(root):
    assert watched(root, "fetch") == (0, 0, False)
    assert watched(root, "rasterize") == (0, 2, False)
    assert watched(root, "combine") == (0, 2, False)


def test_with_nothing_to_do_nobody_loads_numpy(root):
    for stage in STAGES:
        watched(root, stage)
    assert [watched(root, stage) for stage in STAGES] == [(0, 0, False)] * 3


def test_for_one_image_no_process_is_started(tmp_path):
    fresh(tmp_path, 1)
    watched(tmp_path, "fetch")
    assert watched(tmp_path, "rasterize") == (0, 0, True)
    assert watched(tmp_path, "combine") == (0, 0, True)


def test_one_process_means_none_beside_the_stage(root):
    watched(root, "fetch")
    assert watched(root, "rasterize", "1") == (0, 0, True)


@pytest.mark.parametrize(("picture", "asked"), [("jpg", False), ("png", True)])
def test_plain_jpegs_are_combined_without_pillow(tmp_path, picture, asked):
    """It takes a while to load, and has nothing to say about them; a PNG may hold EXIF."""
    fresh(tmp_path, 2, picture)
    watched(tmp_path, "fetch")
    assert loaded(tmp_path, "rasterize", "1") == (0, 0, True, False)
    assert loaded(tmp_path, "combine", "1") == (0, 0, True, asked)


def test_what_is_all_outdated_is_loaded_by_workers_only(root):
    """Such as after an update: the stage has a memory, and finds that it is of no use."""
    for stage in STAGES:
        watched(root, stage)
    for stage in STAGES[1:]:
        (root / f"data/.maskbench/{stage}/memory.json").write_text("{}")
        assert watched(root, stage) == (0, 0, False)


def test_a_wrong_number_of_processes_is_told_by_the_stage(root):
    watched(root, "fetch")
    assert watched(root, "rasterize", "many") == (1, 0, False)


def test_before_there_is_anything_to_load_for_nothing_is_started(root):
    assert watched(root, "rasterize") == (0, 0, False)


def test_with_a_scheduler_its_workers_are_used(root, monkeypatch):
    watched(root, "fetch")
    started = []
    monkeypatch.setattr(ahead, "start_ahead", lambda *args: started.append(args))
    monkeypatch.chdir(root)
    monkeypatch.setenv("MASKBENCH_WORKERS", "2")
    ahead.load_ahead("rasterize", "annotations", "json")
    assert started == [(2, "json")]
    monkeypatch.setenv("MASKBENCH_SCHEDULER", "tcp://127.0.0.1:1")
    ahead.load_ahead("rasterize", "annotations", "json")
    assert len(started) == 1
