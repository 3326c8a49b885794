"""Show what changed between two versions, and why: masks, classes and splits, with the causes.

Compare two git revisions of the benchmark (default: HEAD with the workspace). Both are read from
DVC's cache or remote, and files that differ are fetched if needed; the workspace is not touched.

  maskbench diff                                   compare HEAD with the workspace
  maskbench diff main HEAD --md report.md          write a comment for a pull request
  maskbench diff v1.0 --html report/               write a page with every changed mask
  maskbench diff main HEAD --fail-on moved,class_loss=10
  maskbench diff main --check --fail-on            do what CI does on a pull request
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.commands import at_least
from maskbench.text import escape_terminal

if TYPE_CHECKING:
    from maskbench.diff.gates import Failure
    from maskbench.diff.model import Differences

EXIT_STATUS = {0: "nothing is wrong", 5: "a gate of --fail-on or --check breaks"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("before", nargs="?", default="HEAD", metavar="REV_A", help="old (HEAD)")
    parser.add_argument("after", nargs="?", metavar="REV_B", help="new (default: the workspace)")
    parser.add_argument("--md", type=Path, metavar="FILE", help="write Markdown for a comment")
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="write a page with pictures")
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="write JSON (-: print)"
    )
    parser.add_argument("--all", action="store_true", help="print every row, not the first 20")
    parser.add_argument(
        "--most",
        type=at_least(0),
        default=500,
        metavar="N",
        help="pictures in the page, worst first (500)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="also fail if dvc.lock does not match params, code and sources, or data is not pushed",
    )
    parser.add_argument(
        "--fail-on", nargs="?", const="", metavar="GATES",
        help="exit with 5 if a gate breaks: those in review.fail_on of params.yaml, or GATES, such "
        "as moved,class_loss=10",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Compare, print, write the reports asked for, and apply the gates."""
    from maskbench.diff import gates, lock
    from maskbench.diff.compare import compare, open_versions
    from maskbench.pipeline.layout import find_root

    before, after = open_versions(find_root(Path()), args.before, args.after)
    limits = {}
    if args.fail_on is not None:
        limits = gates.review_limits(after.raw_params, f"params.yaml of {after.label}")
        limits = gates.named_limits(args.fail_on, limits)
    found = compare(before, after)
    broken = gates.failures(found, limits)
    if args.check:
        broken = (*lock.check(after), *broken)
    _report(args, found, broken)
    if args.html:
        from maskbench.diff.page import write_page

        write_page(args.html, found, before, after, args.most)
        print(args.html / "index.html", file=sys.stderr)
    for failure in broken:
        print(f"fails: {escape_terminal(str(failure))}", file=sys.stderr)
    return gates.EXIT_CODE if broken else 0


def _report(args: argparse.Namespace, found: "Differences", broken: "tuple[Failure, ...]") -> None:
    """Print the report, as text or JSON, and write the files asked for."""
    from maskbench.diff.report.json import as_json
    from maskbench.diff.report.markdown import as_markdown
    from maskbench.diff.report.terminal import LINES_SHOWN, as_text
    from maskbench.files.atomic import write_text
    from maskbench.files.json import json_text

    if args.json == "-":
        sys.stdout.write(json_text(as_json(found, broken)))
    else:
        sys.stdout.write(as_text(found, None if args.all else LINES_SHOWN))
        if args.json:
            write_text(Path(args.json), json_text(as_json(found, broken)))
    if args.md:
        write_text(args.md, as_markdown(found, broken))
