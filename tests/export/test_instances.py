"""COCO and YOLO exports hold exactly the pixels of regions, whatever tool drew them.

Expected pixels are pictures, or come from ``tests/reference.py``. COCO is decoded by pycocotools,
YOLO by the reference's winding numbers.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from pycocotools.coco import COCO

from maskbench.cli import main
from maskbench.dataset import Benchmark
from maskbench.errors import DataError, ParamsError
from maskbench.export import export
from maskbench.export.source import ExportSource
from maskbench.export.trace import trace
from maskbench.files.json import json_text
from maskbench.labelstudio.stored import task_json
from maskbench.params import RasterizeParams
from maskbench.regions.rasterize import crop
from maskbench.regions.task import Annotation, Region, Task
from maskbench.regions.task import Image as TaskImage
from tests.benchmarks import write_item, write_lists
from tests.exports import PARAMS, annotation, box, polygon, region, task, write_export
from tests.reference import ellipse_distance, nonzero
from tests.repositories import ROOT, python_path, run
from tests.strokes import bitmask, brush

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")  # of pycocotools

KEY = "000001_a"


def write_benchmark(data, regions, size_wh=(8, 8)):
    """A benchmark of one image: ``benchmark`` and ``annotations`` in the folder ``data``.

    ``regions`` are (shape, labels, value); the mask is not made of them, since exports do not read
    it.
    """
    width, height = size_wh
    write_item(data / "benchmark", KEY, np.zeros((height, width), np.uint8))
    write_lists(data / "benchmark", {"train": [KEY]})
    drawn = tuple(Region(f"r{i}", *entry) for i, entry in enumerate(regions))
    counts = Annotation(1, 7, None, None, False, False, drawn)
    other = Annotation(2, 8, None, None, False, False, (Region("o", *CANVAS_EVERYWHERE),))
    image = TaskImage(f"{KEY}.png", width, height, "")
    (data / "annotations").mkdir()
    stored = task_json(Task(1, KEY, None, {}, None, (counts, other), image))
    (data / "annotations" / f"{KEY}.json").write_bytes(stored)
    return Benchmark(data / "benchmark")


def read_coco(folder, split="train"):
    """(category, pixels, annotation) of a split's instances by file name, by pycocotools."""
    coco = COCO(folder / "annotations" / f"instances_{split}.json")
    return {
        image["file_name"]: [
            (entry["category_id"], coco.annToMask(entry).astype(bool), entry)
            for entry in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
        ]
        for image in coco.loadImgs(coco.getImgIds())
    }


def read_yolo(path, size_wh):
    """(class, pixels) of each line, filled at pixel centres by the reference."""
    lines = [line.split() for line in path.read_text().splitlines()]
    rings = [np.array(numbers, float).reshape(-1, 2) * size_wh for _, *numbers in lines]
    return [(int(line[0]), nonzero(r, *size_wh)) for line, r in zip(lines, rings, strict=True)]


def exported_pixels(root, regions, size_wh=(8, 8), **params):
    """The union of the pixels of exported instances, which COCO and YOLO must agree on."""
    benchmark = write_benchmark(root / "data", regions, size_wh)
    source = ExportSource(benchmark, params=RasterizeParams()._replace(**params))
    for form in ("coco", "yolo"):
        export(form, source, root / form)
    nothing = np.zeros(size_wh[::-1], bool)
    coco = [pixels for _, pixels, _ in read_coco(root / "coco")[f"{KEY}.png"]]
    yolo = [pixels for _, pixels in read_yolo(root / f"yolo/labels/train/{KEY}.txt", size_wh)]
    found = np.any([nothing, *coco], axis=0)
    np.testing.assert_array_equal(np.any([nothing, *yolo], axis=0), found)
    return found


def picture(top, *rows):
    """Pixels of 8 x 8 from rows of # and ., the first of which is row ``top``; others are empty."""
    empty = "." * 8
    lines = [*[empty] * top, *rows, *[empty] * (8 - top - len(rows))]
    return np.array([[character == "#" for character in line] for line in lines])


def percent(points, size_wh=(8, 8)):
    """Label Studio's points from pixels."""
    return [[100 * x / size_wh[0], 100 * y / size_wh[1]] for x, y in points]


def vertices(points, **more):
    """A pen-tool region's value from pixels, straight lines only."""
    ids = [f"v{i}" for i in range(len(points))]
    before = [None, *ids[:-1]]
    return {
        "vertices": [
            {"id": own, "prevPointId": previous, "x": x, "y": y, "isBezier": False}
            for own, previous, (x, y) in zip(ids, before, percent(points), strict=True)
        ],
        **more,
    }


SQUARE = [(2, 1), (5, 1), (5, 4), (2, 4)]
SQUARE_PIXELS = picture(1, *["..###..."] * 3)
NOTHING = picture(0)
CANVAS_EVERYWHERE = ("polygon", ("Canvas",), {"points": percent([(0, 0), (8, 0), (8, 8), (0, 8)])})
BETWEEN_CENTRES = {"points": percent([(1.75, 1.75), (3.25, 1.75), (3.25, 3.25), (1.75, 3.25)])}
SOFT = np.zeros((8, 8), np.uint8)
SOFT[1, 2:7] = [100, 127, 128, 199, 200]
SOFT[3, 2:4] = 255
# Twice around, the second time the other way: wound around zero times in the middle.
HOLE = [(1, 1), (7, 1), (7, 7), (1, 7), (1, 1), (3, 5), (5, 5), (5, 3), (3, 3), (3, 5)]

CASES = {
    "square polygon on pixel borders": ("polygon", {"points": percent(SQUARE)}, {}, SQUARE_PIXELS),
    "closed vector": ("vector", vertices(SQUARE, closed=True), {}, SQUARE_PIXELS),
    "open vector": ("vector", vertices(SQUARE, closed=False), {}, NOTHING),
    "open polygon": ("polygon", {"points": percent(SQUARE), "closed": False}, {}, NOTHING),
    "key point": ("keypoint", {"x": 50, "y": 50, "width": 9}, {}, NOTHING),
    "off the image": ("polygon", {"points": percent([(9, 1), (12, 1), (12, 4)])}, {}, NOTHING),
    "half off the image": (
        "rectangle", {"x": -25, "y": 75, "width": 50, "height": 50, "rotation": 0}, {},
        picture(6, *["##......"] * 2),
    ),
    "pixels by their centres": ("polygon", BETWEEN_CENTRES, {}, picture(2, "..#.....")),
    "all touched pixels": (
        "polygon", BETWEEN_CENTRES, {"all_touched": True}, picture(1, *[".###...."] * 3),
    ),
    # Centres at 1.5 and 2.5 from the middle are sqrt(8.5) = 2.9155 away; an inscribed polygon of 32
    # corners loses the ones that its radius of 2.9156 only just holds.
    "circle, exact at centres": (
        "ellipse",
        {"x": 50, "y": 50, "radiusX": 2.9156 / 0.08, "radiusY": 2.9156 / 0.08, "rotation": 0}, {},
        picture(1, "..####..", *[".######."] * 4, "..####.."),
    ),
    "brush, threshold 128": (
        "brush", brush(SOFT), {}, picture(1, "....###.", "........", "..##...."),
    ),
    "brush, threshold 200": (
        "brush", brush(SOFT), {"brush_threshold": 200},
        picture(1, "......#.", "........", "..##...."),
    ),
    "bit mask": (
        "bitmask", bitmask(SOFT), {"brush_threshold": 101},
        picture(1, "...####.", "........", "..##...."),
    ),
    "polygon with a hole": (
        "polygon", {"points": percent(HOLE)}, {},
        picture(1, *[".######."] * 2, *[".##..##."] * 2, *[".######."] * 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("shape", "value", "params", "expected"), CASES.values(), ids=CASES)
def test_exported_pixels(shape, value, params, expected, tmp_path):
    found = exported_pixels(tmp_path, [(shape, ("Canvas",), value)], **params)
    np.testing.assert_array_equal(found, expected)


def test_self_crossing_outlines_are_filled_as_the_canvas_shows_them(tmp_path):
    """By winding numbers: pentagrams keep their centre, spirals what they go around twice."""
    size_wh = (41, 29)
    rng = np.random.default_rng(18)
    turns = 0.8 * np.pi * np.arange(5)
    pentagram = np.column_stack([20 + 13 * np.sin(turns), 14.3 - 13 * np.cos(turns)])
    rings = [pentagram, *(rng.uniform(-4, 45, (rng.integers(3, 12), 2)) for _ in range(150))]
    expected = [nonzero(ring, *size_wh) for ring in rings]
    assert expected[0][14, 20]
    regions = [("polygon", ("Canvas",), {"points": percent(ring, size_wh)}) for ring in rings]
    export("coco", ExportSource(write_benchmark(tmp_path, regions, size_wh)), tmp_path / "coco")
    found = [plane for _, plane, _ in read_coco(tmp_path / "coco")[f"{KEY}.png"]]
    np.testing.assert_array_equal(found, [plane for plane in expected if plane.any()])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95, 1.0])
def test_traced_pixels_fill_back_exactly(share):
    """Any pixels: holes, holes in parts in holes, parts that touch at a corner, single pixels."""
    from pycocotools import mask as coco_mask

    rng = np.random.default_rng(round(100 * share))
    for _ in range(60):
        height, width = (int(side) for side in rng.integers(1, 15, 2))
        plane = rng.random((height, width)) < share
        plane[rng.integers(height), rng.integers(width)] = True
        outlines = trace(crop(plane))
        flat = [outline.reshape(-1).tolist() for outline in outlines]
        codes = coco_mask.merge(coco_mask.frPyObjects(flat, height, width))
        np.testing.assert_array_equal(coco_mask.decode(codes).astype(bool), plane)
        parts = np.array([nonzero(outline, width, height) for outline in outlines])
        np.testing.assert_array_equal(parts.sum(axis=0), plane)  # no pixel is in two parts


def test_a_hole_is_cut_open_not_filled(tmp_path):
    regions = [("polygon", ("Canvas",), {"points": percent(HOLE)})]
    source = ExportSource(write_benchmark(tmp_path, regions), params=RasterizeParams())
    export("coco", source, tmp_path / "coco")
    export("yolo", source, tmp_path / "yolo")
    ((_, _, found),) = read_coco(tmp_path / "coco")[f"{KEY}.png"]
    assert (found["area"], found["bbox"], len(found["segmentation"])) == (32, [1, 1, 6, 6], 1)
    (line,) = (tmp_path / f"yolo/labels/train/{KEY}.txt").read_text().splitlines()
    x, y = np.array(line.split()[1:], float).reshape(-1, 2).T * 8
    assert abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2 == 32


def test_labels_parts_and_regions_become_instances(tmp_path):
    """A label an instance; a part a polygon in COCO and a line in YOLO; overlaps stay."""
    regions = [
        ("brush", ("Canvas", "Obstruction"), brush(SOFT)),
        ("polygon", ("Obstruction",), {"points": percent(SQUARE)}),
        ("polygon", ("Background",), {"points": percent(SQUARE)}),
        ("polygon", ("Unclear",), {"points": percent(SQUARE)}),
        ("polygon", (), {"points": percent(SQUARE)}),
    ]
    benchmark = write_benchmark(tmp_path / "data", regions)
    source = ExportSource(benchmark, params=RasterizeParams(overlap="top"))
    for form in ("coco", "yolo"):
        export(form, source, tmp_path / form)
    found = read_coco(tmp_path / "coco")[f"{KEY}.png"]
    told = [(v, e["area"], e["bbox"], len(e["segmentation"])) for v, _, e in found]
    soft = (5, [2, 1, 5, 3], 2)
    assert told == [(1, *soft), (2, *soft), (2, 9, [2, 1, 3, 3], 1)]
    lines = read_yolo(tmp_path / f"yolo/labels/train/{KEY}.txt", (8, 8))
    assert sorted((value, int(plane.sum())) for value, plane in lines) == [
        (0, 2), (0, 3), (1, 2), (1, 3), (1, 9),
    ]  # fmt: skip


def test_a_region_that_cannot_be_read_is_named(tmp_path):
    regions = [("polygon", ("Canvas",), {"points": [[1, 2], [3, 4], ["x", 6]]})]
    source = ExportSource(write_benchmark(tmp_path / "data", regions), params=RasterizeParams())
    with pytest.raises(DataError, match=r"000001_a\.json.*r0.*'x'"):
        export("coco", source, tmp_path / "coco")
    assert not (tmp_path / "coco").exists()


def reference_pixels(drawn, size_wh):
    """The pixels of a stored region by the references; None for a stroke."""
    value = drawn["value"]
    size = np.array(size_wh) / 100
    if drawn["shape"] == "polygon":
        return nonzero(np.array(value["points"]) * size, *size_wh)
    if drawn["shape"] == "ellipse":
        centre, radii = (np.array([value[a], value[b]]) * size for a, b in ("xy", RADII))
        return ellipse_distance(centre, radii, value.get("rotation", 0), *size_wh) <= 1
    if drawn["shape"] == "rectangle":
        turn = np.deg2rad(value.get("rotation", 0))
        width, height = np.array([value["width"], value["height"]]) * size
        corners = np.array([0, width, width + height * 1j, height * 1j]) * np.exp(1j * turn)
        corner = np.array([value["x"], value["y"]]) * size
        return nonzero(np.column_stack([corners.real, corners.imag]) + corner, *size_wh)
    return None


RADII = ("radiusX", "radiusY")


def test_the_samples_instances_are_the_references(built, tmp_path):
    benchmark = Benchmark(built / "benchmark")
    for form in ("coco", "yolo"):
        export(form, benchmark, tmp_path / form)
    compared = 0
    for split, keys in benchmark.splits.items():
        found = read_coco(tmp_path / "coco", split)
        for key in keys:
            row = benchmark.row(key)
            size_wh = (row.width, row.height)
            stored = json.loads((built / "annotations" / f"{key}.json").read_text())
            (chosen,) = [a for a in stored["annotations"] if a["id"] == row.annotation]
            expected = [
                (benchmark.classes.index(label), reference_pixels(drawn, size_wh))
                for drawn in chosen["regions"]
                for label in drawn["labels"]
            ]
            instances = found[row.scene]
            assert [value for value, _, _ in instances] == [value for value, _ in expected]
            lines = read_yolo(tmp_path / f"yolo/labels/{split}/{key}.txt", size_wh)
            for (_, plane, entry), (_, truth) in zip(instances, expected, strict=True):
                assert entry["area"] == plane.sum()
                if truth is not None:
                    np.testing.assert_array_equal(plane, truth, str(entry))
                    compared += 1
            for value in {value for value, _, _ in instances}:
                planes = [plane for number, plane, _ in instances if number == value]
                filled = [plane for number, plane in lines if number == value - 1]
                np.testing.assert_array_equal(np.any(filled, axis=0), np.any(planes, axis=0))
    assert compared > 60


def test_painting_the_instances_gives_the_masks(tmp_path, capsys):
    """A benchmark without overlaps, built with params that count: the masks, pixel for pixel.

    The params are found above --data, wherever the command is run.
    """
    size = (40, 30)
    alpha = np.zeros((30, 40), np.uint8)
    alpha[20:26, 3:12] = np.linspace(90, 255, 9)
    pen = vertices([(4.8, 0.8), (6.8, 1.2), (5.6, 3.2)], closed=True)
    round_one = {"x": 70, "y": 75, "radiusX": 11, "radiusY": 14, "rotation": 30}
    results = [
        box(["Canvas"], 3, 4, 22, 31, number=1),
        polygon(["Obstruction"], [(30, 8), (48, 50), (31, 44)], number=2),
        region("vector", ["Canvas"], pen, number=3),
        region("brush", ["Obstruction"], brush(alpha), number=4),
        region("ellipse", ["Canvas"], round_one, number=5),
    ]
    line = polygon(["Canvas"], [(2, 60), (40, 60), (40, 64)], number=6)
    line["value"]["closed"] = False
    tasks = [task(1, annotation(1, results)), task(2, annotation(2, [*results[2:], line]))]
    write_export(tmp_path / "source", tasks, size=size)
    params = PARAMS | {"rasterize": {"all_touched": True, "brush_threshold": 200}}
    (tmp_path / "params.yaml").write_text(json_text(params))
    environment = {**os.environ, "PYTHONPATH": python_path(ROOT), "MASKBENCH_WORKERS": "1"}
    for stage in ("fetch", "rasterize", "combine", "split"):
        script = ROOT / "stages" / f"{stage}.py"
        subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, check=True)
    data = tmp_path / "data" / "benchmark"
    assert main(["export", "coco", str(tmp_path / "coco"), "--data", str(data)]) == 0
    benchmark = Benchmark(data)
    for split, keys in benchmark.splits.items():
        found = read_coco(tmp_path / "coco", split)
        for key in keys:
            truth = benchmark.mask(key)
            assert set(np.unique(truth)) == {0, 1, 2}
            painted = np.zeros_like(truth)
            for value, plane, _ in found[benchmark.row(key).scene]:
                assert not painted[plane].any()
                painted[plane] = value
            np.testing.assert_array_equal(painted, truth)


def write_params(root, **rasterize):
    (root / "params.yaml").write_text(json_text(PARAMS | {"rasterize": rasterize}))


def area(folder):
    ((_, plane, _),) = read_coco(folder)[f"{KEY}.png"]
    return int(plane.sum())


def test_params_are_those_above_the_benchmark_or_the_defaults(tmp_path):
    """The square between centres: 1 pixel by its centre, 9 touched."""
    root = tmp_path / "repository"
    benchmark = write_benchmark(root / "data", [("polygon", ("Canvas",), BETWEEN_CENTRES)])
    export("coco", benchmark, tmp_path / "none")
    write_params(root, all_touched=True)
    export("coco", benchmark, tmp_path / "above")
    export("coco", ExportSource(benchmark, params=RasterizeParams()), tmp_path / "given")
    assert [area(tmp_path / name) for name in ("none", "above", "given")] == [1, 9, 1]
    write_params(root, all_touched="perhaps")
    with pytest.raises(ParamsError, match=r"rasterize\.all_touched"):
        export("coco", benchmark, tmp_path / "wrong")
    export("voc", benchmark, tmp_path / "voc")  # masks need no params


def test_a_revision_is_exported_with_its_own_params(tmp_path, monkeypatch):
    monkeypatch.setenv("MASKBENCH_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "repository"
    root.mkdir()
    run(root, "git", "init", "-q", "-b", "main")
    run(root, "dvc", "init", "-q")
    write_benchmark(root / "data", [("polygon", ("Canvas",), BETWEEN_CENTRES)])
    (root / "dvc.yaml").write_text("stages: {}\n")
    write_params(root, all_touched=True)
    run(root, "dvc", "add", "-q", "data/annotations", "data/benchmark")
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-qm", "v1")
    run(root, "git", "tag", "v1")
    write_params(root, all_touched=False)
    words = ["--data", str(root / "data" / "benchmark")]
    for form in ("coco", "yolo"):
        assert main(["export", form, str(tmp_path / f"{form}-now"), *words]) == 0
        assert main(["export", form, str(tmp_path / f"{form}-v1"), *words, "--rev", "v1"]) == 0
    assert [area(tmp_path / name) for name in ("coco-now", "coco-v1")] == [1, 9]
    for name, count in (("yolo-now", 1), ("yolo-v1", 9)):
        ((_, plane),) = read_yolo(tmp_path / name / f"labels/train/{KEY}.txt", (8, 8))
        assert plane.sum() == count
