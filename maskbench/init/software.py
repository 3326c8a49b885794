"""Decide which maskbench a new repository is pinned to: one commit of a git address, or a wheel."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

import maskbench
from maskbench.errors import MaskbenchError, SourceError
from maskbench.files.hashing import sha256
from maskbench.versions import git

WHEELS = "wheels"
_HEADER = """\
# The maskbench that builds the masks: one commit or wheel. Move the line below, and run `make`.
"""


class Software(NamedTuple):
    """What goes into a new repository.

    Attributes:
        pin: The text of ``maskbench.txt``.
        files: Content by path, such as that of a wheel.
    """

    pin: str
    files: dict[str, bytes]


def pin_given(requirement: str) -> Software:
    """Pin what the user names: a wheel, a git address with a commit, or ``maskbench==VERSION``.

    Raises:
        MaskbenchError: It is none of these.
    """
    if requirement.endswith(".whl"):
        file = Path(requirement)
        if not file.is_file():
            raise MaskbenchError(f"--maskbench: there is no file {requirement}")
        return _wheel(file)
    if re.search(r"git\+\S+@[0-9a-f]{40}\b", requirement):
        prefix = "" if requirement.startswith("maskbench") else "maskbench @ "
        return Software(f"{_HEADER}{prefix}{requirement}\n", {})
    if re.fullmatch(r"maskbench==\d[\w.+]*", requirement):
        return Software(f"{_HEADER}{requirement}\n", {})
    raise MaskbenchError(
        f"--maskbench: {requirement!r} does not name one exact maskbench; give a wheel, "
        "git+https://HOST/PATH@COMMIT (40 hex digits), or maskbench==VERSION"
    )


def pin_running() -> Software:
    """Pin the maskbench that runs: as it was installed, or from the checkout that it is."""
    checkout = Path(maskbench.__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").is_file():
        address = _published(checkout)
        return _git(*address) if address else _built(checkout)
    origin = _origin()
    url = str(origin.get("url") or "")
    commit = (origin.get("vcs_info") or {}).get("commit_id")
    if commit:
        return _git(url, str(commit))
    wheel = Path(url2pathname(urlsplit(url).path)) if url.startswith("file:") else None
    if wheel is not None and wheel.suffix == ".whl" and wheel.is_file():
        return _wheel(wheel)
    if url.startswith("http"):
        return Software(f"{_HEADER}maskbench @ {url}  # {maskbench.__version__}\n", {})
    return pin_given(f"maskbench=={maskbench.__version__}")


def _origin() -> dict[str, Any]:
    """Return what pip recorded about the source of the installed maskbench."""
    try:
        noted = json.loads(distribution("maskbench").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _git(url: str, commit: str) -> Software:
    scp = re.fullmatch(r"([\w.-]+@[\w.-]+):(?!/)(.+)", url)
    address = f"ssh://{scp[1]}/{scp[2]}" if scp else url
    return Software(f"{_HEADER}maskbench @ git+{address}@{commit}  # {maskbench.__version__}\n", {})


def _published(checkout: Path) -> tuple[str, str] | None:
    """Return address and commit of a checkout that others can clone; None if they cannot."""
    url, commit = (
        _git_output(checkout, "remote", "get-url", "origin"),
        _git_output(checkout, "rev-parse", "HEAD"),
    )
    if not url or not commit or _git_output(checkout, "status", "--porcelain") != "":
        return None
    if not _git_output(checkout, "branch", "--remotes", "--contains", commit):
        return None
    public = re.sub(r"^(https?://)[^/@]*@", r"\1", url)  # without the password that may be in it
    return (public, commit) if re.match(r"(https?|ssh)://|[\w.-]+@[\w.-]+:", public) else None


def _git_output(checkout: Path, *words: str) -> str | None:
    try:
        done = git.run(checkout, *words)
    except SourceError:  # git is not installed
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def _wheel(file: Path) -> Software:
    content = file.read_bytes()
    line = f"./{WHEELS}/{file.name} --hash=sha256:{sha256(content)}"
    return Software(f"{_HEADER}{line}\n", {f"{WHEELS}/{file.name}": content})


def _built(checkout: Path) -> Software:
    """Pin a wheel built from a checkout that is on no server, or has changes."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(checkout / "maskbench", source / "maskbench", ignore=ignored)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(checkout / name, source / name)
        words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", scratch]
        done = subprocess.run(
            [sys.executable, "-m", "pip", *words, str(source)],
            env={**os.environ, "SOURCE_DATE_EPOCH": "1000000000"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise MaskbenchError(
                f"no wheel can be built from {checkout}: {said}; name one: --maskbench"
            )
        return _wheel(next(Path(scratch).glob("*.whl")))
