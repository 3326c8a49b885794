"""Decide whether a review fails, by limits from params.yaml (``review``) or the command line."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from maskbench.diff.model import Differences
from maskbench.diff.report.verdict import percent
from maskbench.errors import ParamsError, count_problems, did_you_mean
from maskbench.params import Checker
from maskbench.text import counted

EXIT_CODE = 5
"""Exit status of ``maskbench diff --fail-on`` when a gate is broken."""


@dataclass(frozen=True)
class Failure:
    """A gate that fails: its name, and what was found."""

    gate: str
    found: str

    def __str__(self) -> str:
        return f"{self.gate}: {self.found}"


def _unexplained(found: Differences, most: float) -> str | None:
    count = len(found.unexplained) + len(found.unexplained_new)
    return f"{counted(count, 'mask')} changed or added without a cause" if count > most else None


def _moved(found: Differences, most: float) -> str | None:
    count = len(found.moves)
    return f"{counted(count, 'image')} moved between splits" if count > most else None


def _removed(found: Differences, most: float) -> str | None:
    count = len(found.removed)
    return f"{counted(count, 'image')} removed" if count > most else None


def _changed_pixels(found: Differences, most: float) -> str | None:
    share = found.changed_pixels / max(1, found.pixels)
    return f"{percent(share)} of pixels changed class" if 100 * share > most else None


def _class_loss(found: Differences, most: float) -> str | None:
    lost = {
        name: (entry.before - entry.after) / entry.before
        for name, entry in found.classes.items()
        if entry.before
    }
    words = [
        f"{name} lost {percent(share)} of its pixels"
        for name, share in lost.items()
        if 100 * share > most
    ]
    return ", ".join(words) or None


GATES: Mapping[str, Callable[[Differences, float], str | None]] = {
    "unexplained": _unexplained,
    "moved": _moved,
    "removed": _removed,
    "class_loss": _class_loss,
    "changed_pixels": _changed_pixels,
}
"""Gate → its check, given its limit: a number of masks or images, or percent."""

DEFAULTS: Mapping[str, float] = {"unexplained": 0, "moved": 0}
"""The gates where ``params.yaml`` has no section ``review``."""


def review_limits(raw: Any, name: str = "params.yaml") -> dict[str, float]:
    """Return the limits by gate from the optional section ``review`` of a parsed params file.

    Raises:
        ParamsError: The section has an unknown name or a limit that is not a number; all together.
    """
    check = Checker()
    section = raw.get("review") if isinstance(raw, dict) else None
    if section is None:
        return dict(DEFAULTS)
    body = check.mapping(section, "review", known=("fail_on",))
    gates = check.mapping(body.get("fail_on", dict(DEFAULTS)), "review.fail_on", known=GATES)
    limits = {}
    for gate, limit in gates.items():
        number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if not number or not 0 <= limit < math.inf:
            check.add(f"review.fail_on.{gate}", f"{limit!r} is not a number from 0 up")
        else:
            limits[gate] = float(limit)
    if check.problems:
        raise ParamsError(f"{name}: {count_problems(check.problems)}", check.problems)
    return limits


def named_limits(words: str, limits: Mapping[str, float]) -> dict[str, float]:
    """Return the limits that ``--fail-on`` names, such as ``moved,class_loss=10``.

    A gate without a number has its limit in ``limits``, else 0; no gate at all means ``limits``.

    Raises:
        ParamsError: A name is unknown or a limit is not a number.
    """
    chosen = {}
    for word in filter(None, words.split(",")):
        gate, _, limit = word.partition("=")
        if gate not in GATES:
            raise ParamsError(
                f"--fail-on: {gate!r} is not a gate; {did_you_mean(gate, GATES)} "
                "(write revisions before the options)"
            )
        if limit and not limit.replace(".", "", 1).isdecimal():
            raise ParamsError(f"--fail-on: {limit!r} is not a number from 0 up")
        chosen[gate] = float(limit) if limit else limits.get(gate, 0.0)
    return chosen or dict(limits)


def failures(found: Differences, limits: Mapping[str, float]) -> tuple[Failure, ...]:
    """Return the gates that fail for a comparison, in the order of :data:`GATES`."""
    broken = ((gate, judge(found, limits[gate])) for gate, judge in GATES.items() if gate in limits)
    return tuple(Failure(gate, what) for gate, what in broken if what)
