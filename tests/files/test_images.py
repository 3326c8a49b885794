"""Image files: what they are, upright scenes, and files that are none."""

import io
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from maskbench.files.image_size import upright_size
from maskbench.files.images import inspect, read_scene, read_thumbnail, write_upright
from tests.strokes import with_bad_chunk

SMOOTH = np.zeros((24, 40, 3), dtype=np.uint8)
SMOOTH[:, :, 0] = np.linspace(0, 255, 40)
SMOOTH[:, :, 1] = np.linspace(0, 255, 24)[:, np.newaxis]

# What each orientation makes of the stored pixels (TIFF 6.0, tag 274).
TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2),
    8: np.rot90,
}


def photo(path, orientation=None, file_format="PNG", **options):
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
        exif[0x010E] = "a description"
    Image.fromarray(SMOOTH).save(path, file_format, exif=exif, **options)
    return path


ORIENTED = Image.Exif()
ORIENTED[0x0112] = 6


@pytest.mark.parametrize(
    ("file_format", "suffix"),
    [("BMP", ".bmp"), ("GIF", ".gif"), ("JPEG", ".jpg"), ("PNG", ".png"), ("TIFF", ".tif"),
     ("WEBP", ".webp")],
)  # fmt: skip
def test_the_content_decides_the_ending(tmp_path, file_format, suffix):
    path = tmp_path / "picture.wrong"
    Image.fromarray(SMOOTH).save(path, file_format)
    info = inspect(path)
    assert (info.suffix, info.width, info.height, info.orientation) == (suffix, 40, 24, 1)
    assert len(info.sha256) == 64


@pytest.mark.parametrize("orientation", [None, *TURNS, 0, 9, 77])
def test_the_size_is_the_upright_one(tmp_path, orientation):
    path = photo(tmp_path / "a.jpg", orientation, "JPEG")
    info = inspect(path)
    upright = (24, 40) if orientation in (5, 6, 7, 8) else (40, 24)
    assert (info.width, info.height) == upright
    assert upright_size(path) == upright
    assert info.orientation == (orientation if orientation in TURNS else 1)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", [None, *TURNS])
def test_a_size_alone_is_the_one_of_the_whole_image(tmp_path, file_format, orientation):
    path = photo(tmp_path / "a", orientation, file_format)
    assert upright_size(path) == inspect(path)[1:3]


def test_the_size_of_a_jpeg_does_not_need_its_pixels(tmp_path):
    path = photo(tmp_path / "a.jpg", 6, "JPEG")
    path.write_bytes(path.read_bytes()[:-20])  # the last pixels are missing
    assert upright_size(path) == (24, 40)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(ValueError, match="damaged or cut off"):
        upright_size(path)


@pytest.mark.parametrize("is_jpeg", [True, False])
def test_the_size_of_a_huge_image_is_refused(tmp_path, is_jpeg):
    path = photo(tmp_path / "a", None, "JPEG" if is_jpeg else "PNG")
    with pytest.raises(ValueError, match="pixels"):
        upright_size(path, most_pixels=40 * 24 - 1)


@pytest.mark.parametrize(
    ("file_format", "options"),
    [("JPEG", {"quality": 95}), ("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})],
)
@pytest.mark.parametrize("orientation", TURNS)
def test_scenes_stand_upright_and_say_so(tmp_path, file_format, options, orientation):
    source = photo(tmp_path / "stored", orientation, file_format, **options)
    expected = TURNS[orientation](SMOOTH.astype(int))
    info = inspect(source)
    assert (info.height, info.width, info.orientation) == (*expected.shape[:2], orientation)
    target = tmp_path / f"scene{info.suffix}"
    write_upright(source, target)
    with Image.open(target) as scene:
        assert scene.getexif().get(0x0112, 1) == 1
        assert scene.format == file_format
        difference = np.abs(np.asarray(scene).astype(int) - expected)
        np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(scene)), scene)
    assert difference.max() <= (8 if file_format == "JPEG" else 0)  # nothing is lost but by JPEG
    assert (source.read_bytes() == target.read_bytes()) == (orientation == 1)


def test_damaged_metadata_is_no_damage(tmp_path):
    content = bytearray(photo(tmp_path / "a.jpg", 6, "JPEG").read_bytes())
    place = content.index(b"a description")
    content[place - 60 : place] = bytes(60)
    (tmp_path / "a.jpg").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        info = inspect(tmp_path / "a.jpg")
        write_upright(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert (info.width, info.height) == (40, 24)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: copy or export it again"),
        (b"<html>not found</html>", "is a web page, perhaps of a log-in or an error"),
        (b"\n<!DOCTYPE html>", "is a web page, perhaps of a log-in or an error"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG, which is not read"),
        (b"<?xml version='1.0'?><svg/>", "is an SVG, which is not read"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is HEIC, whatever its name says: convert it"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS, not the file: run `git lfs"),
        (b"%PDF-1.7", "is a PDF: convert it"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image in a known format"),
        (b"\x89PNG\r\n\x1a\n", "not an image in a known format"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path, content, message):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        inspect(tmp_path / "a.png")


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_file_that_is_cut_off_is_refused(tmp_path, file_format):
    whole = photo(tmp_path / "whole", 1, file_format).read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(ValueError, match=r"not an image|damaged or cut off"):
        inspect(tmp_path / "cut")


def test_a_picture_that_claims_to_be_huge_is_refused_before_it_is_read(tmp_path):
    stream = io.BytesIO()
    Image.new("L", (40_000, 1)).save(stream, "BMP")
    content = bytearray(stream.getvalue())
    content[22:26] = (40_000).to_bytes(4, "little")
    (tmp_path / "a.bmp").write_bytes(content)
    with pytest.raises(ValueError, match="claims 40000 x 40000 pixels"):
        inspect(tmp_path / "a.bmp")


def test_a_png_with_a_bad_chunk_behind_its_pixels_is_refused(tmp_path):
    whole = photo(tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(with_bad_chunk(whole))
    for read in (inspect, read_scene, upright_size):
        with pytest.raises(ValueError, match="it is damaged or cut off: index out of range"):
            read(tmp_path / "a.png")


def test_a_picture_with_wrong_exif_is_refused(tmp_path):
    whole = photo(tmp_path / "a.webp", 6, "WEBP").read_bytes()
    (tmp_path / "a.webp").write_bytes(whole.replace(b"MM\0*", b"??\0*"))
    for read in (inspect, read_scene, lambda path: read_thumbnail(path, 8)):
        with pytest.raises(ValueError, match="it is damaged or cut off: not a TIFF file"):
            read(tmp_path / "a.webp")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP"]), st.data())
def test_wrong_bytes_are_refused_or_read(tmp_path_factory, file_format, data):
    folder = tmp_path_factory.mktemp("damaged")
    whole = bytearray(photo(folder / "a", 6, file_format).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, min(len(whole), 300) - 1))] = data.draw(st.integers(0, 255))
    (folder / "a").write_bytes(whole)
    try:
        info = inspect(folder / "a")
    except ValueError:
        return
    assert read_scene(folder / "a").shape == (info.height, info.width, 3)
    write_upright(folder / "a", folder / f"b{info.suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the test's own look at a file with damaged metadata
        with Image.open(folder / f"b{info.suffix}") as scene:
            assert scene.size == (info.width, info.height)


XMP = b'<x:xmpmeta xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'


@pytest.mark.parametrize("options", [{"exif": ORIENTED}, {"xmp": XMP}], ids=["exif", "xmp"])
def test_a_jpeg_is_turned_by_its_metadata(tmp_path, options):
    Image.fromarray(SMOOTH).save(tmp_path / "a.jpg", **options)
    assert not write_upright(tmp_path / "a.jpg", tmp_path / "b.jpg")
    info = inspect(tmp_path / "b.jpg")
    assert (info.width, info.height, info.orientation) == (24, 40, 1)


def test_damaged_exif_hides_no_orientation(tmp_path):
    """The orientation is read; the entry behind it points beyond the end of the EXIF."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack("<HHII", 0x010E, 2, 99, 9000)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + b"\0\0\0\0"
    Image.fromarray(SMOOTH).save(tmp_path / "a.jpg", "JPEG", exif=exif)
    info = inspect(tmp_path / "a.jpg")
    assert (info.width, info.height, info.orientation) == (24, 40, 6)
    assert not write_upright(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert inspect(tmp_path / "b.jpg")[1:4] == (24, 40, 1)


def quarters(width, height):
    """A picture whose quarters are black, grey, light and white, and its thumbnail of 2 x 2."""
    small = np.array([[0, 100], [200, 255]], dtype=np.uint8)
    return np.kron(small, np.ones((height // 2, width // 2), dtype=np.uint8)), small


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize(("name", "mode"), [("a.jpg", "RGB"), ("a.png", "RGBA"), ("a.png", "P")])
def test_a_thumbnail_is_upright_grey_and_the_mean_of_the_pixels(tmp_path, orientation, name, mode):
    large, small = quarters(640, 320)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(large).convert(mode).save(tmp_path / name, exif=exif)
    found = read_thumbnail(tmp_path / name, 2).astype(int)
    assert abs(found - TURNS[orientation](small)).max() <= 2


def test_a_thumbnail_of_16_bits_and_of_damaged_files(tmp_path):
    large, small = quarters(40, 20)
    Image.fromarray(large.astype(np.uint16) * 257).save(tmp_path / "wide.tif")
    np.testing.assert_array_equal(read_thumbnail(tmp_path / "wide.tif", 2), small)
    Image.fromarray(large.astype(np.float32)).save(tmp_path / "float.tif")
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for name in ("float.tif", "cut.png", "none.png"):
        with pytest.raises(ValueError, match=r"floating-point|damaged|not an image|no such file"):
            read_thumbnail(tmp_path / name, 2)
