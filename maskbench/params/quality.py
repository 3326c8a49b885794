"""Check the section ``quality`` of ``params.yaml``: what is looked for in the labels."""

import sys
from collections.abc import Collection
from typing import Any

from maskbench.params.checker import Checker
from maskbench.params.model import QualityParams

THRESHOLDS = {
    "self_crossing": 0.02,
    "sliver": 1,
    "sub_pixel": 4,
    "off_image": 0.05,
    "hole": 0.0005,
    "duplicate": 0.9,
    "inside_itself": 0.95,
    "overlap": 3,
    "gap": 3,
    "unused_class": 1,
    "rare_class": 1,
    "few_labels": 0.01,
    "area_outlier": 5,
    "shape_outlier": 5,
    "time_outlier": 5,
    "twin_differs": 0.5,
    "missing_label": 0.01,
    "unsupported": 0.1,
}
"""The checks by name, with the threshold of each unless ``quality.checks`` gives another one.

:data:`maskbench.quality.checks.CHECKS` says what each number means.
"""

_SHARES = frozenset({
    "self_crossing", "off_image", "hole", "duplicate", "inside_itself", "few_labels",
    "twin_differs", "missing_label", "unsupported",
})  # fmt: skip
"""Checks whose threshold is a share: 90 in place of 0.9 would find nothing, without a word."""


def check_quality(check: Checker, raw: Any) -> QualityParams:
    """Return the checked section ``quality``, which may be missing."""
    section = check.mapping({} if raw is None else raw, "quality", known=QualityParams._fields)
    thresholds = _thresholds(check, section.get("checks"))
    return QualityParams(
        checks=thresholds,
        fail=_failing(check, section.get("fail"), thresholds),
        accept=_accepted(check, section.get("accept")),
        predictions=check.text(section.get("predictions"), "quality.predictions", optional=True),
    )


def _thresholds(check: Checker, raw: Any) -> dict[str, float]:
    """Return the thresholds of the checks that are on."""
    path = "quality.checks"
    thresholds: dict[str, float] = dict(THRESHOLDS)
    for name, value in check.mapping({} if raw is None else raw, path, known=THRESHOLDS).items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is False or value == "off":
            thresholds.pop(name, None)
        elif not is_number or not 0 < value <= sys.float_info.max:
            check.add(f"{path}.{name}", f"{value!r} is not a threshold: a number above 0, or off")
        elif name in _SHARES and value > 1:
            what = f"{value!r} is not a share: a number above 0, up to 1 for all of it, or off"
            check.add(f"{path}.{name}", what)
        else:
            thresholds[name] = float(value)
    return thresholds


def _failing(check: Checker, raw: Any, on: Collection[str]) -> tuple[str, ...]:
    """Return the checks that stop the stage; each has to be on."""
    path = "quality.fail"
    names = check.sequence([] if raw is None else raw, path)
    for i, name in enumerate(names):
        if check.choice(name, f"{path}[{i}]", THRESHOLDS) and name not in on:
            what = f"{name!r} is off in quality.checks, and would never stop; delete one of the two"
            check.add(f"{path}[{i}]", what)
    return tuple(str(name) for name in names)


def _accepted(check: Checker, raw: Any) -> dict[str, str]:
    """Return the reasons why findings are accepted, by the finding's id."""
    path = "quality.accept"
    accepted: dict[str, str] = {}
    for i, entry in enumerate(check.sequence([] if raw is None else raw, path)):
        names = ("finding", "reason")
        section = check.mapping(entry, f"{path}[{i}]", known=names, required=names)
        if len(section) < len(names):
            continue
        finding = check.text(section["finding"], f"{path}[{i}].finding") or ""
        reason = check.text(section["reason"], f"{path}[{i}].reason") or ""
        if finding:
            check.choice(finding.split("/")[0], f"{path}[{i}].finding", THRESHOLDS)
        if finding and finding in accepted:
            check.add(f"{path}[{i}].finding", f"{finding!r} is accepted already")
        accepted[finding] = reason
    return accepted
