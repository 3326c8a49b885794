"""Choose which images of a version a page shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from maskbench.errors import MaskbenchError
from maskbench.files.manifest import Row
from maskbench.versions.revision import Version, find_row


@dataclass(frozen=True)
class Selection:
    """The criteria for the images of a page; an empty field is no criterion.

    Attributes:
        keys: Keys, file names or task ids.
        splits: They are in one of these splits.
        classes: They have pixels of all these classes.
        annotators: One of these users drew them.
        combination: They have pixels with exactly these labels.
    """

    keys: Sequence[str] = ()
    splits: Sequence[str] = ()
    classes: Sequence[str] = ()
    annotators: Sequence[str] = ()
    combination: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is asked for."""
        return not any(vars(self).values())


def choose_rows(version: Version, asked: Selection) -> list[Row]:
    """Return the rows that match, by key; combinations are checked when images are drawn.

    Raises:
        MaskbenchError: The version has no such image, split, class, label or annotator; or no image
            fits.
    """
    rows = list(version.rows.values())
    labels_map = version.params.labels_map
    _check("split", asked.splits, {row.split for row in rows})
    _check("class", asked.classes, labels_map)
    _check("label", sorted(asked.combination), labels_map)
    _check("annotator", asked.annotators, {who for row in rows for who in row.authors})
    named = {find_row(version, word).key for word in asked.keys}
    found = [
        row
        for row in rows
        if (not named or row.key in named)
        and (not asked.splits or row.split in asked.splits)
        and all(row.classes.get(name) for name in asked.classes)
        and (not asked.annotators or set(asked.annotators) & set(row.authors))
    ]
    if not found:
        raise MaskbenchError(f"no image of {version.label} matches all options")
    return sorted(found, key=lambda row: row.key)


def _check(what: str, asked: Iterable[str], known: Iterable[str] | Mapping[str, int]) -> None:
    names = sorted(known)
    for word in asked:
        if word not in names:
            close = get_close_matches(word, names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
            raise MaskbenchError(f"there is no {what} {word!r}; {hint}")
