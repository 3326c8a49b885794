"""Workers that load numpy while the stage does not: when they are started, and what for."""

import os
import subprocess
import sys

import pytest

from maskbench.pipeline import ahead
from maskbench.pipeline.ahead import load_ahead

_RUN = """
import runpy, sys
from maskbench.pipeline import run

def end(status):
    print(status, "numpy" in sys.modules)

run.end = end
runpy.run_path(f"stages/{sys.argv[1]}.py", run_name="__main__")
"""


def forget(repository):
    for memory in (repository.root / "data/.maskbench").glob("*/memory.json"):
        memory.unlink()


def run(repository, stage, **environment):
    """What a stage prints, and whether it loaded numpy itself."""
    done = repository.run(sys.executable, "-c", _RUN, stage, **environment)
    return done.stdout.splitlines()


@pytest.mark.parametrize("stage", ["rasterize", "combine"])
def test_a_stage_leaves_numpy_to_its_workers(repository, stage):
    before = repository.outputs()
    for count, loads in (("2", False), ("1", True)):
        forget(repository)
        summary, ended = run(repository, stage, MASKBENCH_WORKERS=count)
        assert "24 tasks" in summary or "22 masks" in summary
        assert "anew" in summary
        assert ended == f"0 {loads}"
    assert repository.outputs() == before


@pytest.fixture
def started(monkeypatch, tmp_path):
    """What is started ahead, for a folder of 20 items."""
    calls = []
    monkeypatch.setattr(ahead, "start_ahead", lambda count, load: calls.append(count))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MASKBENCH_WORKERS", "2")
    monkeypatch.delenv("MASKBENCH_SCHEDULER", raising=False)
    (tmp_path / "items").mkdir()
    for i in range(20):
        (tmp_path / f"items/{i}.json").touch()
    return calls


def start(tmp_path):
    load_ahead("rasterize", tmp_path / "items", "maskbench.pipeline.label_sets")


def test_many_items_and_no_memory_of_them_start_all_workers(started, tmp_path):
    start(tmp_path)
    assert started == [2]


def test_few_items_start_none(started, tmp_path):
    for i in range(12):
        (tmp_path / f"items/{i}.json").unlink()
    start(tmp_path)
    assert started == []


def test_where_an_earlier_run_is_remembered_none_start(started, tmp_path):
    memory = tmp_path / "data/.maskbench/rasterize/memory.json"
    memory.parent.mkdir(parents=True)
    memory.touch()
    start(tmp_path)
    assert started == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MASKBENCH_WORKERS", "1"),
        ("MASKBENCH_WORKERS", "many"),
        ("MASKBENCH_SCHEDULER", "tcp://127.0.0.1:1"),
    ],
)
def test_where_no_processes_are_wanted_none_start(started, tmp_path, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    start(tmp_path)
    assert started == []


def test_a_missing_folder_is_for_the_stage_to_tell(started, tmp_path):
    load_ahead("rasterize", tmp_path / "none", "maskbench.pipeline.label_sets")
    assert started == []


def test_workers_that_nobody_needs_end(repository):
    forget(repository)
    params = repository.root / "params.yaml"
    params.write_text("- " + params.read_text())
    words = [sys.executable, "stages/combine.py"]
    environment = {**os.environ, **repository.environment, "MASKBENCH_WORKERS": "2"}
    done = subprocess.run(  # returns when nobody holds its output any more
        words, cwd=repository.root, env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
