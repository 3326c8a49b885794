"""``maskbench verify``: a benchmark as built passes; a breach of each kind is named."""

import io
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from PIL import Image

from maskbench.cli import main
from maskbench.params import load_params
from maskbench.pipeline.layout import Layout
from maskbench.quality.similar import ALIKE, look, near_pairs
from tests.exports import annotation, box, simple_tasks, task, write_export
from tests.harness import seeds
from tests.harness.damage import PARAMS, Repository
from tests.harness.planted import BREACHES
from tests.pipeline.test_build import STAGES
from tests.repositories import ROOT, python_path


def build(root):
    """Build a benchmark from the export in ``source``."""
    (root / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    params = load_params(root / "params.yaml")
    params = params._replace(fetch=params.fetch._replace(folder=str(root / "source")))
    for stage in STAGES:
        stage(params, Layout(root))
    return root


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("verify")
    write_export(root / "source", simple_tasks(16))
    return build(root)


@pytest.fixture
def repository(built, tmp_path):
    shutil.copytree(built, tmp_path / "repo")
    return Repository(tmp_path / "repo")


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_named(repository, capsys, name):
    damage, *messages = BREACHES[name]
    known = {n: SimpleNamespace(**getattr(repository, n)) for n in ("train", "test")}
    damage(repository)
    assert main(["verify", "--data", str(repository.data)]) == 4
    told = capsys.readouterr().err
    for message in messages:
        assert message.format(**known) in told
    assert "Traceback" not in told


def test_a_benchmark_as_built_passes(repository, capsys):
    assert main(["verify", "--data", str(repository.data)]) == 0
    assert capsys.readouterr().out.endswith(
        "16 images, 4 classes, masks compared with annotations and rules: no breaches\n"
    )


def test_the_sample_as_built_passes(built_once, capsys):
    assert main(["verify", "--data", str(built_once.root / "data/benchmark")]) == 0
    assert "22 images, 7 classes, masks compared" in capsys.readouterr().out


def test_a_scene_that_was_turned_is_compared_by_its_pixels(tmp_path, capsys):
    """It has bytes of its own; another picture with a true manifest must not pass for it."""
    source = tmp_path / "source"
    seeds.write_images(source)
    entry = task(1, annotation(1, [box(["Canvas"], 1, 1, 50, 50)]), image=seeds.IMAGES[3])
    write_export(source, [entry], images=False)
    repository = Repository(build(tmp_path))
    verified = ["verify", "--data", str(repository.data)]
    assert main(verified) == 0
    repository.put_scene(repository.scene().rotate(180))
    assert main(verified) == 4
    assert (
        f"{repository.train['scene']}: is not the image that was annotated"
        in capsys.readouterr().err
    )


def test_a_pulled_benchmark_is_verified_without_the_libraries_that_build(repository, tmp_path):
    shutil.move(repository.data, tmp_path / "pulled")
    code = (
        "import sys; from maskbench.cli import main\n"
        "status = main(['verify', '--data', 'pulled'])\n"
        "missing = {'rasterio', 'shapely', 'requests', 'dvc', 'yaml'} & sys.modules.keys()\n"
        "sys.exit(status or bool(missing))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": python_path(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "not compared with (none here) annotations and rules: no breaches" in done.stdout


def test_no_benchmark(tmp_path, capsys):
    assert main(["verify", "--data", str(tmp_path / "none")]) == 4
    assert "is not a folder; get it with `dvc pull" in capsys.readouterr().err


def _picture(seed, size=(200, 150)):
    blocks = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC)


def _saved(image):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=30)
    return Image.open(file)


def test_what_counts_as_near_equal():
    """Encoding, size, brightness and a small mark do not make another image; a wall is no other."""
    plain = _picture(1)
    marked = plain.copy()
    marked.paste((255, 0, 0), (0, 0, 10, 5))
    alike = [plain.resize((120, 90)), plain.point(lambda v: v * 0.9), _saved(plain), marked]
    walls = [Image.new("RGB", (50, 50), (v, v, v)) for v in (10, 200)]
    gradient = Image.linear_gradient("L")
    others = [
        *map(_picture, range(2, 40)),
        *walls,
        gradient,
        plain.rotate(180),
    ]
    arrays = [np.asarray(image.convert("RGB")) for image in (plain, *alike, *others)]
    looks = [look(array) for array in arrays]
    splits = ["train", *["test"] * (len(looks) - 1)]
    found = {(first, second) for first, second, _ in near_pairs(looks, splits)}
    assert found == {(0, i) for i in range(1, 1 + len(alike))}
    assert all(ALIKE <= alike < 1.001 for _, _, alike in near_pairs(looks, splits))
    assert list(near_pairs(looks, ["train"] * len(looks))) == []
    assert list(near_pairs([], [])) == []


def test_near_equal_images_have_a_line_each(tmp_path, capsys):
    write_export(tmp_path / "source", simple_tasks(6))
    for number in range(1, 7):
        near = _picture(1, (40, 30)).point(lambda v, n=number: min(v + n, 255))
        near.save(tmp_path / f"source/upload/1/0000000{number}-scene_{number}.png")
    root = build(tmp_path)
    assert main(["verify", "--data", str(root / "data/benchmark")]) == 4
    lines = [line for line in capsys.readouterr().err.splitlines() if " is nearly (" in line]
    assert 1 < len(lines) < 6
    assert "others and '0000" in lines[-1]


def test_a_benchmark_without_classes(repository, capsys):
    (repository.data / "codes.txt").write_text("")
    assert main(["verify", "--data", str(repository.data)]) == 4
    assert "codes.txt: has 0 lines; one to 255 class names are expected" in capsys.readouterr().err
