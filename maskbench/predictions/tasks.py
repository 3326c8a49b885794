"""Look up a server's tasks by key, with their images and sizes."""

from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path

from maskbench.errors import DataError, ParamsError, Problem
from maskbench.files.csv import write_table
from maskbench.files.image_size import upright_size
from maskbench.files.images import inspect, write_upright
from maskbench.labelstudio.export import TaskError
from maskbench.labelstudio.server.source import Server
from maskbench.labelstudio.stored import read_task
from maskbench.parallel.run import progress, run_all
from maskbench.params import FetchParams, Params
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.sources import connect, parse
from maskbench.regions.task import Task

_COLUMNS = ("key", "image", "task", "project", "link")


def open_server(params: FetchParams, layout: Layout) -> Server:
    """Connect to the server that the params name.

    Raises:
        ParamsError: ``fetch.server`` is empty.
        SourceError: It cannot be reached, or refuses.
    """
    if params.server is None:
        raise ParamsError("fetch.server is empty: predictions need a Label Studio server")
    return connect(params, layout)


def tasks_by_key(server: Server, params: Params) -> dict[str, Task]:
    """Return the server's tasks that name an image, by key."""
    server.sync()
    found = {}
    for raw in server.tasks():
        try:
            task = parse(raw, server, params.fetch.image_field)
        except TaskError:  # fetch and doctor say what is wrong with it
            continue
        if task.reference:
            found[task.key] = task
    return found


def image_sizes(
    server: Server, tasks: Iterable[Task], params: FetchParams, layout: Layout
) -> dict[str, tuple[int, int]]:
    """Return width and height of each task's upright image, by key; download unknown images.

    Raises:
        DataError: Images cannot be downloaded or read.
    """
    sizes, unknown = {}, []
    for task in tasks:
        file = layout.annotations / f"{task.key}.json"
        stored = read_task(file) if file.is_file() else None
        if stored and stored.image and stored.reference == task.reference:
            sizes[task.key] = (stored.image.width, stored.image.height)
        else:
            unknown.append(task)
    server.prepare(unknown)
    problems, files = [], []
    for task in unknown:
        try:
            files.append((task, server.find(task).path))
        except ValueError as error:
            problems.append(Problem(str(error), task=task.id, project=task.project))
    shown = progress(files, len(files), "image sizes")
    found = run_all(partial(_read_size, params.max_pixels), shown, "image sizes")
    for (task, _), size in zip(files, found, strict=True):
        if isinstance(size, Problem):
            problems.append(size)
        else:
            sizes[task.key] = size
    if problems:
        raise DataError("predictions cannot be checked without these images", problems)
    return sizes


def _read_size(most_pixels: int, image: tuple[Task, Path]) -> tuple[int, int] | Problem:
    """Return width and height of a task's upright image, or what is wrong with its file."""
    task, path = image
    try:
        return upright_size(path, most_pixels)
    except ValueError as error:
        return Problem(str(error), task=task.id, project=task.project)


def write_images(params: Params, layout: Layout, out: Path, is_all: bool = False) -> int:
    """Write the images of tasks for a model to run on, ``<key>.<ext>``, and ``tasks.csv``.

    Args:
        params: The params.
        layout: The repository.
        out: The folder to write.
        is_all: Also write those of tasks that have annotations.

    Returns:
        How many images were written.

    Raises:
        DataError: Images cannot be downloaded or read; the others are written.
    """
    with closing(open_server(params.fetch, layout)) as server:
        tasks = [
            task for task in tasks_by_key(server, params).values() if is_all or not task.annotations
        ]
        server.prepare(tasks)
        out.mkdir(parents=True, exist_ok=True)
        problems, rows = [], []
        for task in sorted(tasks, key=lambda task: task.key):
            try:
                source = server.find(task).path
                name = f"{task.key}{inspect(source, params.fetch.max_pixels).suffix}"
                write_upright(source, out / name)
            except ValueError as error:
                problems.append(Problem(str(error), task=task.id, project=task.project))
                continue
            link = params.fetch.task_link(task.id, task.project)
            values = (task.key, name, task.id, task.project, link)
            rows.append(dict(zip(_COLUMNS, values, strict=True)))
    write_table(out / "tasks.csv", _COLUMNS, rows)
    if problems:
        raise DataError(f"{out}: some images could not be written", problems)
    return len(rows)
