"""Judge findings by the section ``quality`` of the params: what is accepted, and what stops."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

from maskbench.errors import DataError, Problem
from maskbench.params import QualityParams
from maskbench.quality.checks import CHECKS
from maskbench.quality.findings import SEVERITIES, Finding, order
from maskbench.regions.proposals import lines_to_paste
from maskbench.text import SHOWN, counted, some

_MISSPELT = 0.95  # how alike a finding's name is to one that was meant: a letter or two differ


class Checked(NamedTuple):
    """What the checks found.

    Attributes:
        findings: All findings, sorted; those that are accepted say why.
        idle: Ids in ``quality.accept`` of findings that are no more.
        tangled: Keys of images whose outlines are too tangled for GEOS, by check.
    """

    findings: list[Finding]
    idle: list[str]
    tangled: Mapping[str, Sequence[str]] = {}

    @property
    def metrics(self) -> dict[str, Any]:
        """Return how many findings of each check nobody accepted, and how many are accepted."""
        kinds = Counter(finding.kind for finding in self.findings if not finding.accepted)
        accepted = sum(bool(finding.accepted) for finding in self.findings)
        return {"findings": dict(sorted(kinds.items())), "findings_accepted": accepted}


def judge(
    found: Sequence[Finding], params: QualityParams, has_predictions: bool = False
) -> Checked:
    """Sort findings, mark those that are accepted, and tell which acceptances are idle.

    Args:
        found: The findings.
        params: The section ``quality``.
        has_predictions: Regions were compared with predictions, though params name none.
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
        if is_compared or name.split("/", maxsplit=1)[0] != "unsupported"
    ]
    return Checked(marked, idle)


def said(checked: Checked) -> list[str]:
    """Say how much was found, for the stage's summary."""
    open_ones = [finding for finding in checked.findings if not finding.accepted]
    counts = Counter(finding.severity for finding in open_ones)
    parts = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if counts[name])
    notes = [counted(len(open_ones), "finding") + (f" ({parts})" if parts else "")]
    accepted = len(checked.findings) - len(open_ones)
    notes += [f"{accepted} accepted"] if accepted else []
    tangled = [
        f"{name} was not looked for in {counted(len(keys), 'image')} with outlines too tangled to "
        f"compare: {some(keys)}"
        for name, keys in checked.tangled.items()
    ]
    return [", ".join(notes), *describe_idle(checked), *tangled]


def describe_idle(checked: Checked) -> list[str]:
    """Say which acceptances concern nothing that was found; empty if all do."""
    if not checked.idle:
        return []
    are = counted(len(checked.idle), "finding is no more", "findings are no more")
    known = [finding.id for finding in checked.findings if not finding.accepted]
    names = [name + _meant(name, known) for name in checked.idle]
    return [f"of quality.accept {are}: {some(names)}; delete these entries from params.yaml"]


def _meant(name: str, known: Sequence[str]) -> str:
    alike = get_close_matches(name, known, n=1, cutoff=_MISSPELT)
    return f" (did you mean {alike[0]}?)" if alike else ""


def stop(findings: Sequence[Finding], params: QualityParams) -> None:
    """Raise an error if there are findings of the checks in ``quality.fail``.

    Raises:
        DataError: There are some that nobody accepted; they are in it, by check.
    """
    bad = [f for f in findings if f.kind in params.fail and not f.accepted]
    if not bad:
        return
    problems = [
        Problem(
            f"{finding.kind}: {CHECKS[finding.kind].about}; {CHECKS[finding.kind].advice}",
            task=finding.task,
            annotation=finding.annotation,
            region=" and ".join(finding.regions) or finding.label or None,
            project=finding.project,
        )
        for finding in bad
    ]
    what = f"quality: {counted(len(bad), 'finding')} of checks that quality.fail names"
    known = {**params.accept, **{finding.id: "why it is right" for finding in bad[:SHOWN]}}
    accept = [{"finding": name, "reason": reason} for name, reason in known.items()]
    advice = (
        "plots/findings.csv and `maskbench quality` list them. Mend the labels, or accept what is "
        f"meant in params.yaml:\n\n{lines_to_paste({'quality': {'accept': accept}})}"
    )
    raise DataError(what, problems, advice)
