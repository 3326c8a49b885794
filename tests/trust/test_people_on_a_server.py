"""A server's tasks: read as an export's are, without the names and e-mails that it tells of."""

import copy
import json
import random
import sqlite3
import zlib

import pytest
import requests

from label_studio_api import LabelStudioError
from maskbench.errors import MaskbenchError
from maskbench.labelstudio.export import TaskError, parse_task
from maskbench.pipeline.sources import connect
from tests.harness import people, seeds
from tests.harness.mutations import expand, mutate_tasks
from tests.labelstudio.server.fixtures import POLYGONS, built_from, filled, triangle

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
    repository = built_from(studio, project, tmp_path_factory.mktemp("people") / "repo")
    return repository, api.export(project).decode(), number


def test_nothing_versioned_names_anybody(told):
    repository, export, number = told
    assert EMAIL in export  # the server does tell: in the drafts
    assert people.named(repository.root, (EMAIL, *NAMES)) == []
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


def test_a_server_is_read_as_an_export_is(api, bench, studio):
    """Label Studio stores any annotation; what it then exports is refused, or kept, the same way.

    So the fuzzer's inputs, which come from a folder, stand for a server's as well.
    """
    chance = random.Random(11)
    project = api.create_project("people, damaged", POLYGONS)
    made = []
    for _ in range(80):
        task = copy.deepcopy(chance.choice(seeds.made_tasks()))
        mutate_tasks(chance, [task["annotations"]])
        annotations = task["annotations"] if isinstance(task["annotations"], list) else []
        made.append({"data": {"image": "http://10.0.0.1/x.png"}, "annotations": annotations})
    taken = [task for task in made if _imported(api, project, task)]
    assert len(taken) > 40
    expected = {}
    for task in json.loads(api.export(project), parse_constant=lambda name: None):
        try:
            expected[task["id"]] = parse_task(task)
        except TaskError:
            expected[task["id"]] = None
    server = connect(bench.params(studio.url, [project]).fetch, bench.layout)
    server.sync()
    found = {}
    for raw, origin, _ in server.tasks():
        try:
            found[raw["id"]] = parse_task(raw, origin, {"image": "image"})
        except TaskError:
            found[raw["id"]] = None
    server.close()
    assert found == expected
    assert None not in list(expected.values())[:1] or len(set(map(bool, expected.values()))) == 2
    with pytest.raises(
        MaskbenchError, match=r"10\.0\.0\.1 is this machine or on a private network"
    ):
        bench.fetch(studio.url, project)


def _imported(api, project, task):
    try:
        json.dumps(task, allow_nan=False)
        whole = [json.loads(expand(json.dumps(task)))]
        api.call("POST", f"/api/projects/{project}/import", json=whole, tries=1)
    except (LabelStudioError, ValueError, requests.RequestException):
        return False  # the server refused it
    return True
