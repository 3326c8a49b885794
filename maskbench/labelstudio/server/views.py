"""Make views (tabs) of Label Studio's Data Manager."""

from collections.abc import Iterable
from typing import Any

from maskbench.errors import SourceError
from maskbench.labelstudio.server.client import Client

MOST = 500
"""Tasks that a view can name, each in a filter of its own.

The filter ``in_list`` would take all of them, but the Data Manager's page hangs on it.
"""

_PATH = "/api/dm/views/"


def find_view(client: Client, project: int, title: str) -> int | None:
    """Return the id of the view with a title; None: there is none."""
    views = client.json(_PATH, {"project": project})
    try:
        found = [int(view["id"]) for view in views if view["data"].get("title") == title]
    except (TypeError, KeyError, ValueError, AttributeError):
        raise SourceError(f"{client.server} answered with something other than views") from None
    return min(found, default=None)


def save_view(client: Client, project: int, title: str, tasks: Iterable[int], ordering: str) -> int:
    """Make a view of tasks, or replace the tasks of the one with this title; return its id.

    Args:
        client: The server.
        project: The project's id.
        title: The view's title; it is the only one with it.
        tasks: The tasks' ids, at most :data:`MOST`.
        ordering: Label Studio's name for their order, such as ``tasks:predictions_score``.

    Raises:
        SourceError: The server does not do it.
    """
    filters = [
        {"filter": "filter:tasks:id", "operator": "equal", "type": "Number", "value": task}
        for task in tasks
    ]
    data = {
        "title": title,
        "type": "list",
        "target": "tasks",
        "ordering": [ordering],
        "filters": {"conjunction": "or", "items": filters},
    }
    body = {"project": project, "data": data}

    def save() -> Any:  # looks again, so that a repetition makes no second one
        number = find_view(client, project, title)
        if number is None:
            return client.send("POST", _PATH, body)
        return client.send("PATCH", f"{_PATH}{number}/", body)

    answer = client.repeat(_PATH, save)
    if not isinstance(answer, dict) or type(answer.get("id")) is not int:
        raise SourceError(f"{client.server} answered with something other than a view")
    return int(answer["id"])
