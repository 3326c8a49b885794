"""Download a version of a benchmark from its Git repository, with ``dvc get``.

DVC is not imported: a training machine needs it for this step only, and may have it in a separate
environment (``pipx install dvc``).
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from maskbench.errors import SourceError
from maskbench.versions import git

_COMMIT = re.compile(r"[0-9a-f]{40}")


def get_version(repo: str | Path, rev: str | None, path: str) -> Path:
    """Download a folder of a repository at a version, once, and return where it lies.

    It lies in ``$MASKBENCH_CACHE`` (default ``~/.cache/maskbench``), in a folder named after the
    repository, the path and the commit: a second call downloads nothing, and a tag that was moved
    gets a new folder. Of a local repository, uncommitted changes are not included.

    Args:
        repo: URL or folder of a Git repository in which DVC tracks ``path``.
        rev: Tag, branch or commit; None: the default branch.
        path: The folder in the repository.

    Raises:
        SourceError: There is no ``git`` or ``dvc``, or no such repository, version or path, or its
            remote storage does not have the data.
    """
    address = str(Path(repo).resolve()) if Path(repo).exists() else str(repo)
    commit = resolve(address, rev)
    name = hashlib.sha256(f"{address}\0{path}".encode()).hexdigest()[:12]
    target = cache_folder() / f"{_readable(address)}-{name}" / commit
    if not target.is_dir():
        _download(address, commit, path, target)
    return target


def cache_folder() -> Path:
    """Return the folder for downloads: ``$MASKBENCH_CACHE``, or one in the user's cache folder."""
    own = os.environ.get("MASKBENCH_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(own) if own else Path(shared) / "maskbench"


def resolve(repo: str, rev: str | None) -> str:
    """Return the commit that a revision names in a repository (a URL or a folder).

    Raises:
        SourceError: There is no ``git``, no such repository or no such revision.
    """
    if rev is not None and _COMMIT.fullmatch(rev):
        return rev
    name = rev or "HEAD"
    if Path(repo).is_dir():
        with suppress(SourceError):
            return git.resolve(Path(repo), name)
    done = _run(["git", "ls-remote", "--", repo, name, f"{name}^{{}}"])
    if done.returncode != 0:
        raise SourceError(
            f"{repo} is no Git repository that can be read: {git.reason(done.stderr)}"
        )
    commits: dict[str, str] = {}
    for line in done.stdout.splitlines():
        commit, _, reference = line.partition("\t")
        commits[reference] = commit
    for reference in (f"refs/tags/{name}^{{}}", f"refs/tags/{name}", f"refs/heads/{name}", name):
        if reference in commits:
            return commits[reference]
    raise SourceError(
        f"{repo} has no tag or branch {name!r}; `git ls-remote {repo}` lists them "
        "(a commit is given with all its 40 digits)"
    )


def _download(repo: str, commit: str, path: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tmp-") as temporary:
        got = Path(temporary) / "got"
        options = ["--rev", commit, "-o", str(got)]
        done = _run([*_dvc(), "get", *options, "--", repo, path])
        if done.returncode != 0:
            raise SourceError(
                f"`dvc get {repo} {path} --rev {commit[:12]}` failed: {git.reason(done.stderr)}; "
                "was that version pushed with `dvc push`, and can this machine reach its remote?"
            )
        if not target.is_dir():  # another process may have been faster
            got.replace(target)


def _dvc() -> list[str]:
    """Return the words that start DVC: this environment's, else the one on PATH."""
    if importlib.util.find_spec("dvc") is not None:
        return [sys.executable, "-m", "dvc"]
    if shutil.which("dvc"):
        return ["dvc"]
    raise SourceError(
        "DVC downloads the benchmark, and is not installed here: `pip install dvc`, or "
        "`pipx install dvc` to keep it apart from the training environment"
    )


def _run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "DVC_NO_ANALYTICS": "1"}
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    except FileNotFoundError:
        raise SourceError(f"the program {command[0]!r} is not installed here") from None


def _readable(address: str) -> str:
    stem = address.rstrip("/").removesuffix(".git").rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._-]+", "_", stem) or "repository"


def sibling(folder: Path, rev: str) -> Path:
    """Download another version of a benchmark that lies, or could lie, in a Git workspace.

    Args:
        folder: The benchmark's folder in the workspace; it need not be there now.
        rev: Tag, branch or commit.

    Raises:
        SourceError: The folder is in no Git repository; otherwise as :func:`get_version`.
    """
    place = folder.absolute()
    inside = next(parent for parent in place.parents if parent.is_dir())
    done = _run(["git", "-C", str(inside), "rev-parse", "--show-toplevel", "--show-prefix"])
    if done.returncode != 0:
        raise SourceError(f"{folder} is in no Git repository, so there is no version {rev!r} of it")
    top, prefix = done.stdout.splitlines()
    path = PurePosixPath(prefix) / place.relative_to(inside).as_posix()
    return get_version(top, rev, str(path))
