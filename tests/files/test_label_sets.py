"""Label-set files: what other programs read, equal bytes, earlier versions, and damaged files."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from maskbench.files.label_sets import LabelSetFile, read_label_sets, write_label_sets
from maskbench.regions.label_set import LabelSet
from tests.files.older import archived, missing

# Pixels are what masks are in: there is no georeference to miss.
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def content(labels=("Ä \N{SNOWMAN} \"'\\", "b"), planes=1):
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 4, (planes, 5, 7), dtype=np.uint8)
    return LabelSetFile(labels, bits, 12, 34, {"file": "ü.jpg", "sha256": "ab"})


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
    assert write_label_sets(path, [written]) == hashlib.sha256(path.read_bytes()).hexdigest()
    read = read_label_sets(path)[0]
    np.testing.assert_array_equal(read.planes, written.planes)
    assert read.planes.dtype == np.uint8
    assert read.labels == labels
    assert (read.task, read.annotation, read.image) == (12, 34, written.image)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.tif"]


@st.composite
def label_sets(draw):
    """Label sets of up to 20 labels, whose names may be anything that JSON can hold."""
    names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
    labels = draw(st.lists(names, max_size=20, unique=True).map(sorted))
    height, width = draw(st.tuples(st.integers(1, 300), st.integers(1, 30)))
    shape = (max(1, -(-len(labels) // 8)), height, width)
    planes = draw(arrays.arrays(np.uint8, shape, fill=st.integers(0, 255)))
    return LabelSet(tuple(labels), planes)


@settings(max_examples=100, deadline=None)
@given(label_sets(), st.integers(1, 2**40), st.integers(1, 2**40))
def test_any_label_set_survives_the_file(tmp_path_factory, label_set, task, annotation):
    path = tmp_path_factory.mktemp("any") / "a.tif"
    image = {"file": "a.png", "sha256": "ab"}
    write_label_sets(
        path, [LabelSetFile(label_set.labels, label_set.planes, task, annotation, image)]
    )
    whole = path.read_bytes()
    read = read_label_sets(path)[0]
    assert (read.labels, read.task) == (label_set.labels, task)
    assert (read.annotation, read.image) == (annotation, image)
    np.testing.assert_array_equal(read.planes, label_set.planes)
    write_label_sets(path, [read])
    assert path.read_bytes() == whole


@pytest.mark.parametrize("planes", [1, 2, 3, 4, 6, 9])
def test_gdal_reads_the_planes_and_what_they_mean(tmp_path, planes):
    labels = tuple(f"label {i:02}" for i in range(8 * planes - 1))
    written = content(labels, planes)
    write_label_sets(tmp_path / "a.tif", [written])
    with rasterio.open(tmp_path / "a.tif") as tif:
        assert (tif.driver, tif.width, tif.height, tif.count) == ("GTiff", 7, 5, planes)
        assert tif.dtypes == ("uint8",) * planes
        assert tif.nodata is None
        np.testing.assert_array_equal(tif.read(), written.planes)
        about = json.loads(tif.tags()["TIFFTAG_IMAGEDESCRIPTION"])
    assert about == {
        "labels": list(labels),
        "task": 12,
        "annotation": 34,
        "image": {"file": "ü.jpg", "sha256": "ab"},
    }


@pytest.mark.parametrize("planes", [1, 2, 3, 4, 5, 6])
def test_pillow_opens_up_to_six_planes(tmp_path, planes):
    labels = tuple(f"label {i:02}" for i in range(8 * planes))
    written = content(labels, planes)
    write_label_sets(tmp_path / "a.tif", [written])
    with Image.open(tmp_path / "a.tif") as image:
        assert image.size == (7, 5)
        assert json.loads(image.tag_v2[270])["labels"] == list(labels)
        pixels = np.asarray(image)
    if planes == 1:
        np.testing.assert_array_equal(pixels, written.planes[0])


def test_a_large_uniform_label_set_is_a_small_file(tmp_path):
    nothing = np.zeros((1, 4000, 6000), dtype=np.uint8)
    write_label_sets(tmp_path / "a.tif", [LabelSetFile(("a",), nothing, 1, 1, {})])
    assert (tmp_path / "a.tif").stat().st_size < 20_000
    assert not read_label_sets(tmp_path / "a.tif")[0].planes.any()


def test_equal_label_sets_are_equal_bytes(tmp_path):
    write_label_sets(tmp_path / "one.tif", [content()])
    write_label_sets(tmp_path / "other.tif", [content()])
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "other.tif").read_bytes()


def test_a_failing_write_leaves_the_old_label_set(tmp_path):
    write_label_sets(tmp_path / "a.tif", [content()])
    broken = replace(content(), image={"file": Path("no JSON value")})
    with pytest.raises((TypeError, ValueError)):
        write_label_sets(tmp_path / "a.tif", [broken])
    assert read_label_sets(tmp_path / "a.tif")[0].task == 12
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
        json.dumps({"labels": list("abcdefghi"), "task": 1, "annotation": 2, "image": {}}),
    ],
)
def test_a_foreign_tif_is_refused(tmp_path, description):
    plain_tif(tmp_path / "a.tif", description)
    with pytest.raises(ValueError, match=r"a\.tif is not a label set of maskbench"):
        read_label_sets(tmp_path / "a.tif")[0]


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "text", "folder"])
def test_a_damaged_label_set_is_refused(tmp_path, damage):
    path = tmp_path / "a.tif"
    write_label_sets(path, [content(planes=2)])
    whole = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "text": b"II*"}[damage])
    with pytest.raises(ValueError, match=r"a\.tif is not a label set of maskbench"):
        read_label_sets(path)[0]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_label_set_with_wrong_bytes_is_refused_or_read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "a.tif"
    write_label_sets(path, [content()])
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        planes = read_label_sets(path)[0].planes
    except ValueError:
        return
    assert planes.ndim == 3


OLDER = Path(__file__).parent / "label_set_before_rasterio.tif"
"""Written by the code before rasterio wrote label sets (commit f1a96bd): see OLDER_CONTENT."""

WRITE_OLDER = """
import sys
from pathlib import Path
import numpy as np
from maskbench.codecs import LabelSetFile, write_label_set
from maskbench.raster import LabelSet

planes = np.zeros((2, 5, 7), dtype=np.uint8)
planes[0, 1:4, 2:6] = 0b101
planes[1, 2:, :3] = 0b1
labels = tuple("abcdefgh") + ("\u00c4 \u2603",)
content = LabelSetFile(
    LabelSet.of_planes(labels, planes), 12, 34, {"file": "\u00fc.jpg", "sha256": "ab"}
)
write_label_set(Path(sys.argv[1]), content)
"""


def is_older_content(found):
    a_and_c = [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 1, 0],
        [0, 0, 1, 1, 1, 1, 0],
        [0, 0, 1, 1, 1, 1, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]
    last = [[0] * 7, [0] * 7, *[[1, 1, 1, 0, 0, 0, 0]] * 3]
    assert found.labels == (*"abcdefgh", "Ä \N{SNOWMAN}")
    label_set = LabelSet(found.labels, found.planes)
    for label, expected in (("a", a_and_c), ("c", a_and_c), ("Ä \N{SNOWMAN}", last)):
        np.testing.assert_array_equal(label_set.on(label), expected)
    assert not any(label_set.on(label).any() for label in "bdefgh")
    assert (found.task, found.annotation) == (12, 34)
    assert found.image == {"file": "ü.jpg", "sha256": "ab"}


def test_label_sets_of_the_previous_version_are_read():
    is_older_content(read_label_sets(OLDER)[0])


@missing
def test_the_previous_version_still_writes_what_is_kept_of_it(tmp_path):
    code = archived(tmp_path / "older")
    subprocess.run(
        [sys.executable, "-c", WRITE_OLDER, tmp_path / "a.tif"],
        cwd=code,  # from where -c imports
        check=True,
    )
    assert (tmp_path / "a.tif").read_bytes() == OLDER.read_bytes()
    is_older_content(read_label_sets(tmp_path / "a.tif")[0])
