"""Take the server's labels as they are now, if anything changed since the last fetch.

Asks Label Studio what changed since the last fetch. If something did: moves fetch.snapshot in
params.yaml, runs `dvc repro`, and tells which masks changed. Commits nothing.

  maskbench refresh                 look, and build anew if labels changed
  maskbench refresh --check         only look (for cron)
  maskbench refresh --name v7       call the snapshot v7 instead of today's date

Exit status: 0 nothing changed, or built anew; with --check: 10 something changed. Errors: 1 the
build stopped, 2 params.yaml is wrong, 3 the server cannot be asked.
"""

import argparse

CHANGED = 10
"""Exit status of ``--check`` when there is something to refresh."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the words that the command takes."""
    parser.add_argument("--check", action="store_true", help="only tell whether labels changed")
    parser.add_argument("--name", metavar="NAME", help="the snapshot's name (default: the date)")


def run(args: argparse.Namespace) -> int:
    """Look, and unless only asked to look, build anew."""
    from maskbench.params import load_params  # noqa: PLC0415 - `maskbench --help` stays quick
    from maskbench.pipeline.layout import Layout  # noqa: PLC0415
    from maskbench.versions.refresh import look, take  # noqa: PLC0415

    layout = Layout()
    changes = look(load_params(), layout)
    if not changes:
        print("nothing changed since the last fetch")
        return 0
    print("\n".join(changes.lines("tasks")))
    if args.check:
        return CHANGED
    name, masks = take(layout, args.name)
    print(f"snapshot: {name}")
    print("\n".join(masks.lines("masks")))
    print("Look at it with `maskbench diff` and `dvc metrics diff`; then commit, and `dvc push`.")
    return 0
