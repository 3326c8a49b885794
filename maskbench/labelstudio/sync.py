"""Bringing the remembered tasks of a project up to date, asking for no more than has changed.

The plain export of a large project takes minutes before its first byte, longer than proxies wait,
and comes as one piece. Here the server is asked which tasks changed (a second), and for those, some
hundreds at a time, by the export's own ``ids[]``: the same JSON, in bounded memory, each piece kept
as soon as it is there.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tqdm import tqdm

from maskbench.errors import SourceError
from maskbench.files import digest
from maskbench.labelstudio.answers import GaveUpError, NotThereError
from maskbench.labelstudio.client import Client
from maskbench.labelstudio.labeling import Labeling, parse_labeling
from maskbench.labelstudio.parse import essential
from maskbench.labelstudio.store import Store

PAGE = 1000
"""Tasks whose times are asked for at once (about a second on the smallest server)."""

CHUNK = 200
"""Tasks exported at once: half a second, and an address shorter than proxies allow."""

_OVERLAP = timedelta(minutes=10)  # a save that took long is stored with the time it began
_SOON = 2  # repetitions of a large question before a smaller one is asked


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
        """What differs after any change of labels, tasks or setup; three small values."""
        return {"tasks": self.total, "latest": self.latest, "setup": self.setup}


def read_project(client: Client, number: int) -> Project:
    """Look a project up.

    Raises:
        SourceError: There is none with this id that the key's user can see; those there are, are
            named.
    """
    try:
        raw = client.json(f"/api/projects/{number}/")
    except NotThereError:
        raise SourceError(
            f"fetch.project: {client.server} shows no project {number} to this key's user; "
            f"it shows: {_visible(client)}"
        ) from None
    if not isinstance(raw, dict):
        raise SourceError(f"{client.server} answered with something else than project {number}")
    newest = _page(client, number, [], "-tasks:updated_at", size=1)
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


def _visible(client: Client) -> str:
    answer = client.json("/api/projects/", {"page_size": 20, "include": "id,title"})
    results = answer.get("results") if isinstance(answer, dict) else None
    listed = [p for p in results if isinstance(p, dict)] if isinstance(results, list) else []
    found = [f"{p.get('id')} ({p.get('title')})" for p in listed]
    count = answer.get("count") if found else 0
    rest = count - len(found) if isinstance(count, int) else 0
    return (", ".join(found) or "none") + (f" and {rest} more" if rest > 0 else "")


def sync_project(client: Client, store: Store, project: Project) -> None:
    """Make the remembered tasks of a project those that the server has now.

    Every piece is kept as soon as it is there: after a kill, or a failure, the next call goes on.

    Raises:
        SourceError: The server fails, or does not give all tasks.
    """
    known = store.stamps(project.id)
    listing = _changed_only(client, store, project, known) or _listing(client, project.id)
    store.drop_tasks(sorted(known.keys() - listing.keys()))
    outdated = [number for number in sorted(listing) if known.get(number) != listing[number]]
    _export_all(client, store, project, outdated, listing)
    store.set_note(f"seen {project.id}", max(listing.values(), default=""))


def sync_recent(client: Client, store: Store, project: Project, count: int) -> None:
    """Remember the tasks that were changed last, at most ``count``: a sample."""
    page = _page(client, project.id, [], "-tasks:updated_at", min(count, PAGE))
    stamps = {int(task["id"]): str(task["updated_at"]) for task in page["tasks"]}
    _export_all(client, store, project, sorted(stamps), stamps)


def _changed_only(
    client: Client, store: Store, project: Project, known: dict[int, str]
) -> dict[int, str] | None:
    """The time of the last change of each task, from what changed since last time.

    Every task of now is a remembered one or changed since. If as many as that are there, then
    exactly those are; else some were deleted, and only a full listing tells which: None.
    """
    seen = store.note(f"seen {project.id}")
    if not seen:
        return None
    since = (datetime.fromisoformat(seen) - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    recent = _page(client, project.id, [_after("updated_at", "Datetime", since)])
    if recent["total"] > len(recent["tasks"]):
        return None
    listing = known | {int(t["id"]): str(t["updated_at"]) for t in recent["tasks"]}
    total = _page(client, project.id, [], size=1)["total"]
    return listing if len(listing) == total else None


def _listing(client: Client, project: int) -> dict[int, str]:
    """The time of the last change of each task.

    Each page asks for ids after the last one seen: with page numbers, a task deleted meanwhile
    would make the next page begin one too late.
    """
    found: dict[int, str] = {}
    last = -1
    while True:
        page = _page(client, project, [_after("id", "Number", last)])
        found |= {int(t["id"]): str(t["updated_at"]) for t in page["tasks"]}
        if page["total"] <= len(page["tasks"]) or not page["tasks"]:
            return found
        last = max(int(task["id"]) for task in page["tasks"])


def _after(field: str, kind: str, value: Any) -> dict[str, Any]:
    name = f"filter:tasks:{field}"
    return {"filter": name, "operator": "greater", "type": kind, "value": value}


def _page(
    client: Client,
    project: int,
    filters: Sequence[dict[str, Any]],
    ordering: str = "tasks:id",
    size: int = PAGE,
) -> Any:
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
        raise SourceError(f"{client.server} answered with something else than a list of tasks")
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


def _export_all(
    client: Client, store: Store, project: Project, numbers: list[int], stamps: dict[int, str]
) -> None:
    bar = tqdm(
        total=len(numbers), desc=f"labels of project {project.id}", unit="task",
        file=sys.stderr, disable=None, leave=False,
    )  # fmt: skip
    with bar:
        for asked, tasks in export_tasks(client, project.id, numbers):
            store.keep_tasks(project.id, ((t["id"], stamps[t["id"]], essential(t)) for t in tasks))
            lost = set(asked) - {task["id"] for task in tasks}
            _expect_gone(client, sorted(lost))
            store.drop_tasks(lost)
            bar.update(len(asked))


def export_tasks(
    client: Client, project: int, numbers: Sequence[int]
) -> Iterator[tuple[Sequence[int], list[dict[str, Any]]]]:
    """Raw tasks by id, in pieces: (ids asked for, tasks sent). Smaller pieces on slow servers.

    Raises:
        SourceError: The server does not give them.
    """
    start, size = 0, CHUNK
    while start < len(numbers):
        asked = numbers[start : start + size]
        try:
            tasks = _export(client, project, asked)
        except GaveUpError as error:
            if not error.slow or len(asked) == 1:
                raise
            size = max(1, len(asked) // 4)
            continue
        yield asked, tasks
        start += len(asked)
        size = min(CHUNK, 2 * size)


def _export(client: Client, project: int, numbers: Sequence[int]) -> list[dict[str, Any]]:
    params = {"exportType": "JSON", "download_all_tasks": "true", "ids[]": list(numbers)}
    slow_retries = _SOON if len(numbers) > 1 else None
    tasks = client.json(f"/api/projects/{project}/export", params, slow_retries)
    wanted = set(numbers)
    if not isinstance(tasks, list) or not all(
        isinstance(task, dict) and type(task.get("id")) is int and task["id"] in wanted
        for task in tasks
    ):
        raise SourceError(f"{client.server} answered with something else than the tasks asked for")
    return tasks


def _expect_gone(client: Client, numbers: Sequence[int]) -> None:
    """Tasks that were listed and not exported must have been deleted in between."""
    for number in numbers:
        try:
            client.json(f"/api/tasks/{number}/", {"include": "id"})
        except NotThereError:
            continue
        raise SourceError(f"{client.server} lists task {number} but does not export it")
