"""Update the files of a repository that come from maskbench to those of the running version."""

import difflib
from collections.abc import Iterable
from pathlib import Path

from maskbench.errors import MaskbenchError
from maskbench.files.atomic import write_text
from maskbench.init.files import LOCKS, upgraded_files
from maskbench.init.pipeline import with_additions
from maskbench.params import load_params
from maskbench.pipeline.pin import PIN
from maskbench.versions import git

DVC_YAML = "dvc.yaml"


def outdated(root: Path) -> dict[str, str]:
    """Return the new texts by path of the files that differ from this maskbench's.

    Args:
        root: The repository's folder.

    Raises:
        MaskbenchError: It was not made by ``maskbench init``, or its dvc.yaml cannot be updated.
    """
    if not (root / PIN).is_file():
        raise MaskbenchError(
            f"{root.resolve()} has no {PIN}: only a repository made by `maskbench init` can "
            "be upgraded"
        )
    params = load_params(root / "params.yaml")
    files = upgraded_files(has_server=params.fetch.server is not None)
    if pipeline := _text(root / DVC_YAML):
        try:
            files[DVC_YAML] = with_additions(files[DVC_YAML], pipeline, params)
        except ValueError as error:
            what = (
                f"{DVC_YAML}: {error}; write each entry on lines of its own, or move your stages "
                f"to the {DVC_YAML} of another folder"
            )
            raise MaskbenchError(what) from None
    return {path: text for path, text in files.items() if _text(root / path) != text}


def differences(root: Path, files: dict[str, str]) -> list[str]:
    """Return the lines of a diff between the repository's files and the new texts."""
    lines: list[str] = []
    for path, text in files.items():
        old, new = _text(root / path).splitlines(), text.splitlines()
        if path in LOCKS:  # thousands of digests: nobody reads them
            old, new = _without_digests(old), _without_digests(new)
        names = (f"a/{path}" if old else "/dev/null", f"b/{path}")
        lines += difflib.unified_diff(old, new, *names, lineterm="")
    return lines


def upgrade(root: Path, files: dict[str, str]) -> None:
    """Write the new texts.

    Raises:
        MaskbenchError: A file has changes that are not committed: they would be lost.
    """
    changed = _uncommitted(root, files)
    if changed:
        raise MaskbenchError(
            f"{', '.join(changed)}: has changes that are not committed; commit or stash them first"
        )
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_text(root / path, text)
        if path.endswith(".sh"):
            (root / path).chmod(0o755)


def _uncommitted(root: Path, paths: Iterable[str]) -> list[str]:
    here = [path for path in paths if (root / path).exists()]
    done = git.run(root, "status", "--porcelain", "-z", "--", *here)
    said, failure = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    if done.returncode:
        raise MaskbenchError(f"`git status` failed: {failure.strip()}")
    return [entry[3:] for entry in said.split("\0") if entry] if here else []


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _without_digests(lines: Iterable[str]) -> list[str]:
    return [line.removesuffix(" \\") for line in lines if "--hash=" not in line]
