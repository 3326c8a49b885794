"""Recompute every digest and invariant of a benchmark from its files.

A pulled benchmark is checked against itself (numpy and Pillow only). In the repository that built
it, each mask is also drawn from its annotation and compared, and so are rules and splits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.errors import DataError, MaskbenchError, Problem
from maskbench.files.manifest import Row
from maskbench.parallel.run import progress
from maskbench.params import EXCLUDED
from maskbench.quality.similar import Look, near_pairs
from maskbench.text import counted
from maskbench.verification.items import CheckedItem, check_item
from maskbench.verification.tables import (
    check_codes,
    check_files,
    check_groups,
    check_manifest,
    check_splits,
    has_own_files,
)

if TYPE_CHECKING:
    from maskbench.verification.origin import Origin


@dataclass(frozen=True)
class Verdict:
    """The result of :func:`verify`.

    Attributes:
        images: How many images the manifest names.
        classes: How many classes there are.
        redrawn: Whether the masks were also compared with annotations and rules.
        problems: Each breach; empty if the benchmark is what it says.
    """

    images: int
    classes: int
    redrawn: bool
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        breaches = counted(len(self.problems), "breach", "breaches")
        origin = "compared with" if self.redrawn else "not compared with (none here)"
        return (
            f"{counted(self.images, 'image')}, {counted(self.classes, 'class', 'classes')}, "
            f"masks {origin} annotations and rules: {breaches if self.problems else 'no breaches'}"
        )


def verify(root: Path, params: Path = Path("params.yaml")) -> Verdict:
    """Check a benchmark; the verdict has all breaches.

    Args:
        root: The benchmark's folder, such as ``data/benchmark``.
        params: The repository's params; if this file and ``annotations/`` beside ``root`` exist,
            masks and splits are compared with what these give.

    Raises:
        DataError: There is no such folder.
        ParamsError: The params cannot be read.
    """
    if not root.is_dir():
        what = "is not a folder; get it with `dvc pull combine split`, or build it with `dvc repro`"
        raise DataError("there is no benchmark to verify", [Problem(what, str(root))])
    names, problems = check_codes(root)
    rows, wrong = check_manifest(root)
    problems += wrong
    origin = _origin(root.parent / "annotations", params, rows.values())
    if rows or not wrong:  # without a manifest, every file would be surplus
        problems += check_files(root, rows) + check_splits(root, rows) + check_groups(root, rows)
    seen = []
    sound = [row for row in rows.values() if has_own_files(row)]  # never a path to elsewhere
    for row in progress(sound, len(sound), "verify"):
        found = check_item(root, row, names)
        problems += found.problems
        if origin is not None:
            problems += origin.check_item(root, row, found.mask)
        seen.append(replace(found, mask=None))  # all masks together would fill the memory
    problems += _leaks(root, seen)
    if origin is not None and (rows or not wrong):
        problems += origin.check_whole(root, names, rows)
    return Verdict(len(rows), len(names), origin is not None, tuple(problems))


def _origin(annotations: Path, params: Path, rows: Iterable[Row]) -> "Origin | None":
    """Read what the benchmark was made from; None where that is not here."""
    if not (annotations.is_dir() and params.is_file()):
        return None
    try:
        from maskbench.params import load_params
        from maskbench.verification.origin import Origin
    except ImportError as error:
        raise MaskbenchError(
            f"comparing masks with annotations needs {error.name}: pip install 'maskbench[build]'"
        ) from None
    return Origin(annotations, load_params(params), rows)


def _leaks(root: Path, seen: Sequence[CheckedItem]) -> list[Problem]:
    """Find equal and near-equal images in different splits."""
    problems = []
    first: dict[str, CheckedItem] = {}
    for item in seen:
        if item.digest is None or item.row.split == EXCLUDED:
            continue
        other = first.setdefault(item.digest, item)
        if other.row.split != item.row.split:
            problems.append(_leak(root, other, item, "the same image as"))
    known: list[tuple[CheckedItem, Look]] = [
        (item, item.look) for item in seen if item.look is not None and item.row.split != EXCLUDED
    ]
    looks, splits = [shown for _, shown in known], [item.row.split for item, _ in known]
    near: dict[int, list[tuple[int, float]]] = {}
    for i, j, alike in near_pairs(looks, splits):
        if known[i][0].digest != known[j][0].digest:
            near.setdefault(j, []).append((i, alike))
    for j, pairs in near.items():
        i, alike = max(pairs, key=lambda pair: pair[1])
        what = f"nearly ({alike:.3f}) the same image as"
        if len(pairs) > 1:
            what += f" {counted(len(pairs) - 1, 'other')} and"
        problems.append(_leak(root, known[i][0], known[j][0], what))
    return problems


def _leak(root: Path, one: CheckedItem, other: CheckedItem, alike: str) -> Problem:
    what = (
        f"in {other.row.split}, is {alike} {one.row.key!r} in {one.row.split}: keep them in one "
        "group (split.group_by), or delete one of the tasks"
    )
    return Problem(what, str(root / "scenes" / other.row.scene))
