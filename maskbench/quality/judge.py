"""Judge findings by the section ``quality`` of the params: what is accepted, and what stops."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

from maskbench.errors import DataError, Problem
from maskbench.params import QualityParams
from maskbench.quality.checks import CHECKS, UNSUPPORTED
from maskbench.quality.findings import SEVERITIES, Finding, order
from maskbench.regions.proposals import lines_to_paste
from maskbench.text import SHOWN, counted, some

_MISSPELT = 0.95  # similarity from which a name may be another one misspelt, by a letter or two


class Checked(NamedTuple):
    """What the checks found.

    Attributes:
        findings: All findings, sorted; accepted ones have the reason.
        idle: Ids in ``quality.accept`` of findings that no longer occur.
        tangled: Keys of images whose outlines GEOS cannot process, by check.
    """

    findings: list[Finding]
    idle: list[str]
    tangled: Mapping[str, Sequence[str]] = {}

    @property
    def metrics(self) -> dict[str, Any]:
        """Count the findings of each check that nobody accepted, and all accepted ones."""
        kinds = Counter(finding.kind for finding in self.findings if not finding.accepted)
        accepted = sum(bool(finding.accepted) for finding in self.findings)
        return {"findings": dict(sorted(kinds.items())), "findings_accepted": accepted}


def judge(
    found: Sequence[Finding], params: QualityParams, has_predictions: bool = False
) -> Checked:
    """Sort findings, mark accepted ones, and find entries of ``accept`` that match none.

    Args:
        found: The findings.
        params: The section ``quality``.
        has_predictions: Regions were compared with predictions although params name none.
    """
    accept = params.accept
    marked = [
        replace(finding, accepted=accept.get(finding.id, ""))
        for finding in sorted(found, key=order)
    ]
    is_compared = has_predictions or params.predictions is not None
    idle = [
        name
        for name in sorted(accept.keys() - {finding.id for finding in found})
        if is_compared or name.split("/", maxsplit=1)[0] != UNSUPPORTED
    ]
    return Checked(marked, idle)


def describe_findings(checked: Checked) -> list[str]:
    """Say how much was found, for the stage's summary."""
    open_ones = [finding for finding in checked.findings if not finding.accepted]
    counts = Counter(finding.severity for finding in open_ones)
    parts = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if counts[name])
    notes = [counted(len(open_ones), "finding") + (f" ({parts})" if parts else "")]
    accepted = len(checked.findings) - len(open_ones)
    notes += [f"{accepted} accepted"] if accepted else []
    tangled = [
        f"{name} was not checked in {counted(len(keys), 'image')}, whose outlines are too tangled "
        f"to compare: {some(keys)}"
        for name, keys in checked.tangled.items()
    ]
    return [", ".join(notes), *describe_idle(checked), *tangled]


def describe_idle(checked: Checked) -> list[str]:
    """Say which entries of ``quality.accept`` match no finding; empty if all match one."""
    if not checked.idle:
        return []
    match = counted(len(checked.idle), "entry matches", "entries match")
    known = [finding.id for finding in checked.findings if not finding.accepted]
    names = [name + _meant(name, known) for name in checked.idle]
    return [f"quality.accept: {match} no finding: {some(names)}; correct or delete such entries"]


def _meant(name: str, known: Sequence[str]) -> str:
    alike = get_close_matches(name, known, n=1, cutoff=_MISSPELT)
    return f" (did you mean {alike[0]}?)" if alike else ""


def _about(finding: Finding) -> str:
    """Say what a check finds; without regions also which label or class it is about."""
    about = CHECKS[finding.kind].about
    return about if finding.regions or not finding.label else f"{about} ({finding.label})"


def fail_on_findings(findings: Sequence[Finding], params: QualityParams) -> None:
    """Raise an error if there are findings of the checks in ``quality.fail``.

    Raises:
        DataError: There are some that nobody accepted; it lists them by check.
    """
    bad = [f for f in findings if f.kind in params.fail and not f.accepted]
    if not bad:
        return
    problems = [
        Problem(
            f"{finding.kind}: {_about(finding)}; {CHECKS[finding.kind].advice}",
            task=finding.task,
            annotation=finding.annotation,
            region=" and ".join(finding.regions) or None,
            project=finding.project,
        )
        for finding in bad
    ]
    what = f"quality: {counted(len(bad), 'finding')} of checks in quality.fail"
    known = {**params.accept, **{finding.id: "why it is right" for finding in bad[:SHOWN]}}
    accept = [{"finding": name, "reason": reason} for name, reason in known.items()]
    advice = (
        "plots/findings.csv and `maskbench quality` list them. Correct the labels, or accept in "
        "params.yaml the findings that are right as they are:\n\n"
        f"{lines_to_paste({'quality': {'accept': accept}})}"
    )
    raise DataError(what, problems, advice)
