"""Check that ``dvc.lock`` fits the workspace and that its data is on the remote.

This works in a clone that has pulled nothing: outputs that are merely absent are no fault.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from maskbench.diff.gates import Failure
from maskbench.versions.dvc import ask
from maskbench.versions.revision import Version

_ABSENT = ("deleted", "not in cache")  # what `dvc status` calls data that was not pulled


def check(version: Version) -> tuple[Failure, ...]:
    """Return what is wrong with the workspace's ``dvc.lock`` and with its data on the remote.

    Raises:
        SourceError: DVC cannot tell, for example because the remote cannot be reached.
    """
    outdated = [*_inconsistent(version), *_outdated(version)]
    absent = ask(version.root, "data", "status", "--not-in-remote", "--json")
    lost = [str(path) for path in absent.get("not_in_remote", ())]
    found = []
    if outdated:
        what = f"dvc.lock does not fit: {'; '.join(outdated)}; run `dvc repro` and commit dvc.lock"
        found.append(Failure("lock", what))
    if lost:
        found.append(Failure("pushed", f"not on the remote: {', '.join(lost)}; run `dvc push`"))
    return tuple(found)


def _inconsistent(version: Version) -> Iterator[str]:
    """Yield stages that were run on other data than the lock says their predecessors made."""
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
    """Yield what changed since stages were run, as ``dvc status`` sees it."""
    outputs = {out["path"] for stage in version.lock.values() for out in stage.get("outs", ())}
    for stage, entries in ask(version.root, "status", "--json").items():
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
