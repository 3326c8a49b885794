"""Measure the stage *quality* beside *rasterize* and *combine*, three annotators a task.

    python benchmarks/quality.py                 10,000 tasks of 640 x 480 pixels
    python benchmarks/quality.py --tasks 1000 --workload W1

Prints Markdown. Each annotator draws the same polygons, a few pixels off and now and then with
another label. *quality* draws all three, and looks through labels and images as well (the checks).
*rasterize* and *combine* draw what counts: one annotation in the first table, all three in the
second, where the annotators vote. "Masks of all" is the part of *quality* that makes each
annotator's mask and nothing else: what it takes at least. CPU seconds are those of all processes of
a stage together; the peak is that of the largest.
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
STAGES = ("rasterize", "combine", "masks of all", "agreement", "quality")
"""What is measured, in this order; the names of two parts of *quality* are in :data:`PARTS`."""

_BEGIN = """
from maskbench.params import load_params
from maskbench.pipeline.incremental import folder_digests
from maskbench.pipeline.layout import Layout
from maskbench.quality import measure, stage

layout = Layout()
params = load_params(layout.params)
digests = folder_digests(layout, "annotations")
"""
PARTS = {
    "masks of all": _BEGIN
    + """
for name in sorted(digests):
    work = stage.image_work([name.removesuffix(".json")], digests, params, layout)
    for drawn in measure.draw_people(list(measure.read_tasks(work)), params):
        pass
""",
    "agreement": _BEGIN + "stage.measure_images(params, layout, digests)",
}
"""Parts of *quality*: making the masks of all annotators and nothing else, and counting them."""
POLICIES = {"latest": "one counts", "consensus": "all vote"}
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
    words = ["-c", PARTS[stage]] if stage in PARTS else [str(HERE / f"stages/{stage}.py")]
    return measured([sys.executable, *words], root)


def measure(root: Path, policy: str) -> dict[str, Cost]:
    """Run all stages from nothing, then *quality* again; ``rasterize.annotation`` is the policy."""
    params = json.loads((root / "params.yaml").read_text())
    params["rasterize"]["annotation"] = [policy]
    (root / "params.yaml").write_text(json.dumps(params))
    costs = {stage: run(root, stage) for stage in STAGES}
    again = measured([sys.executable, str(HERE / "stages/quality.py")], root)
    return {**costs, "quality, nothing changed": again}


def table(title: str, costs: dict[str, Cost]) -> str:
    """Return the figures as Markdown."""
    once = costs["rasterize"].cpu
    both = once + costs["combine"].cpu
    lines = [
        f"| {title} | CPU seconds | rasterize = 1 | rasterize + combine = 1 | peak |",
        "|---|--:|--:|--:|--:|",
    ]
    for stage, cost in costs.items():
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
        images = f"{args.tasks:,} tasks of {workload.width} x {workload.height} pixels"
        for policy, counts in POLICIES.items():
            title = f"{images}, {PEOPLE} annotators, {counts}"
            print(table(title, measure(root, policy)), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
