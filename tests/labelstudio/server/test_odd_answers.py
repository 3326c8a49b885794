"""Answers that no Label Studio gives: something else in between does, and is told apart.

A real server cannot be made to show them; so a client that answers what it is told stands for one.
"""

import pytest

from maskbench.errors import SourceError
from maskbench.labelstudio.labeling import parse_labeling
from maskbench.labelstudio.server.cache import Cache
from maskbench.labelstudio.server.errors import NotThereError
from maskbench.labelstudio.server.project import Project, read_project
from maskbench.labelstudio.server.sync import sync_project

TIME = "2026-01-02T03:04:05.678901Z"
GOOD = {"total": 1, "tasks": [{"id": 7, "updated_at": TIME}]}
ODD = [
    None, 3, "text", [], {}, {"tasks": []}, {"total": 1}, {"total": "1", "tasks": []},
    {"total": True, "tasks": []}, {"total": None, "tasks": []}, {"total": 1, "tasks": {}},
    {"total": 1, "tasks": [None]}, {"total": 1, "tasks": [{}]},
    {"total": 1, "tasks": [{"id": "7", "updated_at": TIME}]},
    {"total": 1, "tasks": [{"id": 7}]}, {"total": 1, "tasks": [{"id": 7, "updated_at": None}]},
    {"total": 1, "tasks": [{"id": 7, "updated_at": "yesterday"}]},
    {"total": 1, "tasks": [{"id": [], "updated_at": TIME}]},
]  # fmt: skip


class Client:
    """Answers by the start of the path; an exception is raised."""

    server = "https://labels.example"

    def __init__(self, **answers):
        self.answers = answers

    def json(self, path, params=None, retries=None):
        name = "tasks" if "/tasks/" in path else "export" if "export" in path else "projects"
        name = "list" if path == "/api/projects/" else name
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize("page", ODD)
def test_an_odd_list_of_tasks_is_told(page, tmp_path):
    with pytest.raises(SourceError, match="something other than a list of tasks"):
        read_project(Client(projects={"title": "Walls"}, tasks=page), 1)
    project = Project(1, "Walls", 1, TIME, "", parse_labeling(None), {})
    cache = Cache(tmp_path / "cache.sqlite3", Client.server)
    with pytest.raises(SourceError, match="something other than a list of tasks"):
        sync_project(Client(tasks=page), cache, project)
    cache.close()


@pytest.mark.parametrize("answer", [None, 3, "text", [], [{"id": 1}]])
def test_an_odd_project_is_told(answer):
    with pytest.raises(SourceError, match="something other than project 1"):
        read_project(Client(projects=answer, tasks=GOOD), 1)


@pytest.mark.parametrize(
    "export", [None, 3, {}, [None], [{}], [{"id": 8}], [{"id": "7"}], [{"id": []}]]
)
def test_an_odd_export_is_told(export, tmp_path):
    project = Project(1, "Walls", 1, TIME, "", parse_labeling(None), {})
    cache = Cache(tmp_path / "cache.sqlite3", Client.server)
    with pytest.raises(SourceError, match="something other than the tasks asked for"):
        sync_project(Client(tasks=GOOD, export=export), cache, project)
    cache.close()


@pytest.mark.parametrize(
    "listed",
    [None, 3, [], {}, {"results": None}, {"results": [3]}, {"results": [{}], "count": "many"}],
)
def test_a_missing_project_beside_an_odd_list_of_them_is_told(listed):
    with pytest.raises(SourceError, match="shows no project 1"):
        read_project(Client(projects=NotThereError("gone"), list=listed), 1)
