"""Read revisions, files and history from git."""

import io
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from maskbench.errors import SourceError


@dataclass(frozen=True)
class Commit:
    """A commit.

    Attributes:
        sha: Its full id.
        date: Day of the commit, ``YYYY-MM-DD``.
        author: The author's name.
        subject: First line of its message.
    """

    sha: str
    date: str
    author: str
    subject: str


def _git(root: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *words], cwd=root, input=given, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise SourceError("git was not found; install it to compare versions") from None


def resolve(root: Path, revision: str) -> str:
    """Return the full commit id that a branch, tag or other revision names.

    Raises:
        SourceError: There is no such commit, or ``root`` is in no git repository.
    """
    done = _git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if done.returncode == 0:
        return done.stdout.decode().strip()
    if _git(root, "rev-parse", "--git-dir").returncode:
        raise SourceError(f"{root.resolve()} is in no git repository; run maskbench inside one")
    if revision == "HEAD":
        raise SourceError("the repository has no commit yet; commit the benchmark first")
    raise SourceError(
        f"git knows no revision {revision!r}; in a shallow clone (CI), fetch the history first: "
        "git fetch --unshallow"
    )


def file_at(root: Path, commit: str, path: str) -> bytes | None:
    """Return a file's bytes at a commit; None if it is not there. ``path`` is below ``root``."""
    done = _git(root, "cat-file", "blob", f"{commit}:./{path}")
    return done.stdout if done.returncode == 0 else None


def files_at(root: Path, commit: str, folder: str) -> dict[str, bytes]:
    """Return the bytes of a folder's files at a commit by path within it; empty if it is absent."""
    tree = _git(root, "ls-tree", "-r", "-z", f"{commit}:./{folder}")
    entries = [line.split(b"\t", 1) for line in tree.stdout.split(b"\0") if line]
    found = [(path, head.split()) for head, path in entries]  # mode, type and name of the object
    blobs = {
        path.decode("utf-8", "replace"): name.decode()
        for path, (_, kind, name) in found
        if kind == b"blob"
    }
    return dict(zip(blobs, _blobs(root, blobs.values()), strict=True))


def _blobs(root: Path, names: Iterable[str]) -> Iterator[bytes]:
    """Yield the contents of git objects, read in one call of git."""
    asked = "".join(f"{name}\n" for name in names)
    answer = io.BytesIO(_git(root, "cat-file", "--batch", given=asked.encode()).stdout)
    while header := answer.readline().split():  # name, type and size, then the content
        yield answer.read(int(header[2]))
        answer.readline()  # ends the content


def history(root: Path, commit: str, path: str) -> list[Commit]:
    """Return the commits up to ``commit`` that changed ``path``, newest first."""
    form = "--format=%H%x00%as%x00%an%x00%s"
    done = _git(root, "log", "--date-order", form, commit, "--", path)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return [Commit(*line.split("\0", 3)) for line in lines if line.count("\0") >= 3]


def first_tag(root: Path, commit: str) -> str | None:
    """Return the oldest tag that contains a commit; None if no tag does."""
    done = _git(root, "describe", "--tags", "--contains", commit)
    name = done.stdout.decode("utf-8", "replace").strip()
    return re.split(r"[~^]", name)[0] if done.returncode == 0 and name else None


def describe(root: Path, commit: str) -> str:
    """Return what people call a commit: its tag, ``<tag>-<commits since>-g<id>``, or short id."""
    done = _git(root, "describe", "--tags", "--always", "--abbrev=7", commit)
    return done.stdout.decode("utf-8", "replace").strip()
