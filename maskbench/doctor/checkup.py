"""Run all checks, in the order in which a build would fail."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from maskbench.doctor.findings import ERROR, OK, Finding
from maskbench.doctor.repository import check_repository, open_server
from maskbench.doctor.tasks import check_tasks
from maskbench.errors import SourceError
from maskbench.labelstudio.folder import Folder
from maskbench.params import Params
from maskbench.pipeline.layout import Layout


def check_up(params: Params, layout: Layout, most: int) -> Iterator[Finding]:
    """Yield all findings; only a temporary folder is written to.

    Args:
        params: The checked params.
        layout: The repository.
        most: How many tasks to look at, of each project or of the folder.
    """
    text = f"params.yaml: {len(params.labels_map)} classes, {len(params.rules)} rules"
    yield Finding(OK, text)  # load_params has told what is wrong in it
    yield from check_repository(layout, params)
    if params.fetch.server is None:
        yield from _folder(params, layout, most)
        return
    with tempfile.TemporaryDirectory() as scratch:
        server, findings = open_server(params, layout, Path(scratch))
        yield from findings
        if server is None:
            return
        try:
            server.sync_recent(most)
            total = sum(project.total for project in server.projects)
            yield from check_tasks(server, params, None, total)
        except SourceError as error:
            yield Finding(ERROR, str(error), "see to the server, then try again")
        finally:
            server.close()


def _folder(params: Params, layout: Layout, most: int) -> Iterator[Finding]:
    try:
        folder = Folder(layout.root / params.fetch.folder)
        yield Finding(OK, f"{folder.path}: {len(folder.exports)} exports")
        yield from check_tasks(folder, params, most)
    except SourceError as error:
        yield Finding(ERROR, str(error), "mend the folder, or correct fetch.folder")
