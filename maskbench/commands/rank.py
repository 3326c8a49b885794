"""Rank images to label next, or labels to look at again.

FOLDER has a model's predictions, named by key as for `maskbench predictions push`: masks, or
probabilities as .npy or .npz. Tasks without annotations are ranked: first those on which the model
is uncertain (--by entropy or margin), two models disagree (FOLDER2, --by disagreement) or rare
classes are predicted (--by rarity). The images of the batch are chosen to differ from each other.
With --labelled, images of the benchmark are ranked: first those on which model and labels disagree
(--by iou, boundary, or contradicted: pixels on which a confident model contradicts the labels).
--push makes a view of the batch in Label Studio.

  maskbench predictions tasks images         write the images of tasks without annotations
  maskbench rank predicted                   rank what to label next
  maskbench rank predicted --batch 50 --diversity 0.5 --csv next.csv --html next
  maskbench rank model-a model-b             rank by how far two models disagree
  maskbench rank predicted --push            also make a view that opens the tasks in this order
  maskbench rank predicted --labelled        rank labels to look at again
"""

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from maskbench.commands import at_least
from maskbench.errors import CommandError
from maskbench.ranking import LABELLED, UNLABELLED

EXIT_STATUS = {
    1: "nothing to rank; with --push: the project shows no predictions",
    3: "the server fails or refuses",
    4: "predictions have problems",
}


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument(
        "second", metavar="FOLDER2", type=Path, nargs="?", help="another model's predictions"
    )
    parser.add_argument("--labelled", action="store_true", help="rank images that are labelled")
    parser.add_argument(
        "--by",
        choices=(*UNLABELLED, *LABELLED),
        help="default: disagreement for two folders, entropy for probabilities, rarity for "
        "masks; with --labelled, contradicted for probabilities, iou for masks",
    )
    parser.add_argument(
        "--batch",
        type=at_least(1),
        default=20,
        metavar="N",
        help="how many images to choose; default: %(default)s",
    )
    parser.add_argument(
        "--diversity",
        type=_share,
        metavar="SHARE",
        help="from 0 (by score alone) to 1 (as different as possible); default: 0.8",
    )
    parser.add_argument(
        "--confidence",
        type=_share,
        metavar="P",
        help="the probability from which a model is confident, for contradicted; default: 0.9",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write all images as a table")
    parser.add_argument(
        "--html", type=Path, metavar="DIR", help="write a page that shows the batch"
    )
    parser.add_argument("--push", action="store_true", help="make a view of it in Label Studio")
    parser.add_argument("--dry-run", action="store_true", help="say what --push would do")


def run(args: Namespace) -> int:
    """Rank, print the batch and write what was asked for."""
    from maskbench.params import load_params
    from maskbench.pipeline.layout import Layout, find_root
    from maskbench.ranking.labelled import rank_labelled
    from maskbench.ranking.model import RankOptions
    from maskbench.ranking.page import write_page
    from maskbench.ranking.push import push_ranking
    from maskbench.ranking.report import as_text, write_csv
    from maskbench.ranking.unlabelled import rank_unlabelled

    _check(args)
    layout = Layout(find_root(Path()))
    params = load_params(layout.params)
    given = {"diversity": args.diversity, "confidence": args.confidence}
    options = RankOptions(args.by, args.batch, **{k: v for k, v in given.items() if v is not None})
    if args.labelled:
        ranking = rank_labelled(layout, args.folder, options)
    else:
        folders = [folder for folder in (args.folder, args.second) if folder]
        ranking = rank_unlabelled(params, layout, folders, options)
    print(as_text(ranking))
    if args.csv:
        write_csv(args.csv, ranking, params.fetch)
        print(f"\n{args.csv} lists all of them")
    if args.html:
        write_page(args.html, ranking, params.fetch)
        print(f"\n{args.html / 'index.html'} shows them")
    if args.push or args.dry_run:
        print(f"\n{push_ranking(params, layout, ranking, args.dry_run)}")
    return 0


def _check(args: Namespace) -> None:
    """Raise CommandError where options do not go together."""
    measures, others = (LABELLED, UNLABELLED) if args.labelled else (UNLABELLED, LABELLED)
    if args.by in others:
        which = "images with labels" if args.labelled else "images without labels"
        raise CommandError(
            f"--by {args.by} does not rank {which}; use one of {', '.join(measures)}"
            f"{'' if args.labelled else ', or add --labelled'}"
        )
    if args.labelled and args.second:
        raise CommandError("--labelled compares one model with the labels; give one folder")
    if args.labelled and args.diversity is not None:
        raise CommandError("--diversity is for images without labels; leave out one of the two")
    if args.confidence is not None and not args.labelled:
        raise CommandError("--confidence is for labelled images; add --labelled")


def _share(word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise ArgumentTypeError(f"{word!r} is not a number from 0 to 1")
    return share
