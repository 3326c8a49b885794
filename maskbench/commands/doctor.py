"""Will the next `dvc repro` work? Looks at everything it needs, and changes nothing.

Tells of each thing whether it is fine, worth knowing (warning) or will stop the build (error), and
what to do: params, server, key, projects, labels, images, regions, rules, disk. Tasks are looked at
with the stages' own code: of a server those that were changed last, of a folder the first.

  maskbench doctor
  maskbench doctor --tasks 1000

Exit status: 0 no error; 1 at least one; 2 params.yaml is wrong.
"""

import argparse

from maskbench.commands import at_least


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the words that the command takes."""
    parser.add_argument(
        "--tasks",
        type=at_least(1),
        default=100,
        metavar="N",
        help="tasks of each project to look at (100)",
    )


def run(args: argparse.Namespace) -> int:
    """Check, and print each finding as soon as it is there."""
    from maskbench.doctor.checkup import check_up  # noqa: PLC0415 - `--help` stays quick
    from maskbench.doctor.findings import ERROR, WARNING  # noqa: PLC0415
    from maskbench.params import load_params  # noqa: PLC0415
    from maskbench.pipeline.layout import Layout  # noqa: PLC0415

    levels = []
    for finding in check_up(load_params(), Layout(), args.tasks):
        print(finding, flush=True)
        levels.append(finding.level)
    errors, warnings = levels.count(ERROR), levels.count(WARNING)
    print(f"{errors} errors, {warnings} warnings")
    return 1 if errors else 0
