"""Score the masks of one or two models against one or two versions of a benchmark.

PREDICTIONS is a folder with one mask for each image: <key>.png, .tif or .npy, with class values as
in codes.txt; masks of other images do not count. Write metrics.json (for `dvc metrics`),
images.csv, confusion.csv, sizes.csv and a page, index.html, to the folder of --out.

  maskbench evaluate predictions
  maskbench evaluate predictions --split all --rev v1.2
  maskbench evaluate predictions --against v1.1     find what changed: labels or set of images
  maskbench evaluate baseline improved              find which is better, and whether it is chance
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.commands import at_least
from maskbench.errors import CommandError

if TYPE_CHECKING:
    from maskbench.dataset import Benchmark
    from maskbench.evaluation.origin import BenchmarkOrigin


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("predictions", metavar="PREDICTIONS", type=Path)
    parser.add_argument(
        "second", metavar="SECOND", type=Path, nargs="?", help="other predictions, to compare"
    )
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
        default=500,
        metavar="N",
        help="images with pictures on the page, worst first; default: %(default)s",
    )


def run(args: Namespace) -> int:
    """Score, print the table and write the files; returns the exit status."""
    from maskbench.evaluate import Settings, split_names
    from maskbench.evaluation.against import compare_versions
    from maskbench.evaluation.outputs import write_files, write_pair
    from maskbench.evaluation.page import EvaluationContents, write_page
    from maskbench.evaluation.paired import score_pair
    from maskbench.evaluation.predictions import surplus_words
    from maskbench.evaluation.scoring import score
    from maskbench.parallel.run import run_all
    from maskbench.pipeline.layout import find_benchmark

    if args.second and args.against:
        raise CommandError(
            "compare two folders of predictions (A B) or two versions (A --against REV), not both"
        )
    here = args.data or find_benchmark()
    data, origin = _version(here, args.rev)
    splits = args.split or ["test"]
    names = split_names("all" if "all" in splits else splits)
    settings = Settings(resamples=args.resamples, each=run_all)
    comparison = pair = None
    if args.second:
        pair = score_pair((args.predictions, args.second), data, names, settings, origin)
        report = pair.second
        write_pair(pair, args.out)
    elif args.against:
        old, old_origin = _version(here, args.against)
        versions, origins = (data, old), (origin, old_origin)
        comparison = compare_versions(args.predictions, versions, names, settings, origins)
        report = comparison.new
    else:
        report = score(args.predictions, data, names, settings, origin)
    if pair is None:
        write_files(report, args.out, comparison)
    folders = _titled(args.predictions, args.second)
    write_page(
        args.out, EvaluationContents(report, data, folders, comparison, pair), args.worst, run_all
    )
    print(pair or report)
    if comparison is not None:
        print(f"\n{comparison}")
    if report.surplus:
        print(f"\n{surplus_words(report.surplus)}")
    if accepted := report.accepted():
        print(f"\nwarning: {accepted}", file=sys.stderr)
    print(f"\n{args.out / 'index.html'} shows the scores; the tables beside it have the numbers")
    return 0


def _version(data: Path, revision: str | None) -> "tuple[Benchmark, BenchmarkOrigin]":
    """Open a version of a benchmark: that of its folder, or a revision of its repository."""
    from maskbench.dataset import Benchmark
    from maskbench.evaluation.origin import find_origin, origin_of
    from maskbench.versions.download import sibling

    if revision is None:
        return Benchmark(data), find_origin(data)
    folder = sibling(data, revision)
    return Benchmark(folder), origin_of(data, revision, folder.name)


def _titled(first: Path, second: Path | None) -> dict[str, Path]:
    """Return the folders by what the page calls them: their names, where these tell them apart."""
    if second is None:
        return {"Prediction": first}
    names = (first.resolve().name, second.resolve().name)
    titles = names if names[0] != names[1] else ("First", "Second")
    return dict(zip(titles, (first, second), strict=True))
