"""Fetch the server's labels and build again, if they changed since the last fetch.

Ask Label Studio what changed. If something did, set fetch.snapshot in params.yaml, run `dvc repro`,
and list the masks that changed. Nothing is committed.

  maskbench refresh                 look, and build if labels changed
  maskbench refresh --check         only look (for cron)
  maskbench refresh --name v7       name the snapshot v7 instead of today's date
"""

import argparse
import sys
from pathlib import Path

CHANGED = 10
"""Exit status of ``--check`` when there is something to refresh."""

EXIT_STATUS = {
    0: "nothing changed, or the build is done",
    1: "the build stopped",
    3: "the server cannot be reached, or refuses",
    CHANGED: "with --check: something changed",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--check", action="store_true", help="only say whether labels changed")
    parser.add_argument("--name", metavar="NAME", help="the snapshot's name (default: the date)")


def run(args: argparse.Namespace) -> int:
    """Look, and build if labels changed and ``--check`` is not given."""
    from maskbench.params import load_params
    from maskbench.pipeline.layout import Layout, find_root
    from maskbench.versions.refresh import build_snapshot, find_changes
    from maskbench.versions.remote import ADVICE, why_private

    layout = Layout(find_root(Path()))
    changes = find_changes(load_params(layout.params), layout)
    if not changes:
        print("nothing changed since the last fetch")
        return 0
    print("\n".join(changes.lines("tasks")))
    if args.check:
        return CHANGED
    name, masks = build_snapshot(layout, args.name)
    print(f"snapshot: {name}")
    print("\n".join(masks.lines("masks")))
    print("Look at it with `maskbench diff` and `dvc metrics diff`; then commit, and `dvc push`.")
    private = why_private(layout.root)
    if private:
        print(f"warning: {private}; {ADVICE}", file=sys.stderr)
    return 0
