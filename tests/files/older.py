"""The code of an earlier version, out of git history, for tests across the change.

In a repository without this history (one made from the template) there is nothing to take it from;
what a test needs of an older version in any case is kept as a file.
"""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2]
COMMIT = "f1a96bd"
"""The last commit before shapely and rasterio turned regions into pixels."""


def _git(*words):
    return subprocess.run(["git", "-C", HERE, *words], capture_output=True, check=False)


def _is_there():
    if _git("cat-file", "-e", f"{COMMIT}^{{commit}}").returncode == 0:
        return True
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        raise RuntimeError(f"a shallow clone lacks commit {COMMIT}: git fetch --unshallow")
    return False


missing = pytest.mark.skipif(
    not _is_there(), reason=f"this repository does not have maskbench's commit {COMMIT}"
)


def archived(target: Path) -> Path:
    """Extract the files of the earlier commit to a folder, and return it."""
    archive = _git("archive", "--format=tar", COMMIT).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(target, filter="data")
    return target
