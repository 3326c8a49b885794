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
    """A commit: its full id, day (``YYYY-MM-DD``), author's name and first line of the message."""

    sha: str
    date: str
    author: str
    subject: str


def run(root: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder; the caller checks its exit status.

    Raises:
        SourceError: git is not installed.
    """
    try:
        return subprocess.run(
            ["git", *words], cwd=root, input=given, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise SourceError("git was not found; install it to compare versions") from None


def resolve(root: Path, revision: str) -> str:
    """Return the full commit id that a branch, tag, DVC experiment or other revision names.

    Raises:
        SourceError: There is no such commit, or ``root`` is in no git repository.
    """
    done = run(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.decode().strip()
    experiments = _experiments(root, revision)
    if len(experiments) == 1:
        return experiments[0]
    if experiments:
        commits = ", ".join(commit[:12] for commit in experiments)
        raise SourceError(f"several experiments are called {revision!r}: name a commit, {commits}")
    inside = run(root, "rev-parse", "--is-shallow-repository")
    if inside.returncode:
        why = reason(inside.stderr.decode("utf-8", "replace"))
        raise SourceError(f"{root.resolve()} is in no git repository to read: {why}")
    if revision == "HEAD":
        raise SourceError("the repository has no commit yet; commit the benchmark first")
    if inside.stdout.strip() == b"true":
        hint = "this clone is shallow; fetch its history with `git fetch --unshallow`"
    else:
        hint = "`git branch -a`, `git tag` and `dvc exp list --all-commits` show what there is"
    why = reason(done.stderr.decode("utf-8", "replace"))
    raise SourceError(f"git knows no revision {revision!r} ({why}): {hint}")


def _experiments(root: Path, name: str) -> list[str]:
    """Return the commits of the DVC experiments of that name; several baselines can have one."""
    listed = run(root, "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps/")
    lines = (line.split(" ", 1) for line in listed.stdout.decode("utf-8", "replace").splitlines())
    return sorted({commit for commit, reference in lines if reference.split("/")[4:] == [name]})


def reason(said: str) -> str:
    """Return the line of git's or DVC's error output that says why, such as ``fatal: …``."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["no message"]
    telling = [line for line in lines if line.startswith(("fatal: ", "error: ", "ERROR: "))]
    return (telling or lines)[0]


def file_at(root: Path, commit: str, path: str) -> bytes | None:
    """Return a file's bytes at a commit; None if it is not there. ``path`` is below ``root``."""
    done = run(root, "cat-file", "blob", f"{commit}:./{path}")
    return done.stdout if done.returncode == 0 else None


def files_at(root: Path, commit: str, folder: str) -> dict[str, bytes]:
    """Return the bytes of a folder's files at a commit by path within it; empty if it is absent."""
    tree = run(root, "ls-tree", "-r", "-z", f"{commit}:./{folder}")
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
    answer = io.BytesIO(run(root, "cat-file", "--batch", given=asked.encode()).stdout)
    while header := answer.readline().split():  # name, type and size, then the content
        yield answer.read(int(header[2]))
        answer.readline()  # ends the content


def history(root: Path, commit: str, path: str) -> list[Commit]:
    """Return the commits up to ``commit`` that changed ``path``, newest first."""
    form = "--format=%H%x00%as%x00%an%x00%s"
    done = run(root, "log", "--date-order", form, commit, "--", path)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return [Commit(*line.split("\0", 3)) for line in lines if line.count("\0") >= 3]


def first_tag(root: Path, commit: str) -> str | None:
    """Return the oldest tag that contains a commit; None if no tag does."""
    done = run(root, "describe", "--tags", "--contains", commit)
    name = done.stdout.decode("utf-8", "replace").strip()
    return re.split(r"[~^]", name)[0] if done.returncode == 0 and name else None


def describe(root: Path, commit: str) -> str:
    """Return a readable name of a commit: its tag, ``<tag>-<commits since>-g<id>``, or short id."""
    done = run(root, "describe", "--tags", "--always", "--abbrev=7", commit)
    return done.stdout.decode("utf-8", "replace").strip()
