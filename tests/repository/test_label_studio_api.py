"""`scripts/label_studio_api.py`, where a real server cannot be made to show it quickly."""

import pytest

from label_studio_api import Api, LabelStudioError

TASKS = [{"data": {"image": "a.png"}, "annotations": [{"result": []}]}] * 2
STRIPPED, WHOLE = ({"annotation_count": n, "task_ids": [n + 1, n + 2]} for n in (0, 2))


@pytest.fixture
def asked(monkeypatch):
    """The requests that were sent; ``answers`` to imports are given in turn."""
    found = []

    def call(self, method, path, **_):
        found.append(f"{method} {path}")
        return self.answers.pop(0) if method == "POST" else None

    monkeypatch.setattr(Api, "call", call)
    return found


def test_tasks_that_lost_their_annotations_are_imported_again(asked):
    """As after a locked database (Label Studio 1.23.2)."""
    api = Api("http://studio", "key")
    api.answers = [STRIPPED, WHOLE]
    assert api.import_tasks(7, TASKS) == [3, 4]
    load = "POST /api/projects/7/import?return_task_ids=true"
    assert asked == [load, "DELETE /api/tasks/1/", "DELETE /api/tasks/2/", load]
    api.answers = [STRIPPED] * 9
    with pytest.raises(LabelStudioError, match="annotations were dropped 5 times"):
        api.import_tasks(7, TASKS)


def test_tasks_without_annotations_are_imported_once(asked):
    api = Api("http://studio", "key")
    api.answers = [STRIPPED]
    assert api.import_tasks(7, [{"data": {"image": "a.png"}}] * 2) == [1, 2]
    assert len(asked) == 1
