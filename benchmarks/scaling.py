"""How maskbench's time grows with images, and shrinks with cores.

Run ``python benchmarks/scaling.py [--images N] [--rounds N]``. Prints Markdown. Times are wall
times of rasterize + combine from nothing, medians of runs in turns.
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


def medians(cases: Sequence[Case], rounds: int) -> list[float]:
    """Median seconds of each case, in turns."""
    times = [[ours(*case) for case in cases] for _ in range(rounds)]
    return [statistics.median(taken) for taken in zip(*times, strict=True)]


def in_turn_and_at_once(folder: Path, rounds: int) -> tuple[float, float]:
    """Median seconds of two runs in one process each: one after the other, and side by side.

    They have nothing to do with each other, so no program gains more from a second core here.
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
            times.append((in_turn, time.perf_counter() - began))
    in_turn, at_once = (statistics.median(taken) for taken in zip(*times, strict=True))
    return in_turn, at_once


def rows(images: int | None, rounds: int) -> list[str]:
    """The table's rows."""
    lines = []
    for name in ("W1", "W2"):
        workload = workloads.WORKLOADS[name]
        few = images or workload.images
        counts = [few, 2 * few, 4 * few, 8 * few]
        folders = [prepare(workload, count) for count in counts]
        taken = medians([(folder, None) for folder in folders], rounds)
        for (count, once), (more, twice) in pairwise(zip(counts, taken, strict=True)):
            what = f"{count} → {more} images"
            lines.append(f"| {name} | {what} | {once:.2f} → {twice:.2f} | {twice / once:.2f} |")
    for count, folder in ((counts[0], folders[0]), (counts[-2], folders[-2])):
        one, two = medians([(folder, 1), (folder, 2)], rounds)
        what = f"{count} images, 2 → 1 processes"
        lines.append(f"| W2 | {what} | {two:.2f} → {one:.2f} | {one / two:.2f} |")
    in_turn, at_once = in_turn_and_at_once(folders[1], rounds)
    what = f"{counts[1]} images twice, side by side → in turn"
    lines.append(f"| W2 | {what} | {at_once:.2f} → {in_turn:.2f} | {in_turn / at_once:.2f} |")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, help="images a workload (default: all of them)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| workload | what doubles or halves | seconds | ratio |\n|---|---|--:|--:|")
    print("\n".join(rows(args.images, args.rounds)))


if __name__ == "__main__":
    main()
