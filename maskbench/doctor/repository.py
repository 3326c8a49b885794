"""Check the repository, the disk, and the server with its labelling setup."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from maskbench.doctor.findings import ERROR, OK, WARNING, Finding
from maskbench.errors import MaskbenchError, SourceError
from maskbench.labelstudio.server.auth import KEY_VARIABLE, key_page, read_key
from maskbench.labelstudio.server.client import Client, Patience
from maskbench.labelstudio.server.private_network import is_loopback
from maskbench.labelstudio.server.project import Project
from maskbench.labelstudio.server.source import Server
from maskbench.params import FetchParams, Params
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.pin import check_pin
from maskbench.pipeline.sources import connect, setup_warnings
from maskbench.text import counted, some
from maskbench.versions import git
from maskbench.versions.dvc import DvcRepository
from maskbench.versions.inputs import (
    not_pulled,
    untracked,
    untracked_advice,
    untracked_text,
    wrong_dependency,
)
from maskbench.versions.remote import ADVICE, why_private

FEW_RETRIES = Patience(retries=2)
_COPIES = 3  # of the data while a version is built: outputs, staging, DVC's cache
_LEAST = 1 << 30  # bytes


def check_repository(layout: Layout, params: Params) -> Iterator[Finding]:
    """Check the pinned maskbench, DVC, inputs, ``.env``, and the space on the disk."""
    try:
        check_pin(layout.root)
    except MaskbenchError as error:
        yield Finding(ERROR, str(error), "run `make`")
    if not (layout.root / ".dvc").is_dir():
        yield Finding(ERROR, "no DVC repository here", "run it where dvc.yaml lies, or `dvc init`")
    elif (layout.root / "dvc.yaml").is_file():
        yield from _versioned(layout.root, params.fetch)
    if (layout.root / ".env").is_file() and not _ignored(layout.root):
        advice = "add /.env to .gitignore before anything else: it holds a key"
        yield Finding(ERROR, ".env is not ignored by git", advice)
    free = shutil.disk_usage(layout.root).free
    used = sum(file.stat().st_size for file in layout.images.glob("*"))
    text = f"{free / 1e9:.1f} GB free on the disk, {used / 1e9:.1f} GB of images so far"
    if free < max(_LEAST, _COPIES * used):
        advice = f"a build needs up to {_COPIES} times the images; `dvc gc -w` clears old versions"
        yield Finding(WARNING, text, advice)
    else:
        yield Finding(OK, text)


def _versioned(root: Path, fetch: FetchParams) -> Iterator[Finding]:
    """Check that others can get the inputs and the data."""
    private = why_private(root)
    if private:
        yield Finding(WARNING, private, ADVICE)
    wrong = wrong_dependency(root, fetch)
    if wrong:
        what, _, advice = wrong.rpartition(": ")
        yield Finding(ERROR, what, advice)
    if fetch.server is not None:
        return
    repository = DvcRepository(root)
    try:
        lost = untracked(root, fetch.folder, repository)
        absent = not_pulled(root, fetch.folder, repository)
    except SourceError as error:
        yield Finding(ERROR, str(error), "mend dvc.yaml, or run `git checkout dvc.yaml`")
        return
    if lost:
        yield Finding(WARNING, untracked_text(lost), untracked_advice(fetch.folder, lost))
    if absent:
        yield Finding(ERROR, f"DVC tracks {some(absent)}, which is not here", "run `dvc pull`")


def _ignored(root: Path) -> bool:
    """Return whether git ignores ``.env``; true outside a git repository."""
    return git.run(root, "check-ignore", "-q", ".env").returncode != 1


def open_server(params: Params, layout: Layout, work: Path) -> tuple[Server | None, list[Finding]]:
    """Check that the server answers, takes the key, and has the projects.

    Args:
        params: The checked params; ``fetch.server`` is set.
        layout: The repository.
        work: A scratch folder.

    Returns:
        The server, or None if one of these checks fails; and the findings.
    """
    address = params.fetch.server or ""
    found: list[Finding] = []
    try:
        version = Client(address, None, FEW_RETRIES).version()
        found.append(Finding(OK, f"Label Studio {version} answers at {address}"))
        key = read_key(layout.root, address)
        if urlsplit(address).scheme == "http" and not is_loopback(address):
            advice = "put the server behind https: anybody on the way can read the key"
            found.append(Finding(WARNING, f"the key travels unprotected to {address}", advice))
        server = connect(params.fetch, layout, work)
    except SourceError as error:
        return None, [*found, Finding(ERROR, error.args[0], _advice(str(error), address))]
    found.append(Finding(OK, f"the {key.kind} in {KEY_VARIABLE} is valid"))
    found += [_project(project) for project in server.projects]
    warnings = setup_warnings(server.projects, params)
    advice = "agree on the labels: in labels_map, or in the project's Labeling Setup"
    found += [Finding(WARNING, str(warning), advice) for warning in warnings]
    return server, found


def _advice(said: str, address: str) -> str:
    if "no Label Studio answers" in said:
        return "start the server, or correct fetch.server in params.yaml"
    if "fetch.project" in said:
        return "put one of the ids it shows into fetch.project, or use the key of a member"
    return f"keys are made at {key_page(address)}"


def _project(project: Project) -> Finding:
    counts = project.counts
    text = (
        f"project {project.id} ({project.title}): {counted(project.total, 'task')}, "
        f"{counts.get('num_tasks_with_annotations', 0)} annotated, "
        f"{counted(counts.get('skipped_annotations_number', 0), 'skipped annotation')}, "
        f"{counts.get('ground_truth_number', 0)} ground truth; labels: "
        f"{some(sorted(project.labeling.labels)) or 'none'}"
    )
    if project.total:
        return Finding(OK, text)
    return Finding(WARNING, text, "import images into the project")
