"""Hold what the checks of labels found, and write and read it as ``plots/findings.csv``.

Needs the standard library only.
"""

import csv
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from maskbench.files.csv import csv_rows, write_table
from maskbench.text import some, unescape_formula

Number = TypeVar("Number", int, float)

HIGH, MEDIUM, LOW = "high", "medium", "low"
SEVERITIES = (HIGH, MEDIUM, LOW)
"""How likely it is that a label is wrong: almost certainly, probably, perhaps."""


@dataclass(frozen=True)
class Finding:
    """One thing about the labels that a person should look at.

    Attributes:
        kind: The check that found it: a name in :data:`maskbench.quality.checks.CHECKS`.
        severity: One of :data:`SEVERITIES`.
        key: The item's key; empty if it concerns no single image.
        task: Label Studio's task id.
        project: That task's project, for a link.
        annotation: Label Studio's annotation id.
        annotator: The annotator's user id.
        regions: Ids of the regions concerned, those to look at first in front.
        label: The label or class concerned; empty: none, or all.
        value: What was compared with the threshold, in the unit of the check; None: nothing was.
        what: One sentence: what is wrong, and after a semicolon what to do.
        x: Left edge of the box to look at, in pixels of the upright image.
        y: Its top edge.
        width: Its width; 0: the whole image.
        height: Its height; 0: the whole image.
        accepted: Why somebody accepted it; empty: nobody did.
    """

    kind: str
    severity: str
    key: str = ""
    task: int | None = None
    project: int | None = None
    annotation: int | None = None
    annotator: int | None = None
    regions: tuple[str, ...] = ()
    label: str = ""
    value: float | None = None
    what: str = ""
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    accepted: str = ""

    @property
    def id(self) -> str:
        """Return the name by which ``quality.accept`` knows it.

        >>> Finding("sliver", LOW, key="000001_wall", regions=("r1",)).id
        'sliver/000001_wall/r1'
        >>> Finding("unused_label", LOW, label="Plant").id
        'unused_label/Plant'
        """
        place = "+".join(self.regions) or self.label
        return "/".join(part for part in (self.kind, self.key, place) if part)


_NUMBERS = ("task", "project", "annotation", "annotator")
_BOX = ("x", "y", "width", "height")
COLUMNS = (
    *("id", "kind", "severity", "key", *_NUMBERS, "regions", "label", "value", "what"),
    *(*_BOX, "accepted"),
)
"""The columns of ``plots/findings.csv``."""


def order(finding: Finding) -> tuple[Any, ...]:
    """Return what findings are sorted by: the surest first, then kind and place."""
    severity = SEVERITIES.index(finding.severity)
    return severity, finding.kind, finding.key, finding.regions, finding.label, finding.what


def write_findings(path: Path, findings: Iterable[Finding]) -> None:
    """Write findings as a table, sorted: equal findings give equal bytes."""
    write_table(path, COLUMNS, (_row(finding) for finding in sorted(findings, key=order)))


def parse_findings(lines: Iterable[str], kinds: Collection[str] | None = None) -> list[Finding]:
    """Read the lines of a table of findings, however they end.

    Args:
        lines: The lines with their ends.
        kinds: The checks that there are; None: any.

    Raises:
        ValueError: It is damaged; the message says what is wrong in which row.
    """
    lines = list(lines)
    header = next(csv.reader(lines[:1]), [])
    if missing := [name for name in COLUMNS if name not in header and name != "id"]:
        raise ValueError(f"it has no column {some(missing)}")
    findings = []
    for number, row in enumerate(csv_rows(lines), 1):
        try:
            finding = _finding(row)
            if kinds is not None and finding.kind not in kinds:
                raise ValueError(f"kind is {finding.kind!r}, which is not a check")
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
        findings.append(finding)
    return findings


def _row(finding: Finding) -> dict[str, Any]:
    row = {name: getattr(finding, name) for name in COLUMNS}
    row = {name: "" if value is None else value for name, value in row.items()}
    return row | {"regions": shlex.join(finding.regions)}


def _finding(row: Mapping[Any, Any]) -> Finding:
    if None in row or None in row.values():
        raise ValueError("it has more or fewer cells than the header")
    texts = {str(name): unescape_formula(text) for name, text in row.items()}
    if texts["severity"] not in SEVERITIES:
        raise ValueError(f"severity is {texts['severity']!r}, not {', '.join(SEVERITIES)}")
    task, project, annotation, annotator = (_number(texts, name, int) for name in _NUMBERS)
    x, y, width, height = (_number(texts, name, int) or 0 for name in _BOX)
    return Finding(
        kind=texts["kind"],
        severity=texts["severity"],
        key=texts["key"],
        task=task,
        project=project,
        annotation=annotation,
        annotator=annotator,
        regions=tuple(shlex.split(texts["regions"])),
        label=texts["label"],
        value=_number(texts, "value", float),
        what=texts["what"],
        x=x,
        y=y,
        width=width,
        height=height,
        accepted=texts["accepted"],
    )


def _number(texts: Mapping[str, str], name: str, kind: Callable[[str], Number]) -> Number | None:
    """Return a cell's number; None if it is empty."""
    try:
        return kind(texts[name]) if texts[name] else None
    except ValueError:
        raise ValueError(f"{name} is {texts[name]!r}, which is not a number") from None
