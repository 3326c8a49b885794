"""Check values of ``params.yaml`` and collect what is wrong, each with its YAML path."""

from collections.abc import Collection, Iterable
from typing import Any

from maskbench.errors import Problem, did_you_mean


class Checker:
    """Collect the problems of a params file; each check returns a usable value in any case.

    Attributes:
        problems: The problems so far, in file order.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, path: str, what: str) -> None:
        """Record that the value at the YAML path is wrong."""
        self.problems.append(Problem(what, param=path or "(top level)"))

    def mapping(
        self,
        value: Any,
        path: str,
        known: Collection[str] | None = None,
        required: Collection[str] = (),
    ) -> dict[str, Any]:
        """Return the mapping at ``path``; an empty one if it is something else."""
        if not isinstance(value, dict):
            self.add(path, f"a mapping (name: value lines) is expected, not {value!r}")
            return {}
        for key in value:
            if not isinstance(key, str):
                self.add(path, f"the name {key!r} is not text: put it in quotes")
            elif known is not None and key not in known:
                self.add(f"{path}.{key}", f"unknown name; {did_you_mean(key, known)}")
        for key in required:
            if key not in value:
                self.add(f"{path}.{key}".lstrip("."), "is missing")
        return {key: entry for key, entry in value.items() if isinstance(key, str)}

    def sequence(self, value: Any, path: str, empty: bool = True) -> list[Any]:
        """Return the list at ``path``; an empty one if it is something else."""
        if not isinstance(value, list) or not (value or empty):
            self.add(path, f"a list is expected, not {value!r}")
            return []
        return value

    def text(
        self, value: Any, path: str, optional: bool = False, empty: bool = False
    ) -> str | None:
        """Return the text at ``path``; None if it is optional and absent, or something else."""
        if value is None and optional:
            return None
        if not isinstance(value, str) or not (value or empty):
            self.add(path, f"text is expected, not {value!r}")
            return None
        return value

    def choice(self, value: Any, path: str, choices: Collection[str]) -> str:
        """Return one of ``choices``; an empty text if the value is none of them."""
        if not isinstance(value, str) or value not in choices:
            self.add(path, f"{value!r} is unknown; {did_you_mean(str(value), choices)}")
            return ""
        return value

    def number(self, value: Any, path: str, noun: str, most: int) -> int:
        """Return a whole number from 1 to ``most``; 1 if the value is something else."""
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            self.add(path, f"{value!r} is no {noun} from 1 to {most:,}")
            return 1
        return value

    def share(self, value: Any, path: str) -> float | None:
        """Return a number from 0 to 1; None if the value is something else."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.add(path, f"{value!r} is not a share from 0 to 1")
            return None
        return float(value)

    def flag(self, value: Any, path: str) -> bool:
        """Return true or false; false if the value is something else."""
        if not isinstance(value, bool):
            self.add(path, f"true or false is expected, not {value!r}")
            return False
        return value


def missing_label(label: object, labels: Iterable[str]) -> str:
    """Say that a label is not in ``labels_map``, and which one may be meant.

    Args:
        label: The label.
        labels: The labels that ``labels_map`` has.
    """
    return f"{label!r} is not in labels_map; {did_you_mean(str(label), labels)}"
