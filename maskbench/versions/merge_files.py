"""Find the exports that both sides of a merge changed or renamed, and merge them task by task."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from maskbench.errors import DataError, Problem
from maskbench.files.atomic import write_bytes
from maskbench.versions import git
from maskbench.versions.merge_exports import MergedExport, merge_export, renamed
from maskbench.versions.revision import Version
from maskbench.versions.sides import Sides, changed_files, fetch_param

_EXPORTS = (".json", ".jsonl", ".ndjson")


class ExportNames(NamedTuple):
    """The name of an export in each version; in the base, None if both sides added it."""

    base: str | None
    ours: str
    theirs: str


class MergedFile(NamedTuple):
    """An export that was merged.

    Attributes:
        name: Where the result goes.
        names: What it was called.
        export: The result.
    """

    name: str
    names: ExportNames
    export: MergedExport

    def resolve(self, root: Path) -> None:
        """Write the result, and stage it in place of both sides' files."""
        write_bytes(root / self.name, self.export.content)
        git.run(root, "add", "--", self.name)
        for old in sorted({*filter(None, self.names)} - {self.name}):
            git.run(root, "rm", "--quiet", "--force", "--ignore-unmatch", "--", old)
            (root / old).unlink(missing_ok=True)


def merge_files(
    sides: Sides, prefer: str | None, only: Collection[str] | None = None
) -> list[MergedFile]:
    """Merge the exports that both sides changed or renamed.

    Args:
        sides: The versions.
        prefer: Whose version counts of what both sides changed: ``ours`` or ``theirs``.
        only: Leave out exports of which no name is among these; None: merge all.

    Raises:
        DataError: Both sides changed a task or a file's name, and ``prefer`` is None.
    """
    merged, problems = [], []
    for names in _changed_by_both(sides):
        if only is not None and not set(names) & set(only):
            continue
        base = None if names.base is None else sides.base.text(names.base)
        ours, theirs = sides.ours.text(names.ours), sides.theirs.text(names.theirs)
        assert ours is not None and theirs is not None  # noqa: S101 - they are named
        with suppress(ValueError):  # no list of tasks: git has merged it, or asks
            export = merge_export(base, ours, theirs, prefer or "ours")
            merged.append(MergedFile(_name(names, prefer), names, export))
            if len(set(names)) == 3 and names.base is not None:
                what = f"both sides renamed it: ours to {names.ours}, theirs to {names.theirs}"
                problems.append(Problem(what, names.base))
            problems += [Problem("both sides changed it", names.ours, n) for n in export.both]
    if problems and prefer is None:
        raise DataError(
            "the same tasks or names were changed on both sides; nothing was merged: choose which "
            "side counts there with --prefer ours or --prefer theirs (of all other tasks, both "
            "sides' changes count)",
            problems,
        )
    return merged


def _name(names: ExportNames, prefer: str | None) -> str:
    """Return the path of the result: the new name, if one side renamed the export."""
    if names.ours == names.base:
        return names.theirs
    return names.theirs if prefer == "theirs" and names.theirs != names.base else names.ours


def _changed_by_both(sides: Sides) -> list[ExportNames]:
    changed_ours = _changed_exports(sides, sides.ours)
    changed_theirs = _changed_exports(sides, sides.theirs)
    renamed_ours = _renames(sides, sides.ours, changed_ours)
    renamed_theirs = _renames(sides, sides.theirs, changed_theirs)
    found = []
    for name in sorted({*changed_ours} & {*changed_theirs}):
        base = None if sides.base.text(name) is None else name
        ours = renamed_ours.get(name) if sides.ours.text(name) is None else name
        theirs = renamed_theirs.get(name) if sides.theirs.text(name) is None else name
        if ours is None or theirs is None:
            continue  # deleted: git asks
        if base is None and name in (*renamed_ours.values(), *renamed_theirs.values()):
            continue  # the new name of another export
        found.append(ExportNames(base, ours, theirs))
    return found


def _changed_exports(sides: Sides, version: Version) -> list[str]:
    folder = Path(fetch_param(sides.ours, "folder"))
    names = changed_files(version.root, str(sides.base.commit), str(version.commit))
    return [n for n in names if n.endswith(_EXPORTS) and folder in Path(n).parents]


def _renames(sides: Sides, version: Version, changed: list[str]) -> dict[str, str]:
    """Return the new name by the old one of the exports that a side renamed."""
    gone, new = {}, {}
    for name in changed:
        before, after = sides.base.text(name), version.text(name)
        if before is not None and after is None:
            gone[name] = before
        elif before is None and after is not None:
            new[name] = after
    return renamed(gone, new)
