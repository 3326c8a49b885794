"""Find out which version of which benchmark a folder is, so that a score can be cited."""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from maskbench.errors import ParamsError, SourceError
from maskbench.files.manifest import Row
from maskbench.params import FetchParams, read_params
from maskbench.versions import git

_COMMIT = re.compile(r"[0-9a-f]{40}")
_IMPORTED = re.compile(
    r"^ +(rev|rev_lock): ['\"]?(.+?)['\"]?$", re.MULTILINE
)  # not every trainer has PyYAML


@dataclass(frozen=True)
class BenchmarkOrigin:
    """The version that a benchmark is, and how its labels were fetched; None if not known.

    Attributes:
        version: A tag, branch or other name of the version; ``workspace`` if its manifest is not
            what the last commit's ``dvc.lock`` names.
        commit: The commit whose ``dvc.lock`` names exactly this manifest.
        fetch: How its labels were fetched, for links to tasks.
    """

    version: str | None = None
    commit: str | None = None
    fetch: FetchParams | None = None

    def task_link(self, row: Row | None) -> str | None:
        """Return the address of an image's task in Label Studio; None if it is not known."""
        return self.fetch.task_link(row.task, row.project) if self.fetch and row else None

    def __str__(self) -> str:
        short = self.commit[:7] if self.commit else ""
        if self.version is None or self.version == short:
            return short or "a version that git does not know"
        return f"{self.version} ({short})" if short else self.version


def find_origin(folder: Path) -> BenchmarkOrigin:
    """Find out which version a benchmark's folder is.

    A download by :func:`maskbench.versions.download.get_version` is named after its commit; beside
    what ``dvc import`` fetched is a ``.dvc`` file that names it; a workspace is compared with the
    ``dvc.lock`` of its last commit. Needs git for the last only.
    """
    place = folder.resolve()
    if _COMMIT.fullmatch(place.name):
        return BenchmarkOrigin(commit=place.name)
    if (imported := _imported(place)) is not None:
        return imported
    root = next((parent for parent in place.parents if _is_output(place, parent)), None)
    if root is None:
        return BenchmarkOrigin()
    params = root / "params.yaml"
    fetch = _fetch(params.read_bytes()) if params.is_file() else None
    with suppress(SourceError, OSError):  # no git, no commit, or no manifest
        commit = git.resolve(root, "HEAD")
        manifest = hashlib.md5((place / "manifest.csv").read_bytes(), usedforsecurity=False)
        if manifest.hexdigest().encode() in (git.file_at(root, commit, "dvc.lock") or b""):
            return BenchmarkOrigin(git.describe(root, commit), commit, fetch)
    return BenchmarkOrigin("workspace", None, fetch)


def _imported(place: Path) -> BenchmarkOrigin | None:
    """Return what the ``.dvc`` file of a folder, or of one around it, names; None without one."""
    for folder in (place, *place.parents):
        pin = folder.parent / f"{folder.name}.dvc"
        if folder.name and pin.is_file():
            names = dict(_IMPORTED.findall(pin.read_text(encoding="utf-8", errors="replace")))
            if "rev_lock" in names:
                return BenchmarkOrigin(names.get("rev"), names["rev_lock"])
    return None


def _is_output(place: Path, root: Path) -> bool:
    """Tell whether the pipeline of a repository writes a folder's manifest."""
    manifest = (place / "manifest.csv").relative_to(root).as_posix()
    lock = root / "dvc.lock"
    return lock.is_file() and manifest in lock.read_text(encoding="utf-8", errors="replace")


def origin_of(workspace: Path, revision: str, commit: str) -> BenchmarkOrigin:
    """Return the origin of another version of the benchmark that lies in a workspace.

    Args:
        workspace: The benchmark's folder in the workspace.
        revision: What the user called the version.
        commit: Its commit.
    """
    version = None if commit.startswith(revision) else revision
    for folder in workspace.resolve().parents:
        if folder.is_dir() and (params := git.file_at(folder, commit, "params.yaml")) is not None:
            return BenchmarkOrigin(version, commit, _fetch(params))
    return BenchmarkOrigin(version, commit)


def _fetch(params: bytes) -> FetchParams | None:
    """Return the section ``fetch``; None if params cannot be read: only links need it."""
    with suppress(ParamsError, ModuleNotFoundError):  # a training machine lacks PyYAML
        return read_params(params).fetch
    return None
