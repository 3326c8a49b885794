"""Show how far the annotators of the same images agree.

Print what the stage `quality` has measured on the final classes (metrics/quality.json): IoU, Dice,
boundary IoU, Cohen's kappa and Krippendorff's alpha by class, by pair of annotators, of each
annotator against what most of the others gave and against ground truth, and the images of least
agreement. `dvc repro quality` measures what changed.

  maskbench quality             the tables
  maskbench quality --md        as Markdown, for a pull request
  maskbench quality --all       list every image
"""

import argparse
from pathlib import Path

EXIT_STATUS = {1: "nothing was measured yet"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--md", action="store_true", help="write Markdown")
    parser.add_argument("--all", action="store_true", help="list every image")


def run(args: argparse.Namespace) -> int:
    """Print the report."""
    from maskbench.pipeline.layout import Layout, find_root
    from maskbench.quality.report import SHOWN, as_markdown, as_text, blocks
    from maskbench.quality.stage import measured

    metrics, ranking = measured(Layout(find_root(Path())))
    tables = blocks(metrics, ranking, None if args.all else SHOWN)
    print(as_markdown(metrics, tables) if args.md else as_text(metrics, tables))
    return 0
