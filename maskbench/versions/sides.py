"""The three versions that a merge is made of, and what each says."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskbench.errors import SourceError
from maskbench.versions import git
from maskbench.versions.dvc import DvcRepository
from maskbench.versions.revision import Version


@dataclass(frozen=True)
class Sides:
    """The versions that a merge is made of.

    Attributes:
        base: The version that both sides come from.
        ours: The version that is checked out.
        theirs: The one that is merged into it.
    """

    base: Version
    ours: Version
    theirs: Version

    @classmethod
    def of(cls, root: Path, other: str) -> "Sides":
        """Find the versions for a merge of the revision ``other`` into HEAD.

        Raises:
            SourceError: There is no such revision, or the histories have nothing in common.
        """
        repository = DvcRepository(root)
        ours, theirs = Version(root, "HEAD", repository), Version(root, other, repository)
        found = git.run(root, "merge-base", "HEAD", str(theirs.commit)).stdout.decode().strip()
        if not found:
            raise SourceError(f"HEAD and {other} have no history in common")
        return cls(Version(root, found, repository), ours, theirs)

    def each(self, value: Callable[[Version], Any]) -> tuple[Any, Any, Any]:
        """Return a value of base, ours and theirs."""
        return value(self.base), value(self.ours), value(self.theirs)

    def texts(self, name: str) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Return a file of base, ours and theirs; None where it is not there."""
        return self.each(lambda version: version.text(name))

    def both_changed(self, value: Callable[[Version], Any]) -> bool:
        """Tell whether both sides changed a value, in different ways."""
        base, ours, theirs = self.each(value)
        return base not in (ours, theirs) and bool(ours != theirs)


def fetched(version: Version) -> Any:
    """Return what *fetch* wrote, as ``dvc.lock`` has it."""
    return (version.lock.get("fetch") or {}).get("outs")


def fetch_param(version: Version, name: str) -> str:
    """Return a value of a version's section ``fetch``; empty if there is none."""
    section = version.raw_params.get("fetch") if isinstance(version.raw_params, dict) else None
    return str((section or {}).get(name) or "")


def file_names(root: Path, *words: str) -> list[str]:
    """Return the paths that a git command prints, relative to ``root``."""
    done = git.run(root, *words, "--relative")
    return [name for name in done.stdout.decode("utf-8", "replace").split("\0") if name]


def changed_files(root: Path, *revisions: str) -> list[str]:
    """Return the paths that differ between two revisions, or the workspace; renamed ones twice."""
    return file_names(root, "diff", "--name-only", "--no-renames", "-z", *revisions)
