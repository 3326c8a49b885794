"""Measure the time and memory of fetching a large project, beside the server's own exports.

    python benchmarks/fetch.py --tasks 20000

Starts a Label Studio of its own, fills it with tasks of ten regions each, measures, and writes the
figures into docs/label-studio.md. Each way runs in a process of its own, so that its peak of memory
is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import requests
from measure import MB, put
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from label_studio import VERSION, Server
from label_studio_api import Api
from maskbench.labelstudio.server import client, source, sync
from maskbench.labelstudio.server.auth import LEGACY, Key

LABELS = ("Canvas", "Obstruction", "PartialCanvas")
SETUP = (
    '<View><Image name="image" value="$image"/><PolygonLabels name="label" toName="image">'
    + "".join(f'<Label value="{label}"/>' for label in LABELS)
    + "</PolygonLabels></View>"
)
DOCUMENT = ROOT / "docs" / "label-studio.md"
MARK = "python benchmarks/fetch.py"


def region(rng: random.Random, number: int) -> dict[str, Any]:
    """Return a polygon of 5 to 15 points."""
    x, y = rng.uniform(5, 80), rng.uniform(5, 80)
    points = [[x + rng.uniform(0, 15), y + rng.uniform(0, 15)] for _ in range(rng.randint(5, 15))]
    value = {"points": points, "closed": True, "polygonlabels": [rng.choice(LABELS)]}
    return {
        "id": f"r{number}",
        "type": "polygonlabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": 64,
        "original_height": 48,
        "image_rotation": 0,
        "value": value,
    }


def tasks(count: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Return annotated tasks, each with an address of the same small image."""
    for number in range(count):
        image = f"/data/local-files/?d=bench/wall.png&n={number}"
        result = [region(rng, i) for i in range(10)]
        annotations = [{"result": result, "ground_truth": False}]
        yield {"data": {"image": image}, "annotations": annotations}


def filled(studio: Server, files: Path, count: int) -> int:
    """Return a project with so many tasks; make it if it is missing."""
    api = Api(studio.url, studio.legacy_token)
    for project in api.call("GET", "/api/projects/")["results"]:
        if project["task_number"] == count:
            return int(project["id"])
    project = api.create_project("benchmark", SETUP)
    body = {"project": project, "path": str(files / "bench"), "regex_filter": "none"}
    api.call("POST", "/api/storages/localfiles/", json={**body, "use_blob_urls": True})
    made = tasks(count, random.Random(1))
    while batch := list(islice(made, 250)):
        api.import_tasks(project, batch)
    return project


def age(data: Path) -> None:
    """Date the tasks back, since a real project does not fill in a minute."""
    with sqlite3.connect(data / "label_studio.sqlite3") as database:
        database.execute("UPDATE task SET updated_at = '2026-01-01 00:00:00' WHERE id % 1000")


def get(url: str, token: str, path: str, **params: Any) -> requests.Response:
    """Send a plain request without retries."""
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Token {token}"}
        return session.get(url + path, params=params, headers=headers, timeout=3600)


def plain_export(url: str, token: str, project: int) -> None:
    """Export as the export button does: everything in one answer."""
    query = {"exportType": "JSON", "download_all_tasks": "true"}
    get(url, token, f"/api/projects/{project}/export", **query).json()


def snapshot(url: str, token: str, project: int) -> None:
    """Export by a file that the server makes and then hands out."""
    path = f"{url}/api/projects/{project}/exports/"
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Token {token}"
        number = session.post(path, json={}, timeout=3600).json()["id"]
        session.get(f"{path}{number}/download", timeout=3600).json()


def paged(url: str, token: str, project: int) -> None:
    """Read the task list with all fields, 200 tasks a page."""
    page, seen, total = 1, 0, 1
    while seen < total:
        query = {"project": project, "fields": "all", "page": page, "page_size": 200}
        answer = get(url, token, "/api/tasks/", **query).json()
        seen, total, page = seen + len(answer["tasks"]), answer["total"], page + 1


def ours(url: str, token: str, project: int) -> None:
    """Fetch as maskbench does: the list of what changed, then these tasks by id."""
    root = Path(os.environ["BENCHMARK_WORK"])
    connection = client.Client(url, Key(token, LEGACY))
    reader = source.Server(connection, [project], root, root / "images")
    reader.sync()
    reader.close()


WAYS: dict[str, Callable[[str, str, int], None]] = {
    "plain export": plain_export,
    "snapshot": snapshot,
    "task pages, all fields": paged,
    "maskbench, first fetch": ours,
    "maskbench, nothing changed": ours,
    "maskbench, 100 tasks changed": ours,
}


def measured(studio: Server, project: int, way: str, work: Path) -> dict[str, float]:
    """Run one way in its own process; return its seconds, longest single answer and peaks."""
    words = [sys.executable, __file__, "--way", way, studio.url, str(project)]
    done = subprocess.run(
        words, env={**os.environ, "BENCHMARK_WORK": str(work)}, capture_output=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return {**found, "server": server_peak(studio)}


def server_peak(studio: Server) -> float:
    """Return the server's peak of resident memory so far, in bytes (Linux)."""
    status = Path(f"/proc/{studio.process.pid}/status").read_text()
    return 1024 * float(status.split("VmHWM:")[1].split()[0])


def run_way(way: str, url: str, project: int) -> None:
    """Run one way and print what it took; called in the child process."""
    longest = [0.0]
    send = requests.Session.send

    def timed(self: requests.Session, *words: Any, **options: Any) -> requests.Response:
        began = time.monotonic()
        answer = send(self, *words, **options)
        longest[0] = max(longest[0], time.monotonic() - began)
        return answer

    requests.Session.send = timed  # type: ignore[method-assign]
    began = time.monotonic()
    WAYS[way](url, Server.legacy_token, project)
    taken = time.monotonic() - began
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": taken, "longest": longest[0], "peak": peak}))


def touch(studio: Server, project: int, count: int) -> None:
    """Annotate some tasks again."""
    api = Api(studio.url, studio.legacy_token)
    rng = random.Random(2)
    query = {"project": project, "page_size": count, "include": "id"}
    for task in api.call("GET", "/api/tasks/", params=query)["tasks"]:
        api.annotate(task["id"], [region(rng, 0)])


def table(count: int, rows: dict[str, dict[str, float]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        f"Label Studio {VERSION} with SQLite on {os.cpu_count()} cores, {count:,} tasks of ten "
        f"polygons; chunks of {sync.CHUNK} tasks. Peaks are of resident memory.",
        "",
        "| way | seconds | longest answer, s | client's peak, MB | server's peak so far, MB |",
        "|---|--:|--:|--:|--:|",
    ]
    for way, row in rows.items():
        lines.append(
            f"| {way} | {row['seconds']:.1f} | {row['longest']:.1f} | {row['peak'] / MB:.0f} | "
            f"{row['server'] / MB:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--data-dir", type=Path, help="a server's folder to keep and use again")
    parser.add_argument("--dry", action="store_true", help="print only")
    parser.add_argument("--way", nargs=3, metavar=("WAY", "URL", "PROJECT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        run_way(args.way[0], args.way[1], int(args.way[2]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        data = args.data_dir or Path(scratch) / "server"
        files = data / "files"
        (files / "bench").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), (90, 120, 60)).save(files / "bench" / "wall.png")
        with Server.start(data, document_root=files) as studio:
            project = filled(studio, files, args.tasks)
            age(data)
            rows: dict[str, dict[str, float]] = {}
            # The server's memory never shrinks: gentle ways first.
            for way in ("maskbench, first fetch", "maskbench, nothing changed"):
                rows[way] = measured(studio, project, way, Path(scratch) / "work")
            touch(studio, project, 100)
            for way in [*list(WAYS)[5:], "task pages, all fields", "plain export", "snapshot"]:
                rows[way] = measured(studio, project, way, Path(scratch) / "work")
    text = table(args.tasks, {way: rows[way] for way in WAYS})
    print(text)
    if not args.dry:
        put(DOCUMENT, MARK, text)


if __name__ == "__main__":
    main()
