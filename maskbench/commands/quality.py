"""Show how far annotators agree, and which labels look wrong.

Print what the stage `quality` has measured on the final classes (metrics/quality.json): IoU, Dice,
boundary IoU, Cohen's kappa and Krippendorff's alpha by class, by pair of annotators, of each
annotator against what most of the others gave and against ground truth, and the images of least
agreement. Then what the checks of labels found (plots/findings.csv), by check and one by one.
`dvc repro quality` measures and checks anew what changed.

  maskbench quality                       the tables
  maskbench quality --all                 list every image and every finding
  maskbench quality --predictions FOLDER  also regions that no predicted mask there supports (each
                                          build looks for them in quality.predictions)
  maskbench quality --md --against main   as Markdown, for a pull request: what is new
  maskbench quality --html quality        a page: matrix, timeline, who drew what, findings
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
    1: "nothing was measured yet",
    4: "predictions have problems, or with --check: checks in quality.fail found something",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--md", action="store_true", help="write Markdown")
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="write a page with pictures")
    parser.add_argument(
        "--worst",
        type=at_least(0),
        default=500,
        metavar="N",
        help="images, and findings, with pictures on the page; default: %(default)s",
    )
    parser.add_argument("--all", action="store_true", help="list every image and every finding")
    parser.add_argument(
        "--check", action="store_true", help="fail if checks in quality.fail found something"
    )
    parser.add_argument("--against", metavar="REV", help="tell what is new since this version")
    parser.add_argument(
        "--predictions",
        metavar="FOLDER",
        type=Path,
        help="predicted masks to compare regions with, in place of quality.predictions",
    )


def run(args: argparse.Namespace) -> int:
    """Print the report."""
    from maskbench.params import load_params
    from maskbench.pipeline.layout import Layout, find_root
    from maskbench.quality.judge import stop

    layout = Layout(find_root(Path()))
    params = load_params(layout.params)
    checked = _checked(layout, params, args.predictions)
    print(_report(args, layout, params, checked))
    if args.html:
        _write_page(args, layout, params, checked)
    if args.check:
        stop(checked.findings, params.quality)
    return 0


def _checked(layout: "Layout", params: "Params", predictions: Path | None) -> "Checked":
    """Return the findings of the last run, and those of predictions, as params now judge them."""
    from maskbench.pipeline.incremental import folder_digests
    from maskbench.quality.judge import judge
    from maskbench.quality.results import last_findings
    from maskbench.quality.support import NAME, unsupported

    findings = last_findings(layout)
    if predictions:  # not those that the stage compared with
        findings = [finding for finding in findings if finding.kind != NAME]
        digests = folder_digests(layout, "annotations")
        findings += unsupported(predictions, params, layout, digests)
    return judge(findings, params.quality, has_predictions=predictions is not None)


def _write_page(
    args: argparse.Namespace, layout: "Layout", params: "Params", checked: "Checked"
) -> None:
    from maskbench.quality.stage import measured
    from maskbench.quality_page.write import Shown, write_page

    metrics, _ = measured(layout)
    shown = Shown(params, layout, metrics, checked.findings)
    number = write_page(args.html, shown, args.worst)
    print(f"{args.html / 'index.html'}: {counted(number, 'image')} with pictures", file=sys.stderr)


def _report(
    args: argparse.Namespace, layout: "Layout", params: "Params", checked: "Checked"
) -> str:
    from maskbench.quality import listing
    from maskbench.quality.judge import describe_idle
    from maskbench.quality.report import SHOWN, as_markdown, as_text, blocks
    from maskbench.quality.results import earlier
    from maskbench.quality.stage import measured

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
    findings.append(listing.listing(checked.findings, link, most))
    tables += [block for block in findings if block.rows]
    parts = [as_text(metrics, tables), *notes, *describe_idle(checked)]
    return "\n\n".join(filter(None, parts))
