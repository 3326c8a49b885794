"""Write a page that shows all images with their masks, or only selected ones.

The page is a folder that opens from the disk. It has a grid to filter and sort, large images with
masks and regions, a wall of all regions of a label, and triage. When it is written again, only
images that changed are drawn.

  maskbench show --open                            all images, and open the browser
  maskbench show 000012_wall                       one image, by key, file name or task id
  maskbench show --split test --class Canvas       images of a subset with a class
  maskbench show --combination Canvas+Obstruction  images where these labels overlap
  maskbench show --rev v1.0 --evaluation evaluation
  maskbench show --dropped                         regions without pixels, and why
  maskbench show --rules                           what each rule does, before the build passes
  maskbench show --rules --rev v1.0                the same in another version
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maskbench.show.selection import Selection
    from maskbench.versions.revision import Version

EXIT_STATUS = {1: "no image matches"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("keys", nargs="*", metavar="KEY", help="key, file name or task id")
    parser.add_argument("--key", action="append", default=[], metavar="KEY", help="the same as KEY")
    parser.add_argument("--split", action="append", default=[], help="may be repeated")
    parser.add_argument(
        "--class", action="append", default=[], dest="classes", metavar="CLASS",
        help="images with pixels of the class; if repeated, of all these classes",
    )  # fmt: skip
    parser.add_argument(
        "--combination", default="", metavar="A+B",
        help="images where exactly these labels overlap (labels with a plus sign: 'A+ + B')",
    )  # fmt: skip
    parser.add_argument("--annotator", action="append", default=[], metavar="USER", help="user id")
    parser.add_argument("--rev", metavar="REV", help="a git revision (default: the workspace)")
    parser.add_argument(
        "--evaluation", type=Path, metavar="FOLDER",
        help="the output of `maskbench evaluate`, to sort by its scores",
    )  # fmt: skip
    views = parser.add_mutually_exclusive_group()
    views.add_argument("--dropped", action="store_true", help="show regions without pixels")
    views.add_argument("--rules", action="store_true", help="show what each rule or policy decides")
    parser.add_argument(
        "--scenes", choices=("copy", "link"),
        help="copy scenes into the page, to send it, or link them (default: copy up to 500)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help="default: show; show-selection for selected images; show-rules with --rules",
    )  # fmt: skip
    parser.add_argument("--open", action="store_true", help="open the page in the browser")


def run(args: argparse.Namespace) -> int:
    """Write the page, and say where it is."""
    from maskbench.pipeline.layout import find_root
    from maskbench.show.data import Gallery
    from maskbench.show.scores import read_scores
    from maskbench.show.selection import Selection, choose_rows, split_combination
    from maskbench.show.write import write_gallery
    from maskbench.text import counted
    from maskbench.versions.dvc import DvcRepository
    from maskbench.versions.revision import Version

    root = find_root(Path())
    version = Version(root, args.rev, DvcRepository(root))
    asked = Selection(
        (*args.keys, *args.key), args.split, args.classes, args.annotator,
        split_combination(args.combination, version.params.labels_map),
    )  # fmt: skip
    if args.rules:
        return _show_rules(args, version, asked)
    folder = args.out or Path("show" if asked.is_all else "show-selection")
    rows = choose_rows(version, asked)
    view = "dropped" if args.dropped else rows[0].key if len(rows) == 1 else "list"
    copies = None if args.scenes is None else args.scenes == "copy"
    scores = read_scores(args.evaluation) if args.evaluation else None
    shown = Gallery(version, rows, scores, copies, view)
    done = write_gallery(folder, shown)
    linked = "; scenes are linked, not copied: --scenes copy makes a page to send"
    print(
        f"{folder / 'index.html'}: {counted(done.images, 'image')}, {done.drawn:,} drawn"
        + (linked if done.is_linked else "")
    )
    _open(args, folder)
    return 0


def _show_rules(args: argparse.Namespace, version: "Version", asked: "Selection") -> int:
    from maskbench.errors import CommandError
    from maskbench.show.rules import write_rules
    from maskbench.text import counted

    if not asked.is_all or args.evaluation:
        raise CommandError(
            "--rules shows all tasks of a version: leave out KEY, --split, --class, --combination, "
            "--annotator and --evaluation"
        )
    folder = args.out or Path("show-rules")
    several, undecided = write_rules(folder, version)
    alarm = f", {undecided} WITHOUT A RULE: `maskbench rules` proposes some" if undecided else ""
    print(f"{folder / 'index.html'}: {counted(several, 'combination')} of labels{alarm}")
    _open(args, folder)
    return 0


def _open(args: argparse.Namespace, folder: Path) -> None:
    import webbrowser

    if args.open:
        webbrowser.open((folder / "index.html").resolve().as_uri())
