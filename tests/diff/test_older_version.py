"""A version that was built by the code before shapely and rasterio, reviewed by today's.

Of its four images only the one with an ellipse changes: it gains the pixels that chords cut off.
"""

import json
import shutil

import numpy as np
import pytest

from maskbench.files.label_sets import read_label_sets
from maskbench.regions.label_set import LabelSet
from tests.diff.conftest import masks_on_disk
from tests.exports import annotation, box, polygon, region, task, write_export
from tests.files.older import archived, missing
from tests.reference import ellipse_distance
from tests.repositories import ROOT, Repository
from tests.strokes import brush

pytestmark = [missing, pytest.mark.slow]

SIZE = (40, 30)
KEY = "000003_scene_3"
CENTRE, RADIUS = (18.5, 16.5), 7.0712  # just beyond the pixels 5 + 5 and 7 + 1 from its middle
CIRCLE = {
    "x": CENTRE[0] / 40 * 100,
    "y": CENTRE[1] / 30 * 100,
    "radiusX": RADIUS / 40 * 100,
    "radiusY": RADIUS / 30 * 100,
    "rotation": 0,
}


def tasks():
    stroke = np.zeros((30, 40), dtype=np.uint8)
    stroke[5:20, 3:9] = 255
    painted = region("brush", ["Canvas"], brush(stroke), number=1)
    star = polygon(["Canvas"], [(50, 5), (75, 95), (8, 40), (92, 40), (25, 95)], number=1)
    circle = region("ellipse", ["Canvas"], CIRCLE, number=1)
    upright = box(["Canvas"], 10, 10, 60, 70, number=1)
    other = box(["Obstruction"], 40, 30, 90, 80, number=2)
    first = (painted, star, circle, upright)
    return [task(i, annotation(i, [shape, other])) for i, shape in enumerate(first, start=1)]


@pytest.fixture(scope="module")
def across(tmp_path_factory):
    """A repository with the versions ``older`` and ``newer``, and the masks of each by its tag."""
    root = archived(tmp_path_factory.mktemp("across") / "repo")
    made = Repository(root)
    shutil.rmtree(root / "data/sample")
    write_export(root / "data/sample", tasks())
    made.git("init", "-q", "-b", "main")
    made.masks = {}
    for tag in ("older", "newer"):
        if tag == "newer":
            shutil.copytree(root / "data/label_sets", root.parent / "older_label_sets")
            todays_code(root)
        made.dvc("repro")
        made.commit(tag)
        made.git("tag", tag)
        made.masks[tag] = masks_on_disk(root)
    return made


def todays_code(root):
    for folder in ("maskbench", "stages"):
        shutil.rmtree(root / folder)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for file in ("dvc.yaml", ".dvcignore"):
        shutil.copy2(ROOT / file, root / file)


def label_sets(folder):
    stored = {path.stem: read_label_sets(path)[0] for path in sorted(folder.iterdir())}
    return {key: LabelSet(each.labels, each.planes) for key, each in stored.items()}


def gained():
    """The pixels that the circle gains: those of its equation that no inscribed polygon reaches."""
    distance = ellipse_distance(CENTRE, (RADIUS, RADIUS), 0, *SIZE)
    return (distance < 1) & (distance > 0.9999)


def test_only_the_ellipse_gains_pixels(across):
    older, newer = across.masks["older"], across.masks["newer"]
    differing = {key: older[key] != newer[key] for key in older}
    np.testing.assert_array_equal(differing.pop(KEY), gained())
    assert gained().sum() == 12
    assert len(differing) == 3
    assert not any(pixels.any() for pixels in differing.values())


def test_label_sets_of_the_older_version_are_read(across):
    before = label_sets(across.root.parent / "older_label_sets")
    after = label_sets(across.root / "data/label_sets")
    assert list(before) == list(after) == [f"{i:06}_scene_{i}" for i in range(1, 5)]
    for key, label_set in before.items():
        for label in ("Canvas", "Obstruction"):
            expected = label_set.on(label)
            if (key, label) == (KEY, "Canvas"):
                expected = expected | gained()
            assert expected.any()
            np.testing.assert_array_equal(after[key].on(label), expected)


def test_diff_names_the_code_and_the_pixels(across, maskbench):
    status, out, _ = maskbench(across.root, "diff", "older", "newer", "--json")
    assert status == 0
    report = json.loads(out)
    (mask,) = report["masks"]
    assert (mask["key"], mask["changed"]) == (KEY, 12)
    assert mask["causes"] == [{"kind": "code", "name": "code", "pixels": 12}]
    assert (report["failures"], report["strange"]) == ([], {})
    assert {"maskbench/winding.py", "maskbench/regions/rasterize.py"} <= set(report["code"])


def test_blame_goes_back_across_the_change(across, maskbench):
    y, x = np.argwhere(gained())[0].tolist()
    inside = (round(CENTRE[0] - 0.5), round(CENTRE[1] - 0.5))
    for place, tag in (((x, y), "newer"), (inside, "older")):
        status, out, _ = maskbench(across.root, "blame", KEY, *place, "--json")
        found = json.loads(out)
        assert (status, found["agrees"]) == (0, True)
        assert found["name"] == across.masks["newer"][KEY][place[1], place[0]]
        assert found["since"]["tag"] == tag


@pytest.mark.parametrize("number", [1, 2, 4])
def test_blame_agrees_with_the_older_version(across, maskbench, number):
    key = f"{number:06}_scene_{number}"
    for x, y in ((5, 10), (20, 15), (30, 20), (1, 1)):
        words = ("blame", key, x, y, "--rev", "older", "--json")
        status, out, _ = maskbench(across.root, *words)
        found = json.loads(out)
        assert (status, found["agrees"]) == (0, True)
        assert found["name"] == across.masks["older"][key][y, x]


def test_verify_knows_both(across, maskbench, tmp_path):
    status, out, _ = maskbench(across.root, "verify")
    assert status == 0
    assert "4 images" in out
    assert "no breaches" in out
    older = Repository(tmp_path / "repo")
    shutil.copytree(across.root, older.root, symlinks=True)
    older.git("checkout", "-q", "older")
    older.dvc("checkout")
    status, _, err = maskbench(older.root, "verify")
    assert status == 4
    assert "1 breach\n" in err
    assert f"{KEY}.png: is not what annotation 3 and the rules give: 12 pixels differ" in err
