"""A server that stumbles is waited for; one that falls gives one clear error."""

import threading
import time
from functools import partial

import pytest

from label_studio import Server
from maskbench.errors import DataError, SourceError
from maskbench.labelstudio.server import sync
from maskbench.labelstudio.server.client import Client, Patience
from maskbench.pipeline import sources
from tests.harness.proxy import Proxy
from tests.labelstudio.server.fixtures import filled, triangle

PLACES = ["/api/version", "/api/projects/", "/api/tasks/", "/export", "/data/upload"]
FAULTS = ["500", "502", "503", "cut", "html", "hang", "drop"]


@pytest.fixture(scope="module")
def project(api):
    return filled(api, "faults", 3)[0]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", FAULTS)
def test_a_passing_fault_is_waited_for(bench, proxy, *, hasty, project, place, kind):
    proxy.fail(place, kind, times=1 if kind == "hang" else 2)
    assert bench.fetch(proxy.url, project).startswith("3 tasks, 3 images, 3 regions")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["502", "cut", "html", "drop"])
def test_a_lasting_fault_is_one_clear_error(bench, proxy, *, quick, project, api, place, kind):
    bench.fetch(proxy.url, project)
    before = bench.outputs()
    task = api.tasks(project)[0]["id"]
    extra = api.annotate(task, [triangle("Obstruction")])
    for file in bench.layout.images.glob("*"):
        file.unlink()
    proxy.fail(place, kind, times=1000)
    with pytest.raises((SourceError, DataError)) as error:
        bench.fetch(proxy.url, project)
    assert isinstance(error.value, SourceError), error.value
    said = str(error.value)
    assert "\n" not in said
    assert proxy.url in said
    assert "gave up after" in said
    kept = {path: data for path, data in bench.outputs().items() if "images" not in path}
    assert kept == {path: data for path, data in before.items() if "images" not in path}
    api.call("DELETE", f"/api/annotations/{extra}/")


def test_retry_after_is_heeded(bench, proxy, quick, project):
    proxy.fail("/export", "429", headers={"Retry-After": "1"})
    began = time.monotonic()
    assert bench.fetch(proxy.url, project).startswith("3 tasks")
    assert time.monotonic() - began >= 1


def test_a_server_that_asks_to_come_back_tomorrow(bench, proxy, quick, project):
    proxy.fail("/export", "429", headers={"Retry-After": "86400"})
    with pytest.raises(SourceError, match="asks to wait longer than 300 s; try again later"):
        bench.fetch(proxy.url, project)


def test_a_retry_after_that_makes_no_sense(bench, proxy, quick, project):
    proxy.fail("/export", "503", headers={"Retry-After": "soon"})
    assert bench.fetch(proxy.url, project).startswith("3 tasks")


def test_a_server_too_slow_for_many_tasks_is_asked_for_fewer(api, bench, proxy, quick, monkeypatch):
    project, _ = filled(api, "slow", 8)
    due = proxy.due
    sizes = []

    def slow(path):
        if "/export" in path:
            sizes.append(path.count("ids%5B%5D"))
            if sizes[-1] > 2:
                proxy.fail(path, "504")
        return due(path)

    monkeypatch.setattr(proxy, "due", slow)
    assert bench.fetch(proxy.url, project).startswith("8 tasks, 8 images")
    assert sizes[0] == 8
    assert min(sizes) <= 2


def test_a_server_that_restarts_in_the_middle(bench, tmp_path, monkeypatch, api):
    """Its own process ends while chunks are exported, and comes back on the same port."""
    data = tmp_path / "data"
    first = Server.start(data)
    try:
        own = type(api)(first.url, first.legacy_token)
        project, _ = filled(own, "restart", 4)
        monkeypatch.setattr(sync, "CHUNK", 1)
        patient = partial(Client, patience=Patience(retries=9))  # a busy machine starts it slowly
        monkeypatch.setattr(sources, "Client", patient)
        export = sync._export
        running = [first]

        def export_and_restart(client, number, numbers):
            if len(running) == 1:
                first.stop()
                port = int(first.url.rpartition(":")[2])
                thread = threading.Thread(target=lambda: running.append(Server.start(data, port)))
                running.append(thread)
                thread.start()
            return export(client, number, numbers)

        monkeypatch.setattr(sync, "_export", export_and_restart)
        assert bench.fetch(first.url, project).startswith("4 tasks, 4 images")
        running[1].join()
        running[2].stop()
    finally:
        first.stop()


def test_nobody_there(bench, quick):
    with Proxy("http://127.0.0.1:1") as free:
        url = free.url
    began = time.monotonic()
    with pytest.raises(SourceError) as error:
        bench.fetch(url, 1)
    assert time.monotonic() - began < 30
    assert str(error.value).startswith(f"no Label Studio answers at {url}: ")
    assert "connection refused" in str(error.value)


def test_something_else_there(bench, quick, elsewhere):
    with pytest.raises(SourceError, match=f"no Label Studio answers at {elsewhere.url}"):
        bench.fetch(elsewhere.url, 1)


def test_a_server_that_has_moved(bench, quick, elsewhere):
    elsewhere.redirects["/api/version"] = "https://new.example/api/version"
    with pytest.raises(SourceError, match=r"redirects to https://new\.example: put that into"):
        bench.fetch(elsewhere.url, 1)


def test_an_unknown_project(bench, studio, project):
    with pytest.raises(SourceError) as error:
        bench.fetch(studio.url, 9999)
    said = str(error.value)
    assert "shows no project 9999 to this key's user; it shows:" in said
    assert f"{project} (faults)" in said or " more" in said


def test_an_unusable_image_is_not_kept_for_next_time(api, bench, studio):
    project, _ = filled(api, "unusable", 1)
    api.upload_images(project, {"broken.png": b"\x89PNG no, it is not"})
    broken = max(task["id"] for task in api.tasks(project))
    api.annotate(broken, [triangle()])
    for _ in range(2):
        with pytest.raises(DataError) as error:
            bench.fetch(studio.url, project)
        [problem] = error.value.problems
        assert problem.task == broken
        assert "broken.png cannot be used: it is not an image" in problem.what
    api.call("DELETE", f"/api/tasks/{broken}/")
    assert bench.fetch(studio.url, project).startswith("1 task, 1 image")
