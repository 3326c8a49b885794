"""Measure how maskbench's time grows with images and shrinks with cores.

Run ``python benchmarks/scaling.py [--images N] [--rounds N]``. Prints Markdown. Times are wall
times of rasterize + combine from nothing, in turns: medians, and medians of each turn's ratio.
"""

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import workloads
from harness import ours, prepare

Case = tuple[Path, int | None]
"""A prepared workload and the number of processes (None: as many as there are cores)."""


def timed(cases: Sequence[Case], rounds: int) -> list[Sequence[float]]:
    """Return the seconds of each case, in turns."""
    times = [[ours(*case) for case in cases] for _ in range(rounds)]
    return list(zip(*times, strict=True))


def side_by_side(folder: Path, rounds: int) -> list[Sequence[float]]:
    """Return the seconds of two runs in one process each: side by side, and one after the other.

    The runs are independent, so no program can gain more from the second core of this machine.
    """
    twin = folder.with_name(f"{folder.name}-twin")
    if not twin.exists():
        made = shutil.ignore_patterns(".maskbench", "label_sets", "benchmark")
        shutil.copytree(folder, twin, copy_function=os.link, ignore=made)
    times = []
    for _ in range(rounds):
        in_turn = ours(folder, 1) + ours(twin, 1)
        with ThreadPoolExecutor(2) as pool:
            began = time.perf_counter()
            list(pool.map(ours, (folder, twin), (1, 1)))
            times.append((time.perf_counter() - began, in_turn))
    return list(zip(*times, strict=True))


def line(name: str, what: str, few: Sequence[float], more: Sequence[float], images: int = 0) -> str:
    """Return a row of the table: medians, and the median of each turn's ratio.

    Args:
        name: The workload.
        what: What doubles or halves.
        few: Seconds before, by turn.
        more: Seconds after, by turn.
        images: How many images more there are.
    """
    before, after = statistics.median(few), statistics.median(more)
    ratio = statistics.median(b / a for a, b in zip(few, more, strict=True))
    each = f"{1000 * (after - before) / images:.1f}" if images else ""
    return f"| {name} | {what} | {before:.2f} → {after:.2f} | {ratio:.2f} | {each} |"


def rows(images: int | None, rounds: int) -> list[str]:
    """Return the table's rows."""
    lines = []
    for name in ("W1", "W2"):
        workload = workloads.WORKLOADS[name]
        few = images or workload.images
        counts = [few * 2**doubled for doubled in range(4)]
        folders = [prepare(workload, count) for count in counts]
        taken = timed([(folder, None) for folder in folders], rounds)
        for (count, once), (more, twice) in pairwise(zip(counts, taken, strict=True)):
            lines.append(line(name, f"{count} → {more} images", once, twice, more - count))
    for at, turns in ((0, 3 * rounds), (2, rounds)):  # two seconds vary more than eight
        two, one = timed([(folders[at], 2), (folders[at], 1)], turns)
        lines.append(line("W2", f"{counts[at]} images, 2 → 1 processes", two, one))
    what = f"{counts[1]} images twice, side by side → in turn"
    lines.append(line("W2", what, *side_by_side(folders[1], rounds)))
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, help="images a workload (default: all of them)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| workload | what doubles or halves | seconds | ratio | ms a further image |")
    print("|---|---|--:|--:|--:|")
    print("\n".join(rows(args.images, args.rounds)))


if __name__ == "__main__":
    main()
