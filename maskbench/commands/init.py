"""Make a dataset repository of your own from a Label Studio project or from exports.

Look at the labels, show what was found, and write a small repository into a new folder: params.yaml
with your classes, the pipeline, a pinned environment, workflows for review and refresh, and a
README. Initialise git and DVC; the first commit is yours. Questions are asked only on a terminal.

  maskbench init walls --folder exports/
  maskbench init walls --server https://labels.example.org --project 4 --remote s3://bucket/walls
  maskbench init walls --folder exports/ --dry-run      show what would be written
  maskbench init --upgrade                              update the files that init made

The server's key comes from LABEL_STUDIO_API_KEY (environment, or .env in the current folder).
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.commands import at_least

if TYPE_CHECKING:
    from maskbench.init.new import Found

OVERLAPS = ("smallest", "top", "keep", "rules")
ALIKE = ("merge", "keep")

EXIT_STATUS = {3: "the source cannot be read, or does not answer"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("into", nargs="?", type=Path, metavar="FOLDER", help="the new repository")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--server", metavar="URL", help="Label Studio's address")
    source.add_argument("--folder", type=Path, metavar="EXPORTS", help="exports with their images")
    parser.add_argument(
        "--project", type=_ids, metavar="N[,N…]", help="with --server: the project, or several"
    )
    parser.add_argument(
        "--image",
        type=_tag,
        metavar="TAG[=FIELD]",
        help="if a task has several images: the image tag to take, and the data field it shows",
    )
    parser.add_argument(
        "--overlap",
        choices=OVERLAPS,
        help="where labels overlap, the smaller region wins (default), or the later one; or the "
        "build stops (keep); or each combination becomes a class (rules)",
    )
    parser.add_argument(
        "--alike",
        choices=ALIKE,
        help="labels that differ only in case or blanks: merge them by aliases, or keep each",
    )
    parser.add_argument("--remote", metavar="URL", help="DVC's remote, where the data is shared")
    parser.add_argument(
        "--tasks", type=at_least(1), default=200, metavar="N",
        help="how many tasks of each project to look at (200)",
    )  # fmt: skip
    parser.add_argument(
        "--maskbench",
        metavar="PIN",
        help="the maskbench to pin: a wheel, git+URL@COMMIT, or maskbench==VERSION (default: this)",
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument("--upgrade", action="store_true", help="update a repository made by init")


def _ids(words: str) -> list[int]:
    return [at_least(1)(word) for word in words.split(",")]


def _tag(word: str) -> dict[str, str]:
    tag, _, name = word.partition("=")
    return {tag: name}


def run(args: argparse.Namespace) -> int:
    """Make a repository, or upgrade one."""
    return _upgrade(args) if args.upgrade else _make(args)


def _make(args: argparse.Namespace) -> int:
    from maskbench.errors import CommandError
    from maskbench.init import create, new, software
    from maskbench.init.console import ask, choose_aliases, print_files, print_next_steps
    from maskbench.init.summary import alike, describe_survey, propose

    if args.into is None:
        raise CommandError("name the new folder: maskbench init FOLDER")
    create.check_place(args.into)
    found = _source(args)
    print("\n".join(describe_survey(found.survey)))
    aliases = choose_aliases(alike(found.survey.labels), args.alike)
    overlap = args.overlap
    if overlap is None and found.survey.overlaps:
        question = "Where labels overlap: smallest, top, keep or rules (see --help)?"
        overlap = ask(question, "smallest", OVERLAPS)
    remote = args.remote or ask("Address of DVC's remote (empty: none yet)?", "") or None
    proposal = propose(found.survey, overlap, aliases)
    files = new.files_for(args.into, found, proposal, remote)
    if args.dry_run:
        print_files(files, found)
        return 0
    pinned = software.pin_given(args.maskbench) if args.maskbench else software.pin_running()
    new.make(args.into, files, found, pinned, remote)
    print_next_steps(args.into, found, remote)
    return 0


def _source(args: argparse.Namespace) -> "Found":
    """Look at the source that the options name, or that the user does."""
    from maskbench.errors import CommandError
    from maskbench.init.console import ask
    from maskbench.init.new import look_at_folder, look_at_server, projects_of
    from maskbench.params.checker import Checker
    from maskbench.params.sections import check_address

    server, folder = args.server, args.folder
    if server is None and folder is None:
        answer = ask("Where are the labels: a server's address, or a folder with exports?", "")
        is_address = answer.startswith(("http://", "https://"))
        server, folder = (answer, None) if is_address else (None, Path(answer) if answer else None)
    if folder is not None:
        return look_at_folder(folder, args.image)
    if server is None:
        raise CommandError("name the source of the labels: --server URL --project N, or --folder")
    check = Checker()
    check_address(check, server)
    if check.problems:
        raise CommandError(f"--server: {check.problems[0].what}")
    projects = args.project
    if projects is None:
        listed = projects_of(server)
        answer = ask(f"The server has these projects: {listed}. Which one (its number)?", "")
        if not answer.isdecimal():
            raise CommandError(f"name the project: --project N; the server has: {listed}")
        projects = [int(answer)]
    return look_at_server(server, projects, args.image, args.tasks)


def _upgrade(args: argparse.Namespace) -> int:
    from maskbench.init.upgrade import differences, outdated, upgrade
    from maskbench.pipeline.layout import find_root

    root = find_root(args.into or Path())
    files = outdated(root)
    if not files:
        print("nothing to upgrade: all files are this maskbench's")
        return 0
    shown = differences(root, files)
    if not args.dry_run:
        upgrade(root, files)
    print("\n".join(shown))
    done = (
        "would change" if args.dry_run else "changed; look at it with `git diff`, then run `make`"
    )
    print(f"{', '.join(files)}: {done}")
    return 0
