"""Mask and label-set files: what other programs read, equal bytes, and damaged files."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from maskbench.raster import LabelSet
from PIL import Image

from maskbench.codecs import LabelSetFile, png_bytes, read_label_set, write_label_set, write_mask
from maskbench.mask import pixel_digest

# Pixels are what masks are in: there is no georeference to miss.
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

ALL_VALUES = np.arange(256, dtype=np.uint8).reshape(8, 32)
masks = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_mask_opens_as_grey_with_its_values(tmp_path, suffix):
    path = tmp_path / f"mask{suffix}"
    assert write_mask(path, ALL_VALUES) == hashlib.sha256(path.read_bytes()).hexdigest()
    with Image.open(path) as image:
        assert image.mode == "L"
        assert image.size == (32, 8)
        assert "transparency" not in image.info
        np.testing.assert_array_equal(np.asarray(image), ALL_VALUES)
    with rasterio.open(path) as tif:
        assert (tif.count, tif.dtypes, tif.nodata) == (1, ("uint8",), None)
        np.testing.assert_array_equal(tif.read(1), ALL_VALUES)
    assert list(tmp_path.iterdir()) == [path]  # no .aux.xml, no leftovers


@settings(max_examples=100, deadline=None)
@given(masks)
def test_any_mask_survives_png(mask):
    with Image.open(io.BytesIO(png_bytes(mask))) as image:
        image.verify()  # checksums
    with Image.open(io.BytesIO(png_bytes(mask))) as image:
        np.testing.assert_array_equal(np.asarray(image), mask)


@pytest.mark.parametrize("mask", [ALL_VALUES[:, ::2], ALL_VALUES.T, np.flipud(ALL_VALUES)])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_views_are_written_as_they_look(tmp_path, suffix, mask):
    path = tmp_path / f"mask{suffix}"
    write_mask(path, mask)
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), mask)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_equal_pixels_are_equal_bytes(tmp_path, suffix):
    mask = np.random.default_rng(0).integers(0, 7, (200, 300), dtype=np.uint8)
    for name in ("one", "other"):
        write_mask(tmp_path / f"{name}{suffix}", mask)
    one, other = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "other"))
    assert one == other


def test_the_digest_is_of_size_and_pixels():
    one = np.zeros((2, 6), dtype=np.uint8)
    assert pixel_digest(one) == hashlib.sha256(b"2x6:" + bytes(12)).hexdigest()
    assert pixel_digest(np.zeros((2, 12), dtype=np.uint8)[:, ::2]) == pixel_digest(one)
    assert pixel_digest(np.asfortranarray(one)) == pixel_digest(one)
    others = [one.reshape(3, 4), one.reshape(6, 2), one + 1]
    assert len({pixel_digest(mask) for mask in [one, *others]}) == 4


def test_the_digest_does_not_depend_on_the_format(tmp_path):
    digests = set()
    for suffix in (".png", ".tif"):
        write_mask(tmp_path / f"m{suffix}", ALL_VALUES)
        with Image.open(tmp_path / f"m{suffix}") as image:
            digests.add(pixel_digest(np.asarray(image)))
    assert digests == {pixel_digest(ALL_VALUES)}


def content(labels=("Ä \N{SNOWMAN} \"'\\", "b"), planes=1):
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 4, (planes, 5, 7), dtype=np.uint8)
    return LabelSetFile(LabelSet.of_planes(labels, bits), 12, 34, {"file": "ü.jpg", "sha256": "ab"})


@pytest.mark.parametrize(
    ("labels", "planes"),
    [
        ((), 1),
        (("Ä \N{SNOWMAN} \"'\\<>&\n", "日本"), 1),
        (tuple(f"label {i}" for i in range(20)), 3),
    ],
)
def test_label_sets_survive_the_file(tmp_path, labels, planes):
    path, written = tmp_path / "a.tif", content(labels, planes)
    assert write_label_set(path, written) == hashlib.sha256(path.read_bytes()).hexdigest()
    read = read_label_set(path)
    np.testing.assert_array_equal(read.label_set.planes, written.label_set.planes)
    assert read.label_set.planes.dtype == np.uint8
    assert read.label_set.labels == labels
    assert (read.task, read.annotation, read.image) == (12, 34, written.image)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.tif"]


def test_equal_label_sets_are_equal_bytes(tmp_path):
    write_label_set(tmp_path / "one.tif", content())
    write_label_set(tmp_path / "other.tif", content())
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "other.tif").read_bytes()


def test_a_failing_write_leaves_the_old_label_set(tmp_path):
    write_label_set(tmp_path / "a.tif", content())
    broken = replace(content(), image={"file": Path("no JSON value")})
    with pytest.raises((TypeError, ValueError)):
        write_label_set(tmp_path / "a.tif", broken)
    assert read_label_set(tmp_path / "a.tif").task == 12
    assert list(tmp_path.iterdir()) == [tmp_path / "a.tif"]


def plain_tif(path, description=None):
    profile = {"width": 3, "height": 2, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", driver="GTiff", **profile) as tif:
        if description is not None:
            tif.update_tags(TIFFTAG_IMAGEDESCRIPTION=description)
        tif.write(np.zeros((1, 2, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    "description",
    [
        None,  # some other program's TIFF
        "a photo",
        "[1, 2]",
        "3",
        "null",
        '{"labels": ["a"], "task": 1}',
        '{"labels": 3, "task": 1, "annotation": 2, "image": {}}',
    ],
)
def test_a_foreign_tif_is_refused(tmp_path, description):
    plain_tif(tmp_path / "a.tif", description)
    with pytest.raises(ValueError, match=r"a\.tif is no label set of maskbench"):
        read_label_set(tmp_path / "a.tif")


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "text", "folder"])
def test_a_damaged_label_set_is_refused(tmp_path, damage):
    path = tmp_path / "a.tif"
    write_label_set(path, content(planes=2))
    whole = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "text": b"II*"}[damage])
    with pytest.raises(ValueError, match=r"a\.tif is no label set of maskbench"):
        read_label_set(path)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_label_set_with_wrong_bytes_is_refused_or_read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "a.tif"
    write_label_set(path, content())
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        planes = read_label_set(path).label_set.planes
    except ValueError:
        return
    assert planes.ndim == 3
