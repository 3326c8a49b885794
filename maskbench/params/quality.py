"""Check the section ``quality`` of ``params.yaml``: what is looked for in the labels."""

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


def check_quality(check: Checker, raw: Any) -> QualityParams:
    """Return the checked section ``quality``, which may be missing."""
    section = check.mapping({} if raw is None else raw, "quality", known=QualityParams._fields)
    fail = check.sequence(section.get("fail") or [], "quality.fail")
    return QualityParams(
        checks=_thresholds(check, section.get("checks")),
        fail=tuple(check.choice(k, f"quality.fail[{i}]", THRESHOLDS) for i, k in enumerate(fail)),
        accept=_accepted(check, section.get("accept")),
    )


def _thresholds(check: Checker, raw: Any) -> dict[str, float]:
    """Return the thresholds of the checks that are on."""
    path = "quality.checks"
    thresholds: dict[str, float] = dict(THRESHOLDS)
    for name, value in check.mapping({} if raw is None else raw, path, known=THRESHOLDS).items():
        if value is False or value == "off":
            thresholds.pop(name, None)
        elif isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            check.add(f"{path}.{name}", f"{value!r} is no threshold: a number above 0, or off")
        else:
            thresholds[name] = float(value)
    return thresholds


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
        if finding in accepted:
            check.add(f"{path}[{i}].finding", f"{finding!r} is accepted already")
        accepted[finding] = reason
    return accepted
