"""Say what the checks of labels found when the stage *quality* ran last."""

from collections import Counter
from collections.abc import Iterator

from maskbench.doctor.findings import ERROR, OK, WARNING, Finding
from maskbench.errors import DataError, MaskbenchError
from maskbench.params import Params
from maskbench.pipeline.layout import Layout
from maskbench.quality.findings import HIGH, SEVERITIES
from maskbench.quality.judge import describe_idle, fail_on_findings, judge
from maskbench.quality.results import last_findings
from maskbench.quality.support import describe_unasked, folder_problems
from maskbench.text import counted


def look_at_labels(params: Params, layout: Layout) -> Iterator[Finding]:
    """Yield the counts of findings by check, and what would stop the stage."""
    if problems := folder_problems(params, layout):
        yield Finding(ERROR, "", problems=problems)
    yield from (Finding(WARNING, note) for note in describe_unasked(params))
    if not layout.plot("findings").is_file():
        return
    try:
        checked = judge(last_findings(layout), params.quality)
    except MaskbenchError as error:
        yield Finding(WARNING, str(error))
        return
    shown = [finding for finding in checked.findings if not finding.accepted]
    kinds = Counter((SEVERITIES.index(f.severity), f.kind) for f in shown)
    counts = ", ".join(f"{kind} {number}" for (_, kind), number in sorted(kinds.items()))
    if shown:
        level = WARNING if any(finding.severity == HIGH for finding in shown) else OK
        what = f"labels of the last build: {counted(len(shown), 'finding')} ({counts})"
        yield Finding(level, what, "`maskbench quality` lists them, and says what to do")
    try:
        fail_on_findings(checked.findings, params.quality)
    except DataError as error:
        yield Finding(ERROR, error.args[0], error.advice, error.problems)
    yield from (Finding(WARNING, note) for note in describe_idle(checked))
