"""Random edits, incremental runs and kills: what comes out always equals a build from nothing."""

import json
import os
import random
import signal
import subprocess
import sys

import pytest

from maskbench.errors import DataError
from tests.exports import annotation, box, polygon, task, write_export, write_image
from tests.pipeline.test_build import contents, run
from tests.repositories import ROOT

LABELS = ("Canvas", "Obstruction")
FOLDERS = ("annotations", "images", "label_sets", "benchmark/masks", "benchmark/scenes")


class World:
    """An export, its images, and the params, with the edits that people make."""

    def __init__(self, root, seed):
        self.root, self.source = root, root / "source"
        self.rng = random.Random(seed)
        self.tasks = []
        self.names = {}  # a label as it is drawn: as it is called now
        self.mask_format, self.overlap, self.then = "png", "keep", "Both"
        for _ in range(4):
            self.add_task()
        self.write()

    def point(self):
        return [round(self.rng.uniform(0, 100), 3) for _ in range(2)]

    def region(self, number):
        label = self.called(self.rng.choice(LABELS))
        if self.rng.random() < 0.5:
            return polygon([label], [self.point() for _ in range(5)], number=number)
        return box([label], 5, 5, self.rng.uniform(10, 90), 80, number=number)

    def called(self, label):
        return self.names.get(label, label)

    def results(self):
        return self.rng.choice(self.tasks)["annotations"][0]["result"]

    def sections(self):
        canvas, obstruction = map(self.called, LABELS)
        values = {"Background": 0, canvas: 1, obstruction: 2, "Both": 3, "Other": 4}
        return {
            "labels_map": values,
            "multi_label_rules": {"both": {"when": [canvas, obstruction], "then": self.then}},
            "rasterize": {"overlap": self.overlap},
            "combine": {"mask_format": self.mask_format},
        }

    def write(self):
        write_export(self.source, self.tasks)

    # Edits of the labels

    def add_task(self):
        number = max((entry["id"] for entry in self.tasks), default=0) + 1
        regions = [self.region(i) for i in range(self.rng.randint(0, 4))]
        self.tasks.append(task(number, annotation(number, regions)))

    def delete_task(self):
        if len(self.tasks) > 1:
            self.tasks.remove(self.rng.choice(self.tasks))

    def relabel(self):
        for result in self.results()[:1]:
            kind = result["type"]
            result["value"][kind] = [self.called(self.rng.choice(LABELS))]

    def move_vertex(self):
        for result in self.results():
            if "points" in result["value"]:
                result["value"]["points"][0] = self.point()

    def skip_annotation(self):
        entry = self.rng.choice(self.tasks)["annotations"][0]
        entry["was_cancelled"] = not entry["was_cancelled"]

    def mere_save(self):
        for entry in self.tasks:
            entry["annotations"][0]["lead_time"] = self.rng.random()

    # Edits of names and images

    def rename_label(self):
        label = self.rng.choice(LABELS)
        old, new = self.called(label), f"{label} {self.rng.randint(2, 9)}"
        self.names[label] = new
        text = json.dumps(self.tasks).replace(json.dumps([old]), json.dumps([new]))
        self.tasks = json.loads(text)

    def rename_image(self):
        entry = self.rng.choice(self.tasks)
        old = entry["data"]["image"]
        new = f"/data/upload/1/{entry['id']:08x}-new_{self.rng.randint(0, 99)}.png"
        entry["data"]["image"] = new
        (self.source / old.removeprefix("/data/")).rename(self.source / new.removeprefix("/data/"))

    def other_image(self):
        """Another picture under the same name, size of file and time of change if it can be."""
        entry = self.rng.choice(self.tasks)
        path = self.source / entry["data"]["image"].removeprefix("/data/")
        before = path.stat()
        write_image(path, seed=self.rng.randint(1000, 9999))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    # Edits of the params

    def change_rules(self):
        self.then = "Other" if self.then == "Both" else "Both"

    def change_format(self):
        self.mask_format = "tif" if self.mask_format == "png" else "png"

    def change_overlap(self):
        self.overlap = self.rng.choice(["keep", "top", "smallest"])

    # What happens to outputs

    def outputs(self):
        return [
            path
            for folder in FOLDERS
            for path in sorted((self.root / "kept/data" / folder).glob("*"))
        ]

    def some_output(self):
        return self.rng.choice(self.outputs()) if self.outputs() else None

    def tamper(self):
        """Other bytes of the same number, and the time of the last change set back."""
        if path := self.some_output():
            before = path.stat()
            content = bytearray(path.read_bytes())
            content[self.rng.randrange(len(content))] ^= 1
            path.write_bytes(content)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def exchange(self):
        """Two outputs under each other's names."""
        folder = self.root / "kept/data" / self.rng.choice(FOLDERS)
        paths = sorted(folder.glob("*"))
        if len(paths) > 1:
            first, second = self.rng.sample(paths, 2)
            first.rename(folder / "aside")
            second.rename(first)
            (folder / "aside").rename(second)

    def touch(self):
        for path in self.outputs():
            path.touch()

    def delete_output(self):
        if path := self.some_output():
            path.unlink()

    def add_stray(self):
        if path := self.some_output():
            path.with_name(f"stray{path.suffix}").write_bytes(path.read_bytes())

    EDITS = (
        add_task, delete_task, relabel, move_vertex, skip_annotation, mere_save, rename_label,
        rename_image, other_image, change_rules, change_format, change_overlap, tamper, exchange,
        touch, delete_output, add_stray,
    )  # fmt: skip


def built(root, world):
    """The outputs of a run in ``root``, or the message of a refusal."""
    try:
        run(root, world.source, **world.sections())
    except DataError as error:
        return str(error)
    return contents(root)


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))]
)
def test_an_incremental_run_equals_one_from_nothing(tmp_path, seed, monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "1")
    world = World(tmp_path, seed)
    edits = list(World.EDITS)
    world.rng.shuffle(edits)
    built(tmp_path / "kept", world)
    for step, edit in enumerate(edits):
        told = [edit.__name__]
        edit(world)
        if world.rng.random() < 0.3:  # two at once
            other = world.rng.choice(edits)
            told.append(other.__name__)
            other(world)
        world.write()
        kept = built(tmp_path / "kept", world)
        assert kept == built(tmp_path / f"clean{step}", world), (seed, step, told)


_RUN = """
import json, os, signal, sys
from pathlib import Path
from tests.pipeline.test_build import run
root, source, sections, left = sys.argv[1:]
left = [int(left)]
def count(event, args):
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
    if writes or event in ("os.rename", "os.remove", "os.mkdir", "os.link"):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
run(Path(root), Path(source), **json.loads(sections))
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_run_after_kills_equals_one_from_nothing(tmp_path, seed, monkeypatch):
    """SIGKILL before the n-th time that a run writes, renames or deletes something."""
    monkeypatch.setenv("MASKBENCH_WORKERS", "1")
    world = World(tmp_path, 100 + seed)
    built(tmp_path / "kept", world)
    killed = 0
    for most in (10, 40, 120, 120):
        for edit in world.rng.sample(World.EDITS, 3):
            edit(world)
        world.write()
        words = [tmp_path / "kept", world.source, json.dumps(world.sections())]
        number = str(world.rng.randint(1, most))
        done = subprocess.run(
            [sys.executable, "-c", _RUN, *words, number], cwd=ROOT, capture_output=True, check=False
        )
        killed += done.returncode == -signal.SIGKILL
    kept = built(tmp_path / "kept", world)
    assert kept == built(tmp_path / "clean", world), seed
    assert killed
