"""Memory does not grow with the project; benchmarks/fetch.py measures 20,000 tasks."""

import base64
import tracemalloc

import pytest

from maskbench.labelstudio.server import sync
from tests.labelstudio.server.fixtures import POLYGONS, png, triangle

INLINE = "data:image/png;base64," + base64.b64encode(png()).decode()


@pytest.fixture
def peak(api, bench, studio, monkeypatch):
    """The memory that fetching so many tasks takes, in bytes."""
    monkeypatch.setattr(sync, "CHUNK", 10)
    monkeypatch.setattr(sync, "PAGE", 40)
    monkeypatch.setenv("MASKBENCH_WORKERS", "1")

    def run(count):
        project = api.create_project(f"{count} tasks", POLYGONS)
        annotations = [{"result": [triangle(number=i, shift=i / 7) for i in range(40)]}]
        api.import_tasks(project, [{"data": {"image": INLINE}, "annotations": annotations}] * count)
        tracemalloc.start()
        said = bench.fetch(studio.url, project)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert said.startswith(f"{count} tasks, {count} images, {40 * count:,} regions")
        return found

    return run


def test_memory_is_bounded(peak):
    """More tasks take a few kilobytes of bookkeeping each, not their JSON."""
    peak(5)  # imports
    few, many = peak(20), peak(80)
    assert many - few < 60 * 15_000  # of 100 kB that a parsed task takes
