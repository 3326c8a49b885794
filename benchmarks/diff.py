"""Measure ``maskbench diff`` on a large benchmark in which little changed.

    python benchmarks/diff.py                    10,000 images, 20 changed
    python benchmarks/diff.py --images 1000

Makes a repository with two versions in a temporary folder (the stages' files are written directly;
``dvc commit`` stores them), then times ``dvc diff`` and ``maskbench diff`` between revisions and
against the workspace, each in a process of its own, with its peak memory.
"""

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from maskbench.files.masks import pixel_digest, write_mask
from maskbench.labelstudio.export import parse_task
from maskbench.labelstudio.stored import task_json
from maskbench.pipeline.split import COLUMNS
from maskbench.regions.task import Image

HERE = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 640, 480


def raw_task(number: int, shift: int) -> dict:
    """Return a task with one canvas, moved ``shift`` pixels to the right."""
    left = 10 + number % 200 + shift
    value = {
        "x": 100 * left / WIDTH, "y": 100 * 40 / HEIGHT, "width": 100 * 300 / WIDTH,
        "height": 100 * 250 / HEIGHT, "rotation": 0, "rectanglelabels": ["Canvas"],
    }  # fmt: skip
    result = {"id": "r1", "type": "rectanglelabels", "value": value, "to_name": "image"}
    annotation = {
        "id": number, "completed_by": 1, "result": [result], "updated_at": "2026-11-22T08:00:00Z",
    }  # fmt: skip
    data = {"image": f"/data/upload/1/{number:08x}-wall.jpg"}
    return {"id": number, "project": 1, "data": data, "annotations": [annotation]}


def write_item(root: Path, number: int, shift: int) -> dict:
    """Write an item's task and mask; return its line of the manifest."""
    task = parse_task(raw_task(number, shift))
    image = Image(f"{task.key}.jpg", WIDTH, HEIGHT, "0" * 64)
    whole = type(task)(**{**vars(task), "image": image})
    (root / f"data/annotations/{task.key}.json").write_bytes(task_json(whole))
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    left = 10 + number % 200 + shift
    mask[40:290, left : left + 300] = 1
    write_mask(root / f"data/benchmark/masks/{task.key}.png", mask)
    canvas = 250 * 300
    return {
        "key": task.key, "split": "train", "group": task.key, "task": number, "project": 1,
        "annotation": number, "annotator": 1, "ground_truth": "false",
        "updated_at": "2026-11-22T08:00:00Z", "scene": image.file, "mask": f"{task.key}.png",
        "width": WIDTH, "height": HEIGHT, "mask_sha256": pixel_digest(mask),
        "classes": json.dumps({"Background": WIDTH * HEIGHT - canvas, "Canvas": canvas}),
        "scene_sha256": "0" * 64,
    }  # fmt: skip


def write_version(root: Path, images: int, changed: int) -> None:
    """Write all stages' files; the first ``changed`` items are drawn 5 pixels to the right."""
    rows = [write_item(root, i, 5 if i <= changed else 0) for i in range(1, images + 1)]
    with (root / "data/benchmark/manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def make(root: Path, images: int, changed: int) -> None:
    """Make a repository with the versions ``old`` and ``new``."""
    for name in ("maskbench", "stages", "dvc.yaml", "params.yaml", ".gitignore", ".dvcignore"):
        source = HERE / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, root / name)
    folders = ("annotations", "images", "label_sets", "benchmark/masks", "benchmark/scenes")
    for folder in (*(f"data/{name}" for name in folders), "data/benchmark/splits", "data/sample"):
        (root / folder).mkdir(parents=True)
        (root / folder / "placeholder").write_text("")
    for name in ("annotations", "benchmark/masks"):
        (root / f"data/{name}/placeholder").unlink()
    for file in ("data/combined.csv", "data/benchmark/codes.txt"):
        (root / file).write_text("")
    for folder in ("metrics", "plots"):
        (root / folder).mkdir()
    for stage in ("fetch", "rasterize", "combine", "split"):
        (root / f"metrics/{stage}.json").write_text("{}")
    for plot in ("dropped", "combinations", "balance"):
        (root / f"plots/{plot}.csv").write_text("a\n")
    run(root, "git", "init", "-q")
    run(root, "dvc", "init", "-q")
    for tag, moved in (("old", 0), ("new", changed)):
        write_version(root, images, moved)
        run(root, "dvc", "commit", "-fq")
        run(root, "git", "add", "-A")
        name = ("-c", "user.name=b", "-c", "user.email=b@example.com")
        run(root, "git", *name, "commit", "-qm", tag)
        run(root, "git", "tag", tag)


def run(root: Path, *words: str) -> float:
    """Return the seconds that a command takes; drop its output."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(HERE), "PYTHONSAFEPATH": "1"}
    start = time.perf_counter()
    subprocess.run(words, cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Make the repository, time the commands and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--changed", type=int, default=20)
    args = parser.parse_args()
    call = "import sys; from maskbench.cli import main; sys.exit(main(sys.argv[1:]))"
    maskbench = (sys.executable, "-c", call, "diff")
    with tempfile.TemporaryDirectory(dir="/tmp" if Path("/tmp").is_dir() else None) as folder:  # noqa: S108
        root = Path(folder)
        make(root, args.images, args.changed)
        print(f"{args.images:,} images of {WIDTH} x {HEIGHT}, {args.changed} changed")
        commands = {
            "dvc diff old new": ("dvc", "diff", "old", "new"),
            "maskbench diff old new": (*maskbench, "old", "new"),
            "maskbench diff old (workspace)": (*maskbench, "old"),
            "maskbench diff old new --md --json": (
                *maskbench, "old", "new", "--md", f"{root}/r.md", "--json", f"{root}/r.json",
            ),
        }  # fmt: skip
        for name, words in commands.items():
            seconds = min(run(root, *words) for _ in range(3))
            print(f"  {name:<36} {seconds:6.2f} s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  largest process                      {peak:6.0f} MiB")


if __name__ == "__main__":
    main()
