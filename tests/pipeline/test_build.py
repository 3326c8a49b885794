"""The stages as functions on small exports: what moves, what stays, what is equal."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.errors import DataError
from maskbench.files.hashing import Digests
from maskbench.params import parse_params
from maskbench.pipeline.combine import combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.split import split
from maskbench.text import counted
from tests.exports import (
    PARAMS,
    annotation,
    box,
    polygon,
    region,
    simple_tasks,
    task,
    write_export,
)

STAGES = (fetch, rasterize, combine, split)


def params(folder, **sections):
    """Checked params that read `folder`; keyword arguments replace sections."""
    return parse_params({**PARAMS, "fetch": {"folder": str(folder)}, **sections})


def run(root, folder, **sections):
    checked = params(folder, **sections)
    return [stage(checked, Layout(root)) for stage in STAGES]


def contents(root):
    """The bytes of all outputs by path."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".maskbench" not in path.parts
    }


def subsets(root):
    return {
        name: set((root / f"data/benchmark/splits/{name}.txt").read_text().splitlines())
        for name in ("train", "valid", "test")
    }


@pytest.mark.slow
def test_twice_the_images_move_none(tmp_path):
    write_export(tmp_path / "source", simple_tasks(80))
    run(tmp_path, tmp_path / "source")
    before, kept = subsets(tmp_path), contents(tmp_path)
    write_export(tmp_path / "source", simple_tasks(160))
    run(tmp_path, tmp_path / "source")
    after, made = subsets(tmp_path), contents(tmp_path)
    assert sum(map(len, after.values())) == 160
    assert all(before[name] <= after[name] for name in before)
    assert all(len(after[name]) > 0 for name in after)
    for path, content in kept.items():
        if path.startswith(
            ("data/annotations", "data/images", "data/label_sets", "data/benchmark/m")
        ):
            if not path.endswith("csv"):
                assert made[path] == content, path
    assert after["train"].isdisjoint(after["test"] | after["valid"])


@pytest.mark.parametrize("workers", ["1", "2", "3"])
def test_order_and_workers_change_no_byte(tmp_path, monkeypatch, workers):
    tasks = simple_tasks(12)
    write_export(tmp_path / "source", tasks)
    monkeypatch.setenv("MASKBENCH_WORKERS", "1")
    run(tmp_path / "one", tmp_path / "source")
    monkeypatch.setenv("MASKBENCH_WORKERS", workers)
    for entry in tasks:  # as PostgreSQL would give them after an edit
        entry["annotations"].reverse()
        entry["updated_at"] = "2026-11-23T00:00:00Z"
        for result in entry["annotations"][0]["result"]:
            result["image_rotation"] = 90
    write_export(tmp_path / "source", [dict(reversed(entry.items())) for entry in tasks[::-1]])
    run(tmp_path / "two", tmp_path / "source")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.slow
def test_environment_changes_no_byte(tmp_path):
    write_export(tmp_path / "source", simple_tasks(3))
    code = (
        "import sys; from pathlib import Path; from tests.pipeline.test_build import run; "
        "run(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    for name, environment in {
        "a": {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
        "b": {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
    }.items():
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / name, tmp_path / "source"],
            env={**os.environ, **environment},
            cwd=Path(__file__).parents[2],
            check=True,
        )
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_run_on_leftovers_equals_a_run_from_nothing(tmp_path):
    source = tmp_path / "source"
    write_export(source, simple_tasks(10))
    run(tmp_path / "kept", source)
    edited = simple_tasks(12, first=3)  # two tasks gone, two new
    edited[0]["annotations"][0]["result"].pop()
    edited[1]["annotations"][0]["was_cancelled"] = True
    edited[2]["data"]["image"] = "/data/upload/1/00000063-renamed.png"
    write_export(source, edited)
    run(tmp_path / "kept", source)
    run(tmp_path / "clean", source)
    assert contents(tmp_path / "kept") == contents(tmp_path / "clean")
    names = [path.name for path in (tmp_path / "kept/data/benchmark/masks").iterdir()]
    assert len(names) == 11
    assert "000005_renamed.png" in names


def test_unlabelled_tasks_need_no_image_and_are_counted(tmp_path):
    source = tmp_path / "source"
    skipped = task(3, annotation(3, [box(["Canvas"], 0, 0, 9, 9)], was_cancelled=True))
    write_export(source, [task(1, annotation(1, [])), task(2), skipped], images=False)
    write_export(source, [task(1, annotation(1, []))], name="other.txt")
    run(tmp_path, source)
    metrics = json.loads((tmp_path / "metrics/fetch.json").read_text())
    assert metrics["tasks"] == {"all": 3, "annotated": 1, "only_skipped": 1, "unlabelled": 1}
    assert [path.name for path in (tmp_path / "data/benchmark/masks").iterdir()] == [
        "000001_scene_1.png"
    ]


def test_what_has_no_pixels_is_dropped_counted_and_listed(tmp_path):
    source = tmp_path / "source"
    open_line = polygon(["Canvas"], [(1, 1), (90, 1), (90, 90)], number="9\ud800")
    open_line["value"]["closed"] = False
    results = [
        box(["Canvas"], 10, 10, 50, 50, number=1),
        box(["Canvas"], 10, 10, 10, 50, number=2),  # collapsed
        box(["Canvas"], 120, 10, 150, 50, number=3),  # off the image
        box([], 10, 10, 50, 50, number=4),  # nobody gave it a label
        polygon(["Canvas"], [(1, 1), (1.1, 1), (1.1, 1.1)], number=5),  # smaller than a pixel
        {"id": "r6", "type": "keypointlabels", "value": {"x": 1, "y": 2, "width": 1}},
        {"a": 1},
        box(["Obstruction"], 80, 80, 120, 120, number=8),  # reaches off the image: clipped
        open_line,
        {
            "id": "t10", "type": "labels", "from_name": "ner", "to_name": "text",
            "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["Person"]},
        },
    ]  # fmt: skip
    write_export(source, [task(1, annotation(7, results))])
    run(tmp_path, source)
    metrics = json.loads((tmp_path / "metrics/rasterize.json").read_text())
    assert metrics["dropped"] == {
        "no_label": 1,
        "no_pixel": 3,
        "no_area": 2,
        "not_a_region": 2,  # the entry that says nothing, and the label of a word
        "other_image": 0,
        "left_out": 0,
    }
    assert metrics["reach_off_the_image"] == 2
    assert metrics["regions"] == {"Canvas": 1, "Obstruction": 1}
    listed = (tmp_path / "plots/dropped.csv").read_text().splitlines()
    assert "000001_scene_1,1,7,r5,Canvas,no_pixel" in listed
    assert r"000001_scene_1,1,7,r9\ud800,Canvas,no_area" in listed
    assert "000001_scene_1,1,7,t10,Person,not_a_region" in listed
    assert len(listed) == 1 + 8


def test_groups_stay_together(tmp_path):
    source = tmp_path / "source"
    tasks = simple_tasks(40)
    for entry in tasks:
        entry["data"]["room"] = f"room {entry['id'] % 9}"
    write_export(source, tasks)
    run(tmp_path, source, split={"group_by": "room"})
    for scenes in subsets(tmp_path).values():
        rooms = {int(scene[:6]) % 9 for scene in scenes}
        assert len(scenes) == sum(1 for n in range(1, 41) if n % 9 in rooms)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_task_that_changes_while_it_is_read_is_an_error(tmp_path, monkeypatch, workers):
    """What is remembered as made from one content must not have been made from another."""
    monkeypatch.setenv("MASKBENCH_WORKERS", workers)
    source = tmp_path / "source"
    write_export(source, simple_tasks(20))
    run(tmp_path, source)
    before = contents(tmp_path)
    get = Digests.get
    monkeypatch.setattr(Digests, "get", lambda self, name: get(self, name) and "0" * 64)
    with pytest.raises(DataError, match="data/annotations changes while it is read; try again"):
        rasterize(params(source), Layout(tmp_path))
    assert contents(tmp_path) == before


POINT = region("keypoint", ["Canvas"], {"x": 5, "y": 5, "width": 1}, number=7)
RESULTS = [
    [],
    [box(["Canvas", "Obstruction"], 0, 0, 50, 50)],  # one region of two labels
    [box(["Canvas"], 0, 0, 50, 50, number=1), None, POINT],  # an entry that is no region, a point
    [polygon(["Canvas"], [[1, 1], [2, 2]]), polygon([], [[1, 1], [9, 1], [9, 9]], number=2)],
    [box(["Old"], 0, 0, 50, 50), box(["Noise"], 0, 0, 9, 9, number=2)],  # by aliases
]


@given(st.lists(st.sampled_from(RESULTS), min_size=1, max_size=5), st.integers(0, 2))
@settings(max_examples=12, deadline=None)
def test_numbers_agree_between_stages(results, skipped):
    results = [RESULTS[1], *results]
    tasks = [task(n, annotation(n, result)) for n, result in enumerate(results, 1)]
    tasks += [task(n, annotation(n, [], was_cancelled=True)) for n in range(91, 91 + skipped)]
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write_export(root / "source", tasks)
        aliases = {"label_aliases": {"Old": "Canvas", "Noise": None}}
        said = run(root, root / "source", rasterize=aliases)
        fetched, drawn, combined, parts = (
            json.loads((root / f"metrics/{stage.__name__}.json").read_text()) for stage in STAGES
        )
    regions = sum(map(len, results))
    counts = sum(drawn["shapes"].values()) + sum(drawn["dropped"].values())
    assert fetched["regions"] == counts == regions
    assert f"{counted(regions, 'region')} in " in said[0]
    assert f"{counted(regions, 'region')}, " in said[1]
    assert fetched["tasks"]["all"] == drawn["tasks"]["all"] == len(tasks)
    masks = drawn["tasks"]["counted"]
    assert masks == combined["images"] == sum(parts["images"].values()) == len(results)
    assert said[2].startswith(f"{counted(masks, 'mask')} of ")
