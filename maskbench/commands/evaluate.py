"""Score predicted masks against a benchmark, or against two versions of it.

PREDICTIONS is a folder with one mask for each image: <key>.png, .tif or .npy, with class values as
in codes.txt. Write metrics.json (for `dvc metrics`), images.csv, confusion.csv and index.html, a
page with the worst images first, to --out.

  maskbench evaluate predictions
  maskbench evaluate predictions --split all --rev v1.2
  maskbench evaluate predictions --against v1.1     tell what changed: labels or set of images

Exit status: 0 done; 3 a version cannot be read; 4 predictions or benchmark have problems.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from maskbench.commands import at_least


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("predictions", metavar="PREDICTIONS", type=Path)
    parser.add_argument("--data", type=Path, help="default: data/benchmark of the repository")
    parser.add_argument(
        "--split", action="append", help="train, valid, test or all; may be repeated; default: test"
    )
    parser.add_argument("--rev", help="score against this tag, branch or commit")
    parser.add_argument("--against", metavar="REV", help="also score against this older version")
    parser.add_argument(
        "--out", type=Path, default=Path("evaluation"), help="folder to write; default: %(default)s"
    )
    parser.add_argument(
        "--resamples", type=at_least(0), default=1000, help="bootstrap draws; default: %(default)s"
    )
    parser.add_argument(
        "--worst",
        type=at_least(0),
        default=50,
        help="images to show on the page; default: %(default)s",
    )


def run(args: Namespace) -> int:
    """Score, print the table and write the files; returns the exit status."""
    from maskbench.dataset import Benchmark
    from maskbench.evaluate import Settings, compare, split_names
    from maskbench.evaluation.outputs import write_files
    from maskbench.evaluation.page import ShownPrediction, write_page
    from maskbench.evaluation.scoring import score
    from maskbench.parallel.run import run_all
    from maskbench.pipeline.layout import find_benchmark
    from maskbench.versions.download import sibling

    here = args.data or find_benchmark()
    data = Benchmark(sibling(here, args.rev) if args.rev else here)
    splits = args.split or ["test"]
    names = split_names("all" if "all" in splits else splits)
    settings = Settings(resamples=args.resamples, each=run_all)
    if args.against:
        old = Benchmark(sibling(here, args.against))
        comparison = compare(args.predictions, data, old, names, settings)
        report = comparison.new
    else:
        comparison, report = None, score(args.predictions, data, names, settings)
    write_files(report, args.out, comparison)
    shown = ShownPrediction(report, data, args.predictions, comparison)
    write_page(args.out / "index.html", shown, args.worst)
    print(report)
    if comparison is not None:
        print(f"\n{comparison}")
    print(f"\nmetrics.json, images.csv, confusion.csv and index.html are in {args.out}")
    return 0
