"""Call Label Studio's API, as far as the tests and the sample need it to *fill* a server.

Reading a server is the business of `maskbench.labelstudio`; this is the other direction, and
it raises on the first answer that is not a success.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from label_studio import LabelStudioError

Json = dict[str, Any]
_IMPORTS = 5  # tries
_PAUSE = 2.0  # seconds before a request is repeated
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Api:
    """Label Studio's API as one user sees it; `token` is a legacy token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Token {token}"

    def call(self, method: str, path: str, *, tries: int = 5, **options: Any) -> Any:
        """Send one request and return the decoded answer (None for an empty one).

        It is repeated after a 500, which is all that Label Studio says when others' writes keep
        its SQLite database locked for more than five seconds.

        Raises:
            LabelStudioError: any status but 2xx; the message holds the server's own text.
        """
        for left in reversed(range(tries)):
            answer = self.session.request(method, self.url + path, timeout=300, **options)
            if answer.status_code != 500 or not left:
                break
            time.sleep(_PAUSE)
        if not answer.ok:
            raise LabelStudioError(
                f"{method} {path}: {answer.status_code} {answer.text[:500].strip()}"
            )
        return answer.json() if answer.content else None

    def create_project(self, title: str, label_config: str) -> int:
        """Make a project; return its id."""
        body = {"title": title, "label_config": label_config}
        return int(self.call("POST", "/api/projects/", json=body)["id"])

    def upload_images(
        self, project: int, images: Mapping[str, bytes], tasks: bool = True
    ) -> dict[str, str]:
        """Upload images, at most 100; return each one's path on the server, by original name.

        The server stores `upload/<project>/<8 hex>-<cleaned name>` and forgets the original
        name, so they go one by one. With `tasks`, each becomes a task.
        """
        return {name: self._upload(project, name, data, tasks) for name, data in images.items()}

    def _upload(self, project: int, name: str, data: bytes, tasks: bool) -> str:
        path = f"/api/projects/{project}/import?commit_to_project={str(tasks).lower()}"
        [upload] = self.call("POST", path, files={"file": (name, data)})["file_upload_ids"]
        return str(self.call("GET", f"/api/import/file-upload/{upload}")["file"])

    def import_tasks(self, project: int, tasks: Sequence[Json]) -> list[int]:
        """Import JSON tasks (`data`, and perhaps `annotations`); return the new ids in order.

        If its SQLite database was locked, Label Studio begins an import again, but by then it has
        dropped the annotations. Such tasks are deleted and imported anew.

        Raises:
            LabelStudioError: The server refuses the tasks, or drops annotations again and again.
        """
        path = f"/api/projects/{project}/import?return_task_ids=true"
        annotated = any(task.get("annotations") for task in tasks)
        for _ in range(_IMPORTS):
            answer = self.call("POST", path, json=list(tasks))
            if answer["annotation_count"] or not annotated:
                return [int(task) for task in answer["task_ids"]]
            for task in answer["task_ids"]:
                self.call("DELETE", f"/api/tasks/{task}/")
        raise LabelStudioError(f"POST {path}: annotations were dropped {_IMPORTS} times")

    def tasks(self, project: int) -> list[Json]:
        """Return all tasks of a project: `id` and `data`, by id."""
        query = {"project": project, "page_size": 1000, "include": "id,data"}
        found: list[Json] = self.call("GET", "/api/tasks/", params=query)["tasks"]
        return sorted(found, key=lambda task: int(task["id"]))

    def patch_task(self, task: int, data: Json) -> None:
        """Replace a task's data."""
        self.call("PATCH", f"/api/tasks/{task}/", json={"data": data})

    def annotate(self, task: int, result: Iterable[Json], **fields: Any) -> int:
        """Create an annotation; `fields` may hold `was_cancelled`, `ground_truth`, ..."""
        body = {"result": list(result), **fields}
        return int(self.call("POST", f"/api/tasks/{task}/annotations/", json=body)["id"])

    def draft(self, task: int, result: Iterable[Json]) -> int:
        """Create a draft: what an annotator has begun and not submitted."""
        body = {"result": list(result), "lead_time": 1.0}
        return int(self.call("POST", f"/api/tasks/{task}/drafts", json=body)["id"])

    def predict(self, task: int, result: Iterable[Json], version: str, score: float) -> int:
        """Create a prediction: what a model suggests."""
        body = {"task": task, "result": list(result), "model_version": version, "score": score}
        return int(self.call("POST", "/api/predictions/", json=body)["id"])

    def personal_token(self) -> str:
        """Make a personal access token (one at a time is allowed; it is shown only now)."""
        return str(self.call("POST", "/api/token/")["token"])

    def add_local_files(self, project: int, folder: Path) -> None:
        """Attach a folder below the document root and make a task of each image in it."""
        body = {
            "project": project,
            "path": str(folder),
            "regex_filter": r".*\.(jpg|png)$",
            "use_blob_urls": True,
            "title": folder.name,
        }
        storage = self.call("POST", "/api/storages/localfiles/", json=body)["id"]
        self.call("POST", f"/api/storages/localfiles/{storage}/sync")

    def export(self, project: int, all_tasks: bool = True, form: str = "JSON") -> bytes:
        """Return an export, byte for byte as the server sends it."""
        query = {"exportType": form, "download_all_tasks": str(all_tasks).lower()}
        path = f"{self.url}/api/projects/{project}/export"
        answer = self.session.get(path, params=query, timeout=300)
        answer.raise_for_status()
        return answer.content

    def invite(self, email: str, password: str) -> Api:
        """Sign a second user up by the organization's invite link; return their API."""
        link = str(self.call("GET", "/api/invite")["invite_url"])
        address = self.url + link if link.startswith("/") else link
        with requests.Session() as browser:
            browser.trust_env = False
            form = browser.get(address, timeout=60)
            found = _CSRF.search(form.text)
            if not found:
                raise LabelStudioError(f"GET {link}: no sign-up form (status {form.status_code})")
            body = {"email": email, "password": password, "csrfmiddlewaretoken": found.group(1)}
            browser.post(address, data=body, headers={"Referer": address}, timeout=60)
            answer = browser.get(f"{self.url}/api/current-user/token", timeout=60)
        if not answer.ok:
            raise LabelStudioError(f"sign-up of a second user: {answer.status_code} {answer.text}")
        return Api(self.url, answer.json()["token"])
