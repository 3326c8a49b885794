"""Check that a benchmark is what it claims to be: recompute every digest and invariant.

Check sizes, values, digests and class counts of every image against manifest.csv. Check that splits
are complete and disjoint and keep groups together, that no two splits share an equal or nearly
equal image, and that no file is missing or surplus. In the repository that built the benchmark
(with params.yaml and data/annotations), also check that annotations, rules and split give exactly
these masks and splits. Nothing is changed.

  maskbench verify
  maskbench verify --data ~/pulled/benchmark
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

EXIT_STATUS = {0: "nothing is wrong", 4: "there are breaches, each named with what to do"}


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--data", type=Path, help="default: data/benchmark of the repository")


def run(args: Namespace) -> int:
    """Check, and print one line; raises DataError with all breaches."""
    from maskbench.errors import DataError
    from maskbench.pipeline.layout import find_benchmark
    from maskbench.verification.verify import verify

    data = args.data or find_benchmark()
    verdict = verify(data, data.parent.parent / "params.yaml")
    if verdict.problems:
        raise DataError(f"{data}: {verdict}", verdict.problems)
    print(f"{data}: {verdict}")
    return 0
