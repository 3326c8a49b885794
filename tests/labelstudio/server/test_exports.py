"""Label Studio's own exports in every form: the same annotations come out."""

import io
import json
import shutil
import zipfile

import pytest

from maskbench.errors import SourceError
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.stored import task_json
from maskbench.pipeline.sources import parse
from maskbench.versions.refresh import find_changes
from tests.labelstudio.server.fixtures import filled, triangle


@pytest.fixture
def project(api):
    """A project of three annotated uploads, one of which has two annotations."""
    number, tasks = filled(api, "forms")
    api.annotate(tasks[0], [triangle("Obstruction", 1, 5), triangle("Canvas", 2)])
    return number


def stored_tasks(folder):
    """The tasks of a folder as they are stored, by id, without what JSON_MIN leaves out."""
    source = Folder(folder)
    found = {}
    for raw in source.tasks():
        value = json.loads(task_json(parse(raw, source, None)))
        value.pop("project")
        for annotation in value["annotations"]:
            for region in annotation["regions"]:
                del region["id"], region["to_name"]
        found[value["id"]] = value
    return found


def test_json_and_json_min(api, project, tmp_path):
    for form in ("JSON", "JSON_MIN"):
        (tmp_path / form).mkdir()
        (tmp_path / form / "export.json").write_bytes(api.export(project, form=form))
    expected = stored_tasks(tmp_path / "JSON")
    assert len(expected) == 3
    assert sorted(len(task["annotations"]) for task in expected.values()) == [1, 1, 2]
    assert stored_tasks(tmp_path / "JSON_MIN") == expected


def test_a_target_storage(api, project, tmp_path, files):
    folder = files / f"target {project}"
    folder.mkdir()
    about = {"project": project, "path": str(folder), "title": "target", "use_blob_urls": False}
    storage = api.call("POST", "/api/storages/export/localfiles", json=about)["id"]
    api.call("POST", f"/api/storages/export/localfiles/{storage}/sync")
    assert len(list(folder.iterdir())) == 4
    (tmp_path / "JSON").mkdir()
    (tmp_path / "JSON/export.json").write_bytes(api.export(project))
    assert stored_tasks(folder) == stored_tasks(tmp_path / "JSON")
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("form", "reason"),
    [("COCO", "result.json (a COCO file: export"), ("YOLO", "notes.json (notes of a COCO or YOLO")],
)
def test_other_formats_beside_an_export_are_passed_over(api, project, tmp_path, form, reason):
    with zipfile.ZipFile(io.BytesIO(api.export(project, form=form))) as archive:
        archive.extractall(tmp_path)
    with pytest.raises(SourceError) as caught:
        Folder(tmp_path)
    assert f"holds no Label Studio JSON export (*.json); passed over: {reason}" in str(caught.value)
    (tmp_path / "export.json").write_bytes(api.export(project))
    assert Folder(tmp_path).notes[0].startswith(f"passed over, as no export: {reason}")


def test_missing_images_on_a_server_are_skipped_on_request(api, bench, studio):
    project, tasks = filled(api, "a subset", 2)
    gone = [{"data": {"image": "/data/upload/1/00000000-gone.png"}}]
    api.annotate(api.import_tasks(project, gone)[-1], [triangle()])
    settings = bench.params(studio.url, project)
    bench.missing_images = "skip"
    assert bench.fetch(studio.url, project).startswith("2 tasks, 2 images")
    metrics = json.loads(bench.layout.metrics("fetch").read_bytes())
    assert metrics["missing_images"]["all"] == 1
    assert sorted(bench.tasks()) == sorted(tasks)
    api.annotate(tasks[0], [triangle("Obstruction")])
    changes = find_changes(settings, bench.layout)
    assert (len(changes.new), len(changes.changed)) == (0, 1)
