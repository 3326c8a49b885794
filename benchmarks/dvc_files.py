"""Measure what each file costs DVC, by number of files, and the same bytes as tar shards.

    nice -n 15 python benchmarks/dvc_files.py --files 10000 50000 100000 200000

For each number: a git repository with one tracked folder of small files, then what a version
costs: add, status, one file changed, push to a folder as remote, pull into an empty clone. Each
command is a process of its own; seconds on the clock, seconds of CPU and the peak of memory are
taken from it. The last column goes on along the line through the largest number and a quarter of
it, of CPU: on a quiet machine that is the clock. The figures are written into docs/scale.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure import MB, Cost, measured, put

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "scale.md"
MARK = "python benchmarks/dvc_files.py"
DVC = str(Path(sys.executable).with_name("dvc"))
SIZE = 3072
SHARD = 100 * 10**6
FAR = 10_000_000


def git(folder: Path, *words: str) -> None:
    """Run git quietly."""
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def small_files(folder: Path, count: int) -> None:
    """Write so many files of random bytes, which differ as much as masks do."""
    folder.mkdir(parents=True)
    rng = random.Random(count)
    for number in range(count):
        (folder / f"{number:08d}.png").write_bytes(rng.randbytes(SIZE))


def shards(folder: Path, files: Path) -> None:
    """Write the same files as tar shards."""
    folder.mkdir()
    number = 0
    names = sorted(os.listdir(files), reverse=True)  # noqa: PTH208 - as words they are small
    while names:
        with tarfile.open(folder / f"{number:06d}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            while names and tar.offset < SHARD:
                info = tarfile.TarInfo(names.pop())
                info.size = SIZE
                with (files / info.name).open("rb") as stream:
                    tar.addfile(info, stream)
                tar.members.clear()
        number += 1


def touch(folder: Path) -> None:
    """Change a byte of the first file, in little memory, as a child's peak begins with ours."""
    with (folder / min(os.listdir(folder))).open("r+b") as stream:  # noqa: PTH208
        stream.seek(1000)
        byte = stream.read(1)[0]
        stream.seek(1000)
        stream.write(bytes([byte ^ 1]))


def repository(folder: Path) -> None:
    """Make an empty repository whose remote is a folder beside it."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q")
    for words in (
        ("init", "-q"),
        ("config", "-q", "core.analytics", "false"),
        ("remote", "add", "-q", "-d", "here", str(folder.parent / "remote")),
    ):
        subprocess.run([DVC, *words], cwd=folder, check=True, capture_output=True)


def life(repo: Path) -> Iterator[tuple[str, Cost]]:
    """Add, push, change and fetch a tracked folder ``data``; yield (what, what it took)."""
    yield "first add", measured([DVC, "add", "-q", "data"], repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "first")
    yield "status, nothing changed", measured([DVC, "status", "-q"], repo)
    yield "push, first", measured([DVC, "push", "-q"], repo)
    touch(repo / "data")
    yield "one file changed, add", measured([DVC, "add", "-q", "data"], repo)
    git(repo, "commit", "-qam", "second")
    yield "push, one changed", measured([DVC, "push", "-q"], repo)
    clone = repo.parent / "clone"
    git(repo.parent, "clone", "-q", str(repo), str(clone))
    yield "pull into an empty clone", measured([DVC, "pull", "-q"], clone)


def one_size(count: int, scratch: Path) -> tuple[dict[str, Cost], dict[str, Cost]]:
    """Return what so many files cost, and what they cost as shards."""
    os.environ |= {"DVC_SITE_CACHE_DIR": str(scratch / "site"), "DVC_NO_ANALYTICS": "1"}
    plain, packed = scratch / "plain" / "repo", scratch / "packed" / "repo"
    small_files(plain / "data", count)
    packed.mkdir(parents=True)
    shards(packed / "data", plain / "data")
    costs = []
    for repo in (plain, packed):
        repository(repo)
        found = {}
        for what, cost in life(repo):
            found[what] = cost
            print(f"{count:9,} {repo.parent.name:7} {what:26} {cost}", flush=True)
        costs.append(found)
    return costs[0], costs[1]


def table(sizes: Sequence[int], results: Sequence[dict[str, Cost]], what: str) -> list[str]:
    """Return the costs by number of files, with the extrapolation in the last column."""
    counts = " | ".join(f"{size:,}" for size in sizes)
    lines = [f"| {what} | {counts} | {FAR:,}, extrapolated |", "|---" * (len(sizes) + 2) + "|"]
    for name in results[0]:
        cells = [f"{r[name].wall:.1f} s ({r[name].cpu:.1f})" for r in results]
        seconds = beyond(sizes, [r[name].cpu for r in results])
        lines.append(f"| {name} | {' | '.join(cells)} | {duration(seconds)} |")
    peaks = [max(cost.peak for cost in result.values()) for result in results]
    cells = [f"{peak / MB:,.0f} MB" for peak in peaks]
    far = f"{beyond(sizes, peaks) / 1e9:,.1f} GB"
    lines.append(f"| most memory of any | {' | '.join(cells)} | {far} |")
    return lines


def beyond(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return the value at :data:`FAR` on the line through the largest size and a quarter of it."""
    i = next(i for i, size in enumerate(sizes) if 4 * size >= sizes[-1] or size == sizes[-2])
    slope = (values[-1] - values[i]) / (sizes[-1] - sizes[i])
    return values[-1] + slope * (FAR - sizes[-1])


def duration(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    minutes = seconds / 60
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def report(sizes: Sequence[int], results: Sequence[tuple[dict[str, Cost], dict[str, Cost]]]) -> str:
    """Return the figures as Markdown."""
    files, packed = [r[0] for r in results], [r[1] for r in results]
    version = subprocess.run([DVC, "--version"], capture_output=True, check=True, text=True).stdout
    return "\n".join(
        [
            f"DVC {version.strip()}, Python {platform.python_version()}, {os.cpu_count()} cores, "
            f"local disk; files of {SIZE:,} random bytes, seconds on the clock (seconds of CPU).",
            "",
            *table(sizes, files, "files in one folder"),
            "",
            f"The same files in tar shards of {SHARD / MB:.0f} MB:",
            "",
            *table(sizes, packed, "as shards; files in them"),
        ]
    )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 50_000, 100_000, 200_000])
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:  # deleting takes long and would disturb
        results = [one_size(count, Path(scratch) / str(count)) for count in args.files]
    text = report(args.files, results)
    print(text)
    if not args.dry:
        put(DOCUMENT, MARK, text)


if __name__ == "__main__":
    main()
