"""The stages on Dask workers: a real scheduler, three processes, and what can go wrong."""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from maskbench.errors import MaskbenchError
from maskbench.executor import run_all
from tests.exports import annotation, box, polygon, task, write_export
from tests.pipeline.test_build import contents
from tests.repositories import ROOT

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


COMBINE = RUN.replace("in STAGES", "in STAGES[2:]")

HIDE = """
import os, sys

def hidden(event, args):
    if event.startswith(("open", "os.")):
        for path in args:
            if isinstance(path, (str, bytes)) and os.fsdecode(path).startswith({folder!r}):
                raise PermissionError(13, "hidden from workers", os.fsdecode(path))

sys.addaudithook(hidden)
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
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
                stdout=stream,
                stderr=stream,
            )

    def log(self, name):
        return (self.folder / f"{name}.log").read_bytes()

    def stop(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.003)


def start(root, code=RUN, /, **environment):
    root.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
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


@pytest.fixture
def bucket(monkeypatch):
    """A bucket of a server that speaks S3, whose address and keys are in the environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    names = {"ENDPOINT_URL": f"http://{host}:{port}", "DEFAULT_REGION": "us-east-1"}
    names |= {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret"}
    for name, value in names.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="work")
    yield lambda: [
        found["Key"] for found in client.list_objects_v2(Bucket="work").get("Contents", ())
    ]
    server.stop()


@pytest.fixture
def apart(local, bucket, tmp_path):
    """Workers that see nothing of the folder in which the stages run."""
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide/sitecustomize.py").write_text(HIDE.format(folder=str(local[0])))
    path = f"{tmp_path / 'hide'}{os.pathsep}{ROOT}"
    made = Cluster(tmp_path / "cluster", PYTHONPATH=path)
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
    assert f"{COUNT} masks made anew" in out
    assert contents(root) == expected
    assert not (cluster.folder / "data").exists()
    for memory in root.glob("data/.maskbench/*/memory.json"):
        assert str(folder) not in memory.read_text()
    again = finish(start(root, MASKBENCH_WORKERS="1"))[1]
    assert "0 tasks rasterized anew" in again  # the memory holds for local runs as well


def test_workers_killed_in_the_middle_change_no_byte(local, cluster):
    folder, expected = local
    root = folder / "killed"
    run = start(root, MASKBENCH_SCHEDULER=cluster.address)
    for stage, worker in (("rasterize", 0), ("combine", 1)):
        until(lambda stage=stage: staged(root, stage) > 5 or run.poll() is not None)
        os.kill(cluster.workers[worker].pid, signal.SIGKILL)
        assert staged(root, stage) > 0  # not all of it was made yet
    status, _, err = finish(run)
    assert (status, err) == (0, "")
    assert contents(root) == expected


def test_workers_that_see_only_a_bucket_make_the_same_bytes(local, apart, bucket):
    folder, expected = local
    root = folder / "bucket"
    environment = {"MASKBENCH_SCHEDULER": apart.address, "MASKBENCH_SHARED": "s3://work/some/where"}
    run = start(root, **environment)
    for stage, worker in (("rasterize", 0), ("combine", 1)):
        until(lambda stage=stage: staged(root, stage) > 5 or run.poll() is not None)
        os.kill(apart.workers[worker].pid, signal.SIGKILL)
        assert all(key.startswith("some/where/maskbench-") for key in bucket())
        assert len(bucket()) > 5
    status, out, err = finish(run)
    assert (status, err) == (0, "")
    assert f"{COUNT} masks made anew" in out
    assert contents(root) == expected
    assert bucket() == []


def test_workers_that_see_nothing_need_the_url(local, apart):
    """So the test above does prove that they see nothing."""
    folder, _ = local
    status, _, err = finish(start(folder / "unseen", MASKBENCH_SCHEDULER=apart.address))
    assert status != 0
    assert "hidden from workers" in err, (status, err[-1500:])


def test_messages_of_workers_apart_name_our_files(local, cluster, tmp_path):
    folder, _ = local
    root = folder / "damaged"
    assert finish(start(root, MASKBENCH_WORKERS="1"))[0] == 0
    broken = sorted(root.glob("data/label_sets/*.tif"))
    for path in broken:
        path.write_bytes(b"no label set")
    environment = {"MASKBENCH_SCHEDULER": cluster.address, "MASKBENCH_SHARED": str(tmp_path / "u")}
    status, _, err = finish(start(root, COMBINE, **environment))
    assert status == 4
    for path in broken[:3]:
        assert f"{path}: {path} is no label set of maskbench" in err
    assert list((tmp_path / "u").iterdir()) == []


def test_a_url_that_cannot_be_used_is_a_clear_error(local, cluster, tmp_path):
    folder, _ = local
    (tmp_path / "file").write_text("")
    for url in (f"file://{tmp_path}/file", "nothing://known"):
        run = start(folder / "url", MASKBENCH_SCHEDULER=cluster.address, MASKBENCH_SHARED=url)
        status, _, err = finish(run)
        assert status == 1
        assert err.startswith(f"error: MASKBENCH_SHARED: {url} cannot be written to: ")
        assert err.count("\n") == 1


def test_a_url_that_workers_cannot_use_is_a_clear_error(local, apart):
    folder, _ = local
    run = start(
        folder / "ours",
        MASKBENCH_SCHEDULER=apart.address,
        MASKBENCH_SHARED=f"file://{folder}/ours",
    )
    status, _, err = finish(run)
    assert status == 1
    assert err.startswith(f"error: MASKBENCH_SHARED: a worker cannot read file://{folder}/ours")
    assert "hidden from workers" in err
    assert err.count("\n") == 1
    assert not list((folder / "ours").glob("maskbench-*"))


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
    (tmp_path / "other/maskbench/ignore.py").write_text("IGNORE = 254\n")
    made = Cluster(tmp_path / "cluster", count=1, PYTHONPATH=str(tmp_path / "other"))
    try:
        status, _, err = finish(start(folder / "other", MASKBENCH_SCHEDULER=made.address))
    finally:
        made.stop()
    assert status == 1
    assert "1 Dask worker (tcp://127.0.0.1:" in err
    assert "would make other bytes" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("shared", ["", "shared"])
def test_a_lost_scheduler_is_a_clear_error(local, cluster, tmp_path, shared):
    folder, expected = local
    root = folder / f"lost{shared}"
    url = shared and str(tmp_path / shared)
    run = start(root, MASKBENCH_SCHEDULER=cluster.address, MASKBENCH_SHARED=url)
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
    assert list(run_all(abs, iter([-1]), "test")) == [1]


def test_work_that_does_not_name_its_files_stays_here_when_files_travel(monkeypatch):
    monkeypatch.setenv("MASKBENCH_SCHEDULER", "tcp://127.0.0.1:1")
    monkeypatch.setenv("MASKBENCH_SHARED", "s3://work")
    monkeypatch.setenv("MASKBENCH_WORKERS", "1")
    assert list(run_all(abs, range(-20, 0), "test")) == list(range(20, 0, -1))


def test_without_distributed_the_stage_says_what_to_install(monkeypatch):
    monkeypatch.setenv("MASKBENCH_SCHEDULER", "tcp://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MaskbenchError, match=r"not installed; install maskbench\[dask\]"):
        list(run_all(abs, range(20), "test"))
