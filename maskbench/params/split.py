"""Check the section ``split`` of ``params.yaml``: shares, and what stays together."""

import math
import re
from collections.abc import Sequence
from typing import Any

from maskbench.params.checker import Checker
from maskbench.params.model import SUBSETS, SplitParams, ValueFrom
from maskbench.text import counted

_DEFAULT = {"train": 0.7, "valid": 0.15, "test": 0.15}
_VALUES = ("field", "choice", "name", "folder")


def check_split(check: Checker, raw: Any) -> SplitParams:
    """Return the checked section ``split``."""
    section = check.mapping(raw, "split", known=SplitParams._fields)
    return SplitParams(
        ratios=_ratios(check, section.get("ratios", _DEFAULT)),
        group_by=_group_by(check, section.get("group_by")),
        salt=check.text(section.get("salt", "maskbench"), "split.salt", empty=True) or "",
        without_group=check.choice(
            section.get("without_group", "error"), "split.without_group", ("error", "alone")
        ),
        same_image=check.choice(
            section.get("same_image", "join"), "split.same_image", ("join", "error")
        ),
        published=_published(check, section.get("published")),
        exclude_accepted=_excluded(check, section.get("exclude_accepted")),
    )


def _ratios(check: Checker, raw: Any) -> dict[str, float]:
    """Return the share of each subset; those that are not named have none."""
    given = check.mapping(raw, "split.ratios", known=SUBSETS)
    shares = {name: check.share(share, f"split.ratios.{name}") for name, share in given.items()}
    ratios = {name: share for name, share in shares.items() if share is not None}
    if len(ratios) < len(shares):
        return _DEFAULT
    if not math.isclose(sum(ratios.values()), 1, abs_tol=1e-6):
        check.add("split.ratios", f"they add up to {sum(ratios.values()):g}, not to 1")
    return {name: ratios.get(name, 0.0) for name in SUBSETS}


def _group_by(check: Checker, raw: Any) -> str | ValueFrom | None:
    if isinstance(raw, dict):
        return _value_from(check, raw, "split.group_by", _VALUES)
    return check.text(raw, "split.group_by", optional=True)


def _published(check: Checker, raw: Any) -> ValueFrom | None:
    kinds = (*_VALUES, "file")
    return None if raw is None else _value_from(check, raw, "split.published", kinds)


def _excluded(check: Checker, raw: Any) -> tuple[str, ...]:
    path = "split.exclude_accepted"
    names = check.sequence(raw or [], path)
    return tuple(check.choice(name, f"{path}[{i}]", SUBSETS) for i, name in enumerate(names))


def _value_from(check: Checker, raw: Any, path: str, kinds: Sequence[str]) -> ValueFrom | None:
    """Return where a value is read from: one of the kinds, such as ``{field: patient}``."""
    entries = list(raw.items()) if isinstance(raw, dict) else []
    if len(entries) != 1 or entries[0][0] not in kinds:
        choices = " or ".join(f"{{{kind}: …}}" for kind in kinds)
        check.add(path, f"{choices} is expected, not {raw!r}")
        return None
    [(kind, value)] = entries
    what = check.text(value, f"{path}.{kind}")
    if what is not None and kind in ("name", "folder") and (fault := _pattern_fault(what)):
        check.add(f"{path}.{kind}", fault)
    return None if what is None else ValueFrom(kind, what)


def _pattern_fault(pattern: str) -> str | None:
    try:
        groups = re.compile(pattern).groups
    except (re.error, OverflowError) as error:
        return f"'{pattern}' is not a regular expression: {error}"
    if groups == 1:
        return None
    return (
        f"'{pattern}' has {counted(groups, 'group')}; put round brackets around the one part that "
        r"counts, as in '(\w+)_\d+' (others can be written (?:…))"
    )
