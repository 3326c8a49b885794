"""Only what changed is asked for; the outputs are always those of a clean fetch."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from maskbench.errors import SourceError
from maskbench.labelstudio.server import sync
from tests.labelstudio.server.fixtures import POLYGONS, Bench, filled, png, triangle
from tests.repositories import ROOT, python_path


@pytest.fixture
def clean(bench, tmp_path_factory, studio):
    """The outputs of a fetch from nothing, past the proxy."""

    def run(project, server=studio.url):
        other = Bench(tmp_path_factory.mktemp("clean"))
        other.fetch(server, project)
        return other.outputs()

    return run


def test_nothing_new_costs_five_small_questions(api, bench, proxy):
    project, _ = filled(api, "quiet", 5)
    bench.fetch(proxy.url, project)
    before = bench.outputs()
    proxy.forget()
    said = bench.fetch(proxy.url, project)
    assert said == "5 tasks, 5 images, 5 regions in 5 annotations (0 tasks new or changed)"
    assert bench.outputs() == before
    counts = proxy.counts()
    assert counts["/export"] == counts["/data/"] == 0
    assert len(proxy.requests) == 5  # version, project, newest change, changes since, total


def test_only_the_changed_task_is_exported(api, bench, proxy, clean):
    project, tasks = filled(api, "one changed", 6)
    bench.fetch(proxy.url, project)
    proxy.forget()
    api.annotate(tasks[2], [triangle("Obstruction")])
    said = bench.fetch(proxy.url, project)
    assert said.endswith("7 regions in 7 annotations (1 task new or changed)")
    exports = [path for _, path, _ in proxy.requests if "/export" in path]
    assert len(exports) == 1
    assert f"ids%5B%5D={tasks[2]}" in exports[0]
    assert exports[0].count("ids%5B%5D") == 1
    assert proxy.counts()["/data/"] == 0
    assert bench.outputs() == clean(project)


def test_new_and_deleted_tasks(api, bench, proxy, clean):
    project, tasks = filled(api, "come and go", 4)
    bench.fetch(proxy.url, project)
    api.call("DELETE", f"/api/tasks/{tasks[1]}/")
    api.upload_images(project, {"late.png": png(9)})
    proxy.forget()
    said = bench.fetch(proxy.url, project)
    gone = f"— 1 task of last time is not there any more: {tasks[1]:06d}_wall_1"
    assert said == f"4 tasks, 3 images, 3 regions in 3 annotations (1 task new or changed) {gone}"
    assert sorted(bench.tasks()) == sorted({t["id"] for t in api.tasks(project)})
    assert bench.outputs() == clean(project)


def test_a_task_deleted_while_it_is_exported(api, bench, monkeypatch, studio):
    project, tasks = filled(api, "vanishing", 3)
    listing = sync._listing

    def list_and_delete(client, number):
        found = listing(client, number)
        api.call("DELETE", f"/api/tasks/{tasks[0]}/")
        return found

    monkeypatch.setattr(sync, "_listing", list_and_delete)
    assert bench.fetch(studio.url, project).startswith("2 tasks, 2 images")


def test_a_server_that_withholds_a_task_is_not_believed(api, bench, monkeypatch, studio):
    project, _ = filled(api, "withheld", 3)
    export = sync._export
    monkeypatch.setattr(sync, "_export", lambda *args: export(*args)[1:])
    with pytest.raises(SourceError, match="but does not export it"):
        bench.fetch(studio.url, project)


def test_pages_and_chunks_of_any_size_give_the_same(api, bench, monkeypatch, studio, clean):
    project, tasks = filled(api, "pages", 7)
    whole = clean(project)
    monkeypatch.setattr(sync, "PAGE", 3)
    monkeypatch.setattr(sync, "CHUNK", 2)
    bench.fetch(studio.url, project)
    assert bench.outputs() == whole
    for task in tasks[:4]:  # more changes than a page holds
        api.annotate(task, [triangle("Obstruction")])
    bench.fetch(studio.url, project)
    assert bench.outputs() == clean(project)


def test_a_damaged_or_foreign_memory_is_begun_anew(api, bench, proxy, studio):
    project, _ = filled(api, "memory", 2)
    bench.fetch(studio.url, project)
    before = bench.outputs()
    memory = bench.layout.work("fetch") / "server.sqlite3"
    memory.write_bytes(b"this is no database" * 1000)
    assert bench.fetch(studio.url, project).startswith("2 tasks")
    assert bench.fetch(proxy.url, project).startswith("2 tasks")  # another address
    assert proxy.counts()["/export"] == 1
    assert bench.outputs() == before


def test_a_changed_output_is_made_good(api, bench, studio):
    project, _ = filled(api, "damaged output", 3)
    bench.fetch(studio.url, project)
    before = bench.outputs()
    one, two = sorted(bench.layout.images.glob("*"))[:2]
    one.unlink()
    two.write_bytes(b"not what was fetched")
    bench.fetch(studio.url, project)
    assert bench.outputs() == before


def test_several_projects_in_one_benchmark(api, bench, studio, clean):
    first, tasks = filled(api, "left", 2)
    second, more = filled(api, "right", 2)  # the same file names and bytes
    said = bench.fetch(studio.url, [second, first])
    assert said.startswith("4 tasks, 4 images, 4 regions")
    stored = bench.tasks()
    assert sorted(stored) == sorted(tasks + more)
    assert {stored[task].project for task in tasks} == {first}
    assert len({task.key for task in stored.values()}) == 4
    assert bench.outputs() == clean([second, first])
    before = {path: b for path, b in bench.outputs().items() if not path.startswith("metrics")}
    bench.fetch(studio.url, [first])
    assert sorted(bench.tasks()) == sorted(tasks)
    bench.fetch(studio.url, [first, second])
    again = {path: b for path, b in bench.outputs().items() if not path.startswith("metrics")}
    assert again == before


def test_one_image_of_many_tasks_is_downloaded_once(api, bench, proxy, studio):
    project = api.create_project("shared image", POLYGONS)
    [path] = api.upload_images(project, {"wall.png": png(1)}, tasks=False).values()
    task = {"data": {"image": f"/data/{path}"}, "annotations": [{"result": [triangle()]}]}
    api.import_tasks(project, [task, task])
    assert bench.fetch(proxy.url, project).startswith("2 tasks, 2 images")
    assert proxy.counts()["/data/"] == 1
    api.import_tasks(project, [task])
    assert bench.fetch(proxy.url, project).startswith("3 tasks, 3 images")
    assert proxy.counts()["/data/"] == 1


RUN = """
import sys
from pathlib import Path
from tests.labelstudio.server.fixtures import Bench
print(Bench(Path(sys.argv[1])).fetch(sys.argv[2], int(sys.argv[3])))
"""


def start(bench, server, project):
    words = [sys.executable, "-c", RUN, str(bench.root), server, str(project)]
    path = python_path(ROOT, ROOT / "scripts")
    return subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def reached(bench, proxy, stored):
    """Whether the run waits for an answer, with this many images in its memory."""
    if not any(fault.times < 100 for fault in proxy.faults):
        return False
    with closing(sqlite3.connect(bench.layout.work("fetch") / "server.sqlite3")) as store:
        return store.execute("SELECT count(*) FROM image").fetchone() == (stored,)


@pytest.mark.parametrize(
    ("moment", "skip", "stored"),
    [("/export", 0, 0), ("/data/", 6, 6), ("-wall_0.png", 0, 11)],
    ids=["tasks", "images", "the first image"],
)
def test_a_killed_fetch_goes_on_where_it_was(api, bench, *, proxy, clean, moment, skip, stored):
    """Killed without warning while it waits for tasks or images; nothing is got twice."""
    project, _ = filled(api, f"killed at {moment}", 12)
    proxy.fail(moment, "hang", skip=skip, times=100)
    process = start(bench, proxy.url, project)
    deadline = time.monotonic() + 300
    while not reached(bench, proxy, stored):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not bench.layout.annotations.exists()
    proxy.forget()
    assert bench.fetch(proxy.url, project).startswith("12 tasks, 12 images")
    assert proxy.counts()["/export"] == (1 if moment == "/export" else 0)
    assert proxy.counts()["/data/"] == 12 - stored
    assert bench.outputs() == clean(project)
