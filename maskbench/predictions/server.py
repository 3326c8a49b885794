"""Read and change the predictions of a project."""

import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from maskbench.errors import SourceError
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.errors import GaveUpError, NotThereError, TransientError
from maskbench.labelstudio.server.project import greater_than, read_page
from maskbench.text import some

_TRIES = 5  # for a chunk whose answer is lost


class Versions(NamedTuple):
    """The model versions of a project: predictions by version, and the version that it shows."""

    counts: Mapping[str, int]
    shown: str


class ProjectPredictions:
    """The predictions of one project.

    Args:
        client: The server.
        project: The project's id.
    """

    def __init__(self, client: Client, project: int) -> None:
        self.client = client
        self.project = project

    def versions(self) -> Versions:
        """Return the project's model versions."""
        path = f"/api/projects/{self.project}"
        answer = self.client.json(f"{path}/model-versions/", {"extended": "true"})
        about = self.client.json(f"{path}/", {"include": "id,model_version"})
        try:
            counts = {str(v["model_version"]): int(v["count"]) for v in answer["static"]}
            return Versions(counts, str(about.get("model_version") or ""))
        except (TypeError, KeyError, ValueError, AttributeError):
            what = "answered with something other than model versions"
            raise SourceError(f"{self.client.server} {what}") from None

    def tasks_with(self, version: str) -> set[int]:
        """Return the ids of the tasks that have a prediction of a model version.

        Label Studio's filter also finds versions whose names contain this one, such as ``m10`` for
        ``m1``. If there are any, the tasks are looked up one by one.
        """
        names = self.versions().counts
        if version not in names:
            return set()
        found = self._tasks_like(version)
        if any(version.casefold() in name.casefold() for name in names if name != version):
            return {number for number in found if self.of_task(number, version)}
        return found

    def of_task(self, task: int, version: str) -> list[int]:
        """Return the ids of a task's predictions of a model version.

        Raises:
            NotThereError: There is no such task.
            SourceError: The server fails.
        """
        try:
            found = self.client.json("/api/predictions/", {"task": task})
        except SourceError as error:
            if " answered 400" in str(error) and self._gone([task]):
                raise NotThereError(f"task {task} was deleted") from None
            raise
        return [int(entry["id"]) for entry in found if entry["model_version"] == version]

    def _tasks_like(self, version: str) -> set[int]:
        name = "filter:tasks:predictions_model_versions"
        has = {"filter": name, "operator": "contains", "type": "List", "value": [version]}
        found: set[int] = set()
        while True:
            last = max(found, default=-1)
            page = read_page(self.client, self.project, [has, greater_than("id", "Number", last)])
            found |= {int(task["id"]) for task in page["tasks"]}
            if page["total"] <= len(page["tasks"]) or not page["tasks"]:
                return found

    def delete(self, version: str) -> int:
        """Delete all predictions of a model version; return their number."""
        path = f"/api/projects/{self.project}/model-versions/"
        answer = self._send("DELETE", path, {"model_version": version})
        count = answer.get("deleted_predictions") if isinstance(answer, dict) else None
        return count if isinstance(count, int) else 0

    def delete_of_tasks(self, version: str, tasks: Iterable[int]) -> None:
        """Delete some tasks' predictions of a model version, one by one."""
        for task in tasks:
            for number in self.of_task(task, version):
                self._send("DELETE", f"/api/predictions/{number}/", None)

    def show(self, version: str) -> None:
        """Make this the version that annotators see."""
        self._send("PATCH", f"/api/projects/{self.project}/", {"model_version": version})

    def set_score(self, prediction: int, score: float) -> None:
        """Give a prediction another score."""
        self._send("PATCH", f"/api/predictions/{prediction}/", {"score": score})

    def create(self, version: str, chunk: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
        """Create one prediction for each task; return those that were not created, and why.

        If an answer is lost, the server is asked which of them it has, so that none is made twice.

        Args:
            version: The model version.
            chunk: ``result`` and ``score`` by task id.
        """
        left, lost = dict(chunk), dict[int, str]()
        path = f"/api/projects/{self.project}/import/predictions"
        for attempt in range(_TRIES):
            body = [{"task": n, "model_version": version, **value} for n, value in left.items()]
            try:
                answer = self.client.send("POST", path, body)
                if not isinstance(answer, dict) or answer.get("created") != len(body):
                    there = self.tasks_with(version)
                    why = "the server dropped it without saying why"
                    lost |= {number: why for number in left if number not in there}
                return lost
            except (TransientError, GaveUpError):
                time.sleep(attempt * self.client.patience.pause)
                there = self.tasks_with(version)
                left = {number: value for number, value in left.items() if number not in there}
            except SourceError as error:
                gone = self._gone(left) if " answered 400" in str(error) else set()
                if not gone:
                    raise _refused(error) from None
                lost |= dict.fromkeys(gone, "the task was deleted")
                left = {number: value for number, value in left.items() if number not in gone}
            if not left:
                return lost
        raise SourceError(
            f"{self.client.server} did not accept the predictions of tasks {some(sorted(left))}; "
            "run the same command again to continue"
        )

    def _gone(self, tasks: Collection[int]) -> set[int]:
        gone = set()
        for number in tasks:
            try:
                self.client.json(f"/api/tasks/{number}/", {"include": "id"})
            except NotThereError:
                gone.add(number)
        return gone

    def _send(self, method: str, path: str, body: Any) -> Any:
        """Send a request that does no harm if sent twice; repeat it while the server fails."""
        try:
            return self.client.repeat(path, lambda: self.client.send(method, path, body))
        except NotThereError:
            return None  # a repeated request: the first one was carried out
        except SourceError as error:
            raise _refused(error) from None


def _refused(error: SourceError) -> SourceError:
    if " answered 403" not in str(error):
        return error
    return SourceError(f"this key may not change predictions, only read: {error}")
