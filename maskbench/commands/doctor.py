"""Check whether the next `dvc repro` will work, without changing anything.

Check everything that a build needs: params, server, key, projects, labels, images, regions, rules
and disk. Say for each whether it is fine, worth a look (warning) or will stop the build (error),
and what to do. The stages' own code checks the tasks: in a folder, all tasks of the exports, but
images and regions of the first 100 only; on a server, the 100 tasks that changed last.

  maskbench doctor
  maskbench doctor --tasks 1000
  maskbench doctor --all        check every task, and list every problem
"""

import argparse
from pathlib import Path

from maskbench.commands import at_least

EXIT_STATUS = {0: "no error", 1: "at least one error"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--tasks",
        type=at_least(1),
        default=100,
        metavar="N",
        help="how many tasks of each project to check (100)",
    )
    parser.add_argument(
        "--all", action="store_true", help="check every task, and list every problem"
    )


def run(args: argparse.Namespace) -> int:
    """Check, and print each finding at once."""
    from maskbench.doctor.checkup import check_up
    from maskbench.doctor.findings import ERROR, WARNING
    from maskbench.params import load_params
    from maskbench.pipeline.layout import Layout, find_root
    from maskbench.text import counted

    layout = Layout(find_root(Path()))
    params, levels = load_params(layout.params), []
    for finding in check_up(params, layout, None if args.all else args.tasks):
        print(finding.describe(args.all, params.fetch.task_link), flush=True)
        levels.append(finding.level)
    errors, warnings = levels.count(ERROR), levels.count(WARNING)
    print(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}")
    return 1 if errors else 0
