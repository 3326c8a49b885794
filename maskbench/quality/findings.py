"""Hold what the checks of labels found, and write and read it as ``plots/findings.csv``.

Needs the standard library only.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskbench.errors import MaskbenchError
from maskbench.files.csv import table_rows, write_table

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


def read_findings(path: Path) -> list[Finding]:
    """Read a table of findings.

    Raises:
        FileNotFoundError: It is not there.
        MaskbenchError: It is damaged.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        return parse_findings(stream, path.name)


def parse_findings(lines: Iterable[str], name: str) -> list[Finding]:
    """Read the lines of a table of findings; ``name`` is the file's, for the error.

    Raises:
        MaskbenchError: It is damaged.
    """
    try:
        return [_finding(row) for row in table_rows(lines)]
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        what = f"{name} cannot be read ({error}); run `dvc repro -f quality`"
        raise MaskbenchError(what) from None


def _row(finding: Finding) -> dict[str, Any]:
    row = {name: getattr(finding, name) for name in COLUMNS}
    row = {name: "" if value is None else value for name, value in row.items()}
    return row | {"regions": " ".join(finding.regions)}


def _finding(row: dict[str, str]) -> Finding:
    task, project, annotation, annotator = (
        int(row[name]) if row[name] else None for name in _NUMBERS
    )
    x, y, width, height = (int(row[name]) for name in _BOX)
    return Finding(
        kind=row["kind"],
        severity=row["severity"],
        key=row["key"],
        task=task,
        project=project,
        annotation=annotation,
        annotator=annotator,
        regions=tuple(row["regions"].split()),
        label=row["label"],
        value=float(row["value"]) if row["value"] else None,
        what=row["what"],
        x=x,
        y=y,
        width=width,
        height=height,
        accepted=row["accepted"],
    )
