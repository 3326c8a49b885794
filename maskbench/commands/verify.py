"""Is the benchmark what it says it is? Recomputes every digest and invariant, changes nothing.

Checked: sizes, values, digests and class counts of every image against manifest.csv; splits that
are complete, disjoint and keep groups together; no equal or near-equal image in two splits; no
file too many or too few. In the repository that built it (params.yaml, data/annotations), also
that annotations, rules and split give these very masks and splits.

  maskbench verify
  maskbench verify --data ~/pulled/benchmark

Exit status: 0 nothing is wrong; 4 there are breaches: each is named with what to do.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--data", type=Path, default=Path("data/benchmark"), help="default: %(default)s"
    )


def run(args: Namespace) -> int:
    """Check, and print one line; raises DataError with all breaches."""
    from maskbench.errors import DataError  # noqa: PLC0415 - `maskbench --help` stays quick
    from maskbench.verification.verify import verify  # noqa: PLC0415

    verdict = verify(args.data, args.data.parent.parent / "params.yaml")
    if verdict.problems:
        raise DataError(f"{args.data}: {verdict}", verdict.problems)
    print(f"{args.data}: {verdict}")
    return 0
