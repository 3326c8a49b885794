"""Use a Label Studio server as the source of tasks and images; fetch each only once."""

import hashlib
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from maskbench.errors import Problem, SourceError
from maskbench.files.hashing import sha256_file, signature_of
from maskbench.files.images import SUFFIXES
from maskbench.labelstudio.export import RawTask
from maskbench.labelstudio.image_file import HasImage, ImageFile
from maskbench.labelstudio.server.cache import Cache, StoredImage
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.images import ImageRequest, ImageResult, get_image
from maskbench.labelstudio.server.project import Project, read_project
from maskbench.labelstudio.server.sync import sync_project, sync_recent
from maskbench.regions.task import Task

_AT_ONCE = 4
"""Images downloaded at the same time: polite, and enough to hide a server's pauses."""


class Server:
    """Tasks and images of one or more projects.

    Args:
        client: The server.
        numbers: Ids of the projects.
        work: A scratch folder, kept between runs.
        images: The folder with the images of the last fetch, ``<key>.<ext>``.

    Attributes:
        notes: Empty: a server has each task once.
        problems: Empty: if the server fails, an error is raised at once.
    """

    notes: Sequence[str] = ()
    problems: Sequence[Problem] = ()

    def __init__(self, client: Client, numbers: Iterable[int], work: Path, images: Path) -> None:
        self.client = client
        self.version = client.version()
        self.projects = tuple(read_project(client, number) for number in numbers)
        self._images = images
        self._downloads = work / "downloads"
        self._downloads.mkdir(parents=True, exist_ok=True)
        self._cache = Cache(work / "server.sqlite3", client.server)
        self._problems: dict[str, ValueError] = {}

    def sync(self) -> None:
        """Bring the cached tasks up to date.

        Raises:
            SourceError: The server fails.
        """
        for project in self.projects:
            sync_project(self.client, self._cache, project)
        self._cache.drop_other_projects(project.id for project in self.projects)

    def sync_recent(self, count: int) -> None:
        """Fetch only the tasks that were changed last, at most ``count`` of each project."""
        for project in self.projects:
            sync_recent(self.client, self._cache, project, count)

    def tasks(self) -> Iterator[RawTask]:
        """Yield the raw tasks by project and id, each with its project for messages."""
        for project in self.projects:
            for raw in self._cache.tasks(project.id):
                yield RawTask(raw, _origin(project))

    def fingerprint(self, raw: Any, origin: str) -> str | None:
        """Return None, because a task's meaning also depends on its project's setup."""
        return None

    def image_fields(self, origin: str) -> Mapping[str, str]:
        """Return the field of a task's data behind each image tag of the task's project."""
        return next(p.labeling.fields for p in self.projects if _origin(p) == origin)

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Download the images of tasks that are not here, or have changed.

        For an image that cannot be downloaded, :meth:`find` raises an error.

        Raises:
            SourceError: The server fails; finished downloads are kept.
        """
        requests = list(self._requests(tasks))
        bar = tqdm(total=len(requests), desc="images", file=sys.stderr, disable=None, leave=False)
        with bar, ThreadPoolExecutor(_AT_ONCE) as pool:
            wanted = {pool.submit(get_image, self.client, request): request for request in requests}
            try:
                for future in as_completed(wanted):  # a slow one holds no other back
                    self._save(wanted[future], future)
                    bar.update()
            finally:
                pool.shutdown(cancel_futures=True)

    def is_here(self, task: Task) -> bool:
        """Return whether :meth:`find` has a task's image already, as it was when it was fetched."""
        stored = self._cache.image(task.reference or "")
        return stored is not None and self._locate(task, stored) is not None

    def _requests(self, tasks: Iterable[Task]) -> Iterator[ImageRequest]:
        seen = set()
        for task in tasks:
            reference = task.reference
            if reference is None or reference in seen:
                continue
            seen.add(reference)
            stored = self._cache.image(reference)
            here = stored is not None and self._locate(task, stored) is not None
            validator = stored.validator if stored is not None and here else None
            yield ImageRequest(reference, task.id, self._download(reference), validator)

    def _save(self, request: ImageRequest, future: "Future[ImageResult]") -> None:
        try:
            result = future.result()
        except ValueError as error:
            self._problems[request.reference] = error
            return
        if result.changed:
            file = request.target
            image = StoredImage(
                sha256_file(file), result.validator, file.name, signature_of(file.stat())
            )
            self._cache.save_image(request.reference, image)

    def find(self, task: HasImage) -> ImageFile:
        """Return the local file with a task's image, after :meth:`prepare`.

        Raises:
            MissingImageError: It is not there.
            ValueError: It could not be downloaded; the message says why.
        """
        reference = task.reference or ""
        if reference in self._problems:
            raise self._problems[reference]
        stored = self._cache.image(reference)
        file = self._locate(task, stored) if stored else None
        if stored is None or file is None:
            raise SourceError(
                f"the image of task {task.id} vanished while it was fetched; try again"
            )
        return ImageFile(file.parent, file.name, stored.sha256, is_download=True)

    def _locate(self, task: HasImage, stored: StoredImage) -> Path | None:
        """Return the file that still holds the downloaded bytes: a fresh one, or an output."""
        names = (f"{task.key}{suffix}" for suffix in sorted(set(SUFFIXES.values())))
        outputs = (self._images / name for name in (stored.file, *names))
        for file in (self._download(task.reference or ""), *outputs):
            if not file.is_file():
                continue
            if signature_of(file.stat()) == list(stored.signature):
                return file
            if sha256_file(file) == stored.sha256:
                seen = replace(stored, file=file.name, signature=signature_of(file.stat()))
                self._cache.save_image(task.reference or "", seen)
                return file
        return None

    def _download(self, reference: str) -> Path:
        return self._downloads / hashlib.sha256(reference.encode()).hexdigest()[:32]

    def finish(self) -> None:
        """Delete downloads, which have become outputs, and close the cache."""
        shutil.rmtree(self._downloads, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """Close the cache; downloads that were not used yet stay for the next run."""
        self._cache.close()


def _origin(project: Project) -> str:
    return f"project {project.id}"
