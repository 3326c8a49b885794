"""What these tests share beside the run's Label Studio: an API to fill it, a proxy, folders."""

import io
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from label_studio_api import Api
from maskbench.labelstudio.server.auth import KEY_VARIABLE, SERVER_VARIABLE
from maskbench.labelstudio.server.client import Client, Patience
from maskbench.labelstudio.stored import read_task
from maskbench.params import parse_params
from maskbench.pipeline import sources
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from tests.exports import PARAMS, polygon
from tests.harness.proxy import Proxy
from tests.harness.web import Web
from tests.repositories import new_repository

POLYGONS = """<View><Image name="image" value="$image"/>
<PolygonLabels name="label" toName="image"><Label value="Canvas"/><Label value="Obstruction"/>
</PolygonLabels></View>"""

QUICK = Patience(retries=4, pause=0.01, timeout=(10.0, 60.0))
HASTY = Patience(retries=4, pause=0.01, timeout=(10.0, 3.0))


@pytest.fixture(scope="session")
def files(studio, worker_id):
    """A folder of this process's own that local-files storages may serve."""
    folder = Path(studio.files) / worker_id
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def api(studio):
    """The server's API with the first user's legacy token."""
    return Api(studio.url, studio.legacy_token)


@pytest.fixture
def proxy(studio):
    """A proxy in front of the server."""
    with Proxy(studio.url) as server:
        yield server


@pytest.fixture
def quick(monkeypatch):
    """Clients that repeat requests without pauses."""
    monkeypatch.setattr(sources, "Client", partial(Client, patience=QUICK))


@pytest.fixture
def hasty(monkeypatch):
    """Clients that do not wait long for an answer, either: for tests that count no requests."""
    monkeypatch.setattr(sources, "Client", partial(Client, patience=HASTY))


def png(number=0, size=(40, 30)):
    """The bytes of a small image; ``number`` makes it differ from others."""
    rng = np.random.default_rng(number)
    pixels = rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def triangle(label="Canvas", number=0, shift=0.0):
    """A polygon region as Label Studio writes it."""
    points = [(10.5, 10.25), (60.125 + shift, 20.0), (30.0, 80.0)]
    return polygon([label], points, number=number)


def filled(api, title, count=3, first=0):
    """A project of ``count`` annotated uploads; returns (project id, task ids)."""
    project = api.create_project(title, POLYGONS)
    api.upload_images(project, {f"wall_{i}.png": png(i) for i in range(first, first + count)})
    tasks = [task["id"] for task in api.tasks(project)]
    for task in tasks:
        api.annotate(task, [triangle()])
    return project, tasks


def imported(api, title, references):
    """A project with an annotated task for each image reference; returns (project id, task ids)."""
    project = api.create_project(title, POLYGONS)
    annotations = [{"result": [triangle()]}]
    tasks = [{"data": {"image": r}, "annotations": annotations} for r in references]
    return project, api.import_tasks(project, tasks)


class Bench:
    """A folder into which a server's projects are fetched."""

    def __init__(self, root):
        self.layout = Layout(root)
        self.root = root
        self.private_hosts = []
        self.missing_images = "error"

    def params(self, server, projects, labels=("Canvas", "Obstruction")):
        fetch = {
            "server": server,
            "project": projects,
            "folder": "data/sample",
            "private_hosts": self.private_hosts,
            "missing_images": self.missing_images,
        }
        own = {
            "fetch": fetch,
            "labels_map": {name: value for value, name in enumerate(["Background", *labels])},
            "multi_label_rules": {},
            "combine": {"unmatched": "Canvas"},
        }
        return parse_params({**PARAMS, **own})

    def fetch(self, server, projects, **options):
        """Run the stage; returns its summary."""
        return fetch(self.params(server, projects, **options), self.layout)

    def tasks(self):
        """The stored tasks by id."""
        found = (read_task(path) for path in sorted(self.layout.annotations.glob("*.json")))
        return {task.id: task for task in found}

    def outputs(self):
        """The bytes of all files of the stage, by path."""
        folders = (self.layout.annotations, self.layout.images, self.root / "metrics")
        files = (path for folder in folders for path in sorted(folder.glob("*")))
        return {str(path.relative_to(self.root)): path.read_bytes() for path in files}


@pytest.fixture
def bench(tmp_path, monkeypatch, studio):
    """An empty folder, and the legacy token in the environment."""
    monkeypatch.setenv(KEY_VARIABLE, studio.legacy_token)
    monkeypatch.delenv(SERVER_VARIABLE, raising=False)
    return Bench(tmp_path / "bench")


class _Files(SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        target = self.server.redirects.get(self.path)
        if target is None:
            super().do_GET()
            return
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def elsewhere(tmp_path):
    """Another web server, which serves the files of ``folder`` and knows some ``redirects``."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with Web(None, partial(_Files, directory=str(folder))) as web:
        web.folder, web.redirects = folder, {}
        yield web


def built_from(studio, project, root):
    """A repository that takes its labels from a project, built and committed."""
    repository = new_repository(root)
    repository.environment["LABEL_STUDIO_API_KEY"] = studio.legacy_token
    repository.edit_params("  server:\n", f"  server: {studio.url}\n")
    repository.edit_params("  project:\n", f"  project: {project}\n")
    repository.dvc("repro")
    repository.commit("built")
    return repository
