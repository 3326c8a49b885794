"""Masks by class *name*: two versions may number their classes differently."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Named = npt.NDArray[np.uint16]
"""A mask of name numbers, shape (H, W), uint16; see :class:`Names`."""

NO_RULE = "(no rule)"
"""Class of pixels for which one version's rules have no answer, in a what-if only."""


class Names:
    """Numbers for class names, the same for both versions; grows as names come up."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, name: str) -> int:
        """The number of a class name."""
        return self._numbers.setdefault(name, len(self._numbers))

    def name(self, number: int) -> str:
        """The class name of a number."""
        return list(self._numbers)[number]

    def named(self, mask: npt.NDArray[np.uint8], classes: Mapping[int, str]) -> Named:
        """A mask file's values as name numbers.

        Args:
            mask: Values, shape (H, W), uint8.
            classes: Name by value; a value without a name is called ``value N``.
        """
        table = np.zeros(256, dtype=np.uint16)
        for value in np.flatnonzero(np.bincount(mask.reshape(-1), minlength=256)).tolist():
            table[value] = self.number(classes.get(value, f"value {value}"))
        named: Named = table[mask]
        return named

    def counts(self, mask: Named) -> dict[str, int]:
        """Pixels by class name, sorted by name; names without a pixel are left out."""
        found = np.bincount(mask.reshape(-1), minlength=len(self))
        return dict(sorted((self.name(i), int(n)) for i, n in enumerate(found.tolist()) if n))

    def pairs(self, before: Named, after: Named) -> dict[tuple[str, str], int]:
        """Pixels by (name before, name after), for two masks of one size."""
        size = len(self)
        joint = before.reshape(-1).astype(np.int64) * size + after.reshape(-1)
        found = np.bincount(joint, minlength=size * size)
        cells = ((divmod(i, size), int(found[i])) for i in np.flatnonzero(found).tolist())
        return {(self.name(i), self.name(j)): count for (i, j), count in sorted(cells)}


def differing(before: Named, after: Named) -> int:
    """Pixels that differ; all of the larger mask where the sizes do."""
    if before.shape != after.shape:
        return max(before.size, after.size)
    return int(np.count_nonzero(before != after))
