"""WebDataset: tar shards that training streams from a disk or an object store.

Layout: ``<split>/<split>-000000.tar`` and so on, ``codes.txt`` as in the benchmark, and
``index.json``: shards by split with their number of samples, size and digest. A sample's files
are adjacent in a shard: ``<key>.<suffix>`` (the scene), ``<key>.mask.<suffix>`` and ``<key>.json``
(the manifest's row). Scenes and masks keep their bytes, but for scenes of 16 bits with a scaling,
which become PNGs of 8.

The key's digest alone decides its shard. An image that is added or changed therefore rewrites one
shard while the others keep their bytes, and a shard is as mixed as the split. The number of shards
is the power of two that gives the wanted size or up to half less; when a split outgrows it, all
its shards divide.
"""

import hashlib
import tarfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from maskbench.dataset import Benchmark
from maskbench.errors import MaskbenchError
from maskbench.export.folder import copy, scaled_png
from maskbench.export.option import Option
from maskbench.export.source import ExportSource
from maskbench.files.atomic import write_text
from maskbench.files.hashing import sha256, sha256_file
from maskbench.files.json import json_text
from maskbench.params import SUBSETS
from maskbench.text import counted

SHARD_MB = 256.0
"""About how many megabytes (10^6 bytes) a shard has at most."""

NEEDS_REGIONS = False
OPTIONS = (
    Option(
        "shard_mb",
        "--shard-size",
        "megabytes",
        f"about how large a shard may be (default: {SHARD_MB:g})",
    ),
)


def write(source: ExportSource, folder: Path, shard_mb: float = SHARD_MB) -> str:
    """Write the splits that have images; return a one-line summary.

    Args:
        source: The benchmark.
        folder: An empty folder.
        shard_mb: About how many megabytes a shard has at most.

    Raises:
        MaskbenchError: A key holds a dot, after which WebDataset begins a file's type.
    """
    benchmark = source.benchmark
    index: dict[str, Any] = {"classes": benchmark.classes, "ignore": benchmark.ignore_index}
    index["shards"] = {
        name: _write_split(benchmark, name, folder, shard_mb * 1e6)
        for name in SUBSETS
        if benchmark.splits[name]
    }
    copy(benchmark.root / "codes.txt", folder / "codes.txt")
    write_text(folder / "index.json", json_text(index))
    shards = [shard for found in index["shards"].values() for shard in found]
    samples = sum(shard["samples"] for shard in shards)
    return f"{counted(samples, 'image')} with masks in {counted(len(shards), 'shard')}"


def _write_split(benchmark: Benchmark, name: str, folder: Path, most: float) -> list[Any]:
    """Write the shards of a split; return their entries in the index."""
    entries = []
    for number, keys in enumerate(_by_shard(benchmark, benchmark.splits[name], most)):
        path = folder / name / f"{name}-{number:06d}.tar"
        path.parent.mkdir(exist_ok=True)
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            for key in keys:
                _add_sample(tar, benchmark, key)
        entries.append(
            {
                "file": f"{name}/{path.name}",
                "samples": len(keys),
                "bytes": path.stat().st_size,
                "sha256": sha256_file(path),
            }
        )
    return entries


def _by_shard(benchmark: Benchmark, keys: Iterable[str], most: float) -> list[list[str]]:
    """Return the sorted keys of each shard that has any; there are a power of two of shards."""
    places = {key: (benchmark.scene_path(key), benchmark.mask_path(key)) for key in keys}
    total = sum(path.stat().st_size for pair in places.values() for path in pair)
    bits = 0
    while total / 2**bits > most and 2**bits < len(places):
        bits += 1
    shards: dict[int, list[str]] = defaultdict(list)
    for key in sorted(places):
        shards[_key_number(key) >> (64 - bits)].append(key)
    return [shards[number] for number in sorted(shards)]


def _key_number(key: str) -> int:
    """Return a number below 2^64 that depends on the key only."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8")).digest()[:8], "big")


def _add_sample(tar: tarfile.TarFile, benchmark: Benchmark, key: str) -> None:
    if "." in key:
        raise MaskbenchError(f"the key {key!r} holds a dot; WebDataset would cut it there")
    scene, mask, row = benchmark.scene_path(key), benchmark.mask_path(key), benchmark.row(key)
    if row.scaling is None:
        _add_path(tar, key + scene.suffix, scene)
    else:
        png = scaled_png(benchmark, key)
        row = replace(row, scene=f"{key}.png", scene_sha256=sha256(png), scaling=None)
        _add_file(tar, row.scene, BytesIO(png), len(png))
    _add_path(tar, f"{key}.mask{mask.suffix}", mask)
    facts = json_text(asdict(row)).encode("utf-8")
    _add_file(tar, f"{key}.json", BytesIO(facts), len(facts))


def _add_path(tar: tarfile.TarFile, name: str, path: Path) -> None:
    with path.open("rb") as stream:
        _add_file(tar, name, stream, path.stat().st_size)


def _add_file(tar: tarfile.TarFile, name: str, stream: BinaryIO, size: int) -> None:
    info = tarfile.TarInfo(name)  # owner 0, time 0, mode 0644: nothing of this machine
    info.size = size
    tar.addfile(info, stream)
