"""Compare two versions: open only the files whose digests differ."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from maskbench.diff.code import code_changes, pin_change, runs_here
from maskbench.diff.item import Context, ItemFiles, ItemPair, compare_pair, verify_item
from maskbench.diff.model import CODE, UNEXPLAINED, ClassChange, Differences, MaskChange, iou
from maskbench.diff.moves import balance, members, moves, origins
from maskbench.diff.params import param_changes
from maskbench.errors import DataError, Problem
from maskbench.files.manifest import Row
from maskbench.parallel.run import run_all
from maskbench.text import counted
from maskbench.versions.dvc import DvcRepository
from maskbench.versions.revision import ANNOTATIONS, MASKS, Version


def open_versions(root: Path, before: str, after: str | None) -> tuple[Version, Version]:
    """Return two versions of the repository at ``root``; None means the workspace.

    Raises:
        SourceError: A revision is unknown.
    """
    repository = DvcRepository(root)
    return Version(root, before, repository), Version(root, after, repository)


def compare(before: Version, after: Version) -> Differences:
    """Find everything that differs between two versions.

    Raises:
        SourceError: A version was not built, or its data is neither in the cache nor on the remote.
        ParamsError: A version's params cannot be read.
        DataError: A version's files are damaged.
    """
    old, new = before.rows, after.rows
    both = sorted(old.keys() & new.keys())
    suspects = _suspects(before, after, both)
    code = code_changes(before, after)
    results = _compared(before, after, suspects, not code)
    changes = sorted((change for change in results if change.changed), key=_worst_first)
    unchanged = [change for change in results if not change.changed]
    _check(unchanged)
    added, removed = _only(new, old), _only(old, new)
    return Differences(
        before=before.label,
        after=after.label,
        commits=(before.commit, after.commit),
        images_before=len(old),
        images_after=len(new),
        both=len(both),
        pixels=sum(new[key].width * new[key].height for key in both),
        params=param_changes(before.raw_params, after.raw_params),
        code=code,
        pinned=pin_change(before, after),
        changes=tuple(changes),
        renumbered=tuple(
            change.key
            for change in unchanged
            if change.before.mask_sha256 != change.after.mask_sha256
        ),
        added=added,
        unexplained_new=_unexplained_new(after, added),
        removed=removed,
        same_image=_same_image(added, removed),
        replaced=tuple(key for key in both if old[key].scene_sha256 != new[key].scene_sha256),
        saved_anew=_saved_anew(before, after, both, {change.key for change in changes}),
        moves=moves(old, new, (before.params.split, after.params.split)),
        classes=_classes(old, new, {change.key: change for change in changes}),
        transitions=_transitions(changes),
        balance=balance(old, new),
        members=members(old, new),
        origins=origins(old, new),
        links={row.key: link for row in added if (link := after.task_link(row))},
    )


def _suspects(before: Version, after: Version, both: Iterable[str]) -> list[str]:
    """Return keys whose masks may differ: in pixels, numbering, or files unlike the manifest."""
    old, new = before.rows, after.rows
    values = before.params.labels_map, after.params.labels_map
    files = before.listing(MASKS), after.listing(MASKS)
    return [
        key
        for key in both
        if old[key].mask_sha256 != new[key].mask_sha256
        or _numbering(old[key], values[0]) != _numbering(new[key], values[1])
        or (
            old[key].mask == new[key].mask
            and files[0].get(old[key].mask) != files[1].get(new[key].mask)
        )
    ]


def _numbering(row: Row, labels_map: Mapping[str, int]) -> dict[str, int | None]:
    return {name: labels_map.get(name) for name in row.classes}


def _compared(
    before: Version, after: Version, keys: Sequence[str], same_code: bool
) -> list[MaskChange]:
    old, new = _items(before, keys), _items(after, keys)
    pairs = [ItemPair(old[key], new[key], after.task_link(new[key].row)) for key in keys]
    compare_one = partial(compare_pair, context(before), context(after), same_code)
    return list(run_all(compare_one, pairs, "diff"))


def _items(version: Version, keys: Sequence[str]) -> dict[str, ItemFiles]:
    paths = {key: _paths(version, key) for key in keys}
    files = version.files(path for pair in paths.values() for path in pair)
    return {
        key: ItemFiles(version.rows[key], *(files[path] for path in pair))
        for key, pair in paths.items()
    }


def _unexplained_new(version: Version, added: Sequence[Row]) -> dict[str, int]:
    """Count, by key, pixels of new masks that annotation and params do not explain."""
    items = list(_items(version, [row.key for row in added]).values())
    verified = run_all(partial(verify_item, context(version)), items, "new images")
    return {key: pixels for key, pixels in verified if pixels}


def _paths(version: Version, key: str) -> tuple[str, str]:
    return f"{MASKS}/{version.rows[key].mask}", f"{ANNOTATIONS}/{key}.json"


def context(version: Version) -> Context:
    """Return the values that all items of a version share."""
    unexplained_kind = UNEXPLAINED if runs_here(version) else CODE
    return Context(version.params, version.class_names, unexplained_kind)


def _worst_first(change: MaskChange) -> tuple[bool, float, str]:
    return UNEXPLAINED not in change.kinds, -change.share, change.key


def _check(unchanged: Iterable[MaskChange]) -> None:
    """Raise DataError if a mask has its old pixels while the manifest says that they changed."""
    broken = [change for change in unchanged if change.manifest_mismatch]
    if broken:
        what = "its pixels are not what manifest.csv says; run `dvc repro`"
        raise DataError(
            f"{counted(len(broken), 'mask does', 'masks do')} not fit the manifest",
            [Problem(what, change.after.mask, change.after.task) for change in broken],
        )


def _only(here: Mapping[str, Row], there: Mapping[str, Row]) -> tuple[Row, ...]:
    return tuple(here[key] for key in sorted(here.keys() - there.keys()))


def _same_image(added: Iterable[Row], removed: Iterable[Row]) -> dict[str, str]:
    gone = {row.scene_sha256: row.key for row in removed}
    return {row.key: gone[row.scene_sha256] for row in added if row.scene_sha256 in gone}


def _saved_anew(
    before: Version, after: Version, both: Iterable[str], changed: set[str]
) -> tuple[str, ...]:
    old, new = before.listing(ANNOTATIONS), after.listing(ANNOTATIONS)
    files = ((key, f"{key}.json") for key in both if key not in changed)
    return tuple(key for key, file in files if old.get(file) != new.get(file))


def _transitions(changes: Iterable[MaskChange]) -> dict[tuple[str, str], int]:
    total: Counter[tuple[str, str]] = Counter()
    for change in changes:
        total.update(change.transitions)
    return dict(sorted(total.items(), key=lambda entry: (-entry[1], entry[0])))


def _classes(
    old: Mapping[str, Row], new: Mapping[str, Row], changes: Mapping[str, MaskChange]
) -> dict[str, ClassChange]:
    """Count pixels before and after by class name; IoU over images in both at the same size."""
    before, after = Counter[str](), Counter[str]()
    for key, row in old.items():
        before.update(changes[key].classes_before if key in changes else row.classes)
    for key, row in new.items():
        after.update(changes[key].classes_after if key in changes else row.classes)
    left, right, common = Counter[str](), Counter[str](), Counter[str]()
    for key in old.keys() & new.keys():
        change = changes.get(key)
        if change is None:
            for total in (left, right, common):
                total.update(new[key].classes)
        elif change.comparable:
            left.update(change.classes_before)
            right.update(change.classes_after)
            common.update(change.common)
    return {
        name: ClassChange(
            before[name],
            after[name],
            iou(left[name], right[name], common[name]) if left[name] or right[name] else None,
        )
        for name in sorted(before.keys() | after.keys())
    }
