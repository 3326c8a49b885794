"""Check whether the next `dvc repro` will work; change nothing.

Look at everything that a build needs: params, server, key, projects, labels, images, regions, rules
and disk. Print for each whether it is fine, worth knowing (warning) or will stop the build (error),
and what to do. Tasks are checked with the stages' own code: the last changed of a server's, the
first of a folder's.

  maskbench doctor
  maskbench doctor --tasks 1000

Exit status: 0 no error; 1 at least one; 2 params.yaml is wrong.
"""

import argparse
from pathlib import Path

from maskbench.commands import at_least


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--tasks",
        type=at_least(1),
        default=100,
        metavar="N",
        help="how many tasks of each project to check (100)",
    )


def run(args: argparse.Namespace) -> int:
    """Check, and print each finding at once."""
    from maskbench.doctor.checkup import check_up
    from maskbench.doctor.findings import ERROR, WARNING
    from maskbench.params import load_params
    from maskbench.pipeline.layout import Layout, find_root

    layout = Layout(find_root(Path()))
    levels = []
    for finding in check_up(load_params(layout.params), layout, args.tasks):
        print(finding, flush=True)
        levels.append(finding.level)
    errors, warnings = levels.count(ERROR), levels.count(WARNING)
    print(f"{errors} errors, {warnings} warnings")
    return 1 if errors else 0
