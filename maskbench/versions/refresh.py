"""Build a new version from the labels that the server has now.

``fetch.snapshot`` pins *fetch*. A refresh asks the server whether labels changed; if so, it sets
another snapshot, runs the pipeline, and reports which masks changed. It commits nothing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskbench.errors import DataError, MaskbenchError, ParamsError, SourceError
from maskbench.files.atomic import write_bytes
from maskbench.files.yaml import parse_yaml
from maskbench.files.yaml_edit import edit_file, with_value
from maskbench.labelstudio.export import TaskError
from maskbench.labelstudio.stored import read_task, task_json, with_image
from maskbench.params import FetchParams, Params, load_params
from maskbench.pipeline.fetch import needs_image
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.same_image import separate
from maskbench.pipeline.sources import TaskSource, connect, parse, setup_warnings
from maskbench.pipeline.tables import read_combined
from maskbench.regions.task import Task
from maskbench.versions.inputs import wrong_dependency

_SHOWN = 20  # keys of each kind that are named


@dataclass(frozen=True)
class Changes:
    """The keys of the tasks that differ; each tuple is sorted."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.removed)

    def lines(self, what: str) -> list[str]:
        """Return a line of counts, then a line for each kind with its first keys."""
        kinds = {"new": self.new, "changed": self.changed, "removed": self.removed}
        counts = ", ".join(f"{len(keys)} {name}" for name, keys in kinds.items())
        lines = [f"{what}: {counts}"]
        for name, keys in kinds.items():
            more = f" … and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
            if keys:
                lines.append(f"  {name}: {', '.join(keys[:_SHOWN])}{more}")
        return lines


def compare_digests(before: Mapping[str, str], after: Mapping[str, str]) -> Changes:
    """Compare two mappings from key to digest."""
    both = before.keys() & after.keys()
    return Changes(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(key for key in both if before[key] != after[key])),
        tuple(sorted(before.keys() - after.keys())),
    )


def find_changes(params: Params, layout: Layout) -> Changes:
    """Compare the server's labels with the last fetch, and print the labelling setup's warnings.

    If nothing changed, a few requests suffice. Otherwise the tasks saved since are fetched (and
    cached for the stage) and compared with the stored ones: a save that left the labels as they
    are, or a prediction, is no change.

    Raises:
        ParamsError: ``fetch.server`` is empty.
        SourceError: The server cannot be asked.
    """
    if params.fetch.server is None:
        raise ParamsError(
            "fetch.server is empty: there is no server to ask. Changes of fetch.folder are seen "
            "by `dvc repro` itself"
        )
    server = connect(params.fetch, layout)
    try:
        for warning in setup_warnings(server.projects, params):
            print(f"warning: {warning}", file=sys.stderr)
        if _recorded(layout) == {str(p.id): p.fingerprint() for p in server.projects}:
            return Changes()
        server.sync()
        return compare_tasks(server, layout, params.fetch)
    finally:
        server.close()


def _recorded(layout: Layout, name: str = "projects") -> Any:
    """Return what *fetch* recorded about projects; it is in git, so a fresh clone has it, too."""
    try:
        return json.loads(layout.metrics("fetch").read_bytes()).get(name)
    except (OSError, ValueError, AttributeError):
        return None


def compare_tasks(server: TaskSource, layout: Layout, fetch: FetchParams) -> Changes:
    """Compare the tasks that a source has now with the stored ones.

    Raises:
        SourceError: The stored ones are not here.
    """
    if not layout.annotations.is_dir() and _recorded(layout):
        raise SourceError(
            "the server has changed since the last fetch, but data/annotations is not here to "
            "tell what: run `dvc pull data/annotations` first"
        )
    stored = {path.stem: path for path in sorted(layout.annotations.glob("*.json"))}
    left_out = (_recorded(layout, "missing_images") or {}).get("tasks", {})
    others = _others(stored.values()) if fetch.same_image == "one" else {}
    seen, new, changed = set(), [], set()
    for key, task in _tasks(server, fetch.image_field):
        if task is not None and (task.project, task.id) in others:
            first, part = others.pop((task.project, task.id))
            image = part.image
            if image is None or with_image(task, image).annotations != part.annotations:
                changed.add(first)
            continue
        seen.add(key)
        if key not in stored and key in left_out:
            continue  # its image was missing
        if key not in stored:
            new.append(key)
        elif task is None or not _same(task, stored[key]):
            changed.add(key)
    changed |= {first for first, _ in others.values()}
    return Changes(tuple(sorted(new)), tuple(sorted(changed)), tuple(sorted(stored.keys() - seen)))


def _tasks(
    server: TaskSource, chosen: Mapping[str, str] | None
) -> Iterator[tuple[str, Task | None]]:
    """Yield tasks by key; None where *fetch* will find a problem."""
    for raw in server.tasks():
        try:
            task = parse(raw, server, chosen)
        except TaskError:
            yield f"task {raw.value.get('id')}", None
            continue
        yield task.key, task


def _others(paths: Iterable[Path]) -> dict[tuple[int | None, int], tuple[str, Task]]:
    """Return the key of the united task by project and id of the others in it."""
    stored = (read_task(path) for path in paths)
    return {(o.project, o.id): (task.key, o) for task in stored for o in separate(task)[1:]}


def _same(task: Task, path: Path) -> bool:
    try:
        stored = separate(read_task(path))[0]
    except DataError:
        return False
    if stored.image is None:
        return not needs_image(task) and task_json(task) == task_json(stored)
    return needs_image(task) and task_json(with_image(task, stored.image)) == task_json(stored)


def build_snapshot(layout: Layout, name: str | None = None) -> tuple[str, Changes]:
    """Move the snapshot and run ``dvc repro``; return the snapshot's name and the masks' changes.

    Args:
        layout: The repository.
        name: The snapshot's name; None: today's date.

    Raises:
        MaskbenchError: The pipeline failed (if that was *fetch*, the snapshot is put back), or
            DVC would stop at a folder that *fetch* does not need.
    """
    file = layout.root / "params.yaml"
    wrong = wrong_dependency(layout.root, load_params(file).fetch)
    if wrong:
        raise MaskbenchError(wrong)
    before = file.read_bytes()
    today = datetime.now(UTC).date().isoformat()
    name = name or next_snapshot(load_params(file).fetch.snapshot, today)
    masks = mask_digests(layout)
    edit_file(file, lambda text: with_value(text, ("fetch", "snapshot"), name))
    if repro(layout) == 0:
        return name, compare_digests(masks, mask_digests(layout))
    if _fetched(layout) == name:
        raise MaskbenchError(
            f"the labels were fetched (snapshot {name}), but the build stopped (see above): mend "
            "what it says and run `dvc repro`"
        )
    write_bytes(file, before)
    raise SourceError("the labels could not be fetched (see above); params.yaml is as it was")


def next_snapshot(current: str, today: str) -> str:
    """Return a snapshot name for today that differs from the current one.

    >>> next_snapshot("2026-11-21", "2026-11-22")
    '2026-11-22'
    >>> next_snapshot("2026-11-22", "2026-11-22"), next_snapshot("2026-11-22.2", "2026-11-22")
    ('2026-11-22.2', '2026-11-22.3')
    """
    day, _, number = current.partition(".")
    if day != today:
        return today
    return f"{today}.{int(number) + 1 if number.isdecimal() else 2}"


def mask_digests(layout: Layout) -> dict[str, str]:
    """Return the digest of each mask's pixels by key."""
    if not layout.combined.is_file():
        return {}
    return {row["key"]: row["mask_sha256"] for row in read_combined(layout)}


def repro(layout: Layout) -> int:
    """Run ``dvc repro`` with this environment's Python first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "dvc", "repro"]
    sys.stdout.flush()
    return subprocess.run(
        command, cwd=layout.root, env={**os.environ, "PATH": path}, check=False
    ).returncode


def _fetched(layout: Layout) -> str | None:
    """Return the snapshot of the last fetch that succeeded, from ``dvc.lock``."""
    try:
        lock = parse_yaml((layout.root / "dvc.lock").read_text(encoding="utf-8"))
        return str(lock["stages"]["fetch"]["params"]["params.yaml"]["fetch"]["snapshot"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
