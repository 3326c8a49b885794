"""TIFF files of byte planes: other programs read what was written, and runs come back."""

import io
import tracemalloc

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from maskbench.raster import LabelSet, Runs, runs_of
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
@pytest.mark.parametrize(("planes", "width"), [(1, 31), (2, 128), (5, 300), (9, 129)])
def test_gdal_reads_the_planes(height, planes, width):
    pixels = areas(planes, height, width)
    content = tiff_bytes(LabelSet.of_planes((), pixels), "what it is")
    with rasterio.MemoryFile(content) as file, file.open() as tif:
        np.testing.assert_array_equal(tif.read(), pixels)
        assert tif.tags()["TIFFTAG_IMAGEDESCRIPTION"] == "what it is"
        assert tif.compression.name == "packbits"


@pytest.mark.parametrize("shape", [(1, 1), (256, 3), (513, 40)])
def test_pillow_reads_a_mask(shape):
    (pixels,) = areas(1, *shape)
    with Image.open(io.BytesIO(tiff_bytes(LabelSet.of_planes((), pixels[np.newaxis])))) as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), pixels)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 18), st.integers(1, 530), st.integers(1, 20), st.integers(0, 99))
def test_planes_come_back(planes, height, width, seed):
    pixels = areas(planes, height, width, seed)
    text, runs = read_tiff(tiff_bytes(LabelSet.of_planes((), pixels), "é".encode().hex()))
    assert text == "c3a9"
    np.testing.assert_array_equal(runs.planes, pixels)


def test_bytes_depend_on_pixels_not_on_how_runs_are_cut():
    pixels = areas(2, 300, 20)
    runs = LabelSet.of_planes((), pixels)
    places = np.unique([*runs.joined()[0], 5, 777, 5120, 5999])
    cut = tuple(runs_of(places, plane[places]) for plane in pixels.reshape(2, -1))
    assert tiff_bytes(LabelSet((), 300, 20, cut)) == tiff_bytes(runs)


def packets(content):
    """What strips of a plane say, as (length, value), and the place of the first in the file."""
    with Image.open(io.BytesIO(content)) as image:
        places, counts = image.tag_v2[273], image.tag_v2[279]
    strips = [content[place : place + count] for place, count in zip(places, counts, strict=True)]
    bytes_ = b"".join(strips)
    found = []
    for head, value in zip(bytes_[::2], bytes_[1::2], strict=True):
        assert head == 0 or head > 128  # one pixel as it is, or one repeated
        found.append((1 if head == 0 else 257 - head, value))
    return found, places[0]


def test_runs_end_with_their_row_and_after_128_pixels():
    """As the format wants it: readers unpack row by row, and a length is seven bits."""
    pixels = np.zeros((2, 300), dtype=np.uint8)
    pixels[0, 299] = pixels[1, 0] = 7
    found, _ = packets(tiff_bytes(LabelSet.of_planes((), pixels[np.newaxis])))
    assert found == [(128, 0), (128, 0), (43, 0), (1, 7), (1, 7), (128, 0), (128, 0), (43, 0)]


@pytest.mark.parametrize("head", [1, 127, 128, 254, 130])
def test_a_packet_that_is_not_ours_or_has_another_length_is_refused(head):
    """Several pixels as they are, no pixel, or more or fewer than the strip should have."""
    content = bytearray(tiff_bytes(LabelSet.of_planes((), np.zeros((1, 2, 5), dtype=np.uint8))))
    (_, _), place = packets(bytes(content))
    content[place] = head
    with pytest.raises(ValueError, match="a strip"):
        read_tiff(bytes(content))


def test_pixels_are_never_made_to_read():
    """400 million pixels, in 6 MB."""
    plane = Runs(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.uint8))
    runs = LabelSet((), 20_000, 20_000, (plane,))
    content = tiff_bytes(runs)
    tracemalloc.start()
    _, read = read_tiff(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read.runs[0].starts.tolist() == [0]
    assert peak < 160_000_000
