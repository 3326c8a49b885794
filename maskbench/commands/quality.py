"""Show how far annotators agree, and which labels look wrong.

Print what the stage `quality` measured on the final classes (metrics/quality.json): IoU, Dice,
boundary IoU, Cohen's kappa and Krippendorff's alpha for each class, for each pair of annotators,
and for each annotator against the majority of the others, the consensus and ground truth. List
the images of least agreement, and what the checks of labels found (plots/findings.csv). Run
`dvc repro quality` first: it measures and checks what changed.

  maskbench quality                       print the tables
  maskbench quality --all                 list every image and every finding
  maskbench quality --predictions FOLDER  also list regions that no predicted mask there supports
                                          (quality.predictions in params.yaml: on each build)
  maskbench quality --against main        list the findings that are new since then
  maskbench quality --md --against main   print that as Markdown, for a pull request
  maskbench quality --html quality        write a page: matrix, timeline, who drew what, findings
  maskbench quality --check               fail if checks in quality.fail found something
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.commands import at_least
from maskbench.text import counted, escape_markdown

if TYPE_CHECKING:
    from maskbench.params import Params
    from maskbench.pipeline.layout import Layout
    from maskbench.quality.judge import Checked

EXIT_STATUS = {
    1: "nothing has been measured yet, or nothing was fetched",
    4: "predictions have problems, or with --check: checks in quality.fail found something",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--md", action="store_true", help="print Markdown")
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="write a page with pictures")
    parser.add_argument(
        "--worst",
        type=at_least(0),
        default=500,
        metavar="N",
        help="how many images and findings get pictures on the page; default: %(default)s",
    )
    parser.add_argument("--all", action="store_true", help="list every image and every finding")
    parser.add_argument(
        "--check", action="store_true", help="fail if checks in quality.fail found something"
    )
    parser.add_argument("--against", metavar="REV", help="show what is new since this version")
    parser.add_argument(
        "--predictions",
        metavar="FOLDER",
        type=Path,
        help="predicted masks to compare regions with, instead of quality.predictions",
    )


def run(args: argparse.Namespace) -> int:
    """Print the report."""
    from maskbench.params import load_params
    from maskbench.pipeline.layout import Layout, find_root, require_tasks
    from maskbench.quality.judge import fail_on_findings

    layout = Layout(find_root(Path()))
    params = load_params(layout.params)
    if args.html or args.predictions:  # the tables need none
        require_tasks(list(layout.annotations.glob("*.json")))
    checked = _checked(layout, params, args.predictions)
    print(_report(args, layout, params, checked))
    if args.html:
        _write_page(args, layout, params, checked)
    if args.check:
        fail_on_findings(checked.findings, params.quality)
    return 0


def _checked(layout: "Layout", params: "Params", predictions: Path | None) -> "Checked":
    """Return the findings of the last run, and those of predictions, as params now judge them."""
    from maskbench.pipeline.incremental import folder_digests
    from maskbench.quality.checks import UNSUPPORTED
    from maskbench.quality.judge import judge
    from maskbench.quality.results import last_findings
    from maskbench.quality.support import unsupported

    findings = last_findings(layout)
    if predictions:  # not those that the stage compared with
        findings = [finding for finding in findings if finding.kind != UNSUPPORTED]
        digests = folder_digests(layout, "annotations")
        findings += unsupported(predictions, params, layout, digests)
    return judge(findings, params.quality, has_predictions=predictions is not None)


def _write_page(
    args: argparse.Namespace, layout: "Layout", params: "Params", checked: "Checked"
) -> None:
    from maskbench.quality.results import measured
    from maskbench.quality_page.write import QualityContents, write_page

    metrics, _ = measured(layout)
    shown = QualityContents(params, layout, metrics, checked.findings)
    number = write_page(args.html, shown, args.worst)
    print(f"{args.html / 'index.html'}: {counted(number, 'image')} with pictures", file=sys.stderr)


def _report(
    args: argparse.Namespace, layout: "Layout", params: "Params", checked: "Checked"
) -> str:
    from maskbench.quality import listing
    from maskbench.quality.judge import describe_idle
    from maskbench.quality.report import SHOWN, as_markdown, as_text, blocks
    from maskbench.quality.results import earlier, measured

    metrics, ranking = measured(layout)
    tables = blocks(metrics, ranking, None if args.all else SHOWN)
    link, most = params.fetch.task_link, None if args.all else listing.LISTED
    old, before = earlier(layout, args.against) if args.against else ({}, None)
    notes = [listing.agreement_change(metrics, old)]
    if args.against and before is None:
        notes.append(f"{args.against} was not checked: all findings are listed, not only new ones")
    if args.md:
        parts = [as_markdown(metrics, tables), *map(escape_markdown, notes)]
        parts.append(listing.as_markdown(checked, link, before, most))
        return "\n\n".join(filter(None, parts))
    findings = [listing.counts(checked.findings, before)]
    findings.append(listing.listing(checked.findings, link, most, before))
    tables += [block for block in findings if block.rows]
    if before is not None:
        notes.append(listing.summary(checked.findings, before))
    parts = [as_text(metrics, tables), *notes, *describe_idle(checked)]
    return "\n\n".join(filter(None, parts))
