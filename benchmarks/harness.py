"""Prepare workloads, and measure the wall time of a tool's whole process."""

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import workloads

from maskbench.files.atomic import write_text

HERE = Path(__file__).resolve().parents[1]
CACHE = HERE / ".cache"
WORK = CACHE / "bench/work"
STAGES = ("rasterize", "combine")


def python_of(name: str) -> Path:
    """Return the interpreter of an environment of requirements/<name>.lock and nothing else.

    It is built anew when the lock file is newer. ``core`` is maskbench's, ``peers`` the others':
    that of the tests also holds boto3, and rasterio takes 0.1 s to import it where it finds it.
    """
    lock, home = HERE / f"requirements/{name}.lock", CACHE / name
    python, done = home / "bin/python", home / "installed"
    if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", lock], check=True)
        done.touch()
    return python


def prepare(workload: workloads.Workload, images: int, cache: Path = WORK) -> Path:
    """Make a folder with the workload's export, params and fetched data, and return it."""
    root = cache / f"{workload.name}-{images}"
    if not (root / "metrics/fetch.json").exists():
        shutil.rmtree(root, ignore_errors=True)
        workloads.write(workload, root / "source", images)
        params = workloads.params(workload, "source")
        write_text(root / "params.yaml", json.dumps(params))
        run_stage(root, "fetch")
    return root


def run_stage(root: Path, stage: str, processes: int | None = None) -> None:
    """Run a stage as DVC would."""
    environment = _environment()
    if processes is not None:
        environment["MASKBENCH_WORKERS"] = str(processes)
    words = [python_of("core"), HERE / f"stages/{stage}.py"]
    subprocess.run(words, cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL)


def ours(root: Path, processes: int | None = None) -> float:
    """Return the wall seconds of rasterize + combine without earlier output."""
    for name in (".maskbench/rasterize", ".maskbench/combine", "label_sets", "benchmark"):
        _put_aside(root / "data" / name, root)
    began = time.perf_counter()
    for stage in STAGES:
        run_stage(root, stage, processes)
    return time.perf_counter() - began


def recipe(root: Path, labels: int) -> float:
    """Return the wall seconds of the recipe."""
    script, export = HERE / "benchmarks/recipe.py", root / "source/export.json"
    words = [python_of("core"), script, export, root / "recipe", str(labels)]
    return _timed(root / "recipe", words)


def theirs(root: Path, peer: str) -> float:
    """Return the wall seconds of a peer from the export to PNG masks."""
    script = HERE / "benchmarks/peers.py"
    return _timed(root / peer, [python_of("peers"), script, peer, root / "source", root / peer])


def _timed(out: Path, words: list[str | Path]) -> float:
    _put_aside(out, out.parent)
    began = time.perf_counter()
    done = subprocess.run(words, env=_environment(), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{words} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return seconds


def _environment() -> dict[str, str]:
    """Return a user's environment, in which Python finds maskbench and keeps compiled modules."""
    ours = ("MASKBENCH_WORKERS", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"PYTHONPATH": str(HERE)}


def _put_aside(folder: Path, root: Path) -> None:
    """Move a folder of a prepared workload out of the way, to be deleted with all of them.

    Deleting it here would slow down whatever is measured next: ext4 does not use the place of a
    file again for a minute, and looks past all such places for each new file.
    """
    aside = root.parent / "aside" / uuid.uuid4().hex
    aside.parent.mkdir(exist_ok=True)
    if folder.exists():
        folder.rename(aside)
