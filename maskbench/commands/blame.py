"""Explain why a pixel has its class: region, label, annotator, rule, and since which version.

  maskbench blame 000012_wall 120 80               in the workspace
  maskbench blame 12 120 80 --rev v1.0             by task id, in a version

X and Y are the pixel's column and row, counted from 0 at the top left.
"""

import argparse
import sys
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("key", metavar="KEY", help="the image's key, file name or task id")
    parser.add_argument("x", type=int, metavar="X", help="column, from 0")
    parser.add_argument("y", type=int, metavar="Y", help="row, from 0")
    parser.add_argument("--rev", metavar="REV", help="a git revision (default: the workspace)")
    parser.add_argument(
        "--no-history", action="store_true", help="do not look up since which version"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Explain the pixel on standard output."""
    from dataclasses import asdict

    from maskbench.diff.blame import blame, since
    from maskbench.diff.blame_words import lines
    from maskbench.files.json import json_text
    from maskbench.pipeline.layout import find_root
    from maskbench.versions.dvc import DvcRepository
    from maskbench.versions.revision import Version, find_row

    root = find_root(Path())
    version = Version(root, args.rev, DvcRepository(root))
    found = blame(version, find_row(version, args.key), args.x, args.y)
    past = None if args.no_history else since(version, found)
    if args.json:
        told = asdict(found) | {"since": asdict(past) if past else None, "agrees": found.agrees}
        sys.stdout.write(json_text(told))
    else:
        print("\n".join(lines(found, past)))
    return 0
