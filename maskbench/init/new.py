"""Make a new dataset repository from a Label Studio project or from exports in a folder."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskbench.errors import MaskbenchError
from maskbench.init import create
from maskbench.init.files import card, extras, new_files, template
from maskbench.init.params_text import params_text
from maskbench.init.software import Software
from maskbench.init.summary import Proposal
from maskbench.init.survey import SourceSurvey, survey_source
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.server.auth import read_key
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.project import Project, visible_projects
from maskbench.labelstudio.server.source import Server
from maskbench.params import FetchParams, SplitParams
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.sources import connect
from maskbench.pipeline.splits import Group, assign_splits
from maskbench.text import counted

_SALTS = 100  # that are tried, so that a small benchmark has images in each subset
_MISSING = {"missing_images": "error"}
_RATIOS = {"train": 0.7, "valid": 0.15, "test": 0.15}


@dataclass(frozen=True)
class Found:
    """A source that was looked at.

    Attributes:
        survey: What it has.
        fetch: The section ``fetch`` of the params for it.
        folder: The folder, if it is one.
    """

    survey: SourceSurvey
    fetch: Mapping[str, Any] = field(default_factory=dict)
    folder: Folder | None = None


def look_at_folder(path: Path, image: Mapping[str, str] | None) -> Found:
    """Look at exports in a folder.

    Args:
        path: The folder.
        image: Image tag → field that it shows, where the user says.

    Raises:
        SourceError: There is nothing to build from.
        MaskbenchError: Nothing tells which of several images to take.
    """
    folder = Folder(path)
    survey = survey_source(folder, str(path), chosen=image)
    return Found(survey, {"folder": create.INPUTS, **_MISSING, **_chosen(image)}, folder)


def look_at_server(
    address: str, projects: Sequence[int], image: Mapping[str, str] | None, most: int
) -> Found:
    """Look at a server's projects: their setup, and the tasks that were changed last.

    Args:
        address: The server's address.
        projects: The projects' ids.
        image: Image tag → field that it shows, where the user says.
        most: How many tasks of each project to look at.

    Raises:
        SourceError: The server cannot be asked, or there is nothing to build from.
    """
    with _opened(address, projects) as server:
        chosen = _chosen_tag(server.projects, image)
        server.sync_recent(most)
        offered = [label for project in server.projects for label in project.labeling.labels]
        names = ", ".join(f"{project.id} ({project.title})" for project in server.projects)
        total = sum(project.total for project in server.projects)
        survey = survey_source(server, f"{address}, project {names}", offered, chosen, total)
    fetch = {
        "server": address.rstrip("/"),
        "project": projects[0] if len(projects) == 1 else list(projects),
        "snapshot": datetime.now(UTC).date().isoformat(),
        "private_hosts": [],
        **_MISSING,
        **_chosen(chosen),
    }
    return Found(survey, fetch)


def projects_of(address: str) -> str:
    """Return ids and titles of the server's projects.

    Raises:
        SourceError: The server cannot be asked.
    """
    address = address.rstrip("/")
    client = Client(address, read_key(Path(), address))
    client.version()
    return visible_projects(client)


@contextmanager
def _opened(address: str, projects: Sequence[int]) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as scratch:
        params = FetchParams(address.rstrip("/"), tuple(projects), "", "")
        server = connect(params, Layout(), Path(scratch))
        try:
            yield server
        finally:
            server.close()


def _chosen_tag(
    projects: Sequence[Project], image: Mapping[str, str] | None
) -> Mapping[str, str] | None:
    """Return the chosen tag and its field; if none is given, the setup has the field of the tag."""
    fields = {tag: name for project in projects for tag, name in project.labeling.fields.items()}
    shown = ", ".join(f"{tag} ({name})" for tag, name in sorted(fields.items()))
    if image is None and len(fields) > 1:
        first = next(iter(sorted(fields)))
        raise MaskbenchError(
            f"the labelling setup shows several images of a task: {shown}; a task has one mask, so "
            f"say which image it is for, such as --image {first}"
        )
    unknown = sorted(set(image or ()) - fields.keys())
    if unknown:
        raise MaskbenchError(f"--image: the setup has no image tag {unknown[0]!r}; it has {shown}")
    return image and {tag: name or fields[tag].removeprefix("$") for tag, name in image.items()}


def _chosen(image: Mapping[str, str] | None) -> dict[str, Any]:
    return {"image_field": dict(image)} if image else {}


def files_for(
    folder: Path, found: Found, proposal: Proposal, remote: str | None
) -> dict[str, str | bytes]:
    """Return the files of the new repository by path, except inputs and maskbench itself.

    Args:
        folder: Where it will be; its name is the benchmark's.
        found: What was found in the source.
        proposal: The params proposed for it.
        remote: Address of DVC's remote; None: none yet.
    """
    name = folder.resolve().name
    survey = found.survey
    source = survey.name
    if found.folder is not None:  # where it lay is nobody else's business
        source = ", ".join(found.folder.exports)
    salt = _salt(name, list(survey.images.values()))
    counts = f"{counted(survey.total, 'task')}, {counted(len(survey.labels), 'label')}"
    return {
        **new_files(has_server=found.folder is None),
        "params.yaml": params_text(template("params.yaml"), found.fetch, proposal, salt),
        "extras.txt": extras(remote),
        "README.md": card(name, f"{counts}, from {source}.", proposal, found.fetch),
    }


def _salt(name: str, digests: Sequence[str]) -> str:
    """Return a salt with which as many subsets as possible get an image, *train* first."""
    groups = [Group(digest, 1, {}) for digest in sorted(set(digests))]

    def filled(salt: str) -> tuple[int, bool]:
        subsets = set(assign_splits(groups, SplitParams(_RATIOS, None, salt)).values())
        return len(subsets), "train" in subsets

    return max([name, *(f"{name}-{number}" for number in range(2, _SALTS))], key=filled)


def make(
    folder: Path,
    files: Mapping[str, str | bytes],
    found: Found,
    software: Software,
    remote: str | None,
) -> None:
    """Make the repository: all of it, or nothing.

    Args:
        folder: Where; absent or empty.
        files: From :func:`files_for`.
        found: The source; a folder's exports and images are copied.
        software: The maskbench it is pinned to.
        remote: Address of DVC's remote; None: none yet.

    Raises:
        MaskbenchError: git or DVC fails, or the remote cannot be written.
    """
    create.check_place(folder)
    with create.beside(folder) as root:
        create.start_git(root, folder)
        create.start_dvc(root, remote)
        create.write_files(root, {**files, **software.files, "maskbench.txt": software.pin})
        if found.folder is not None:
            create.copy_inputs(found.folder, found.survey.images, root)
            create.track_images(root)
    create.stage(folder)
