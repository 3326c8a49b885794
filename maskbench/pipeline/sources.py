"""Open the source of tasks and images: a folder of exports or a Label Studio server."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from maskbench.errors import Problem
from maskbench.labelstudio.export import RawTask, parse_task
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.labeling import compare_labels
from maskbench.labelstudio.server.auth import read_key
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.project import Project
from maskbench.labelstudio.server.source import Server
from maskbench.params import FetchParams, Params
from maskbench.pipeline.layout import Layout
from maskbench.regions.task import Task

TaskSource = Folder | Server
"""Where tasks and images come from; both have the same methods."""


def open_source(params: Params, layout: Layout) -> TaskSource:
    """Open the source that the params name, with its tasks up to date.

    Raises:
        SourceError: It cannot be reached or read.
    """
    if params.fetch.server is None:
        return Folder(Path(params.fetch.folder), layout.work("digests") / "source.json")
    server = connect(params.fetch, layout)
    for warning in setup_warnings(server.projects, params):
        print(f"warning: {warning}", file=sys.stderr)
    server.sync()
    return server


def connect(params: FetchParams, layout: Layout, work: Path | None = None) -> Server:
    """Connect to the server in the params and look up its projects, but not their tasks.

    Args:
        params: Address and projects.
        layout: The repository.
        work: A scratch folder; None: the stage's own, which is kept between runs.

    Raises:
        SourceError: It cannot be reached, refuses the key, or has no such project.
    """
    if params.server is None:
        raise ValueError("these params name no server")
    key = read_key(layout.root, params.server)
    client = Client(params.server, key, private_hosts=params.private_hosts)
    return Server(client, params.projects, work or layout.work("fetch"), layout.images)


def setup_warnings(projects: Iterable[Project], params: Params) -> list[Problem]:
    """Find where the labelling setups of projects and the params disagree.

    *fetch*, ``maskbench refresh`` and the doctor show these as warnings.
    """
    aliases = params.rasterize.label_aliases
    drawn = {aliases.get(n, n) for project in projects for n in project.labeling.labels}
    offered = {label for label in drawn if label is not None}
    several = [
        Problem(
            f"project {project.id} shows several images of a task ({', '.join(lists)}); tasks "
            "that have more than one are refused"
        )
        for project in projects
        if (lists := project.labeling.lists)
    ]
    return compare_labels(offered, params.labels_map, params.rules) + several


def parse(raw: RawTask, source: TaskSource, chosen: Mapping[str, str] | None) -> Task:
    """Read a task of a source; ``chosen`` is ``fetch.image_field``. Raise as :func:`parse_task`."""
    return parse_task(raw.value, raw.origin, source.image_fields(raw.origin), chosen, raw.qualifier)
