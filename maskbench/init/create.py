"""Make the repository's folder in a temporary place, then move it: all of it, or nothing."""

import logging
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dulwich.file import FileLocked
from dvc.config import ConfigError
from dvc.exceptions import DvcException
from dvc.repo import Repo

from maskbench.errors import MaskbenchError, SourceError
from maskbench.files.json import compact_json
from maskbench.labelstudio.export import essential
from maskbench.labelstudio.folder import Folder
from maskbench.versions import git
from maskbench.versions.dvc import short_reason

INPUTS = "data/inputs"
IMAGES = f"{INPUTS}/images"
_PEOPLE = ("completed_by", "created_by", "meta", "updated_by")  # of a region: names, e-mails, notes
_PROBE = ".maskbench-was-here"


def check_place(folder: Path) -> None:
    """Check that a repository can be made in a folder: it is absent or empty.

    Raises:
        MaskbenchError: It is not.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise MaskbenchError(f"{folder} is not empty; name a new folder. Nothing was written")


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """Yield an empty folder next to ``folder``; at the end, move its content there.

    After an error it is deleted, and ``folder`` is as it was.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = folder.parent / f".{folder.name}.unfinished"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
        if folder.exists():
            for path in sorted(work.iterdir()):
                path.rename(folder / path.name)
        else:
            work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_files(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files by path; scripts can be run."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        if path.suffix == ".sh":
            path.chmod(0o755)


def copy_inputs(source: Folder, images: Iterable[str], root: Path) -> None:
    """Copy exports and images to where they are versioned.

    Exports are reduced to what is read of them: without drafts, names and e-mail addresses, which
    git would keep for ever.

    Args:
        source: The folder with exports and images.
        images: Names of the images within it.
        root: The new repository.
    """
    exports: dict[str, list[Any]] = {}
    for raw in source.tasks():
        exports.setdefault(raw.origin, []).append(_anonymous(essential(raw.value)))
    (root / INPUTS).mkdir(parents=True)
    for origin, tasks in exports.items():
        file = _free_file(root / INPUTS, origin)
        file.write_bytes(b"[\n" + b",\n".join(map(compact_json, tasks)) + b"\n]\n")
    (root / IMAGES).mkdir(parents=True, exist_ok=True)
    for name in images:
        target = root / IMAGES / name.removeprefix("images/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.path / name, target)


def _free_file(folder: Path, origin: str) -> Path:
    """Return a new file for an export, with its name: the time of the export may be in it.

    Subfolders become a part of the name, as folders are for images. A number tells exports apart
    whose names would be equal, such as ``labels.json`` and ``labels.jsonl``.
    """
    stem = Path(origin.replace("/", "-")).stem
    file, number = folder / f"{stem}.json", 1
    while file.exists():
        number += 1
        file = folder / f"{stem}-{number}.json"
    return file


def _anonymous(task: dict[str, Any]) -> dict[str, Any]:
    """Delete the names of people from a task of an export; annotators stay as ids."""
    annotations = task.get("annotations")
    for annotation in annotations if isinstance(annotations, list) else ():
        results = annotation.get("result") if isinstance(annotation, dict) else None
        for entry in results if isinstance(results, list) else ():
            for name in _PEOPLE if isinstance(entry, dict) else ():
                entry.pop(name, None)
    return task


def start_git(root: Path, place: Path) -> None:
    """Make a git repository, unless the place is in one already.

    Raises:
        MaskbenchError: git is not installed, or fails.
    """
    if not inside_git(place):
        _git(root, "init", "--quiet", "--initial-branch", "main")


def inside_git(place: Path) -> bool:
    """Tell whether a folder, which need not exist yet, lies in a git repository."""
    start = next(path for path in (place, *place.resolve().parents) if path.is_dir())
    try:
        return git.run(start, "rev-parse", "--git-dir").returncode == 0
    except SourceError:
        raise MaskbenchError("git was not found; install it first") from None


def _git(root: Path, *words: str) -> None:
    """Run git; raise MaskbenchError with its own reason if it fails."""
    done = git.run(root, *words)
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise MaskbenchError(f"`git {words[0]}` failed: {reason}")


def stage(folder: Path) -> None:
    """Add a new repository's files to git's index, which is the last step of making it.

    Raises:
        MaskbenchError: git fails, as on a full disk; the repository is deleted, so that one can
            be made there once the reason is gone.
    """
    try:
        _git(folder, "add", "--", ".")
    except MaskbenchError:
        for path in folder.iterdir():  # the folder itself may be the shell's current one
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def has_identity(root: Path) -> bool:
    """Tell whether git has a name and an address for commits."""
    return git.run(root, "var", "GIT_COMMITTER_IDENT").returncode == 0


def start_dvc(root: Path, remote: str | None) -> None:
    """Initialise DVC, and configure and try the remote.

    Raises:
        MaskbenchError: The remote cannot be written, or DVC fails; with its own reason.
    """
    has_own_git = (root / ".git").exists()
    with _passing_on(), Repo.init(str(root), subdir=not has_own_git) as repo:
        with repo.config.edit() as config:
            config["core"].update(analytics=False, check_update=False)
            if remote is not None:
                address = remote if "://" in remote else str(Path(remote).expanduser().resolve())
                config["remote"]["storage"] = {"url": address}
                config["core"]["remote"] = "storage"
        if remote is not None:
            _try_remote(repo, remote)


def track_images(root: Path) -> None:
    """Have DVC track the images: copied into its cache, since links would break in the move.

    Raises:
        MaskbenchError: DVC fails; with its own reason.
    """
    copying = {"cache": {"type": ["reflink", "copy"]}}
    with _passing_on(), Repo(str(root), config=copying) as repo:
        repo.add(str(root / IMAGES))


@contextmanager
def _passing_on() -> Iterator[None]:
    """Pass DVC's own reasons on, and none of its advice, which is about the unfinished folder."""
    logger = logging.getLogger("dvc")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    except (DvcException, ConfigError) as error:
        raise MaskbenchError(f"DVC failed: {short_reason(error)}") from None
    except FileLocked as error:  # of the surrounding repository, as in the middle of a commit
        lock = os.fsdecode(error.lockfilename)
        raise MaskbenchError(
            f"git's index is locked: another git command is running, or was killed; try again when "
            f"it has ended (if none is running, delete {lock}). Nothing was written"
        ) from None
    finally:
        logger.setLevel(level)


def _try_remote(repo: Repo, url: str) -> None:
    """Write a small file to the remote and delete it.

    Raises:
        MaskbenchError: That fails.
    """
    try:
        store = repo.cloud.get_remote("storage")
        probe = store.fs.join(store.path, _PROBE)
        store.fs.makedirs(store.path, exist_ok=True)
        store.fs.pipe_file(probe, b"")
        store.fs.remove(probe)
    except Exception as error:  # each storage client has errors of its own
        reason = getattr(error, "strerror", None) or short_reason(error)
        client = re.search(r"'(dvc-\w+)'", str(reason))
        what = f"install it with `pip install {client[1]}`" if client else "correct --remote"
        raise MaskbenchError(
            f"the remote {url} cannot be written: {reason}; {what}, or leave --remote out and "
            "name a remote later (README, Share it). Nothing was written"
        ) from None
