"""Measure the time and memory of pushing predictions, beside plain requests that send the same.

    python benchmarks/predictions.py --tasks 2000

Starts a Label Studio of its own with tasks that all show an image of 640 x 480 pixels, makes a mask
with five regions for each, measures, and writes the figures into docs/loop.md. Both ways run by
turns, each time in a process of its own; what they send is the same, in the same pieces.
"""

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
import requests
from fetch import server_peak
from measure import MB, put
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from label_studio import VERSION, Server
from label_studio_api import Api
from maskbench.params import Params, parse_params
from maskbench.pipeline.layout import Layout
from maskbench.predictions import push as pushing
from maskbench.predictions.server import ProjectPredictions
from maskbench.predictions.tasks import write_images
from maskbench.text import counted

REGIONS = 5
LABELS = [f"Part {number}" for number in range(1, REGIONS + 1)]
SETUP = (
    '<View><Image name="image" value="$image"/><PolygonLabels name="label" toName="image">'
    + "".join(f'<Label value="{label}"/>' for label in LABELS)
    + "</PolygonLabels></View>"
)
SIZE = (640, 480)
DOCUMENT = ROOT / "docs/loop.md"
MARK = "python benchmarks/predictions.py"
WAYS = ("maskbench", "plain requests")


def params(server: str, project: int) -> Params:
    """Return the params of a repository of this project."""
    return parse_params(
        {
            "fetch": {"server": server, "project": project, "snapshot": "1"},
            "labels_map": {"Background": 0, **{label: i for i, label in enumerate(LABELS, 1)}},
            "multi_label_rules": {},
            "rasterize": {
                "annotation": ["latest"], "label_aliases": {}, "overlap": "top",
                "all_touched": False, "brush_threshold": 128,
            },
            "combine": {"unmatched": "error", "priority": [], "mask_format": "png"},
            "split": {
                "ratios": {"train": 0.6, "valid": 0.2, "test": 0.2}, "group_by": None, "salt": "",
            },
        }
    )  # fmt: skip


def filled(api: Api, count: int) -> int:
    """Return a project with so many tasks of one uploaded image."""
    project = api.create_project("benchmark", SETUP)
    stream = io.BytesIO()
    Image.new("RGB", SIZE, (90, 120, 60)).save(stream, "JPEG")
    [path] = api.upload_images(project, {"wall.jpg": stream.getvalue()}, tasks=False).values()
    tasks = [{"data": {"image": f"/data/{path}?n={number}"}} for number in range(count)]
    for start in range(0, count, 500):
        api.import_tasks(project, tasks[start : start + 500])
    return project


def mask(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a mask with five discs."""
    rng = np.random.default_rng(number)
    rows, columns = np.indices(SIZE[::-1])
    made = np.zeros(SIZE[::-1], np.uint8)
    for value in range(1, REGIONS + 1):
        x, y, radius = rng.uniform(60, 580), rng.uniform(60, 420), rng.uniform(20, 60)
        made[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = value
    return made


def maskbench(url: str, project: int, root: Path, version: str) -> None:
    """Push the masks."""
    options = pushing.PushOptions(version)
    pushing.push(params(url, project), Layout(root), root / "masks", options)


def plain_requests(url: str, project: int, root: Path, version: str) -> None:
    """Send what was kept of an earlier push, without looking at the answers."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Token {Server.legacy_token}"
        session.headers["Connection"] = "close"  # as maskbench: Django's own server is faster so
        for chunk in kept(root):
            body = [{**entry, "model_version": version} for entry in chunk]
            address = f"{url}/api/projects/{project}/import/predictions"
            session.post(address, json=body, timeout=600).raise_for_status()


def kept(root: Path) -> Iterator[Any]:
    """Yield the chunks that :func:`keep_what_is_sent` kept."""
    with (root / "chunks.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def keep_what_is_sent(url: str, project: int, root: Path) -> None:
    """Push once, and keep each chunk: the same that both ways send."""
    create = ProjectPredictions.create
    with (root / "chunks.jsonl").open("w", encoding="utf-8") as file:

        def kept_and_sent(self: ProjectPredictions, version: str, chunk: Any) -> dict[int, str]:
            file.write(json.dumps([{"task": n, **value} for n, value in chunk.items()]) + "\n")
            return create(self, version, chunk)

        with patch.object(ProjectPredictions, "create", kept_and_sent):
            maskbench(url, project, root, "kept")


def measured(way: str, server: Server, project: int, root: Path, version: str) -> dict[str, float]:
    """Run a way in its own process; return its figures, and the processor time of the server."""
    before = _cpu(server)
    words = [sys.executable, __file__, "--way", way, server.url, str(project), str(root), version]
    done = subprocess.run(words, capture_output=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return {**found, "server": _cpu(server) - before}


def _cpu(server: Server) -> float:
    times = psutil.Process(server.process.pid).cpu_times()
    return times.user + times.system


def run_way(way: str, url: str, project: str, root: str, version: str) -> None:
    """Run a way and print wall time, processor time and peak of memory; called in the child."""
    function = maskbench if way == WAYS[0] else plain_requests
    before, began = time.process_time(), time.monotonic()
    function(url, int(project), Path(root), version)
    seconds = time.monotonic() - began
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() - before + workers.ru_utime + workers.ru_stime
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "client": cpu, "peak": peak}))


def measure(server: Server, root: Path, count: int, rounds: int) -> str:
    """Fill a project and measure both ways, alternating; return the rows of the table."""
    project = filled(Api(server.url, server.legacy_token), count)
    write_images(params(server.url, project), Layout(root), root / "images")
    (root / "masks").mkdir()
    for number, path in enumerate(sorted((root / "images").glob("*.jpg"))):
        Image.fromarray(mask(number)).save(root / "masks" / f"{path.stem}.png")
    keep_what_is_sent(server.url, project, root)
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for turn in range(rounds):
        for way in WAYS:
            found[way].append(measured(way, server, project, root, f"{way} {turn}"))
    return "\n".join(row(count, way, found[way]) for way in WAYS)


def row(count: int, way: str, runs: list[dict[str, float]]) -> str:
    """Return a row of the table: medians of the runs, and the highest peak."""
    wall, client, server = (
        statistics.median(run[name] for run in runs) for name in ("seconds", "client", "server")
    )
    peak = max(run["peak"] for run in runs) / MB
    return f"| {count:,} | {way} | {wall:.1f} | {client:.1f} | {server:.1f} | {peak:.0f} |"


def table(rows: list[str], rounds: int) -> str:
    """Return the figures as Markdown."""
    lines = [
        f"Label Studio {VERSION} with SQLite on {os.cpu_count()} cores; masks of {SIZE[0]} x "
        f"{SIZE[1]} pixels with {REGIONS} regions each, sent as polygons; medians of "
        f"{counted(rounds, 'run')} each, alternating. Plain requests send what `push` makes of the "
        "masks, ready made, and do not look at the answers. The peak is of resident memory of the "
        "main process.",
        "",
        "| tasks | way | wall, s | processor, s | the server's processor, s | peak, MB |",
        "|--:|---|--:|--:|--:|--:|",
        *rows,
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dry", action="store_true", help="print only")
    parser.add_argument("--way", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ["LABEL_STUDIO_API_KEY"] = Server.legacy_token
    if args.way:
        run_way(*args.way)
        return
    rows = []
    for count in args.tasks:
        with tempfile.TemporaryDirectory() as folder, Server.start(Path(folder) / "s") as server:
            root = Path(folder) / "repository"
            root.mkdir()
            rows.append(measure(server, root, count, args.rounds))
            print(f"{rows[-1]}  server's peak {server_peak(server) / MB:.0f} MB", flush=True)
    text = table(rows, args.rounds)
    print(text)
    if not args.dry:
        put(DOCUMENT, MARK, text)


if __name__ == "__main__":
    main()
