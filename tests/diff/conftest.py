"""A benchmark with a history built on purpose: each version differs from the last in one thing."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maskbench.cli import main
from maskbench.files.masks import read_mask, write_mask
from maskbench.files.yaml import parse_yaml
from tests.exports import annotation, box, simple_tasks, task, write_export, write_image
from tests.harness.browser import Page
from tests.repositories import Repository, copy_repository, new_repository, once


class Story:
    """A repository whose tags are versions, and each version's masks by class name.

    ``masks[tag][key]`` is an array (H, W) of class names, read from the files on disk when the
    version was built: the independent count.
    """

    def __init__(self, root: Path):
        self.repository = Repository(root)
        self.root = root
        self.masks = {}
        self.splits = {}

    def build(self, tag):
        self.repository.dvc("repro")
        self.repository.dvc("push")
        self.repository.commit(tag)
        self.repository.git("tag", tag)
        self.masks[tag] = masks_on_disk(self.root)
        folder = self.root / "data/benchmark/splits"
        self.splits[tag] = {file.stem: file.read_text().split() for file in folder.iterdir()}

    def tasks(self, change=lambda tasks: None):
        """Rewrite the export after a change of its list of tasks."""
        path = self.root / "data/sample/export.json"
        tasks = json.loads(path.read_text())
        change(tasks)
        path.write_text(json.dumps(tasks))


def masks_on_disk(root):
    labels = parse_yaml((root / "params.yaml").read_text())["labels_map"]
    names = np.array([""] * 256, dtype=object)
    for name, value in labels.items():
        names[value] = name
    files = sorted((root / "data/benchmark/masks").iterdir())
    return {file.stem: names[np.asarray(Image.open(file))] for file in files}


def differing(before, after):
    """Pixels by (class before, class after) where two arrays of names differ, one by one."""
    found = {}
    for old, new in zip(before.ravel().tolist(), after.ravel().tolist(), strict=True):
        if old != new:
            found[old, new] = found.get((old, new), 0) + 1
    return found


def _results(tasks, number):
    return next(entry for entry in tasks if entry["id"] == number)["annotations"][0]


def move_a_region(tasks):
    work = _results(tasks, 3)
    work["result"][1]["value"]["x"] -= 10
    work["updated_at"] = "2026-11-23T09:30:00.000000Z"


def add_a_task(tasks):
    tasks.append(task(9, annotation(9, [box(["Canvas"], 0, 0, 50, 50)])))


def save_anew(tasks):
    """The regions in another order, which changes no pixel while overlap is keep."""
    work = _results(tasks, 7)
    work["result"].reverse()
    work["updated_at"] = "2026-11-24T09:30:00.000000Z"


def enlarge(tasks):
    for result in _results(tasks, 2)["result"]:
        result["original_width"], result["original_height"] = 80, 60


def _tell(folder):
    """Build all versions, and note what was on disk then."""
    new_repository(folder / "repo")
    made = Story(folder / "repo")
    sample = made.root / "data/sample"
    shutil.rmtree(sample)
    write_export(sample, simple_tasks(8))
    edit = made.repository.edit_params
    made.repository.dvc("remote", "modify", "local", "url", "../remote")
    made.build("base")
    made.tasks(move_a_region)
    made.build("region")
    edit(
        "    - Obstruction\n    then: ObstructedCanvas\n  nested",
        "    - Obstruction\n    then: Obstruction\n  nested",
    )
    made.build("rule")
    made.tasks(add_a_task)
    write_image(sample / "upload/1/00000009-scene_9.png", seed=9)
    made.build("image")
    edit("  Canvas: 1\n  Obstruction: 2", "  Canvas: 2\n  Obstruction: 1")
    made.build("number")
    edit("  salt: rooms", "  salt: another text")
    made.build("salt")
    made.tasks(save_anew)
    made.build("saved")
    edit("mask_format: png", "mask_format: tif")
    made.build("format")
    made.tasks(enlarge)
    write_image(sample / "upload/1/00000002-scene_2.png", (80, 60), seed=2)
    made.build("size")
    (folder / "seen.pickle").write_bytes(pickle.dumps((made.masks, made.splits)))


@pytest.fixture(scope="session")
def story():
    """The repository with all versions; tests do not write to it, and copy it by `copied`."""
    folder = once("story", _tell)
    made = Story(folder / "repo")
    seen = (folder / "seen.pickle").read_bytes()
    made.masks, made.splits = pickle.loads(seen)
    return made


@pytest.fixture
def copied(story, tmp_path):
    """A copy of the story that the test may change, at its last version."""
    shutil.copytree(story.root.parent / "remote", tmp_path / "remote")
    return copy_repository(story.root, tmp_path / "repo")


@pytest.fixture
def clone(copied, tmp_path):
    """A clone that has pulled nothing; its remote is beside it."""
    root = tmp_path / "clone"
    copied.git("clone", "-q", copied.root, root)
    return Repository(root)


@pytest.fixture
def at_rule(copied):
    """The copy with the workspace at the version ``rule``, where masks are PNG."""
    copied.git("checkout", "-q", "rule")
    copied.dvc("checkout")
    return copied


def edit_by_hand(root, key="000004_scene_4"):
    path = root / f"data/benchmark/masks/{key}.png"
    mask = read_mask(path).copy()
    mask[:3, :5] = 5
    write_mask(path, mask)
    return path


@pytest.fixture
def maskbench(monkeypatch, capsys):
    """Runs ``maskbench`` in a folder: (exit status, standard output, standard error)."""

    def run(root, *words):
        monkeypatch.chdir(root)
        capsys.readouterr()
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def diff(maskbench):
    """The JSON report of ``maskbench diff``, for a run that has to succeed."""

    def run(root, *words):
        status, out, err = maskbench(root, "diff", *words, "--json")
        assert status == 0, err
        return json.loads(out)

    return run


@pytest.fixture(scope="session")
def page(story, tmp_path_factory):
    """The page of the comparison of two versions of the story, written once."""
    folder = tmp_path_factory.mktemp("page") / "re port"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(story.root)
        assert main(["diff", "base", "size", "--html", str(folder)]) == 0
    return folder


@pytest.fixture
def browser(chrome, page):
    return Page(chrome, page.as_uri() + "/index.html")
