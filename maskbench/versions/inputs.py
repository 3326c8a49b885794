"""Check that git or DVC tracks the inputs of *fetch*, so that a clone gets them."""

import shlex
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from maskbench.errors import SourceError
from maskbench.files.yaml import parse_yaml
from maskbench.params import FetchParams
from maskbench.text import some
from maskbench.versions import git
from maskbench.versions.dvc import SHOWN, DvcRepository, folder_digest, not_ignored
from maskbench.versions.revision import on_disk


def untracked(root: Path, folder: str, repository: DvcRepository) -> list[str]:
    """Return the files of an input that neither git nor DVC tracks; empty outside git.

    Args:
        root: The repository's folder.
        folder: The input, relative to ``root``. If it has no file at all, or lies elsewhere, it is
            returned itself.
        repository: The files that DVC tracks.
    """
    if _listed(root, ".", "--cached") is None:
        return []
    folder = PurePosixPath(folder).as_posix()
    if not (root / folder).resolve().is_relative_to(root.resolve()):
        return [folder]
    known, others = _listed(root, folder, "--cached"), _listed(root, folder, "--others") or []
    outputs = list(repository.outputs(None, "workspace"))
    if not known and not others and not any(_is_in(folder, output) for output in outputs):
        return [folder]
    return [name for name in others if not any(_is_in(name, output) for output in outputs)]


def not_pulled(root: Path, folder: str, repository: DvcRepository) -> dict[str, Any]:
    """Return DVC's outputs, by path, that belong to an input and are missing here."""
    outputs = repository.outputs(None, "workspace").items()
    return {p: out for p, out in outputs if _is_in(p, folder) and not (root / p).exists()}


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def untracked_text(names: Sequence[str]) -> str:
    """Say which inputs neither git nor DVC tracks."""
    return f"neither git nor DVC tracks {some(names, SHOWN)}: no clone can build this version"


def untracked_advice(folder: str, names: Sequence[str]) -> str:
    """Say how to have inputs tracked: images by DVC, exports by git.

    Args:
        folder: The input folder.
        names: The untracked files, from :func:`untracked`.
    """
    folder = folder.rstrip("/")
    if list(names) == [folder]:
        return (
            f"put exports into {folder}, images into {folder}/images, then `dvc add "
            f"{folder}/images` and `git add {folder}`"
        )
    images = [PurePosixPath(name) for name in names if not name.lower().endswith(_EXPORTS)]
    folders = sorted({str(path.parent) for path in images})
    if folder in folders:  # git has the exports there, and DVC cannot have both
        return f"move the images to {folder}/images; `dvc add {folder}/images`; `git add {folder}`"
    if folders:
        return f"`dvc add {' '.join(map(shlex.quote, folders))}`, then `git add {folder}`"
    return f"`git add {folder}`"


_EXPORTS = (".json", ".jsonl", ".dvc", ".gitignore")


def _listed(root: Path, folder: str, which: str) -> list[str] | None:
    """Return the files that ``git ls-files`` lists; None outside a git repository."""
    try:
        done = git.run(root, "ls-files", "-z", which, "--", folder)
    except SourceError:  # there is no git
        return None
    if done.returncode:
        return None
    return sorted(filter(None, done.stdout.decode("utf-8", "replace").split("\0")))


def pulled_digest(root: Path, folder: str, repository: DvcRepository) -> str:
    """Return DVC's digest of a folder as it would be after ``dvc pull``.

    Args:
        root: The repository's folder.
        folder: The folder, relative to ``root``.
        repository: The files that DVC tracks.

    Raises:
        SourceError: A listing is neither in DVC's cache nor on its remote.
    """
    patterns = root / ".dvcignore"
    files = on_disk(root / folder)
    files = not_ignored(files, folder, patterns.read_bytes() if patterns.is_file() else None)
    for path, output in not_pulled(root, folder, repository).items():
        files |= _files(path, path.removeprefix(f"{folder}/"), output, repository)
    return folder_digest(files)


def _files(path: str, inside: str, output: Any, repository: DvcRepository) -> dict[str, str]:
    digest = output.hash_info.value
    if not digest.endswith(".dir"):
        return {inside: digest}
    listed = repository.listing(path, output, "workspace")
    return {f"{inside}/{name}": md5 for name, md5 in listed.items()}


def wrong_dependency(root: Path, fetch: FetchParams) -> str | None:
    """Say what is wrong with the folder that the stage *fetch* depends on, and how to mend it.

    With a server no folder is needed; DVC stops at a dependency that is not there.
    """
    try:
        stages = parse_yaml((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
        names = [str(name) for name in stages["fetch"].get("deps") or ()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # DVC itself says what is wrong with the file
    line = "${fetch.folder}"
    folder = PurePosixPath(fetch.folder)
    covers = any(
        n == line or folder.is_relative_to(n) or PurePosixPath(n).is_relative_to(folder)
        for n in names
    )
    if fetch.server is None and not covers:
        return (
            f"dvc.yaml: fetch does not depend on {fetch.folder}, so DVC misses its changes: add "
            f"`- {line}` to the stage's deps"
        )
    missing = [
        n for n in names if n == line and not (fetch.folder and (root / fetch.folder).exists())
    ]
    if fetch.server is not None and missing:
        return (
            f"dvc.yaml: fetch depends on {fetch.folder or 'fetch.folder'}, which is not there and, "
            f"with a server, not needed: delete `- {line}` from the stage's deps"
        )
    return None
