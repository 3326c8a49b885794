"""Measure ``dvc repro`` after one changed task of 10,000, beside a clean build and DVC itself.

    python benchmarks/incremental.py                 10,000 tasks
    python benchmarks/incremental.py --tasks 300

Prints Markdown. DVC's floor is the same dvc.yaml on the same files, with stages that change one
byte of one output and import nothing; both repositories see the same edits, in turns.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import workloads

HERE = Path(__file__).resolve().parents[1]
TASKS = workloads.Workload("tiny", 10_000, 64, 64, (1, 6), (4, 20), (3, 24), 3)
EXPORT = "data/sample/export.json"
TOUCHES = {
    "fetch": "data/annotations",
    "rasterize": "data/label_sets",
    "combine": "data/benchmark/masks",
    "split": "data/benchmark/manifest.csv",
    "quality": "plots/ranking.csv",
}
"""The output that a stage of the floor changes."""

TOUCH = """\
import os
place = {place!r}
file = os.path.join(place, sorted(os.listdir(place))[0]) if os.path.isdir(place) else place
with open(file, "ab") as stream:
    stream.write(b" ")
"""
EMPTY = """\
import sys
with open(sys.argv[1], "w") as stream:
    stream.write("done")
"""


class Repository:
    """Time commands in a folder with git and DVC."""

    def __init__(self, root: Path) -> None:
        self.root = root
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {**os.environ, "PATH": path, "PYTHONPATH": str(root)}
        # Else each stage would compile the package anew.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def init(self) -> None:
        """Make the folder a repository of git and DVC."""
        self.run("git", "init", "-q")
        self.run("dvc", "init", "-q")

    def run(self, *words: str) -> float:
        """Return the wall seconds of a command."""
        began = time.perf_counter()
        done = subprocess.run(
            words, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            raise RuntimeError(f"{words} failed:\n{done.stdout}\n{done.stderr}")
        return seconds

    def repro(self) -> float:
        """Return the wall seconds of ``dvc repro``."""
        return self.run("dvc", "repro", "-q")

    def edit(self, number: int) -> None:
        """Move one point of one task, as an annotator would."""
        export = self.root / EXPORT
        tasks = json.loads(export.read_text())
        point = tasks[number]["annotations"][0]["result"][0]["value"]["points"][0]
        point[:] = [50.0 + number % 7, 50.0]
        export.write_text(json.dumps(tasks))


def make_ours(root: Path, tasks: int) -> Repository:
    """Make a copy of this repository's pipeline with generated tasks, not built yet."""
    root.mkdir(parents=True)
    for name in ("maskbench", "stages"):
        shutil.copytree(HERE / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".gitignore", ".dvcignore"):
        shutil.copy(HERE / name, root / name)
    workloads.write(TASKS, root / "data/sample", tasks)
    params = workloads.params(TASKS, "data/sample")
    (root / "params.yaml").write_text(json.dumps(params, indent=2))
    repository = Repository(root)
    repository.init()
    return repository


def make_floor(ours: Repository, root: Path) -> Repository:
    """Make a copy of the built repository whose stages change one byte."""
    shutil.copytree(ours.root, root, symlinks=True)
    for stage, place in TOUCHES.items():
        (root / f"stages/{stage}.py").write_text(TOUCH.format(place=place))
    floor = Repository(root)
    floor.repro()
    return floor


def make_empty(root: Path) -> Repository:
    """Make and build a repository of as many Python stages in a row that each write a word."""
    root.mkdir(parents=True)
    (root / "empty.py").write_text(EMPTY)
    stages, before = {}, "empty.py"
    for name in TOUCHES:
        stages[name] = {"cmd": f"python empty.py {name}", "deps": [before], "outs": [name]}
        before = name
    (root / "dvc.yaml").write_text(json.dumps({"stages": stages}))
    empty = Repository(root)
    empty.init()
    empty.repro()
    return empty


def changed(pair: Sequence[Repository], tasks: int, rounds: int) -> list[list[float]]:
    """Return the seconds of ``dvc repro`` after one edit, by repository, in turns."""
    times: list[list[float]] = [[] for _ in pair]
    for turn in range(rounds):
        for repository, taken in zip(pair, times, strict=True):
            repository.edit((turn * 3571 + 17) % tasks)
            taken.append(repository.repro())
    return times


def unchanged(pair: Sequence[Repository], rounds: int) -> list[list[float]]:
    """Return the seconds of ``dvc repro`` with nothing to do, by repository, in turns."""
    times = [[repository.repro() for repository in pair] for _ in range(rounds)]
    return [list(taken) for taken in zip(*times, strict=True)]


def ratio(times: Sequence[float], floor: Sequence[float]) -> float:
    """Return the median of each turn's ratio: a slower machine slows both sides of a turn."""
    return statistics.median(a / b for a, b in zip(times, floor, strict=True))


def table(tasks: int, clean: float, *pairs: Sequence[Sequence[float]]) -> str:
    """Return the figures as Markdown: one edit, nothing to do, nothing to do with few tasks."""
    (edit, floor), (idle, idle_floor), (few, empty) = pairs
    once = statistics.median(edit)
    lines = [
        f"| `dvc repro`, {tasks:,} tasks | seconds | ratio |",
        "|---|--:|---|",
        f"| clean build | {clean:.1f} | {clean / once:.0f} times one task changed |",
        _line("one task changed", edit, f"{ratio(edit, floor):.2f} times DVC's floor"),
        _line("DVC's floor: the same pipeline, stages that change one byte", floor, "1"),
        _line("nothing changed", idle, f"{ratio(idle, idle_floor):.2f} times DVC's floor"),
        _line("DVC's floor, nothing changed", idle_floor, "1"),
        _line("nothing changed, 10 tasks", few, f"{ratio(few, empty):.2f} times the next"),
        _line("as many empty Python stages", empty, "1"),
    ]
    return "\n".join(lines)


def _line(what: str, times: Sequence[float], beside: str) -> str:
    return f"| {what} | {statistics.median(times):.2f} | {beside} |"


def main() -> None:
    """Make the repositories, time the commands and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=TASKS.images)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours = make_ours(Path(folder, "ours"), args.tasks)
        clean = ours.repro()
        floor = make_floor(ours, Path(folder, "floor"))
        small = make_ours(Path(folder, "small"), 10)
        small.repro()
        empty = make_empty(Path(folder, "empty"))
        changed((ours, floor), args.tasks, 1)  # warms up
        edits = changed((ours, floor), args.tasks, args.rounds)
        idle = unchanged((ours, floor), args.rounds)
        few = unchanged((small, empty), 5 * args.rounds)  # a second each: they vary the most
    print(table(args.tasks, clean, edits, idle, few))


if __name__ == "__main__":
    main()
