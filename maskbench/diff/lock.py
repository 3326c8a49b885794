"""Whether the checked-out version holds together: its lock fits its sources, its data is pushed.

Works in a clone that has pulled nothing: outputs that are merely absent are no fault.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from maskbench.diff.gates import Failure
from maskbench.diff.versions import Version
from maskbench.errors import SourceError

_ABSENT = ("deleted", "not in cache")  # what `dvc status` calls data that was not pulled


def check(version: Version) -> tuple[Failure, ...]:
    """What is wrong with the workspace's ``dvc.lock`` and with its data on the remote.

    Raises:
        SourceError: DVC cannot tell, for example because the remote cannot be reached.
    """
    outdated = [*_inconsistent(version), *_outdated(version)]
    absent = _dvc(version.root, "data", "status", "--not-in-remote", "--json")
    lost = [str(path) for path in absent.get("not_in_remote", ())]
    found = []
    if outdated:
        what = f"dvc.lock does not fit: {'; '.join(outdated)}; run `dvc repro` and commit dvc.lock"
        found.append(Failure("lock", what))
    if lost:
        found.append(Failure("pushed", f"not on the remote: {', '.join(lost)}; run `dvc push`"))
    return tuple(found)


def _inconsistent(version: Version) -> Iterator[str]:
    """Stages that were run on other data than the lock says their predecessors made."""
    made = {
        out["path"]: out.get("md5")
        for stage in version.lock.values()
        for out in stage.get("outs", ())
    }
    for name, stage in version.lock.items():
        for dep in stage.get("deps", ()):
            if dep["path"] in made and made[dep["path"]] != dep.get("md5"):
                yield f"{name} was run on another {dep['path']}"


def _outdated(version: Version) -> Iterator[str]:
    """What changed since stages were run, as ``dvc status`` sees it."""
    outputs = {out["path"] for stage in version.lock.values() for out in stage.get("outs", ())}
    for stage, entries in _dvc(version.root, "status", "--json").items():
        for entry in entries:
            if isinstance(entry, str):
                yield f"{stage}: {entry}"
                continue
            for kind, paths in entry.items():
                changed = dict(_present(paths, outputs))
                if changed:
                    words = ", ".join(f"{path} ({_words(how)})" for path, how in changed.items())
                    yield f"{stage}: {kind}: {words}"


def _present(paths: Mapping[str, Any], outputs: set[str]) -> Iterator[tuple[str, Any]]:
    for path, how in paths.items():
        if not (path in outputs and how in _ABSENT):
            yield path, how


def _words(how: Any) -> str:
    return (
        ", ".join(f"{name} {state}" for name, state in how.items())
        if isinstance(how, dict)
        else str(how)
    )


def _dvc(root: Path, *words: str) -> dict[str, Any]:
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        value = json.loads(done.stdout or "{}")
    except ValueError:
        value = None
    if done.returncode or not isinstance(value, dict):
        tail = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        raise SourceError(f"`dvc {' '.join(words)}` failed: {tail[0].strip()}")
    return value
