"""TIFF files of byte planes: other programs read what was written, and runs come back."""

import io
import tracemalloc

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from maskbench import tiff
from maskbench.raster import LabelSet
from maskbench.tiff import read_tiff, tiff_bytes

# Pixels are what masks are in: there is no georeference to miss.
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def areas(planes, height, width, seed=0):
    """Planes of a few boxes each."""
    rng = np.random.default_rng(seed)
    found = np.zeros((planes, height, width), dtype=np.uint8)
    for plane in found:
        for _ in range(6):
            top, left = rng.integers(height), rng.integers(width)
            plane[top : top + 9, left : left + 7] = rng.integers(256)
    return found


@pytest.mark.parametrize("height", [1, 255, 256, 257, 600])
@pytest.mark.parametrize("planes", [1, 2, 5])
def test_gdal_reads_the_planes(height, planes):
    pixels = areas(planes, height, 31)
    content = tiff_bytes(LabelSet.of_planes((), pixels), "what it is")
    with rasterio.MemoryFile(content) as file, file.open() as tif:
        np.testing.assert_array_equal(tif.read(), pixels)
        assert tif.tags()["TIFFTAG_IMAGEDESCRIPTION"] == "what it is"
        assert tif.compression.name == "deflate"


@pytest.mark.parametrize("shape", [(1, 1), (256, 3), (513, 40)])
def test_pillow_reads_a_mask(shape):
    (pixels,) = areas(1, *shape)
    with Image.open(io.BytesIO(tiff_bytes(LabelSet.of_planes((), pixels[np.newaxis])))) as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), pixels)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 530), st.integers(1, 20), st.integers(0, 99))
def test_planes_come_back(planes, height, width, seed):
    pixels = areas(planes, height, width, seed)
    text, runs = read_tiff(tiff_bytes(LabelSet.of_planes((), pixels), "é".encode().hex()))
    assert text == "c3a9"
    np.testing.assert_array_equal(runs.planes, pixels)


def test_bytes_depend_on_pixels_not_on_how_runs_are_cut():
    pixels = areas(2, 300, 20)
    runs = LabelSet.of_planes((), pixels)
    places = np.unique([*runs.starts, 5, 777, 5120, 5999])
    states = pixels.reshape(2, -1)[:, places]
    assert tiff_bytes(LabelSet((), 300, 20, places, states)) == tiff_bytes(runs)


def test_a_strip_that_inflates_to_more_is_refused_before_it_does():
    """A strip of 256 x 4 pixels that holds 200 MB of zeros, in 200 KB."""
    whole = LabelSet.of_planes((), np.zeros((1, 256, 4), dtype=np.uint8))
    bomb = tiff.deflated(np.zeros(200_000_000, dtype=np.uint8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiff, "_strips", lambda runs: [bomb])
        content = tiff_bytes(whole)
    tracemalloc.start()
    with pytest.raises(ValueError, match="length"):
        read_tiff(content)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
