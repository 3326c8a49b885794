"""Measure a page of ``maskbench show``: what drawing it costs, and how soon an image is open.

    python benchmarks/pages.py                                500 images of 3840 x 2160, all opened
    python benchmarks/pages.py --size 1280x720 --images 2000 --open 100

Builds a benchmark of ten polygons an image in a temporary folder (``--keep FOLDER``: there, and
used again), writes its page, changes one image and writes it again, then opens images one after
another in Debian's Chromium, each until scene and mask are painted. Seconds of the processor count
what all processes used: they say the same on a busy machine.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import workloads

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))
from tests.harness.browser import Page, chromium

STAGES = ("fetch", "rasterize", "combine", "split")

OPEN = """
const [done] = [...arguments].slice(-1);
const before = document.querySelector(".stage").dataset.key;
const began = performance.now();
const isOpen = () => {
  const key = document.getElementById("name").textContent;
  const parts = [...document.querySelectorAll(".stage .picture > *")];
  return key !== before && document.querySelector(".stage").dataset.key === key && parts.length > 1;
};
const look = () => {
  if (!isOpen()) return setTimeout(look, 5);
  const photos = [...document.querySelectorAll(".stage img")].map((photo) => photo.decode());
  Promise.all(photos).then(() => requestAnimationFrame(() => requestAnimationFrame(
    () => done(performance.now() - began))));
};
document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
look();
"""
"""Opens the next image; milliseconds until scene and mask are painted."""


def build(root: Path, size: tuple[int, int], images: int) -> None:
    """Build a benchmark of ten polygons an image, unless it is there."""
    if (root / "data/benchmark/manifest.csv").is_file():
        return
    reach = (size[1] // 20, size[1] // 3)
    workload = workloads.Workload("pages", images, *size, (10, 10), (10, 80), reach, 8)
    workloads.write(workload, root / "source")
    params = workloads.params(workload, str(root / "source"))
    params["split"] = {"ratios": {"train": 1.0}}
    (root / "params.yaml").write_text(json.dumps(params))
    (root / "dvc.yaml").write_text("stages: {}\n")
    for stage in STAGES:
        run(root, str(HERE / f"stages/{stage}.py"))


def show(root: Path) -> tuple[float, float, str]:
    """Write the page; returns seconds, seconds of the processor, and what the command says."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    said = run(root, "-m", "maskbench", "show", "--out", "page")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used, said.strip()


def run(root: Path, *words: str) -> str:
    """Run Python in the folder; returns what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        [sys.executable, *words], cwd=root, env=environment, check=True, capture_output=True
    )
    return done.stdout.decode()


def change_one(root: Path) -> None:
    """Draw a mask anew, with another class: what a relabelled region does to the manifest."""
    task = min((root / "data/annotations").iterdir())
    text = task.read_text()
    task.write_text(text.replace("label_00", "label_01"))


def opened(page: Path, count: int) -> tuple[list[float], float]:
    """Return the milliseconds that each of the first images takes to open.

    Beside them: the browser's milliseconds of the processor, for each.
    """
    with chromium() as driver:
        driver.set_script_timeout(60)
        there = Page(driver, (page / "index.html").as_uri())
        there.wait(lambda: there.all("#list .tile"))
        driver.execute_async_script(OPEN)
        began = processor_seconds(driver.service.process.pid)
        found = [driver.execute_async_script(OPEN) for _ in range(1, count)]
        used = processor_seconds(driver.service.process.pid) - began
    return found, 1000 * used / max(1, len(found))


def processor_seconds(process: int) -> float:
    """Return what the processes below a process have used."""
    times = [each.cpu_times() for each in psutil.Process(process).children(recursive=True)]
    return sum(time.user + time.system for time in times)


def megabytes(folder: Path) -> float:
    """Return the size of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def measure(root: Path, size: tuple[int, int], images: int, count: int) -> None:
    """Build, draw, open; prints the figures."""
    build(root, size, images)
    shutil.rmtree(root / "page", ignore_errors=True)
    for what in ("all", "nothing changed", "one image changed"):
        if what.startswith("one"):
            change_one(root)
        seconds, used, said = show(root)
        print(f"{what}: {said}", flush=True)
        each = f"{1000 * used / images:.1f} ms an image"
        print(f"  {seconds:.1f} s, {used:.1f} s of the processor ({each})")
    print(
        f"folder: {megabytes(root / 'page'):.0f} MB, {sum(1 for _ in root.glob('page/**/*'))} files"
    )
    if count:
        found, used = opened(root / "page", count)
        late = sum(each > 1000 for each in found)
        print(f"opened {len(found)} images: median {statistics.median(found):.0f} ms, ", end="")
        print(f"worst {max(found):.0f} ms, {late} above one second; {used:.0f} ms of the processor")


def main() -> None:
    """Read the arguments, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--size", default="3840x2160", help="width x height in pixels")
    parser.add_argument("--open", type=int, default=500, metavar="N", help="open so many images")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    with tempfile.TemporaryDirectory() as temporary:
        root = (args.keep or Path(temporary)).resolve()
        root.mkdir(parents=True, exist_ok=True)
        measure(root, (width, height), args.images, min(args.open, args.images))


if __name__ == "__main__":
    main()
