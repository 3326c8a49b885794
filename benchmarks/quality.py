"""Measure the stage *quality* beside *rasterize* and *combine*, three annotators a task.

    python benchmarks/quality.py                 10,000 tasks of 640 x 480 pixels
    python benchmarks/quality.py --tasks 1000 --workload W1

Prints Markdown. Each annotator draws the same polygons, a few pixels off and now and then with
another label. *rasterize* and *combine* draw the annotation that counts; agreement is counted on
all three, and *quality* looks through the labels and images as well (the checks). CPU seconds are
those of all processes of a stage together; the peak is that of the largest.
"""

import argparse
import copy
import json
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import workloads
from measure import Cost, measured

HERE = Path(__file__).resolve().parents[1]
TASKS = workloads.Workload("Q", 10_000, 640, 480, (1, 6), (4, 20), (20, 140), 3)
PEOPLE = 3
STAGES = ("rasterize", "combine", "agreement", "quality")
AGREEMENT = """
from maskbench.params import load_params
from maskbench.pipeline.incremental import folder_digests
from maskbench.pipeline.layout import Layout
from maskbench.quality.stage import measure_images

layout = Layout()
measure_images(load_params(layout.params), layout, folder_digests(layout, "annotations"))
"""
"""The part of *quality* that draws all annotations and counts pixels."""
OFF = 0.4
"""How far an annotator's points lie off, in percent of the image (standard deviation)."""


def annotators(export: Path, workload: workloads.Workload) -> None:
    """Give each task of an export the annotations of more people."""
    rng = np.random.default_rng(11)
    tasks = json.loads(export.read_text())
    for task in tasks:
        (first,) = task["annotations"]
        others = [_redrawn(first, user, rng, workload) for user in range(2, PEOPLE + 1)]
        task["annotations"] += others
    export.write_text(json.dumps(tasks))


def _redrawn(
    annotation: dict[str, Any], user: int, rng: np.random.Generator, workload: workloads.Workload
) -> dict[str, Any]:
    """Return the annotation as somebody else would draw it."""
    drawn = copy.deepcopy(annotation)
    drawn |= {"id": annotation["id"] * 10 + user, "completed_by": user}
    for region in drawn["result"]:
        points = np.array(region["value"]["points"])
        moved = np.clip(points + rng.normal(0, OFF, points.shape), 0, 100)
        region["value"]["points"] = moved.tolist()
        if rng.random() < 0.1:
            region["value"]["polygonlabels"] = [str(rng.choice(workloads.label_names(workload)))]
    return drawn


def prepare(root: Path, workload: workloads.Workload, tasks: int) -> None:
    """Make a folder with the workload, fetched."""
    export = workloads.write(workload, root / "source", tasks)
    annotators(export, workload)
    params = workloads.params(workload, "source")
    (root / "params.yaml").write_text(json.dumps(params))
    run(root, "fetch")


def run(root: Path, stage: str) -> Cost:
    """Run a stage as DVC would, or agreement alone, from nothing; return what it took."""
    shutil.rmtree(root / f"data/.maskbench/{stage}", ignore_errors=True)
    words = ["-c", AGREEMENT] if stage == "agreement" else [str(HERE / f"stages/{stage}.py")]
    return measured([sys.executable, *words], root)


def table(tasks: int, size: str, costs: dict[str, Cost], idle: Cost) -> str:
    """Return the figures as Markdown."""
    once = costs["rasterize"].cpu
    both = once + costs["combine"].cpu
    lines = [
        f"| {tasks:,} tasks of {size}, {PEOPLE} annotators | CPU seconds | rasterize = 1 "
        "| rasterize + combine = 1 | peak |",
        "|---|--:|--:|--:|--:|",
    ]
    for stage, cost in [*costs.items(), ("quality, nothing changed", idle)]:
        shares = f"{cost.cpu / once:.2f} | {cost.cpu / both:.2f}"
        lines.append(f"| {stage} | {cost.cpu:.1f} | {shares} | {cost.peak / 1e6:.0f} MB |")
    return "\n".join(lines)


def main() -> None:
    """Prepare the tasks, run the stages and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=TASKS.images)
    parser.add_argument("--workload", choices=("Q", *workloads.WORKLOADS), default="Q")
    args = parser.parse_args()
    workload = TASKS if args.workload == "Q" else workloads.WORKLOADS[args.workload]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "benchmark")
        root.mkdir()
        with ProcessPoolExecutor(1) as helper:  # a child begins with its parent's peak
            helper.submit(prepare, root, workload, args.tasks).result()
        costs = {stage: run(root, stage) for stage in STAGES}
        idle = measured([sys.executable, str(HERE / "stages/quality.py")], root)
        size = f"{workload.width} x {workload.height} pixels"
        print(table(args.tasks, size, costs, idle))


if __name__ == "__main__":
    main()
