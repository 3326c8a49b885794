"""Look up a project, and its tasks in pages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maskbench.errors import SourceError
from maskbench.files.hashing import digest
from maskbench.labelstudio.labeling import Labeling, parse_labeling
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.errors import NotThereError

PAGE = 1000
"""Tasks whose times are asked for at once (about a second on the smallest server)."""


@dataclass(frozen=True)
class Project:
    """A project as the server has it now.

    Attributes:
        id: Its id.
        title: Its title.
        total: How many tasks it has.
        latest: When a task was last changed (ISO 8601, as the server writes it); empty without
            tasks.
        setup: Digest of the labelling setup.
        labeling: The labelling setup.
        counts: The server's own counts, such as ``skipped_annotations_number``.
    """

    id: int
    title: str
    total: int
    latest: str
    setup: str
    labeling: Labeling
    counts: dict[str, int]

    def fingerprint(self) -> dict[str, Any]:
        """Return three small values that any change of labels, tasks or setup changes."""
        return {"tasks": self.total, "latest": self.latest, "setup": self.setup}


def read_project(client: Client, number: int) -> Project:
    """Look up a project.

    Raises:
        SourceError: The key's user sees no project with this id; the message lists those it sees.
    """
    try:
        raw = client.json(f"/api/projects/{number}/")
    except NotThereError:
        raise SourceError(
            f"fetch.project: {client.server} shows no project {number} to this key's user; "
            f"it shows: {visible_projects(client)}"
        ) from None
    if not isinstance(raw, dict):
        raise SourceError(f"{client.server} answered with something other than project {number}")
    newest = read_page(client, number, [], "-tasks:updated_at", size=1)
    tasks = newest["tasks"]
    return Project(
        id=number,
        title=str(raw.get("title") or ""),
        total=int(newest["total"]),
        latest=str(tasks[0]["updated_at"]) if tasks else "",
        setup=digest(str(raw.get("label_config")))[:12],
        labeling=parse_labeling(raw.get("parsed_label_config")),
        counts={name: v for name, v in raw.items() if type(v) is int},
    )


def visible_projects(client: Client) -> str:
    """Return ids and titles of the first projects that the key's user sees."""
    answer = client.json("/api/projects/", {"page_size": 20, "include": "id,title"})
    results = answer.get("results") if isinstance(answer, dict) else None
    listed = [p for p in results if isinstance(p, dict)] if isinstance(results, list) else []
    found = [f"{p.get('id')} ({p.get('title')})" for p in listed]
    count = answer.get("count") if found else 0
    rest = count - len(found) if isinstance(count, int) else 0
    return (", ".join(found) or "none") + (f" and {rest} more" if rest > 0 else "")


def greater_than(field: str, kind: str, value: Any) -> dict[str, Any]:
    """Return a filter for tasks of which a field is greater than a value.

    Args:
        field: The field, such as ``id``.
        kind: Label Studio's name for its type: ``Number`` or ``Datetime``.
        value: The value.
    """
    name = f"filter:tasks:{field}"
    return {"filter": name, "operator": "greater", "type": kind, "value": value}


def read_page(
    client: Client,
    project: int,
    filters: Sequence[dict[str, Any]],
    ordering: str = "tasks:id",
    size: int = PAGE,
) -> Any:
    """Return the first page of a project's tasks: ``total``, and ``tasks`` with id and time.

    Args:
        client: The server.
        project: The project's id.
        filters: Conditions on the tasks, see :func:`greater_than`.
        ordering: Label Studio's name for their order.
        size: The most tasks to return.

    Raises:
        SourceError: The server does not give it.
    """
    query = {"filters": {"conjunction": "and", "items": filters}, "ordering": [ordering]}
    params = {
        "project": project,
        "page": 1,
        "page_size": size,
        "include": "id,updated_at",
        "query": json.dumps(query, separators=(",", ":")),
    }
    page = client.json("/api/tasks/", params)
    if not _is_page(page):
        raise SourceError(f"{client.server} answered with something other than a list of tasks")
    return page


def _is_page(page: Any) -> bool:
    if not isinstance(page, dict) or type(page.get("total")) is not int:
        return False
    tasks = page.get("tasks")
    return isinstance(tasks, list) and all(
        isinstance(task, dict) and type(task.get("id")) is int and _is_time(task.get("updated_at"))
        for task in tasks
    )


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False
