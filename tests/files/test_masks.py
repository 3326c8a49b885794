"""Mask files: what other programs read, and equal bytes."""

import hashlib
import io

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from PIL import Image

from maskbench.files.masks import (
    as_mask,
    foreign_values,
    pixel_digest,
    png_bytes,
    values_in,
    write_mask,
)

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


@pytest.mark.parametrize(
    ("classes", "foreign"), [(2, [2, 3]), (3, [3]), (4, []), (1, [1, 2, 3]), (255, [])]
)
def test_values_that_are_no_class(classes, foreign):
    mask = np.array([[0, 3, 1], [2, 255, 3]], dtype=np.uint8)
    assert foreign_values(mask, classes) == foreign
    assert foreign_values(mask[:0], classes) == []


def test_arrays_that_are_masks():
    wide = np.array([[0, 255]], dtype=np.int64)
    assert as_mask(wide).dtype == np.uint8
    assert as_mask(wide).tolist() == [[0, 255]]
    assert as_mask(np.array([[True]])).tolist() == [[1]]
    for wrong in (wide + 1, wide - 1, wide.astype(float), wide[0]):
        with pytest.raises(ValueError, match=r"values|shape"):
            as_mask(wrong)


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


@given(masks)
def test_values_in_a_mask_are_those_that_numpy_finds(mask):
    assert values_in(mask) == np.unique(mask).tolist()
    assert values_in(mask[:0]) == []
