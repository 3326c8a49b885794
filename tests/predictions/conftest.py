"""A project on a real Label Studio to which predictions are pushed."""

import csv

import pytest
from PIL import Image

from maskbench.pipeline.combine import combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.split import split
from maskbench.predictions.push import PushOptions, push
from maskbench.predictions.tasks import write_images
from tests.exports import PARAMS
from tests.labelstudio.server.fixtures import png, triangle
from tests.predictions.test_draw import blocks, params

SETUP = """<View><Image name="image" value="$image"/>
<PolygonLabels name="poly" toName="image"><Label value="Canvas"/><Label value="Obstruction"/>
</PolygonLabels><BrushLabels name="paint" toName="image"><Label value="Canvas"/>
<Label value="Obstruction"/></BrushLabels></View>"""


@pytest.fixture
def loop(api, bench, proxy, tmp_path, quick):
    """A project of four images, one of them annotated, behind a proxy."""
    return Loop(api, bench, proxy, tmp_path / "predicted")


class Loop:
    def __init__(self, api, bench, proxy, folder):
        self.api, self.layout, self.proxy, self.folder = api, bench.layout, proxy, folder
        self.begin(SETUP)
        folder.mkdir()

    def begin(self, setup):
        """Make a project with this labelling setup."""
        self.project = self.api.create_project("loop", setup)
        self.api.upload_images(self.project, {f"wall_{i}.png": png(i) for i in range(4)})
        self.tasks = [task["id"] for task in self.api.tasks(self.project)]
        self.api.annotate(self.tasks[0], [{**triangle(), "from_name": "poly"}])
        fetch = {**PARAMS["fetch"], "server": self.proxy.url, "project": self.project}
        self.params = params(fetch=fetch)

    def images(self):
        """Write the images of tasks without annotations; returns task ids by key."""
        write_images(self.params, self.layout, self.folder.parent / "images")
        table = (self.folder.parent / "images/tasks.csv").read_text().splitlines()
        return {row["key"]: int(row["task"]) for row in csv.DictReader(table)}

    def predict(self, keys, **options):
        """Save a mask for each key and push them."""
        for i, key in enumerate(keys):
            Image.fromarray(blocks(i)).save(self.folder / f"{key}.png")
        return self.push(**options)

    def push(self, version="m1", **options):
        return push(self.params, self.layout, self.folder, PushOptions(version, **options))

    def predictions(self, version="m1"):
        """The server's predictions of a version, by task; no task may have two."""
        path = f"/api/predictions/?project={self.project}"
        found = [p for p in self.api.call("GET", path) if p["model_version"] == version]
        assert len({p["task"] for p in found}) == len(found)
        return {p["task"]: p for p in found}

    def accept(self, version="m1", edit=lambda result: result):
        """Submit each prediction as the browser does."""
        for task, prediction in self.predictions(version).items():
            result = [{**region, "origin": "prediction"} for region in prediction["result"]]
            self.api.annotate(task, edit(result), parent_prediction=prediction["id"])

    def build(self):
        fetch(self.params, self.layout)
        for stage in (rasterize, combine, split):
            stage(self.params, self.layout)
