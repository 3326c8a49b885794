"""Memory does not grow with the project; benchmarks/fetch.py measures 20,000 tasks."""

import base64
import time
import tracemalloc

import pytest

from maskbench.labelstudio.server import sync
from tests.labelstudio.server.fixtures import POLYGONS, png, triangle

INLINE = "data:image/png;base64," + base64.b64encode(png()).decode()


def wait_until_annotated(api, project, count):
    """A server that other tests keep busy may store the annotations of an import late."""
    deadline = time.monotonic() + 60
    path = f"/api/projects/{project}/export?exportType=JSON"  # annotated tasks only
    while len(api.call("GET", path)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture
def peak(api, bench, studio, monkeypatch):
    monkeypatch.setattr(sync, "CHUNK", 50)
    monkeypatch.setattr(sync, "PAGE", 200)
    monkeypatch.setenv("MASKBENCH_WORKERS", "1")

    def run(count):
        project = api.create_project(f"{count} tasks", POLYGONS)
        annotations = [{"result": [triangle(number=i, shift=i / 7) for i in range(40)]}]
        task = {"data": {"image": INLINE}, "annotations": annotations}
        for start in range(0, count, 100):
            api.import_tasks(project, [task] * min(100, count - start))
        wait_until_annotated(api, project, count)
        tracemalloc.start()
        said = bench.fetch(studio.url, project)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert said.startswith(f"{count} tasks, {count} images, {40 * count} regions")
        return found

    return run


def test_memory_is_bounded(peak):
    """More tasks take a few kilobytes of bookkeeping each, not their JSON."""
    peak(10)  # imports
    few, many = peak(100), peak(300)
    assert many - few < 200 * 15_000  # of 100 kB that a parsed task takes
