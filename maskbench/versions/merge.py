"""Merge two branches with changed labels: labels task by task, params as text; build the rest.

``dvc.lock``, metrics and plots record what was built from what, so they cannot be merged as text.
They are taken from our side, and ``dvc repro`` makes them from the merged labels and params.
"""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskbench.errors import MaskbenchError, SourceError
from maskbench.files.atomic import write_bytes
from maskbench.files.yaml_edit import edit_file, with_value
from maskbench.pipeline.layout import Layout
from maskbench.versions import dvc, git
from maskbench.versions.dvc import DvcRepository
from maskbench.versions.merge_exports import changed_in_both
from maskbench.versions.merge_files import MergedFile, merge_files
from maskbench.versions.refresh import Changes, compare_digests, mask_digests, next_snapshot, repro
from maskbench.versions.revision import ANNOTATIONS
from maskbench.versions.sides import Sides, changed_files, fetch_param, fetched, file_names

_SNAPSHOT = ("fetch", "snapshot")


def begin(layout: Layout, other: str, prefer: str | None) -> list[str]:
    """Start the merge of a revision into HEAD, and settle what can be settled.

    Args:
        layout: The repository.
        other: The revision.
        prefer: Whose version of a task counts that both sides changed: ``ours`` or ``theirs``.

    Returns:
        The paths that are left to the user.

    Raises:
        MaskbenchError: The workspace has changes, or there is nothing to merge.
        DataError: Both sides changed a task, and ``prefer`` is None; nothing was changed.
        SourceError: git refuses.
    """
    root = layout.root
    if _is_merging(root):
        raise MaskbenchError(
            "a merge is in progress: go on with `maskbench merge --continue`, or give it up with "
            "`git merge --abort`"
        )
    edited = changed_files(root, "HEAD")
    if edited:
        raise MaskbenchError(f"commit or stash your changes first: {', '.join(edited)}")
    sides = Sides.of(root, other)
    if sides.base.commit == sides.theirs.commit:
        raise MaskbenchError(f"{other} has nothing that HEAD lacks")
    if sides.base.commit == sides.ours.commit:
        raise MaskbenchError(
            f"{other} has all that HEAD has: `git merge --ff-only {other}`, then `dvc pull`"
        )
    exports = merge_files(sides, prefer)
    done = git.run(root, "merge", "--no-commit", "--no-ff", other)
    if not _is_merging(root):
        said = (done.stderr or done.stdout).decode("utf-8", "replace")
        raise SourceError(f"`git merge {other}` failed: {git.reason(said)}")
    return _settle(layout, sides, exports)


def go_on(layout: Layout, prefer: str | None) -> list[str]:
    """Settle what can be settled of a merge in progress, also one that ``git merge`` began.

    Returns:
        The paths that are left to the user.

    Raises:
        MaskbenchError: No merge is in progress.
        DataError: Both sides changed a task, and ``prefer`` is None.
    """
    if not _is_merging(layout.root):
        raise MaskbenchError("no merge is in progress: begin one with `maskbench merge BRANCH`")
    sides = Sides.of(layout.root, "MERGE_HEAD")
    exports = merge_files(sides, prefer, _unmerged(layout.root))
    return _settle(layout, sides, exports)


def build(layout: Layout) -> Changes:
    """Build the merged version and stage it for the commit.

    Returns:
        How its masks differ from those in the workspace before.

    Raises:
        MaskbenchError: The build stopped.
    """
    root = layout.root
    inputs = [name for name in changed_files(root, "HEAD") if name.endswith(".dvc")]
    if inputs:
        _check_out(root, inputs)
    before = mask_digests(layout)
    if repro(layout):
        raise MaskbenchError(
            "the build of the merged version stopped (see above): mend what it says, then run "
            "`maskbench merge --continue`"
        )
    git.run(root, "add", "--update", ".")
    made = DvcRepository(root).outputs(None, "the merged version")
    for path in (*_generated(made), "dvc.lock"):
        git.run(root, "add", "--", path)
    return compare_digests(before, mask_digests(layout))


def both_relabelled(root: Path) -> list[str]:
    """Return the keys of tasks that both sides of the merge in progress changed on the server.

    Raises:
        SourceError: A side's list of annotations is neither in DVC's cache nor on its remote.
    """
    sides = Sides.of(root, "MERGE_HEAD")
    if not fetch_param(sides.ours, "server") or not sides.both_changed(fetched):
        return []
    base, ours, theirs = sides.each(lambda version: version.locked(ANNOTATIONS))
    return [Path(name).stem for name in changed_in_both(base, ours, theirs)]


def _is_merging(root: Path) -> bool:
    return git.run(root, "rev-parse", "--verify", "--quiet", "MERGE_HEAD").returncode == 0


def _unmerged(root: Path) -> list[str]:
    return file_names(root, "diff", "--name-only", "-z", "--diff-filter=U")


def _settle(layout: Layout, sides: Sides, exports: Sequence[MergedFile]) -> list[str]:
    """Settle what is merged task by task, as text, or built; return the paths left to the user."""
    root = layout.root
    made = _generated(sides.ours.repository.outputs(sides.ours.commit, sides.ours.label))
    for path in (*made, "dvc.lock"):
        if sides.ours.text(path) is not None:
            git.run(root, "checkout", "HEAD", "--", path)
    for export in exports:
        export.resolve(root)
    for name in _unmerged(root):
        if name.endswith(".dvc"):
            _merge_tracked(sides, name)
    _merge_params(layout, sides)
    _choose_fetch(layout, sides)
    return _unmerged(root)


def _generated(outputs: Mapping[str, Any]) -> list[str]:
    """Return the outputs that git tracks: metrics and plots."""
    return [path for path, output in outputs.items() if not output.use_cache]


def _resolve(root: Path, name: str, content: bytes) -> None:
    write_bytes(root / name, content)
    git.run(root, "add", "--", name)


def _merge_tracked(sides: Sides, name: str) -> None:
    """Merge the record of a folder that DVC tracks, by DVC's own driver: files of both sides."""
    root = sides.ours.root
    beside = (root / name).parent.resolve()  # DVC reads no file that git ignores
    with tempfile.TemporaryDirectory(dir=beside, prefix="merge-") as scratch:
        files = _written(Path(scratch), *sides.texts(name))
        words = ("--ancestor", files[0], "--our", files[1], "--their", files[2])
        done = dvc.run(root, "git-hook", "merge-driver", *words)
        if done.returncode == 0:
            _resolve(root, name, Path(files[1]).read_bytes())


def _written(folder: Path, *contents: bytes | None) -> list[str]:
    """Write contents to files in a scratch folder, and return their paths."""
    paths = [folder / name for name in ("base.dvc", "ours.dvc", "theirs.dvc")]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content or b"")
    return [str(path) for path in paths]


def _merge_params(layout: Layout, sides: Sides) -> None:
    """Merge params.yaml as text where git could not: both may have moved the snapshot."""
    file, snapshot = layout.params, _next(sides)
    if file.name in _unmerged(layout.root):
        if b"<<<<<<< " not in file.read_bytes():  # the user has resolved it
            git.run(layout.root, "add", "--", file.name)
        else:
            texts = [(content or b"").decode() for content in sides.texts(file.name)]
            same = [with_value(text, _SNAPSHOT, snapshot).encode() for text in texts]
            with tempfile.TemporaryDirectory() as scratch:
                base, ours, theirs = _written(Path(scratch), *same)
                done = git.run(layout.root, "merge-file", "-p", ours, base, theirs)
            if done.returncode == 0:
                _resolve(layout.root, file.name, done.stdout)


def _next(sides: Sides) -> str:
    """Return the snapshot of the merged version, where both sides moved it."""
    last = max(fetch_param(version, "snapshot") for version in (sides.ours, sides.theirs))
    return next_snapshot(last, datetime.now(UTC).date().isoformat())


def _choose_fetch(layout: Layout, sides: Sides) -> None:
    """Let the merged version have the labels of the side that fetched; if both did, fetch again.

    Labels in a folder are fetched by ``dvc repro`` anyway.
    """
    if not fetch_param(sides.ours, "server"):
        return
    base, ours, theirs = sides.each(fetched)
    if sides.both_changed(fetched) and layout.params.name not in _unmerged(layout.root):
        edit_file(layout.params, lambda text: with_value(text, _SNAPSHOT, _next(sides)))
    elif base == ours != theirs:
        lock, entry = layout.root / "dvc.lock", sides.theirs.lock["fetch"]
        edit_file(lock, lambda text: with_value(text, ("stages", "fetch"), entry))
        for path in (out["path"] for out in entry["outs"]):
            if sides.theirs.text(path) is not None:  # git tracks its metrics
                git.run(layout.root, "checkout", str(sides.theirs.commit), "--", path)
        _check_out(layout.root, ["fetch"])


def _check_out(root: Path, targets: list[str]) -> None:
    """Bring data of the other side into the workspace, from DVC's cache or remote.

    Raises:
        SourceError: It is in neither.
    """
    for verb in ("checkout", "pull"):
        done = dvc.run(root, verb, *targets)
        if done.returncode == 0:
            return
    raise SourceError(f"`dvc pull {' '.join(targets)}` failed: {git.reason(done.stderr)}")
