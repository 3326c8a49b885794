"""Names and e-mails that a real server tells of go no further than the fetch's scratch folder."""

import json
import sqlite3
import zlib

import pytest

from tests.labelstudio.conftest import filled, triangle
from tests.pipeline.conftest import Repository, copy_tree
from tests.trust import people

EMAIL = people.EMAIL.replace("hopper", "leyden")
NAMES = ("Margarethe", "Leydenfrost")


@pytest.fixture(scope="module")
def told(api, studio, tmp_path_factory):
    """(A repository built from a project that somebody with a name worked on, the raw export)."""
    user = api.invite(EMAIL, studio.password)
    number = user.call("GET", "/api/current-user/whoami")["id"]
    named = {"first_name": NAMES[0], "last_name": NAMES[1]}
    user.call("PATCH", f"/api/users/{number}/", json=named)
    project, tasks = filled(api, "people", 5)
    for task in tasks:
        user.annotate(task, [triangle("Obstruction", 1, 2.0)])
        user.draft(task, [triangle("Canvas", 2)])
    repository = Repository(tmp_path_factory.mktemp("people") / "repo")
    repository.root.mkdir()
    copy_tree(repository.root)
    repository.environment["LABEL_STUDIO_API_KEY"] = studio.legacy_token
    repository.edit_params("  server:\n", f"  server: {studio.url}\n")
    repository.edit_params("  project:\n", f"  project: {project}\n")
    repository.git("init", "-q", "-b", "main")
    repository.dvc("repro")
    repository.commit("built")
    return repository, api.export(project).decode(), number


def test_nothing_versioned_names_anybody(told):
    repository, export, number = told
    assert EMAIL in export  # the server does tell: in the drafts
    assert people.named(repository.root, (EMAIL, *NAMES)) == ["tests/labelstudio/test_people.py"]
    stored = (repository.root / "data/annotations").glob("*.json")
    assert all(f'"completed_by": {number}' in path.read_text() for path in stored)


def test_nor_does_the_scratch_folder_keep_what_no_stage_reads(told):
    """A cache of it, as between runs of CI, can be read by more people than the server."""
    repository, _, _ = told
    database = sqlite3.connect(repository.root / "data/.maskbench/fetch/server.sqlite3")
    rows = [zlib.decompress(row[0]).decode() for row in database.execute("SELECT raw FROM task")]
    database.close()
    assert len(rows) == 5
    assert all(len(json.loads(row)["annotations"]) == 2 for row in rows)
    assert not [row for row in rows if EMAIL in row or NAMES[1] in row]
