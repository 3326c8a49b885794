"""Read the results of the stage *quality*: in the workspace, and in a git revision."""

import csv
import io
from typing import Any, NamedTuple

from maskbench.errors import MaskbenchError
from maskbench.files.csv import read_table
from maskbench.files.json import parse_json
from maskbench.pipeline.layout import Layout
from maskbench.quality.checks import CHECKS
from maskbench.quality.findings import Finding, parse_findings
from maskbench.quality.report import as_text, blocks
from maskbench.versions import git


class Earlier(NamedTuple):
    """What the stage found in a git revision.

    Attributes:
        metrics: The content of ``metrics/quality.json``; empty if the revision has none.
        findings: Its findings; None if its labels were not checked.
    """

    metrics: dict[str, Any]
    findings: list[Finding] | None


def measured(layout: Layout) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return the content of ``metrics/quality.json`` and the rows of ``plots/ranking.csv``.

    Raises:
        MaskbenchError: They are not there, or damaged.
    """
    try:
        metrics = dict(parse_json(layout.metrics("quality").read_bytes()))
        ranking = read_table(layout.plot("ranking"))
        as_text(metrics, blocks(metrics, ranking, None))  # all that they have to hold
    except FileNotFoundError:
        what = (
            "agreement has not been measured yet: run `dvc repro quality` (if dvc.yaml lacks this "
            "stage, `maskbench init --upgrade` adds it)"
        )
    except (ValueError, TypeError, LookupError, AttributeError, csv.Error) as error:
        what = (
            "metrics/quality.json or plots/ranking.csv does not hold what the stage writes "
            f"({error}); run `dvc repro -f quality`"
        )
    else:
        return metrics, ranking
    raise MaskbenchError(what)


def last_findings(layout: Layout) -> list[Finding]:
    """Return the findings of the last run; none if there is no table of them.

    Raises:
        MaskbenchError: The table is damaged.
    """
    try:
        with layout.plot("findings").open(encoding="utf-8", newline="") as stream:
            return parse_findings(stream, CHECKS)
    except FileNotFoundError:
        return []
    except (ValueError, csv.Error) as error:
        what = f"plots/findings.csv cannot be read ({error}); run `dvc repro -f quality`"
        raise MaskbenchError(what) from None


def earlier(layout: Layout, revision: str) -> Earlier:
    """Return what the stage found in a git revision.

    Raises:
        SourceError: There is no such revision.
        MaskbenchError: It is damaged.
    """
    commit = git.resolve(layout.root, revision)
    metrics, findings = (
        git.file_at(layout.root, commit, path.relative_to(layout.root).as_posix())
        for path in (layout.metrics("quality"), layout.plot("findings"))
    )
    try:
        known = {} if metrics is None else dict(parse_json(metrics))
        lines = None if findings is None else io.StringIO(findings.decode(), newline="")
        return Earlier(known, None if lines is None else parse_findings(lines))
    except (ValueError, TypeError, csv.Error) as error:
        what = f"the results of {revision} cannot be read ({error}); name another version"
        raise MaskbenchError(what) from None
