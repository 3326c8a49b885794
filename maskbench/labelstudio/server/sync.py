"""Bring the cached tasks of a project up to date, asking only for what has changed.

The plain export of a large project takes minutes before its first byte, longer than proxies wait,
and comes in one piece. Here the server is asked which tasks changed (a second), and then for those,
a few hundred at a time, by the export's own ``ids[]``: the same JSON, in bounded memory, with each
piece cached as soon as it arrives.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from tqdm import tqdm

from maskbench.errors import SourceError
from maskbench.labelstudio.export import essential
from maskbench.labelstudio.server.cache import Cache
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.errors import BusyError, GaveUpError, NotThereError
from maskbench.labelstudio.server.parents import add_model_versions
from maskbench.labelstudio.server.project import PAGE, Project, greater_than, read_page

CHUNK = 200
"""Tasks exported at once: half a second, and an address shorter than proxies allow."""

_OVERLAP = timedelta(minutes=10)  # a save that took long is cached with the time it began
_FEW_RETRIES = 2  # of a large question, before a smaller one is asked


def sync_project(client: Client, cache: Cache, project: Project) -> None:
    """Make the cached tasks of a project those that the server has now.

    Each piece is cached as soon as it arrives: after a kill or a failure, the next call continues.

    Raises:
        SourceError: The server fails, or does not give all tasks.
    """
    known = cache.update_times(project.id)
    listing = _changed_only(client, cache, project, known) or _listing(client, project.id)
    cache.drop_tasks(sorted(known.keys() - listing.keys()))
    outdated = [number for number in sorted(listing) if known.get(number) != listing[number]]
    _export_all(client, cache, project, outdated, listing)
    cache.save_record(f"seen {project.id}", max(listing.values(), default=""))


def sync_recent(client: Client, cache: Cache, project: Project, count: int) -> None:
    """Cache the tasks that were changed last, at most ``count``: a sample."""
    page = read_page(client, project.id, [], "-tasks:updated_at", min(count, PAGE))
    times = {int(task["id"]): str(task["updated_at"]) for task in page["tasks"]}
    _export_all(client, cache, project, sorted(times), times)


def _changed_only(
    client: Client, cache: Cache, project: Project, known: dict[int, str]
) -> dict[int, str] | None:
    """Return when each task was last changed, from what changed since the last time.

    Every task is either cached or has changed since. If the server has as many, it has exactly
    those; otherwise some were deleted, and None is returned: only a full listing says which.
    """
    seen = cache.record(f"seen {project.id}")
    if not seen:
        return None
    since = (datetime.fromisoformat(seen) - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    recent = read_page(client, project.id, [greater_than("updated_at", "Datetime", since)])
    if recent["total"] > len(recent["tasks"]):
        return None
    listing = known | {int(t["id"]): str(t["updated_at"]) for t in recent["tasks"]}
    total = read_page(client, project.id, [], size=1)["total"]
    return listing if len(listing) == total else None


def _listing(client: Client, project: int) -> dict[int, str]:
    """Return when each task was last changed.

    Each page begins after the last id seen: with page numbers, a task deleted meanwhile would make
    the next page begin one too late.
    """
    found: dict[int, str] = {}
    last = -1
    while True:
        page = read_page(client, project, [greater_than("id", "Number", last)])
        found |= {int(t["id"]): str(t["updated_at"]) for t in page["tasks"]}
        if page["total"] <= len(page["tasks"]) or not page["tasks"]:
            return found
        last = max(int(task["id"]) for task in page["tasks"])


def _export_all(
    client: Client, cache: Cache, project: Project, numbers: list[int], times: dict[int, str]
) -> None:
    bar = tqdm(
        total=len(numbers), desc=f"labels of project {project.id}", unit="task",
        file=sys.stderr, disable=None, leave=False,
    )  # fmt: skip
    with bar:
        for asked, tasks in export_tasks(client, project.id, numbers):
            add_model_versions(client, tasks)
            cache.save_tasks(project.id, ((t["id"], times[t["id"]], essential(t)) for t in tasks))
            lost = set(asked) - {task["id"] for task in tasks}
            _expect_gone(client, sorted(lost))
            cache.drop_tasks(lost)
            bar.update(len(asked))


def export_tasks(
    client: Client, project: int, numbers: Sequence[int]
) -> Iterator[tuple[Sequence[int], list[dict[str, Any]]]]:
    """Yield raw tasks by id, in pieces: (ids asked for, tasks sent); smaller on slow servers.

    Raises:
        SourceError: The server does not give them.
    """
    start, size = 0, CHUNK
    while start < len(numbers):
        asked = numbers[start : start + size]
        try:
            tasks = _export(client, project, asked)
        except GaveUpError as error:
            if len(asked) == 1 or isinstance(error, BusyError):
                raise
            size = max(1, len(asked) // 4)
            continue
        yield asked, tasks
        start += len(asked)
        size = min(CHUNK, 2 * size)


def _export(client: Client, project: int, numbers: Sequence[int]) -> list[dict[str, Any]]:
    params = {"exportType": "JSON", "download_all_tasks": "true", "ids[]": list(numbers)}
    retries = _FEW_RETRIES if len(numbers) > 1 else None
    tasks = client.json(f"/api/projects/{project}/export", params, retries)
    wanted = set(numbers)
    if not isinstance(tasks, list) or not all(
        isinstance(task, dict) and type(task.get("id")) is int and task["id"] in wanted
        for task in tasks
    ):
        raise SourceError(f"{client.server} answered with something other than the tasks asked for")
    return tasks


def _expect_gone(client: Client, numbers: Sequence[int]) -> None:
    """Check that tasks that were listed but not exported were deleted in between."""
    for number in numbers:
        try:
            client.json(f"/api/tasks/{number}/", {"include": "id"})
        except NotThereError:
            continue
        raise SourceError(f"{client.server} lists task {number} but does not export it")
