"""Reading a benchmark with numpy and Pillow."""

import os
import pickle
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from maskbench.dataset import Benchmark
from maskbench.errors import DataError
from maskbench.params import IGNORE
from tests.benchmarks import CLASSES, blocks, scene_of, write_item, write_lists
from tests.repositories import ROOT, python_path


def test_benchmark_is_a_sequence_of_images_and_masks(benchmark):
    everything = Benchmark(benchmark)
    assert everything.classes == CLASSES
    assert len(everything) == 10
    assert everything.keys == tuple(sorted(everything.keys))
    image, mask = everything[0]
    assert (image.shape, image.dtype) == ((24, 32, 3), np.uint8)
    assert (mask.shape, mask.dtype) == ((24, 32), np.uint8)
    np.testing.assert_array_equal(image, scene_of(mask))
    np.testing.assert_array_equal(everything[-1].mask, everything[9].mask)
    np.testing.assert_array_equal(everything[np.int64(3)].mask, everything[3].mask)
    assert len(list(everything)) == 10
    with pytest.raises(IndexError):
        everything[10]


def test_splits_are_views_that_part_the_images(benchmark):
    everything = Benchmark(benchmark)
    views = [everything.split(name) for name in ("train", "valid", "test")]
    assert [len(view) for view in views] == [6, 2, 2]
    assert sorted(key for view in views for key in view.keys) == list(everything.keys)
    assert Benchmark(benchmark, split="test").keys == views[2].keys
    assert views[2].rows[0].split == "test"
    assert views[2].group(views[2].keys[0]) == views[2].keys[0]


def test_ignore_index_is_the_value_that_params_map_to_ignore(benchmark):
    assert Benchmark(benchmark).ignore_index == IGNORE == 255


def test_benchmark_survives_pickling(benchmark):
    copy = pickle.loads(pickle.dumps(Benchmark(benchmark, "valid")))
    np.testing.assert_array_equal(copy[1].mask, Benchmark(benchmark, "valid")[1].mask)


def test_check_passes_a_good_benchmark_and_writes_nothing(benchmark):
    before = {path: path.stat().st_mtime_ns for path in benchmark.rglob("*")}
    Benchmark(benchmark).check()
    assert {path: path.stat().st_mtime_ns for path in benchmark.rglob("*")} == before


def test_sample_is_whole(sample):
    whole = Benchmark(sample)
    whole.check()
    assert "Canvas" in whole.classes
    assert {row.key for row in whole.rows} == set(whole.keys)


GREY = np.arange(24 * 32, dtype=np.int64).reshape(24, 32) % 256


@pytest.mark.parametrize(
    ("mode", "suffix", "pixel"),
    [
        ("L", ".png", (7, 7, 7)),
        ("LA", ".png", (7, 7, 7)),
        ("RGBA", ".png", (7, 7, 7)),  # transparency is dropped
        ("P", ".png", (248, 7, 0)),  # the palette is looked up
        ("1", ".png", (0, 0, 0)),
        ("RGB", ".webp", None),
        ("RGB", ".jpg", None),
        ("CMYK", ".tif", (7, 7, 7)),
    ],
)
def test_scenes_of_any_mode_are_rgb(tmp_path, mode, suffix, pixel):
    grey = Image.fromarray(GREY.astype(np.uint8))
    image = Image.merge("RGB", [grey] * 3).convert(mode) if mode != "P" else grey
    if mode == "P":
        image.putpalette([part for v in range(256) for part in (255 - v, v, 0)])
    write_item(tmp_path, "a", blocks(0), image, suffix)
    write_lists(tmp_path, {"train": ["a"]})
    found = Benchmark(tmp_path)[0].image
    assert (found.shape, found.dtype) == ((24, 32, 3), np.uint8)
    if pixel is not None:
        assert tuple(found[0, 7]) == pixel


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_scenes_of_16_bits_keep_their_upper_8(tmp_path, suffix):
    wide = Image.fromarray((GREY * 256 + 3).astype(np.uint16))
    write_item(tmp_path, "a", blocks(0), wide, suffix)
    write_lists(tmp_path, {"train": ["a"]})
    np.testing.assert_array_equal(Benchmark(tmp_path)[0].image[:, :, 1], GREY)


def test_scene_stands_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    mask = blocks(0, shape=(32, 24))
    lying = Image.fromarray(np.rot90(scene_of(mask)).copy())
    (tmp_path / "scenes").mkdir()
    write_item(tmp_path, "a", mask, lying)
    lying.save(tmp_path / "scenes" / "a.png", exif=exif)
    write_lists(tmp_path, {"train": ["a"]})
    sample = Benchmark(tmp_path)[0]
    np.testing.assert_array_equal(sample.image, scene_of(sample.mask))


def test_masks_with_a_palette_give_indices_not_colours(benchmark):
    path = benchmark / "masks" / "000000_room.png"
    mask = Image.open(path)
    before = np.array(mask)
    mask.putpalette([200, 10, 10] * 256)
    mask.save(path)
    np.testing.assert_array_equal(Benchmark(benchmark)[0].mask, before)


def _remove(name):
    def damage(root):
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return damage


def _write(name, text):
    return lambda root: (root / name).write_text(text)


def _bytes(name, content):
    return lambda root: (root / name).write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "names", "advice"),
    [
        (_remove("splits/valid.txt"), "splits/valid.txt: is missing", "dvc pull"),
        (_remove("codes.txt"), "codes.txt: is missing", "dvc pull"),
        (_remove("masks"), "masks: is missing", "dvc pull"),
        (_remove("masks/000003_room.png"), "scenes/000003_room.png: has no mask", "dvc checkout"),
        (_remove("scenes/000003_room.png"), "masks/000003_room.png: has no scene", "dvc checkout"),
        (_write("splits/test.txt", "x.jpg\n"), "splits/test.txt: names 'x'", "dvc checkout"),
        (_write("splits/test.txt", "000000_room.png\n"), "test.txt names too", "dvc repro"),
        (_write("scenes/000003_room.jpg", ""), "scenes/000003_room.png: has the key", "remove"),
        (_bytes("splits/test.txt", b"\xff\xfe"), "splits/test.txt: cannot be read", "dvc checkout"),
        (_write("codes.txt", ""), "codes.txt: has 0 lines", "one to 255"),
    ],
)  # fmt: skip
def test_incomplete_benchmark_says_which_file_and_what_to_do(benchmark, damage, names, advice):
    damage(benchmark)
    with pytest.raises(DataError) as caught:
        Benchmark(benchmark)
    assert names in str(caught.value)
    assert advice in str(caught.value)


def test_unknown_split_names_the_known_ones(benchmark):
    with pytest.raises(DataError, match=r"no split 'vald'; did you mean 'valid'"):
        Benchmark(benchmark, "vald")


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(DataError, match="nowhere: there is no such folder") as caught:
        Benchmark(tmp_path / "nowhere")
    assert len(str(caught.value).splitlines()) == 1


def _truncate(path):
    path.write_bytes(path.read_bytes()[:60])


def _save(mask):
    return lambda path: Image.fromarray(mask).save(path)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (_truncate, "cut off"),
        (_save(np.full((24, 32), 9, np.uint8)), "holds the value 9, and codes.txt has 3 lines"),
        (_save(np.zeros((24, 31), np.uint8)), "has 31 x 24 pixels, its scene 32 x 24"),
        (_save(np.zeros((24, 32, 3), np.uint8)), "3 channels"),
        (_save(np.full((24, 32), 300, np.uint16)), "values from 300 to 300"),
        (lambda path: path.write_text("no image"), "not an image"),
    ],
)
def test_damaged_mask_names_the_file(benchmark, damage, what):
    damage(benchmark / "masks" / "000003_room.png")
    everything = Benchmark(benchmark)
    for action in (lambda: everything[3], everything.check):
        with pytest.raises(DataError) as caught:
            action()
        assert "masks/000003_room.png" in str(caught.value)
        assert what in str(caught.value)
        assert "dvc checkout" in str(caught.value)


def test_check_lists_every_damaged_file_and_edited_masks(benchmark):
    _truncate(benchmark / "scenes" / "000001_room.png")
    _save(np.zeros((24, 32), np.uint8))(benchmark / "masks" / "000002_room.png")
    with pytest.raises(DataError) as caught:
        Benchmark(benchmark).check()
    first, second = caught.value.problems
    assert first.file.endswith("scenes/000001_room.png")
    assert second.file.endswith("masks/000002_room.png")
    assert "it was edited" in second.what


def test_manifest_of_another_version_is_refused(benchmark):
    path = benchmark / "manifest.csv"
    path.write_text(path.read_text().replace("mask_sha256", "digest"))
    with pytest.raises(DataError, match="lacks the column 'mask_sha256'"):
        _ = Benchmark(benchmark).rows


HEAVY = ("rasterio", "shapely", "requests", "dvc", "yaml", "tqdm", "dotenv", "zlib_ng", "orjson")
WITHOUT = "import sys\nfor name in {}: sys.modules[name] = None\n"  # importing them fails


def python(code, *words, allowed=()):
    """Run code where what building needs cannot be imported."""
    names = [name for name in HEAVY if name not in allowed]
    command = [sys.executable, "-c", WITHOUT.format(names) + code, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": python_path(ROOT)}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("maskbench.dataset", ()),
        pytest.param("maskbench.torch", (), marks=pytest.mark.training),
        ("maskbench.evaluate", ()),
        pytest.param(
            "maskbench.fastai",
            ("requests", "tqdm", "yaml"),  # fastai's own
            marks=pytest.mark.training,
        ),
    ],
)
def test_loading_imports_none_of_what_building_needs(benchmark, module, allowed):
    shim = "import tests.training.operators\n" if module == "maskbench.fastai" else ""
    code = (
        f"{shim}import {module}\n"
        "from maskbench.dataset import Benchmark\n"
        "assert len(Benchmark(sys.argv[1])[0]) == 2\n"
    )
    done = python(code, benchmark, allowed=allowed)
    assert done.returncode == 0, done.stderr


COMMAND = "from maskbench.cli import main; sys.exit(main(sys.argv[1:]))"


def test_commands_of_a_training_machine_need_no_more(benchmark, tmp_path):
    masks = benchmark / "masks"
    words = ["evaluate", masks, "--data", benchmark, "--out", tmp_path / "scores"]
    assert python(COMMAND, *words, allowed=["tqdm"]).returncode == 0
    for form in ("hf", "voc", "webdataset"):
        words = ["export", form, tmp_path / form, "--data", benchmark]
        done = python(COMMAND, *words)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [("export", "coco", "x"), ("diff",)])
def test_a_command_that_needs_more_says_what(benchmark, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    done = python(COMMAND, *words, *(["--data", benchmark] if words[0] == "export" else []))
    assert done.returncode == 1
    assert re.fullmatch(r"error: this needs \w+, .*`maskbench\[build\]`\n", done.stderr)
    assert not (tmp_path / "x").exists()
