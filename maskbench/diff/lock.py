"""Check that ``dvc.lock`` matches the workspace, and that a clone gets its data and its inputs.

This works in a clone that has pulled nothing: an absent output is no fault.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from maskbench.diff.gates import Failure
from maskbench.versions.dvc import ask
from maskbench.versions.inputs import pulled_digest, untracked, untracked_advice, untracked_text
from maskbench.versions.revision import Version

_ABSENT = ("deleted", "not in cache")  # what `dvc status` calls data that was not pulled


def check(version: Version) -> tuple[Failure, ...]:
    """Return what is wrong with the workspace's ``dvc.lock``, its data on the remote, its inputs.

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
    return (*found, *_inputs(version))


def _inputs(version: Version) -> Iterator[Failure]:
    """Yield the inputs of *fetch* that a clone would lack."""
    for folder in version.stage_digests("fetch"):
        lost = untracked(version.root, folder, version.repository)
        if lost:
            what = f"{untracked_text(lost)}; {untracked_advice(folder, lost)}"
            yield Failure("inputs", what)


def _inconsistent(version: Version) -> Iterator[str]:
    """Yield the stages that ran on data that, by the lock, their predecessors did not make."""
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
    outputs = version.repository.outputs(None, version.label)
    for stage, entries in ask(version.root, "status", "--json").items():
        for entry in entries:
            if isinstance(entry, str):
                yield f"{stage}: {entry}"
                continue
            for kind, paths in entry.items():
                changed = dict(_present(version, paths, outputs))
                if changed:
                    words = ", ".join(f"{path} ({_words(how)})" for path, how in changed.items())
                    yield f"{stage}: {kind}: {words}"


def _present(
    version: Version, paths: Mapping[str, Any], outputs: Collection[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the differences that are not merely data that was not pulled."""
    for path, how in paths.items():
        if path in outputs and how in _ABSENT:
            continue
        if how == "modified" and _fits_when_pulled(version, path, outputs):
            continue
        yield path, how


def _fits_when_pulled(version: Version, path: str, outputs: Collection[str]) -> bool:
    """Return whether an input folder matches the lock once its data is pulled."""
    absent = [out for out in outputs if out.startswith(f"{path}/")]
    if all((version.root / out).exists() for out in absent):
        return False
    digest = pulled_digest(version.root, path, version.repository)
    return digest in {version.stage_digests(stage).get(path) for stage in version.lock}


def _words(how: Any) -> str:
    return (
        ", ".join(f"{name} {state}" for name, state in how.items())
        if isinstance(how, dict)
        else str(how)
    )
