"""What a page knows of each pixel is what the stages made of it."""

import base64
import zlib

import numpy as np
import pytest

from maskbench.pages.data import pack, plain_mask, run_starts
from maskbench.pages.item import draw_task, mask_data, places
from maskbench.params import CombineParams
from maskbench.regions.build import build_mask
from tests.regions.walls import DOOR, SIGN, WALL, annotation, params, settings, task

NAMES = ["Ground", "A", "B", "AB"]


def packed(numbers):
    """Pack numbers, shape (H, W)."""
    starts = run_starts(numbers)
    return pack(starts, numbers.reshape(-1)[starts], numbers.shape[1])


def unpack(text, shape):
    """Unpack run by run, as data.py describes it."""
    height, width = shape
    stored = np.frombuffer(zlib.decompress(base64.b64decode(text)), "<u2").tolist()
    counts, runs = stored[:height], stored[height:]
    begins, numbers = runs[: len(runs) // 2], runs[len(runs) // 2 :]
    found, above, at = [], [], 0
    for count in counts:
        row = []
        for i in range(count):
            x, n = above[i] if i < len(above) else (0, 0)
            row.append(((begins[at + i] + x) % 65536, (numbers[at + i] + n) % 65536))
        ends = [x for x, _ in row[1:]] + [width]
        found.append([n for (x, n), end in zip(row, ends, strict=True) for _ in range(x, end)])
        above, at = row, at + count
    return np.array(found)


@pytest.mark.parametrize("overlap", ["keep", "top", "smallest"])
def test_every_pixel_has_its_class_and_its_regions(overlap):
    made = params(settings(overlap), (("A", "B"), "AB"))
    item = task(annotation(WALL, DOOR, SIGN))
    mask = build_mask(item, made).mask
    drawn = draw_task(item, made, mask.shape)
    data = mask_data(mask.astype(np.uint16), NAMES, drawn, made)
    assert data["size"] == (5, 4)
    assert [region["id"] for region in data["regions"]] == ["wall", "door", "sign"]
    assert data["regions"][1]["ring"][:8] == [1, 1, 3, 1, 3, 4, 1, 4]
    cells = unpack(data["pixels"], (4, 5))
    boxes = [(0, 0, 4, 4), (1, 1, 3, 4), (2, 2, 5, 3)]
    for (y, x), number in np.ndenumerate(cells):
        cell = data["cells"][number]
        assert cell["class_number"] == mask[y, x]
        lies = [i for i, (a, b, c, d) in enumerate(boxes) if a <= x < c and b <= y < d]
        assert cell["regions"] == lies
    reasons = {tuple(cell["regions"]): cell["reason"] for cell in data["cells"]}
    two = "rule rule_0" if overlap == "keep" else "its only label"
    assert reasons[0, 1] == two
    assert reasons[()] == "background: no region lies here"
    expected = {"keep": [0, 1, 2], "top": [2], "smallest": [2]}[overlap]
    [all_three] = [cell for cell in data["cells"] if cell["regions"] == [0, 1, 2]]
    assert all_three["deciding"] == expected


def test_a_mask_that_was_edited_is_told():
    made = params(settings())
    item = task(annotation(WALL))
    mask = build_mask(item, made).mask.astype(np.uint16)
    mask[0, 0] = 2
    data = mask_data(mask, NAMES, draw_task(item, made, mask.shape), made)
    [edited] = [cell for cell in data["cells"] if cell["class_number"] == 2]
    assert edited["reason"] == "its only label, which gives A: the mask was edited, or is stale"


@pytest.mark.parametrize(
    "unmatched, priority, reason",
    [
        ("error", (), "combine.unmatched: error"),
        ("Ground", (), "combine.unmatched: Ground"),
        ("priority", ("B", "A"), "combine.priority: B above A"),
    ],
)
def test_the_policy_that_decides_is_named(unmatched, priority, reason):
    made = params(settings())._replace(combine=CombineParams(unmatched, priority, "png"))
    item = task(annotation(WALL, DOOR))
    mask = build_mask(item, made).mask.astype(np.uint16)
    cells = mask_data(mask, NAMES, draw_task(item, made, mask.shape), made)["cells"]
    [both] = [cell for cell in cells if cell["regions"] == [0, 1]]
    assert both["reason"].startswith(reason)


def test_a_mask_without_regions():
    data = plain_mask(np.array([[0, 300], [300, 7]], dtype=np.uint16), "predicted")
    assert [cell["class_number"] for cell in data["cells"]] == [0, 7, 300]
    assert unpack(data["pixels"], (2, 2)).tolist() == [[0, 2], [2, 1]]


def test_packed_numbers_can_be_unpacked():
    rng = np.random.default_rng(0)
    for height, width, many in [(1, 1, 2), (3, 5, 65535), (20, 30, 3), (7, 300, 2), (300, 7, 1)]:
        numbers = rng.integers(0, many, (height, width))
        assert (unpack(packed(numbers), (height, width)) == numbers).all()


def test_connected_parts_largest_first():
    where = np.zeros((6, 8), dtype=np.bool_)
    where[0:2, 0:2] = where[2, 2] = where[5, 4:8] = True
    assert places(where) == [(0, 0, 3, 3, 5), (4, 5, 8, 6, 4)]
    assert places(where, most=1) == [(0, 0, 3, 3, 5)]
