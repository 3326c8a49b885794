"""Measure what each image costs maskbench, by number of images: CPU, memory, tables, shards.

    nice -n 15 python benchmarks/scale.py --images 250 1000 4000

Builds W1 (1920 x 1080, one to six polygons; see workloads.py) with one process, so that CPU seconds
are comparable, runs the stages again with nothing to do, exports shards, and reads them and the
plain files, neither from the system's cache. The figures are written into docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from measure import Cost, measured, put

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "scale.md"
MARK = "python benchmarks/scale.py"
STAGES = ("fetch", "rasterize", "combine", "split")
SHARD_MB = 100


def prepare(root: Path, images: int) -> None:
    """Make a repository's folder with params and the workload as its source."""
    import workloads

    workload = workloads.WORKLOADS["W1"]
    workloads.write(workload, root / "source", images)
    params = workloads.params(workload, "source")
    (root / "params.yaml").write_text(json.dumps(params), encoding="utf-8")


def stages(root: Path) -> dict[str, Cost]:
    """Run all stages; return what each took."""
    return {s: measured([sys.executable, str(ROOT / f"stages/{s}.py")], root) for s in STAGES}


def size(paths: Iterable[Path]) -> int:
    """Return the bytes of files together."""
    return sum(path.stat().st_size for path in paths)


def uncached(paths: Sequence[Path]) -> None:
    """Make the system forget the content of files, so that they are read from the disk."""
    os.sync()
    for path in paths:
        with path.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def shard_rates(root: Path) -> dict[str, str]:
    """Return the megabytes and images per second of writing and reading shards."""
    import webdataset

    data, out = root / "data/benchmark", root / "shards"
    files = sorted([*(data / "scenes").iterdir(), *(data / "masks").iterdir()])
    images, total = len(files) // 2, size(files) / 1e6
    words = [str(Path(sys.executable).with_name("maskbench")), "export", "webdataset", str(out)]
    uncached(files)
    writing = measured([*words, "--shard-size", str(SHARD_MB)], root).wall
    shards = sorted(out.rglob("*.tar"))
    uncached([*files, *shards])
    plain = timed(lambda: [path.read_bytes() for path in files])
    names = [str(path) for path in shards]
    packed = timed(lambda: list(webdataset.WebDataset(names, shardshuffle=False)))
    rates = {"write": writing, "read": packed, "files": plain}
    shown = {name: f"{total / s:,.0f} MB/s, {images / s:,.0f}/s" for name, s in rates.items()}
    return {
        f"export webdataset, {SHARD_MB} MB a shard": shown["write"],
        "read the shards with webdataset": shown["read"],
        "read the plain files": shown["files"],
        "shards; their size to the files'": f"{len(shards)}; {size(shards) / 1e6 / total:.3f}",
    }


def apart(function: Callable[..., Any], *args: object) -> Any:
    """Call a function in another process; a child's peak of memory begins with its parent's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def one_size(images: int, root: Path) -> dict[str, str]:
    """Return the table's column for so many images."""
    apart(prepare, root, images)
    first = stages(root)
    again = stages(root)
    data = root / "data"
    cpu = {f"{s}, CPU per image": f"{1e3 * first[s].cpu / images:.1f} ms" for s in STAGES}
    kept = {
        "annotations": (data / "annotations").iterdir(),
        "label sets": (data / "label_sets").iterdir(),
        "masks": (data / "benchmark/masks").iterdir(),
        "manifest.csv": [data / "benchmark/manifest.csv"],
        "combined.csv": [data / "combined.csv"],
        "records of the last run": (data / ".maskbench").glob("*/last_run*"),
    }
    each = {f"{name}, bytes per image": f"{size(p) / images:,.0f}" for name, p in kept.items()}
    return {
        **cpu,
        "all stages, nothing to do": f"{sum(cost.cpu for cost in again.values()):.1f} s of CPU",
        "most memory of a stage": f"{max(c.peak for c in first.values()) / 1e6:,.0f} MB",
        **each,
        **apart(shard_rates, root),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, nargs="+", default=[250, 1000, 4000])
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    os.environ["MASKBENCH_WORKERS"] = "1"
    columns = []
    for images in args.images:
        with tempfile.TemporaryDirectory() as scratch:
            columns.append(one_size(images, Path(scratch)))
    heads = " | ".join(f"{images:,}" for images in args.images)
    lines = [f"| images | {heads} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(c[name] for c in columns)} |" for name in columns[0]]
    print("\n".join(lines))
    if not args.dry:
        put(DOCUMENT, MARK, "\n".join(lines))


if __name__ == "__main__":
    main()
