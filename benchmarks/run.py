"""Measure rasterize + combine against other tools, in one run; writes docs/performance.md.

Run ``python benchmarks/run.py [W1 W2 W3] [--images N] [--rounds N]``.

Times are wall times of whole processes, medians of interleaved rounds. Peers run in an environment
of their own (requirements/peers.lock). Truth is the exact fill, in the same painting order.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import workloads
from PIL import Image

from maskbench.files import write_text
from maskbench.geometry import polygon_outline
from maskbench.raster import fill

HERE = Path(__file__).resolve().parents[1]
CACHE = HERE / ".cache"
PEERS = ("floor", "cv2", "supervision", "pillow", "pycocotools")
SLOW = {("W2", "pillow"), ("W2", "pycocotools"), ("W3", "pillow"), ("W3", "pycocotools")}


def peers_python() -> Path:
    """The interpreter of the peers' environment, made if it is not there."""
    python = CACHE / "peers/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE / "peers"], check=True)
        lock = HERE / "requirements/peers.lock"
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", lock], check=True)
    return python


def prepare(workload: workloads.Workload, images: int) -> Path:
    """A folder with the workload's export, params and fetched data; returns it."""
    root = CACHE / "bench" / f"{workload.name}-{images}"
    if not (root / "metrics/fetch.json").exists():
        shutil.rmtree(root, ignore_errors=True)
        workloads.write(workload, root / "source", images)
        write_text(root / "params.yaml", json.dumps(workloads.params(workload, "source")))
        run_stage(root, "fetch")
    return root


def run_stage(root: Path, stage: str) -> None:
    """Run a stage as DVC would."""
    words = [sys.executable, str(HERE / f"stages/{stage}.py")]
    subprocess.run(words, cwd=root, check=True, stdout=subprocess.DEVNULL)


def ours(root: Path) -> float:
    """Wall seconds of rasterize + combine from nothing."""
    for name in (".maskbench/rasterize", ".maskbench/combine", "label_sets", "benchmark"):
        shutil.rmtree(root / "data" / name, ignore_errors=True)
    began = time.perf_counter()
    run_stage(root, "rasterize")
    run_stage(root, "combine")
    return time.perf_counter() - began


def theirs(root: Path, peer: str) -> float:
    """Wall seconds of a peer from the export to PNG masks."""
    shutil.rmtree(root / peer, ignore_errors=True)
    words = [peers_python(), HERE / "benchmarks/peers.py", peer, root / "source/export.json"]
    began = time.perf_counter()
    subprocess.run([*words, root / peer], check=True)
    return time.perf_counter() - began


def wrong_pixels(root: Path, peer: str, images: int = 10) -> tuple[float, float]:
    """(wrong pixels in % of labelled ones, area bias in %) of a peer's masks."""
    wrong = labelled = painted = 0
    for task in json.loads((root / "source/export.json").read_text())[:images]:
        truth = exact_mask(task["annotations"][0]["result"])
        mask = np.asarray(Image.open(root / peer / f"{task['id']:06d}.png"))
        wrong += int((mask != truth).sum())
        labelled += int((truth > 0).sum())
        painted += int((mask > 0).sum())
    return 100 * wrong / labelled, 100 * (painted / labelled - 1)


def exact_mask(results: list[dict]) -> np.ndarray:  # type: ignore[type-arg]
    """The class mask by the exact rule, later regions over earlier ones, as peers paint."""
    width, height = results[0]["original_width"], results[0]["original_height"]
    mask = np.zeros((height, width), dtype=np.uint8)
    for result in results:
        value = 1 + int(result["value"]["polygonlabels"][0].rpartition("_")[2])
        window, plane = fill(polygon_outline(result["value"], width, height), width, height)
        mask[window][plane.astype(bool)] = value
    return mask


def measure(workload: workloads.Workload, images: int, rounds: int) -> list[str]:
    """The table rows of one workload."""
    root = prepare(workload, images)
    names = [peer for peer in PEERS if (workload.name, peer) not in SLOW]
    times: dict[str, list[float]] = {name: [] for name in ("maskbench", *names)}
    for _ in range(rounds):
        times["maskbench"].append(ours(root))
        for peer in names:
            times[peer].append(theirs(root, peer))
    base = statistics.median(times["maskbench"])
    rows = []
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        off = (0.0, 0.0) if name == "maskbench" else wrong_pixels(root, name)
        shown = "—" if name == "floor" else f"{off[0]:.2f} % | {off[1]:+.2f} %"
        shown = "— | —" if name == "floor" else shown
        cells = f"{1000 * middle / images:.1f} | {middle / base:.2f} | {shown}"
        rows.append(f"| {workload.name} | {name} | {cells} |")
    return rows


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workloads", nargs="*", default=["W1", "W2", "W3"])
    parser.add_argument("--images", type=int, help="images a workload (default: all of them)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    rows = []
    for name in args.workloads:
        workload = workloads.WORKLOADS[name]
        rows += measure(workload, args.images or workload.images, args.rounds)
        print("\n".join(rows[-6:]), flush=True)
    head = "| workload | tool | ms an image | time, maskbench = 1 | wrong pixels | area bias |"
    table = "\n".join([head, "|---|---|---|---|---|---|", *rows])
    text = (HERE / "benchmarks/performance.template.md").read_text()
    text = text.replace("{table}", table).replace("{cores}", str(os.cpu_count()))
    write_text(HERE / "docs/performance.md", text)


if __name__ == "__main__":
    main()
