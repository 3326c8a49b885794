"""Run all checks, in the order in which a build would fail."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from maskbench.doctor.findings import ERROR, OK, Finding
from maskbench.doctor.label_checks import look_at_labels
from maskbench.doctor.repository import check_repository, open_server
from maskbench.doctor.tasks import check_tasks
from maskbench.errors import SourceError
from maskbench.labelstudio.folder import Folder
from maskbench.params import Params
from maskbench.pipeline.layout import Layout
from maskbench.text import counted


def check_up(params: Params, layout: Layout, most: int | None) -> Iterator[Finding]:
    """Yield all findings; only a temporary folder is written to.

    Args:
        params: The checked params.
        layout: The repository.
        most: How many tasks to check, in each project or in the folder; None: all.
    """
    classes = counted(len(params.labels_map), "class", "classes")
    yield Finding(
        OK, f"params.yaml: {classes}, {counted(len(params.rules), 'rule')}"
    )  # load_params has reported its errors
    yield from check_repository(layout, params)
    yield from look_at_labels(params, layout)
    if params.fetch.server is None:
        yield from _folder(params, layout, most)
        return
    with tempfile.TemporaryDirectory() as scratch:
        server, findings = open_server(params, layout, Path(scratch))
        yield from findings
        if server is None:
            return
        try:
            total = sum(project.total for project in server.projects)
            server.sync_recent(total if most is None else most)
            yield from check_tasks(server, params, None, total, layout)
        except SourceError as error:
            yield _unreadable(error, "see to the server, then try again")
        finally:
            server.close()


def _folder(params: Params, layout: Layout, most: int | None) -> Iterator[Finding]:
    try:
        folder = Folder(layout.root / params.fetch.folder)
        yield Finding(OK, f"{folder.path}: {counted(len(folder.exports), 'export')}")
        yield from check_tasks(folder, params, most, layout=layout)
    except SourceError as error:
        yield _unreadable(error, "mend the folder, or correct fetch.folder")


def _unreadable(error: SourceError, advice: str) -> Finding:
    return Finding(ERROR, error.args[0], advice, error.problems)
