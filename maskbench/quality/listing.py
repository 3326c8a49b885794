"""Show findings: counts by check and a list, for a terminal or as Markdown for a pull request."""

from collections.abc import Mapping, Sequence
from typing import Any

from maskbench.diff.report.markdown import table
from maskbench.errors import TaskLink
from maskbench.quality.checks import CHECKS
from maskbench.quality.findings import SEVERITIES, Finding
from maskbench.quality.judge import Checked, describe_idle
from maskbench.quality.report import Block
from maskbench.text import counted, escape_markdown, some

LISTED = 20
"""Findings that are listed."""

_LONGEST = 300  # characters of a sentence


def counts(findings: Sequence[Finding], before: Sequence[Finding] | None = None) -> Block:
    """Count the findings of each check, surest checks first; accepted ones are counted apart.

    Args:
        findings: The findings.
        before: The findings of another version to compare with.
    """
    kinds = [name for name in CHECKS if any(f.kind == name for f in (*findings, *(before or ())))]
    columns = ("check", "severity", ">before", ">findings", ">accepted", "what it finds")
    rows: list[tuple[str, ...]] = [
        (
            name,
            CHECKS[name].severity,
            "" if before is None else f"{_open(before, name):,}",
            f"{_open(findings, name):,}",
            f"{sum(f.kind == name and bool(f.accepted) for f in findings) or ''}",
            CHECKS[name].about,
        )
        for name in sorted(kinds, key=lambda name: SEVERITIES.index(CHECKS[name].severity))
    ]
    return Block("Checks of the labels", columns, rows)


def listing(
    findings: Sequence[Finding],
    link: TaskLink,
    most: int | None = LISTED,
    before: Sequence[Finding] | None = None,
) -> Block:
    """Return a table of the findings that nobody accepted.

    Args:
        findings: All findings, in their order.
        link: Finds the address of a task.
        most: How many are listed; None: all.
        before: The findings of the version to compare with: only new ones are listed. None: all.
    """
    shown = new_findings(findings, before)
    rows: list[tuple[str, ...]] = [
        (f.id, f.what, (f.task is not None and link(f.task, f.project)) or "") for f in shown[:most]
    ]
    title = "Findings, the surest first" if before is None else "New findings, the surest first"
    if len(rows) < len(shown):
        title += f" ({len(rows)} of {len(shown):,}; --all lists them)"
    return Block(title, ("finding", "what and what to do", "address"), rows)


def new_findings(
    findings: Sequence[Finding], before: Sequence[Finding] | None = None
) -> list[Finding]:
    """Return the open findings that were not open in the version before; None: all open ones."""
    known = _open_ids(before or ())
    return [finding for finding in findings if not finding.accepted and finding.id not in known]


def summary(findings: Sequence[Finding], before: Sequence[Finding] | None = None) -> str:
    """Say how many findings there are; with another version before, how many came and went."""
    said = counted(len(new_findings(findings)), "finding")
    if before is None:
        return said
    gone = _open_ids(before) - {finding.id for finding in findings}
    return f"{said}: {len(new_findings(findings, before)):,} new, {len(gone):,} gone"


def as_markdown(
    checked: Checked,
    link: TaskLink,
    before: Sequence[Finding] | None = None,
    most: int | None = LISTED,
) -> str:
    """Return the findings as Markdown: counts, and those that are new, with links.

    Args:
        checked: The findings.
        link: Finds the address of a task.
        before: The findings of the version to compare with; None: all count as new.
        most: How many are listed; None: all.
    """
    parts = [f"**Checks of the labels**: {summary(checked.findings, before)}"]
    block = counts(checked.findings, before)
    if block.rows:
        parts.append("\n".join(table(*_without_empty(block))))
    if new := new_findings(checked.findings, before):
        title = "New findings" if before is not None else "Findings"
        lines = [_line(finding, link) for finding in new[:most]]
        if len(lines) < len(new):
            lines.append(f"- … and {len(new) - len(lines):,} more in `plots/findings.csv`")
        head = f"<details><summary><b>{title}</b></summary>"
        parts.append("\n".join([head, "", *lines, "", "</details>"]))
    parts += [f"⚠️ {escape_markdown(note, _LONGEST)}" for note in describe_idle(checked)]
    return "\n\n".join(parts)


def agreement_change(now: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Say how agreement changed; empty if one of the two versions has none."""
    new, old = now.get("agreement"), before.get("agreement")
    if not (isinstance(new, Mapping) and isinstance(old, Mapping)):
        return ""
    names = [
        name
        for name in ("iou", "boundary_iou", "alpha")
        if isinstance(new.get(name), int | float) and isinstance(old.get(name), int | float)
    ]
    if not names:
        return ""
    same = all(new[name] == old[name] for name in names)
    changes = ", ".join(f"{name} {old[name]:.3f} → {new[name]:.3f}" for name in names)
    return "Agreement is as before" if same else f"Agreement: {changes.replace('_', ' ')}"


def _without_empty(block: Block) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return a table's columns and rows without empty columns."""
    used = [i for i in range(len(block.columns)) if any(row[i] for row in block.rows)]
    rows = [tuple(row[i] for i in used) for row in block.rows]
    return [block.columns[i] for i in used], rows


def _open_ids(findings: Sequence[Finding]) -> set[str]:
    return {finding.id for finding in findings if not finding.accepted}


def _open(findings: Sequence[Finding], name: str) -> int:
    return sum(f.kind == name and not f.accepted for f in findings)


def _line(finding: Finding, link: TaskLink) -> str:
    address = link(finding.task, finding.project) if finding.task is not None else None
    name = escape_markdown(finding.key or finding.label)
    shown = f"[{name}]({address})" if address else name
    regions = f", region {escape_markdown(some(finding.regions))}" if finding.regions else ""
    sentence = escape_markdown(finding.what, _LONGEST)
    return f"- {finding.severity}: {shown}{regions}: {sentence} ({finding.kind})"
