"""A Label Studio server as the source: tasks and images of its projects, fetched only once."""

import hashlib
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from maskbench.digests import signature_of
from maskbench.errors import SourceError
from maskbench.files import sha256_file
from maskbench.images import SUFFIXES
from maskbench.labelstudio.client import Client
from maskbench.labelstudio.download import Got, Wanted, get_image
from maskbench.labelstudio.model import ImageFile, Pictured
from maskbench.labelstudio.store import Store, StoredImage
from maskbench.labelstudio.sync import Project, read_project, sync_project, sync_recent
from maskbench.regions.task import Task

_AT_ONCE = 4
"""Images downloaded at the same time: polite, and enough to hide a server's pauses."""


class Server:
    """Tasks and images of one or more projects.

    Args:
        client: The server.
        numbers: Ids of the projects.
        work: A scratch folder of ours, kept between runs.
        images: The folder with the images of the last fetch, ``<key>.<ext>``.
    """

    def __init__(self, client: Client, numbers: Iterable[int], work: Path, images: Path) -> None:
        self.client = client
        self.version = client.version()
        self.projects = tuple(read_project(client, number) for number in numbers)
        self._images = images
        self._downloads = work / "downloads"
        self._downloads.mkdir(parents=True, exist_ok=True)
        self._store = Store(work / "server.sqlite3", client.server)
        self._problems: dict[str, str] = {}

    def sync(self) -> None:
        """Bring the remembered tasks up to date.

        Raises:
            SourceError: The server fails.
        """
        for project in self.projects:
            sync_project(self.client, self._store, project)
        self._store.drop_other_projects(project.id for project in self.projects)

    def sync_recent(self, count: int) -> None:
        """Get only the tasks that were changed last, at most ``count`` of each project."""
        for project in self.projects:
            sync_recent(self.client, self._store, project, count)

    def tasks(self) -> Iterator[tuple[Any, str]]:
        """The raw tasks by project and id, each with its project for messages."""
        for project in self.projects:
            for raw in self._store.tasks(project.id):
                yield raw, _origin(project)

    def stamp(self, raw: Any, origin: str) -> str | None:
        """None: what a task means depends on its project's setup, too."""
        return None

    def image_fields(self, origin: str) -> Mapping[str, str]:
        """The field of a task's data behind each image tag of the task's project."""
        return next(p.labeling.fields for p in self.projects if _origin(p) == origin)

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Download the images of these tasks that are not here, or have changed.

        What cannot be had is told by :meth:`find`.

        Raises:
            SourceError: The server fails altogether; what was downloaded is kept.
        """
        wanted = list(self._wanted(tasks))
        pool = ThreadPoolExecutor(_AT_ONCE)
        bar = tqdm(total=len(wanted), desc="images", file=sys.stderr, disable=None, leave=False)
        try:
            for item, future in _windowed(pool, self.client, wanted):
                self._keep(item, future)
                bar.update()
        finally:
            bar.close()
            pool.shutdown(wait=True, cancel_futures=True)

    def _wanted(self, tasks: Iterable[Task]) -> Iterator[Wanted]:
        seen = set()
        for task in tasks:
            reference = task.reference
            if reference is None or reference in seen:
                continue
            seen.add(reference)
            stored = self._store.image(reference)
            here = stored is not None and self._locate(task, stored) is not None
            validator = stored.validator if stored is not None and here else None
            yield Wanted(reference, task.id, self._download(reference), validator)

    def _keep(self, wanted: Wanted, future: "Future[Got]") -> None:
        try:
            got = future.result()
        except ValueError as error:
            self._problems[wanted.reference] = str(error)
            return
        if got.changed:
            file = wanted.target
            image = StoredImage(
                sha256_file(file), got.validator, file.name, signature_of(file.stat())
            )
            self._store.keep_image(wanted.reference, image)

    def find(self, task: Pictured) -> ImageFile:
        """The local file with a task's image, after :meth:`prepare`.

        Raises:
            ValueError: It could not be had; the message says why.
        """
        reference = task.reference or ""
        if reference in self._problems:
            raise ValueError(self._problems[reference])
        stored = self._store.image(reference)
        file = self._locate(task, stored) if stored else None
        if stored is None or file is None:
            raise SourceError(
                f"the image of task {task.id} vanished while it was fetched; try again"
            )
        return ImageFile(file.parent, file.name, stored.sha256, ours=True)

    def _locate(self, task: Pictured, stored: StoredImage) -> Path | None:
        """The file that still holds the bytes that were downloaded: a fresh one, or an output."""
        names = (f"{task.key}{suffix}" for suffix in sorted(set(SUFFIXES.values())))
        outputs = (self._images / name for name in (stored.file, *names))
        for file in (self._download(task.reference or ""), *outputs):
            if not file.is_file():
                continue
            if signature_of(file.stat()) == list(stored.seal):
                return file
            if sha256_file(file) == stored.sha256:
                seen = replace(stored, file=file.name, seal=signature_of(file.stat()))
                self._store.keep_image(task.reference or "", seen)
                return file
        return None

    def _download(self, reference: str) -> Path:
        return self._downloads / hashlib.sha256(reference.encode()).hexdigest()[:32]

    def finish(self) -> None:
        """Clear away what has become outputs."""
        shutil.rmtree(self._downloads, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """Close the memory; what was downloaded and not yet used stays for the next run."""
        self._store.close()


def _origin(project: Project) -> str:
    return f"project {project.id}"


def _windowed(
    pool: ThreadPoolExecutor, client: Client, wanted: Iterable[Wanted]
) -> "Iterator[tuple[Wanted, Future[Got]]]":
    """Downloads as they finish, with a bounded number under way.

    A slow one holds none back: what has arrived is remembered, whenever the run is killed.
    """
    source = iter(wanted)
    pending = {pool.submit(get_image, client, item): item for item in islice(source, 16)}
    while pending:
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            yield pending.pop(future), future
            pending |= {pool.submit(get_image, client, item): item for item in islice(source, 1)}
