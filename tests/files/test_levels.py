"""Images of more than 8 bits: their levels, and how they become 8 bits."""

import warnings

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

from maskbench.files.images import inspect, is_wide_file, read_levels, read_scene
from maskbench.files.levels import Levels, describe_badly_seen, to_8_bits
from tests.strokes import with_bad_chunk

GRAY = np.array([[0, 100, 249], [249, 50, 0]])


def write(path, pixels, **options):
    """Write an array, shape (H, W) or (bands, H, W), with its type."""
    bands = pixels if pixels.ndim == 3 else pixels[np.newaxis]
    count, height, width = bands.shape
    driver = "PNG" if path.suffix == ".png" else "GTiff"
    size = {"width": width, "height": height, "count": count, "dtype": bands.dtype}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", driver=driver, **size, **options) as target:
            target.write(bands)
    return path


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        (None, [0, 0, 0, 1, 16, 255]),
        ((0, 65535), [0, 0, 1, 1, 16, 255]),
        ((0, 4095), [0, 6, 16, 16, 255, 255]),
        ((100, 256), [0, 0, 253, 255, 255, 255]),
        ((7, 7), [0, 0, 0, 0, 0, 0]),
    ],
)
def test_to_8_bits(scaling, expected):
    values = np.array([0, 100, 255, 256, 4096, 65535], dtype=np.uint16)
    found = to_8_bits(values, scaling)
    assert found.dtype == np.uint8
    assert found.tolist() == expected


@given(
    st.integers(-(2**31), 2**31 - 1), st.integers(1, 2**31),
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1),
)  # fmt: skip
def test_scaling_is_that_of_floats(low, span, values):
    """It is rounded to the nearest level, keeps the order, and uses 0 and 255."""
    found = to_8_bits(np.array([*sorted(values), low, low + span]), (low, low + span)).tolist()
    exact = [255 * min(max((value - low) / span, 0), 1) for value in sorted(values)]
    assert all(abs(f - e) <= 0.5 + 1e-6 for f, e in zip(found, exact, strict=False))
    assert found[:-2] == sorted(found[:-2])
    assert found[-2:] == [0, 255]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.png", "uint16"), *(("a.tif", kind) for kind in ("uint16", "int16", "uint32", "int32"))],
)
def test_levels_and_scaling_of_gray(tmp_path, name, kind):
    path = write(tmp_path / name, GRAY.astype(kind))
    assert is_wide_file(path)
    assert inspect(path).levels == Levels(0, 249, True)
    assert read_levels(path, None) == (Levels(0, 249, True), None)
    assert read_levels(path, (0, 4095))[1] == (0, 4095)
    assert read_levels(path, "range")[1] == (0, 249)
    assert not read_scene(path).any()
    expected = [[0, 102, 255], [255, 51, 0]]
    assert read_scene(path, (0, 249))[:, :, 0].tolist() == expected


def test_percentiles_leave_out_a_hot_pixel(tmp_path):
    pixels = np.arange(2000, dtype=np.uint16).reshape(40, 50) % 250
    pixels[0, 0] = 65535
    path = write(tmp_path / "a.tif", pixels)
    assert read_levels(path, "range")[1] == (0, 65535)
    assert read_levels(path, "percentile")[1] == (0, 249)
    assert inspect(path).levels == Levels(0, 65535, True)


@pytest.mark.parametrize("suffix", [".tif", ".png"])
@pytest.mark.parametrize("bands", [3, 4])
def test_of_colours_the_upper_8_bits_are_known(tmp_path, suffix, bands):
    pixels = np.stack([GRAY.astype(np.uint16) * 4] * bands)
    options = {"photometric": "RGB"} if suffix == ".tif" else {}
    path = write(tmp_path / f"a{suffix}", pixels, **options)
    assert inspect(path).levels == Levels(0, 3, False)
    assert read_levels(path, (0, 1000)) == (Levels(0, 3, False), None)
    assert not is_wide_file(path)


def test_levels_of_a_damaged_file_are_refused(tmp_path):
    path = write(tmp_path / "a.png", GRAY.astype(np.uint16))
    path.write_bytes(with_bad_chunk(path.read_bytes()))
    with pytest.raises(ValueError, match="it is damaged or cut off: index out of range"):
        read_levels(path, "range")


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
def test_8_bits_have_no_levels(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(np.zeros((3, 4, 3), np.uint8)).save(path)
    assert inspect(path).levels is None
    assert read_levels(path, "range") == (None, None)


@pytest.mark.parametrize(
    ("levels", "scaling", "seen", "badly"),
    [
        ((0, 249, True), None, 1, True),  # 8 bits in 16
        ((0, 4095, True), None, 16, True),  # 12 bits
        ((0, 16383, True), None, 64, True),  # 14 bits
        ((0, 32767, True), None, 128, False),
        ((0, 65535, True), None, 256, False),
        ((30000, 30900, True), None, 4, True),  # flat
        ((0, 100_000, True), None, 256, True),  # cut off at 65,535
        ((-5, 65535, True), None, 256, True),
        ((0, 4095, True), (0, 4095), 256, False),
        ((0, 100_000, True), (0, 100_000), 256, False),
        ((0, 249, True), (0, 4095), 17, True),
        ((0, 3, False), None, 4, True),
        ((0, 255, False), None, 256, False),
    ],
)
def test_what_loaders_see(levels, scaling, seen, badly):
    assert Levels(*levels).seen(scaling) == seen
    assert Levels(*levels).is_badly_seen(scaling) == badly


def test_the_warning_names_images_ranges_and_the_parameter():
    found = {f"c{n}": Levels(n, 240 + n, True) for n in range(7)}
    assert describe_badly_seen({}, None) is None
    assert describe_badly_seen(found, None) == (
        "7 images of more than 8 bits look flat or cut off to loaders, by the values in use: "
        "c0 (0…240), "
        "c1 (1…241), c2 (2…242), c3 (3…243), c4 (4…244) and 2 more",
        "set combine.scaling to range, percentile or [0, 246]",
    )
    what, advice = describe_badly_seen({"c": Levels(0, 3, False)}, None)
    assert what.startswith("1 image of more than 8 bits looks flat")
    assert advice == "save colours with 8 bits, scaled: only their upper 8 bits can be read"


@pytest.mark.parametrize(
    ("kind", "bands", "message"),
    [
        ("float32", 1, "its pixels are floating-point numbers: save it with 8 or 16 bits"),
        ("float64", 1, "it is a TIFF of a kind that is not read (numbers of 64 bits, or 2 or more"),
        ("uint16", 2, "it is a TIFF of a kind that is not read"),
    ],
)
def test_what_is_refused(tmp_path, kind, bands, message):
    path = write(tmp_path / "a.tif", np.stack([GRAY.astype(kind)] * bands))
    with pytest.raises(ValueError) as caught:
        inspect(path)
    assert str(caught.value).startswith(message)


def test_no_scaling_is_advised_for_images_of_one_value():
    _, advice = describe_badly_seen({"c": Levels(7, 7, True)}, None) or ("", "")
    assert advice == "they have one value each: look whether they are the right files"
