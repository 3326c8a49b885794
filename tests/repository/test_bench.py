"""The benchmarks run, and what they compare is equal; nothing is timed here.

The peers need an environment of their own and are left to `make bench`; the recipe, which shares no
code with the package, is a second opinion on every pixel.
"""

import importlib
import json
import sys

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.repositories import ROOT, SAMPLE

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(monkeypatch):
    """The benchmarks' modules by name; stages and recipe run in the tests' environment."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setattr("harness.python_of", lambda name: sys.executable)
    return importlib.import_module


@pytest.mark.parametrize(("name", "images"), [("W1", 3), ("W2", 2), ("W3", 1), ("S1", 1)])
def test_recipe_and_stages_make_the_same_pixels(bench, tmp_path, name, images):
    harness, truth = bench("harness"), bench("truth")
    workload = bench("workloads").WORKLOADS[name]
    root = harness.prepare(workload, images, tmp_path)
    harness.ours(root, processes=1)
    harness.recipe(root, workload.labels)
    assert truth.different(root) == 0
    for tool in ("maskbench", "recipe"):
        assert truth.errors(root, tool) == truth.Errors(wrong=0.0, bias=0.0)
    masks = [truth.written(root, "maskbench", task) for task in truth.tasks(root)]
    assert len(masks) == images
    assert all(mask.shape == (workload.height, workload.width) for mask in masks)
    assert all(len(np.unique(mask)) > 1 for mask in masks)


def test_a_wrong_pixel_is_counted(bench, tmp_path):
    harness, truth = bench("harness"), bench("truth")
    workload = bench("workloads").WORKLOADS["S2"]
    root = harness.prepare(workload, 1, tmp_path)
    harness.ours(root, processes=1)
    harness.recipe(root, workload.labels)
    assert abs(truth.area_bias(root, "maskbench")) < 1  # 400 objects; all_touched: more than 10
    file = root / "recipe/000001.png"
    mask = np.asarray(Image.open(file)).copy()
    labelled = int((mask > 0).sum())
    assert mask[0, 0] == 0
    mask[0, :5] = 1
    Image.fromarray(mask).save(file)
    found = truth.errors(root, "recipe")
    assert found.wrong == pytest.approx(100 * 5 / labelled)
    assert found.bias == pytest.approx(100 * 5 / labelled)
    assert truth.different(root) == 5


def test_one_edit_runs_all_stages_and_changes_one_mask(bench, tmp_path):
    incremental = bench("incremental")
    ours = incremental.make_ours(tmp_path / "ours", 12)
    ours.repro()
    floor = incremental.make_floor(ours, tmp_path / "floor")
    before = masks(ours), locked(floor)
    for repository in (ours, floor):
        repository.edit(5)
        repository.repro()
    assert [name for name, content in masks(ours).items() if before[0][name] != content] == [
        "000006_scene_00006.png"
    ]
    after = locked(floor)
    for stage, place in incremental.TOUCHES.items():
        assert after[stage][place] != before[1][stage][place]


def masks(repository):
    """The masks' bytes by name."""
    return {
        file.name: file.read_bytes() for file in repository.root.glob("data/benchmark/masks/*.png")
    }


def locked(repository):
    """The digests of all stages' outputs, by stage and path."""
    stages = yaml.safe_load((repository.root / "dvc.lock").read_text())["stages"]
    return {
        name: {out["path"]: out["md5"] for out in stage["outs"]} for name, stage in stages.items()
    }


def test_sections_that_are_not_measured_stay_as_they_stand(bench):
    run = bench("run")
    before = run.as_it_stands(run.TEMPLATE.read_text())
    assert before.keys() == set(run.SECTIONS)
    document = run.render({"small": "measured anew"})
    assert "measured anew" in document
    assert before["small"] not in document
    assert all(before[name] in document for name in run.SECTIONS if name != "small")


def test_runs_side_by_side_share_nothing_but_images(bench, tmp_path, capfd):
    harness, scaling = bench("harness"), bench("scaling")
    root = harness.prepare(bench("workloads").WORKLOADS["S1"], 2, tmp_path)
    assert all(seconds > 0 for (seconds,) in scaling.side_by_side(root, 1))
    assert "waits for a stage" not in capfd.readouterr().err  # each has a lock of its own
    made = [tmp_path / f"{root.name}{twin}/data/benchmark/masks" for twin in ("", "-twin")]
    one, two = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in made)
    assert one == two
    assert len(one) == 2


def test_scaling_shows_medians_the_ratio_of_turns_and_what_an_image_more_costs(bench):
    """The second turn ran on a machine half as fast: its ratio is as good as the others."""
    row = bench("scaling").line("W1", "10 → 20 images", [1.0, 2.0, 1.0], [1.9, 3.8, 1.7], 10)
    assert row == "| W1 | 10 → 20 images | 1.00 → 1.90 | 1.90 | 90.0 |"
    halved = bench("scaling").line("W2", "2 → 1 processes", [1.0], [1.8])
    assert halved == "| W2 | 2 → 1 processes | 1.00 → 1.80 | 1.80 |  |"


def test_agreement_is_measured_beside_rasterize(bench, tmp_path):
    quality, workloads = bench("quality"), bench("workloads")
    root = tmp_path / "benchmark"
    root.mkdir()
    quality.prepare(root, workloads.Workload("tiny", 4, 64, 64, (1, 6), (4, 20), (3, 24), 3), 4)
    costs = quality.measure(root, "consensus")
    assert list(costs) == [*quality.STAGES, "quality, nothing changed"]
    assert all(cost.cpu > 0 for cost in costs.values())
    masks = json.loads((root / "metrics/rasterize.json").read_text())
    assert sum(masks["annotators"].values()) == 12  # all three vote on each of the four
    found = json.loads((root / "metrics/quality.json").read_text())
    assert (found["images"]["measured"], found["annotators"]) == (4, 3)
    assert 0.5 < found["agreement"]["iou"] < 1


def test_the_table_of_agreement_has_ratios_to_rasterize_and_to_the_build(bench):
    made = bench("measure").Cost
    costs = {
        "rasterize": made(2.0, 2.0, 100_000_000),
        "combine": made(3.0, 3.0, 50_000_000),
        "quality": made(5.0, 5.0, 70_000_000),
    }
    assert bench("quality").table("4 tasks", costs).splitlines()[2:] == [
        "| rasterize | 2.0 | 1.00 | 0.40 | 100 MB |",
        "| combine | 3.0 | 1.50 | 0.60 | 50 MB |",
        "| quality | 5.0 | 2.50 | 1.00 | 70 MB |",
    ]


def test_copies_of_pictures_that_count_as_near_equal(bench, capsys):
    folder = SAMPLE / "data/sample/images/upload/1"
    pictures = [folder / "28836488-mural.jpg", folder / "d7ac1f12-stars.jpg"]
    bench("near_equal").main(pictures)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["| copy | found, of 2 |", "|---|--:|", "| JPEG of quality 70 | 2 |"]
    assert "| 5 % cut off at each edge | 0 |" in lines
    assert lines[-1].startswith("The two pictures most alike have a correlation of 0.")
