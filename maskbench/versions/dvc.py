"""Ask DVC which files a revision tracks, and fetch them into its cache.

The workspace is never touched. Files are listed through DVC's own index and object database, not
through ``dvc.api.DVCFileSystem``: for the masks and annotations of two versions of 10,000 images,
that file system takes nearly as long as all of ``maskbench diff``, and it neither checks the md5 of
what it reads from a remote nor keeps it in the cache.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from dvc.config import NoRemoteError
from dvc.exceptions import DvcException
from dvc.fs.callbacks import TqdmCallback
from dvc.ignore import DvcIgnorePatterns
from dvc.repo import Repo
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree
from dvc_objects.errors import ObjectFormatError

from maskbench.errors import DataError, SourceError
from maskbench.text import some
from maskbench.versions import git

SHOWN = 3  # missing files that a message names


class DvcRepository:
    """The files that DVC tracks in one repository.

    Args:
        root: The repository's folder (where ``dvc.yaml`` lies).
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def _repo(self) -> Any:
        try:
            return Repo(str(self.root))
        except DvcException as error:
            raise SourceError(f"{self.root.resolve()} is no DVC repository: {error}") from None

    def outputs(self, commit: str | None, version: str) -> dict[str, Any]:
        """Return DVC's outputs by path, with their digests as ``dvc.lock`` has them.

        Args:
            commit: A commit id; None for the workspace.
            version: Name of the version, for messages.

        Raises:
            SourceError: DVC cannot read the version's ``dvc.yaml`` or ``dvc.lock``.
        """
        try:
            with self._repo.switch(commit or "workspace"):
                return {
                    "/".join(self._repo.fs.relparts(output.fs_path, self._repo.root_dir)): output
                    for output in self._repo.index.outs
                }
        except DvcException as error:
            raise SourceError(f"{version}: DVC cannot read it: {short_reason(error)}") from None

    def listing(self, folder: str, output: Any, version: str) -> dict[str, str]:
        """Return the md5 of each file of an output that is a folder, by path within it.

        Args:
            folder: The output's path, for messages.
            output: The output that :meth:`outputs` has at this path; it has a digest.
            version: Name of the version, for messages.

        Raises:
            SourceError: The listing is neither in the cache nor on the remote.
            DataError: The listing in the cache is damaged.
        """
        if output.files:
            tree = Tree.from_list(output.files, hash_name="md5")
        else:
            self.fetch({folder: output.hash_info.value}, output.remote, version)
            try:
                tree = Tree.load(self._repo.cache.local, output.hash_info)
            except ObjectFormatError:
                what = f"{version}: the listing of {folder} in DVC's cache is damaged"
                raise DataError(f"{what}; delete it and run `dvc fetch`") from None
        return {"/".join(key): info.value for key, _, info in tree}

    def fetch(self, files: Mapping[str, str], remote: str | None, version: str) -> dict[str, Path]:
        """Return the paths of files in the cache, after fetching missing ones from the remote.

        Args:
            files: md5 by path.
            remote: The remote's name; None for the default one.
            version: Name of the version, for messages.

        Raises:
            SourceError: A file is neither in the cache nor on the remote, or the remote is not
                configured or cannot be reached.
        """
        cache = self._repo.cache.local
        missing = {md5: path for path, md5 in files.items() if not cache.exists(md5)}
        failures = self._download(missing, remote, version) if missing else []
        lost = sorted(path for md5, path in missing.items() if not cache.exists(md5))
        if lost:
            why = f" ({failures[0]})" if failures else ""
            raise SourceError(
                f"{version}: {_some(lost)} neither in DVC's cache nor on its remote{why}; "
                "run `dvc push` where that version was built"
            )
        return {path: Path(cache.oid_to_path(md5)) for path, md5 in files.items()}

    def _download(self, missing: Mapping[str, str], remote: str | None, version: str) -> list[str]:
        """Fetch objects (path by md5) into the cache; return the reasons for failures."""
        failures: set[str] = set()
        ids = sorted(missing)
        try:
            source = self._repo.cloud.get_remote_odb(remote, "fetch")
            with TqdmCallback(size=len(ids), desc="Fetching", unit="file", disable=None) as bar:
                self._repo.cache.local.add(
                    [source.oid_to_path(md5) for md5 in ids],
                    source.fs,
                    ids,
                    on_error=lambda _, error: failures.add(short_reason(error)),
                    callback=bar,
                    check_exists=False,
                    verify=True,
                )
        except NoRemoteError:
            raise SourceError(
                f"{version}: {_some(sorted(missing.values()))} not in DVC's cache, and no default "
                "remote is configured; run `dvc remote add -d NAME URL` with the team's storage, "
                "or compare in the clone that built the version"
            ) from None
        except Exception as error:  # each storage client has errors of its own
            raise SourceError(
                f"{version}: DVC's remote cannot be read: {short_reason(error)}"
            ) from None
        return sorted(failures)


def run(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run DVC in a folder, with this environment's Python; the caller checks its exit status."""
    return subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=root,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def ask(root: Path, *words: str) -> dict[str, Any]:
    """Return the JSON that a DVC command prints.

    Args:
        root: The repository's folder.
        words: The command, such as ``status --json``.

    Raises:
        SourceError: The command fails.
    """
    done = run(root, *words)
    try:
        value = json.loads(done.stdout or "{}")
    except ValueError:
        value = None
    if done.returncode or not isinstance(value, dict):
        raise SourceError(f"`dvc {' '.join(words)}` failed: {git.reason(done.stderr)}")
    return value


def not_ignored(files: Mapping[str, str], folder: str, patterns: bytes | None) -> dict[str, str]:
    """Return the files of a folder that DVC does not ignore.

    Args:
        files: Anything by path within the folder.
        folder: The folder, relative to the repository.
        patterns: The text of ``.dvcignore``; None if there is none.
    """
    lines = (patterns or b"").decode("utf-8", "replace").splitlines()
    ignored = DvcIgnorePatterns([line.strip() for line in lines], "/", "/")
    paths = {name: PurePosixPath("/", folder, name) for name in files}
    return {
        name: value
        for name, value in files.items()
        if not ignored.matches(paths[name].parent.as_posix(), paths[name].name)
    }


def folder_digest(files: Mapping[str, str]) -> str:
    """Return DVC's digest of a folder, given the md5 of each of its files by path within it."""
    tree = Tree()
    for path, md5 in files.items():
        tree.add(PurePosixPath(path).parts, None, HashInfo("md5", md5))
    tree.digest()
    return str(tree.hash_info.value)


def short_reason(error: BaseException) -> str:
    """Return the first line of an error's message."""
    if isinstance(error, FileNotFoundError):
        return "no such file on the remote"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _some(names: Collection[str]) -> str:
    """Return the first names, how many more there are, and the verb."""
    return f"{some(names, SHOWN)} {'is' if len(names) == 1 else 'are'}"
