"""List and delete the model versions of the projects that the params name."""

from contextlib import closing

from maskbench.errors import MaskbenchError, did_you_mean
from maskbench.params import Params
from maskbench.pipeline.layout import Layout
from maskbench.predictions.server import ProjectPredictions
from maskbench.predictions.tasks import open_server
from maskbench.text import counted


def list_versions(params: Params, layout: Layout) -> str:
    """Return a line for each model version of each project."""
    lines = []
    with closing(open_server(params.fetch, layout)) as server:
        for project in server.projects:
            found = ProjectPredictions(server.client, project.id).versions()
            lines += [
                f"project {project.id}: {name!r}, {counted(count, 'prediction')}"
                f"{', shown to annotators' if name == found.shown else ''}"
                for name, count in sorted(found.counts.items())
            ]
    return "\n".join(lines) or "no predictions"


def delete_version(params: Params, layout: Layout, version: str) -> str:
    """Delete all predictions of a model version; return a summary.

    Raises:
        MaskbenchError: No project has that version.
    """
    with closing(open_server(params.fetch, layout)) as server:
        projects = [ProjectPredictions(server.client, p.id) for p in server.projects]
        counts = {p.project: p.versions().counts for p in projects}
        known = {name for found in counts.values() for name in found}
        if version not in known:
            hint = did_you_mean(version, known)
            raise MaskbenchError(f"no project has predictions of {version!r}; {hint}")
        deleted = sum(p.delete(version) for p in projects if version in counts[p.project])
    return _summary(deleted, version)


def _summary(deleted: int, version: str) -> str:
    return f"deleted {counted(deleted, 'prediction')} of {version!r}"
