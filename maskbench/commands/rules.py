"""Show which labels overlap and what decides their class; propose rules for the rest.

List every combination of labels in the fetched tasks with its pixels, the class that it becomes and
the rule or parameter that decides. For combinations without a rule, show which class would get
their pixels if the smallest region won, the top one (drawn last), or the first label of a priority;
and propose lines for params.yaml. Labels without a class are counted as if the proposed lines were
there. Run `dvc repro fetch` first; a whole build is not needed.

  maskbench rules                               look
  maskbench rules --write                       a class and a rule for each combination without one
  maskbench rules --policy smallest             what would change if the smallest region won
  maskbench rules --policy smallest --write     set that in params.yaml

--write keeps comments, and never changes the value of a class that is there.
"""

import argparse
from pathlib import Path

EXIT_STATUS = {1: "there is nothing to look at, or params.yaml cannot be edited"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--policy",
        choices=("smallest", "top", "priority"),
        help="propose this policy, not new classes",
    )
    parser.add_argument("--write", action="store_true", help="add the proposal to params.yaml")


def run(args: argparse.Namespace) -> int:
    """Print the tables and the proposal; write it if asked to."""
    from maskbench.doctor.overlaps import decisions, preview, proposal, write
    from maskbench.errors import group_by_cause
    from maskbench.params import load_params
    from maskbench.pipeline.layout import Layout, find_root
    from maskbench.pipeline.overlapping import find_overlaps
    from maskbench.regions.proposals import lines_to_paste, unknown_problems
    from maskbench.regions.rules import add_up

    layout = Layout(find_root(Path()))
    params = load_params(layout.params)
    found = find_overlaps(params, sorted(layout.annotations.glob("*.json")))
    totals = add_up((task.task, task.combinations) for task in found.tasks)
    unknown = unknown_problems(found.unknown, params.labels_map)
    parts = [
        [str(problem) for problem in group_by_cause(unknown, link=params.fetch.task_link)],
        decisions(totals, found.params),
        preview(totals, found.tasks, found.params, args.policy),
    ]
    print("\n\n".join("\n".join(part) for part in parts if part))
    lines = proposal(args.policy, totals, found)
    if not lines:
        print("\nNothing to propose: params.yaml decides every combination.")
        return 0
    if args.write:
        write(layout.params, lines)
        print(f"\nWritten to {layout.params}; `dvc repro` builds with it:\n")
    else:
        print("\nProposal for params.yaml (--write adds it):\n")
    print(lines_to_paste(lines))
    return 0
