"""Images of 16 bits with few used levels, as microscopes write them: warned about, or scaled."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from maskbench.dataset import Benchmark
from maskbench.doctor.findings import ERROR, WARNING
from maskbench.doctor.tasks import check_tasks
from maskbench.errors import DataError
from maskbench.files.manifest import read_manifest
from maskbench.labelstudio.folder import Folder
from maskbench.pages.pictures import scene as page_scene
from maskbench.verification.verify import verify
from tests.exports import PARAMS, simple_tasks, write_export, write_wide_export
from tests.pipeline.test_build import contents, params, run


def build(tmp_path, scaling=None, low=0, high=249):
    write_wide_export(tmp_path / "source", 3, low, high)
    run(tmp_path, tmp_path / "source", combine={"scaling": scaling})
    return tmp_path / "data/benchmark"


def brightness(root):
    """The smallest and largest value of each image as loaders see it."""
    return {(int(s.image.min()), int(s.image.max())) for s in Benchmark(root)}


WHAT = (
    "3 images of more than 8 bits look flat or cut off to loaders, by the values in use: "
    "000001_cell_1 (0…249), 000002_cell_2 (0…249), 000003_cell_3 (0…249)"
)
ADVICE = "set combine.scaling to range, percentile or [0, 249]"


def test_fetch_combine_and_doctor_warn_of_the_range(tmp_path, capsys):
    root = build(tmp_path)
    assert capsys.readouterr().err.splitlines() == [
        f"warning: {WHAT}; {ADVICE}",
        f"warning: {WHAT}; {ADVICE}",
    ]
    assert brightness(root) == {(0, 0)}
    assert json.loads((tmp_path / "metrics/fetch.json").read_text())["images_with_few_levels"] == 3
    findings = list(check_tasks(Folder(tmp_path / "source"), params(tmp_path / "source"), None))
    [finding] = [finding for finding in findings if finding.level == WARNING]
    assert (finding.what, finding.advice) == (WHAT, ADVICE)


@pytest.mark.parametrize(
    ("scaling", "kept", "seen"),
    [
        ("range", (0, 249), (0, 255)),
        ("percentile", (0, 249), (0, 255)),
        ([0, 249], (0, 249), (0, 255)),
        ([0, 498], (0, 498), (0, 128)),
    ],
)
def test_a_stated_scaling_is_kept_and_applied(tmp_path, capsys, scaling, kept, seen):
    root = build(tmp_path, scaling)
    assert capsys.readouterr().err == ""
    assert {row.scaling for row in read_manifest(root / "manifest.csv").values()} == {kept}
    assert brightness(root) == {seen}
    Benchmark(root).check()
    settings = tmp_path / "params.yaml"
    settings.write_text(json.dumps(PARAMS | {"combine": {"scaling": scaling}}))
    assert verify(root, settings).problems == ()
    settings.write_text(json.dumps(PARAMS))
    assert "combine.scaling in params.yaml gives None" in str(verify(root, settings).problems[0])


def test_pictures_of_a_page_show_it_as_loaders_do(tmp_path):
    path = build(tmp_path, "range") / "scenes/000001_cell_1.tif"
    assert np.asarray(page_scene(path, None)).max() == 0
    assert np.asarray(page_scene(path, (0, 249))).max() == 255


def test_the_scene_keeps_its_bytes(tmp_path):
    root = build(tmp_path, "range")
    source = tmp_path / "source/cell_1.tif"
    assert (root / "scenes/000001_cell_1.tif").read_bytes() == source.read_bytes()


def test_another_scaling_makes_what_a_build_from_nothing_makes(tmp_path):
    build(tmp_path, "range")
    build(tmp_path, [0, 4095])
    again = tmp_path / "again"
    run(again, tmp_path / "source", combine={"scaling": [0, 4095]})
    assert contents(tmp_path / "data/benchmark") == contents(again / "data/benchmark")


def test_a_scaling_that_does_not_fit_is_told(tmp_path, capsys):
    build(tmp_path, [10_000, 20_000])
    assert "000003_cell_3 (0…249); combine.scaling is (10000, 20000)" in capsys.readouterr().err


def test_images_of_8_bits_have_no_scaling(tmp_path):
    write_export(tmp_path / "source", simple_tasks(2))
    run(tmp_path, tmp_path / "source", combine={"scaling": "range"})
    with (tmp_path / "data/benchmark/manifest.csv").open() as stream:
        assert {row["scaling"] for row in csv.DictReader(stream)} == {""}


def test_an_older_manifest_has_no_scaling(tmp_path):
    path = build(tmp_path, "range") / "manifest.csv"
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    fields = [name for name in rows[0] if name != "scaling"]
    with path.open("w", newline="") as stream:
        table = csv.DictWriter(stream, fields, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    assert {row.scaling for row in read_manifest(path).values()} == {None}


@pytest.mark.parametrize(
    "damage", ["[0]", "[9, 0]", "x", "[0, 1e400]", "[0, 99999999999999999999]"]
)
def test_a_damaged_scaling_is_told(tmp_path, damage):
    path = build(tmp_path, "range") / "manifest.csv"
    path.write_text(path.read_text().replace("[0, 249]", damage))
    with pytest.raises(DataError, match=r"manifest\.csv: cannot be read"):
        Benchmark(path.parent)[0]


def test_floating_point_is_refused_with_the_task_by_fetch_and_doctor(tmp_path):
    source = tmp_path / "source"
    write_wide_export(source, 3)
    Image.fromarray(np.ones((30, 40), np.float32)).save(source / "cell_2.tif")
    what = "its pixels are floating-point numbers: save it with 8 or 16 bits"
    with pytest.raises(DataError, match=f"cell_2.tif, task 2: {what}"):
        run(tmp_path, source)
    errors = [f for f in check_tasks(Folder(source), params(source), None) if f.level == ERROR]
    assert [f.what for f in errors] == ["1 image cannot be used"]
    assert [problem.what for problem in errors[0].problems] == [what]


def test_doctor_is_silent_with_a_scaling(tmp_path):
    source = tmp_path / "source"
    write_wide_export(source, 2)
    settings = params(source, combine={"scaling": "range"})
    assert not [f for f in check_tasks(Folder(source), settings, None) if f.level == WARNING]
