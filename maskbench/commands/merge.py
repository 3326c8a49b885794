"""Merge another branch with new labels or params into this one, and build the result.

Labels are merged task by task: each task comes from the side that changed it. Tasks that both sides
changed are named, as are exports that both renamed; --prefer says which side counts. params.yaml is
merged as text. dvc.lock, metrics, plots and data are not merged but built from these. With a
server, the labels of the side that fetched count; if both did, they are fetched again. Nothing is
committed.

  maskbench merge labels-b                  merge the branch labels-b into the current one
  maskbench merge labels-b --prefer theirs  the same; labels-b counts where both changed a task
  maskbench merge --continue                after resolving conflicts, or after `git merge`
"""

import argparse
from pathlib import Path

EXIT_STATUS = {
    0: "built",
    1: "something is left to resolve, or the build stopped",
    3: "git or DVC refuses",
    4: "both sides changed the same tasks or names, or the data breaks a rule",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("branch", nargs="?", metavar="BRANCH", help="the branch to merge into HEAD")
    parser.add_argument(
        "--continue", dest="go_on", action="store_true", help="go on with a merge in progress"
    )
    parser.add_argument(
        "--prefer", choices=("ours", "theirs"), help="whose labels count if both changed a task"
    )


def run(args: argparse.Namespace) -> int:
    """Merge, build, and list what changed; or what is left to resolve."""
    from maskbench.errors import CommandError, MaskbenchError
    from maskbench.pipeline.layout import Layout, find_root
    from maskbench.versions.merge import begin, both_relabelled, build, go_on

    if args.go_on == bool(args.branch):
        raise CommandError("name the branch to merge, or give --continue")
    layout = Layout(find_root(Path()))
    if args.go_on:
        left = go_on(layout, args.prefer)
    else:
        left = begin(layout, args.branch, args.prefer)
    if left:
        raise MaskbenchError(
            f"resolve what is left, and `git add` it: {', '.join(left)}; then run "
            "`maskbench merge --continue`, or give up with `git merge --abort`"
        )
    for key in both_relabelled(layout.root):
        print(f"changed on both sides: {key}; the server's labels as they are now count")
    print("\n".join(build(layout).lines("masks")))
    print("Look at it with `maskbench diff`; then `git commit` ends the merge, and `dvc push`.")
    return 0
