"""Compare masks by class *name*, because two versions may number their classes differently."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from maskbench.files.masks import values_in

NamedMask = npt.NDArray[np.uint16]
"""A mask of name numbers, shape (H, W), uint16; see :class:`Names`."""

NO_RULE = "(no rule)"
"""Class of pixels without a rule; only a replay has them."""


class Names:
    """Numbers of class names, shared by both versions; a new name gets the next number.

    Args:
        first: The names with the numbers from 0 on.
    """

    def __init__(self, first: Iterable[str] = ()) -> None:
        self._numbers = {name: number for number, name in enumerate(first)}

    def number(self, name: str) -> int:
        """Return the number of a class name."""
        return self._numbers.setdefault(name, len(self._numbers))

    def name(self, number: int) -> str:
        """Return the class name of a number."""
        return list(self._numbers)[number]

    def named(self, mask: npt.NDArray[np.uint8], classes: Mapping[int, str]) -> NamedMask:
        """Translate a mask's values into name numbers.

        Args:
            mask: Values, shape (H, W), uint8.
            classes: Name by value; a value without a name is called ``value N``.
        """
        table = np.zeros(256, dtype=np.uint16)
        for value in values_in(mask):
            table[value] = self.number(classes.get(value, f"value {value}"))
        named: NamedMask = table[mask]
        return named

    def counts(self, mask: NamedMask) -> dict[str, int]:
        """Count pixels by class name, sorted by name; names without a pixel are left out."""
        found = np.bincount(mask.reshape(-1), minlength=len(self._numbers)).tolist()
        pixels = zip(self._numbers, found, strict=True)
        return dict(sorted((name, count) for name, count in pixels if count))

    def pairs(self, before: NamedMask, after: NamedMask) -> dict[tuple[str, str], int]:
        """Count pixels by (name before, name after), for two masks of the same size."""
        names = list(self._numbers)
        joint = before.reshape(-1).astype(np.int64) * len(names) + after.reshape(-1)
        found = np.bincount(joint)
        cells = (divmod(i, len(names)) for i in np.flatnonzero(found).tolist())
        return {(names[i], names[j]): int(found[i * len(names) + j]) for i, j in cells}


def differing(before: NamedMask, after: NamedMask) -> int:
    """Count the pixels that differ; all of the larger mask if the sizes differ."""
    if before.shape != after.shape:
        return max(before.size, after.size)
    return int(np.count_nonzero(before != after))
