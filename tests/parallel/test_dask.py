"""The stages on Dask workers: a real scheduler, three processes, and what can go wrong."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maskbench.errors import MaskbenchError
from maskbench.parallel.run import FEW, run_all
from tests.exports import annotation, box, polygon, task, write_export
from tests.pipeline.test_build import contents
from tests.repositories import ROOT, python_path

pytestmark = pytest.mark.slow

DASK = str(Path(sys.executable).with_name("dask"))
COUNT = 60
SIZE = (400, 300)

RUN = """
import os, sys
from tests.pipeline.test_build import STAGES, params
from maskbench.errors import MaskbenchError
from maskbench.pipeline.layout import Layout
try:
    for stage in STAGES:
        print(stage(params("../source", combine={"unmatched": "Both"}), Layout()))
except MaskbenchError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
"""


class Cluster:
    """A scheduler and workers on loopback, in a folder that is not the repository's."""

    def __init__(self, folder, count=3, **environment):
        self.folder = folder
        folder.mkdir()
        file = folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--no-dashboard")
        self.scheduler = self._start("scheduler", *options, "--port", "0", "--scheduler-file", file)
        until(file.exists)
        until(lambda: b"Scheduler at" in self.log("scheduler"))
        self.address = re.search(rb"tcp://127\.0\.0\.1:\d+", self.log("scheduler"))[0].decode()
        self.workers = [
            self._start(
                "worker", self.address, *options, "--no-nanny", "--nthreads", "1", log=f"worker{i}",
                **environment,
            )
            for i in range(count)
        ]  # fmt: skip
        for i in range(count):
            until(lambda name=f"worker{i}": b"Registered to" in self.log(name))

    def _start(self, *words, log=None, **environment):
        with (self.folder / f"{log or words[0]}.log").open("wb") as stream:
            return subprocess.Popen(
                [DASK, *words],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": python_path(ROOT), **environment},
                stdout=stream,
                stderr=stream,
            )

    def log(self, name):
        return (self.folder / f"{name}.log").read_bytes()

    def stop(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def until(true, seconds=300):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.003)


def start(root, code=RUN, /, **environment):
    root.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": python_path(ROOT), **environment}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, env=environment, stdout=pipe, stderr=pipe, text=True
    )


def finish(process):
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def tasks():
    """Scenes with overlaps, a self-crossing outline, and no two alike."""
    star = [(50, 5), (80, 95), (2, 40), (98, 40), (20, 95)]
    for n in range(1, COUNT + 1):
        regions = [
            box(["Canvas"], 10, 10, 60 + n % 7, 70, number=1, size=SIZE),
            box(["Obstruction"], 40, 30, 90, 80 + n % 5, number=2, size=SIZE),
            polygon(["Both"], [(x, y * n / COUNT) for x, y in star], number=3, size=SIZE),
        ]
        yield task(n, annotation(n, regions[: 2 + n % 2]))


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """An export, and what one process makes of it: (folder beside it, bytes by path)."""
    folder = tmp_path_factory.mktemp("distributed")
    write_export(folder / "source", list(tasks()), size=SIZE)
    assert finish(start(folder / "local", MASKBENCH_WORKERS="1"))[0] == 0
    return folder, contents(folder / "local")


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path / "cluster")
    yield made
    made.stop()


def staged(root, stage):
    folder = root / f"data/.maskbench/{stage}/staging"
    return sum(len(files) for _, _, files in os.walk(folder))


def test_workers_make_the_same_bytes(local, cluster):
    folder, expected = local
    root = folder / "spread"
    status, out, err = finish(start(root, MASKBENCH_SCHEDULER=cluster.address))
    assert (status, err) == (0, "")
    assert f"{COUNT} masks made in this run" in out
    assert contents(root) == expected
    assert not (cluster.folder / "data").exists()
    for last_run in root.glob("data/.maskbench/*/last_run.jsonl"):
        assert str(folder) not in last_run.read_text()
    again = finish(start(root, MASKBENCH_WORKERS="1"))[1]
    assert "0 tasks rasterized in this run" in again  # the record holds for local runs as well


def test_workers_killed_in_the_middle_change_no_byte(local, cluster):
    folder, expected = local
    root = folder / "killed"
    run = start(root, MASKBENCH_SCHEDULER=cluster.address)
    for stage, worker in (("rasterize", 0), ("combine", 1)):
        until(lambda stage=stage: staged(root, stage) > 5 or run.poll() is not None)
        cluster.workers[worker].kill()
        assert staged(root, stage) > 0  # not all of it was made yet
    status, _, err = finish(run)
    assert (status, err) == (0, "")
    assert contents(root) == expected


def test_without_a_scheduler_the_stage_says_so(local):
    folder, _ = local
    root = folder / "nobody"
    status, out, err = finish(start(root, MASKBENCH_SCHEDULER="tcp://127.0.0.1:1"))
    assert (status, out) == (1, "")
    assert err.startswith("error: MASKBENCH_SCHEDULER: no Dask scheduler answers at 'tcp://127.0")
    assert err.count("\n") == 1
    assert contents(root) == {}


def test_workers_with_other_code_are_refused(local, tmp_path):
    folder, _ = local
    shutil.copytree(ROOT / "maskbench", tmp_path / "other/maskbench")
    with (tmp_path / "other/maskbench/params/model.py").open("a") as model:
        model.write("\n\nIGNORE = 254\n")
    made = Cluster(tmp_path / "cluster", count=1, PYTHONPATH=python_path(tmp_path / "other"))
    try:
        status, _, err = finish(start(folder / "other", MASKBENCH_SCHEDULER=made.address))
    finally:
        made.stop()
    assert status == 1
    assert "1 Dask worker (tcp://127.0.0.1:" in err
    assert "would make other bytes" in err
    assert err.count("\n") == 1


def test_a_lost_scheduler_is_a_clear_error(local, cluster):
    folder, expected = local
    root = folder / "lost"
    run = start(root, MASKBENCH_SCHEDULER=cluster.address)
    until(lambda: staged(root, "rasterize") > 0)
    cluster.scheduler.kill()
    status, _, err = finish(run)
    assert status == 1
    assert "error: rasterize: the Dask scheduler at tcp://127.0.0.1:" in err
    assert "Traceback" not in err
    assert finish(start(root))[0] == 0
    assert contents(root) == expected


def test_little_work_asks_no_scheduler(monkeypatch):
    monkeypatch.setenv("MASKBENCH_SCHEDULER", "tcp://127.0.0.1:1")
    assert list(run_all(abs, [-1, -2], "test")) == [1, 2]
    assert list(run_all(abs, iter(range(-FEW, 0)), "test")) == list(range(FEW, 0, -1))


def test_without_distributed_the_stage_says_what_to_install(monkeypatch):
    monkeypatch.setenv("MASKBENCH_SCHEDULER", "tcp://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "maskbench.parallel.dask", raising=False)
    with pytest.raises(MaskbenchError, match=r"not installed; install maskbench\[dask\]"):
        list(run_all(abs, range(20), "test"))
