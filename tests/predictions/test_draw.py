"""Masks become regions: brush exact, polygons within the tolerance and without holes."""

from itertools import chain

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.errors import ParamsError
from maskbench.labelstudio.export import parse_task
from maskbench.labelstudio.labeling import Control, Labeling
from maskbench.labelstudio.stored import with_image
from maskbench.params import parse_params
from maskbench.predictions.draw import draw_mask, outline, without_holes
from maskbench.predictions.plan import make_plan
from maskbench.regions.build import build_mask
from maskbench.regions.strokes import decode_rle, encode_rle
from maskbench.regions.task import Image
from tests.exports import PARAMS, annotation, task

LABELS = ("Canvas", "Obstruction")
BOTH = (
    Control("poly", "polygon", "image", LABELS),
    Control("paint", "brush", "image", LABELS),
)
SEPARATE = (
    Control("label", "polygon", "image", LABELS, tool="polygon"),
    Control("label", "brush", "image", LABELS, tool="brush"),
)


def params(**sections):
    return parse_params({**PARAMS, **sections})


def setup(*controls, fields=None):
    controls = controls or BOTH
    labels = frozenset(label for control in controls for label in control.labels)
    return Labeling(labels, fields or {"image": "image"}, (), controls)


def redrawn(mask, kind, tolerance=0.0, controls=BOTH):
    """The mask that the build makes of the regions of a mask, as if somebody accepted them."""
    settings = params()
    result = draw_mask(mask, make_plan(settings, setup(*controls), kind), tolerance)
    image = Image("a.png", mask.shape[1], mask.shape[0], "")
    built = build_mask(with_image(parse_task(task(1, annotation(1, result))), image), settings)
    assert built is not None
    return built.mask, result


def blocks(seed, shape=(30, 40), size=5):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 4, (-(-shape[0] // size), -(-shape[1] // size)), dtype=np.uint8)
    return small.repeat(size, 0).repeat(size, 1)[: shape[0], : shape[1]]


RING = np.pad(np.zeros((6, 6), np.uint8), 8, constant_values=1)
CHECKS = (np.indices((17, 23)).sum(axis=0) % 2).astype(np.uint8)
MASKS = [np.zeros((5, 7), np.uint8), RING, CHECKS, blocks(1)]


@pytest.mark.parametrize("kind", ["brush", "polygon"])
@pytest.mark.parametrize("mask", [*MASKS, blocks(2, (31, 43), 1)])
def test_regions_without_tolerance_give_the_mask_pixel_by_pixel(mask, kind):
    again, result = redrawn(mask, kind)
    assert np.array_equal(again, mask)
    assert {region["type"] for region in result} <= {f"{kind}labels"}
    assert len({region["id"] for region in result}) == len(result)


@pytest.mark.parametrize("kind", ["brush", "polygon"])
def test_separate_tools_get_two_entries_for_each_region(kind):
    mask = blocks(3)
    again, result = redrawn(mask, kind, controls=SEPARATE)
    assert np.array_equal(again, mask)
    tools, labels = result[::2], result[1::2]
    assert {(entry["type"], entry["from_name"]) for entry in tools} == {(kind, kind)}
    assert {(entry["type"], entry["from_name"]) for entry in labels} == {("labels", "label")}
    assert [entry["id"] for entry in tools] == [entry["id"] for entry in labels]


@pytest.mark.parametrize("tolerance", [1.0, 1.5, 3.0])
def test_outlines_lie_within_the_tolerance_and_leave_no_gap(tolerance):
    rows, columns = np.indices((120, 160))
    disc = (rows - 60) ** 2 + (columns - 70) ** 2 < 45**2
    mask = (disc + 2 * (disc & (columns > 80))).astype(np.uint8)  # Canvas beside Both
    again, result = redrawn(mask, "polygon", tolerance)
    points = [region["value"]["points"] for region in result]
    exact = redrawn(mask, "polygon")[1]
    assert sum(map(len, points)) < sum(len(region["value"]["points"]) for region in exact) / 2
    borders = shapely.union_all(
        [part.boundary for parts in outline(mask, 0).values() for part in parts]
    )
    wrong = shapely.points(np.argwhere(again != mask)[:, ::-1] + 0.5)
    assert shapely.distance(wrong, borders).max() <= tolerance
    assert not {2} & set(np.unique(again).tolist())  # a sliver between neighbours


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.floats(0.3, 4))
def test_no_outline_vanishes_overlaps_or_strays(seed, size, tolerance):
    mask = blocks(seed, (18, 24), size)
    exact, simple = outline(mask, 0), outline(mask, tolerance)
    assert {v: len(parts) for v, parts in exact.items()} == {v: len(p) for v, p in simple.items()}
    before_and_after = (chain.from_iterable(found.values()) for found in (exact, simple))
    for before, after in zip(*before_and_after, strict=True):
        corners = shapely.points(shapely.get_coordinates(before))
        assert shapely.distance(corners, after.boundary).max() <= tolerance + 1e-9
    assert shapely.coverage_is_valid(list(chain.from_iterable(simple.values())))


@pytest.mark.parametrize("tolerance", [1.0, 3.0])
def test_a_single_pixel_stays(tolerance):
    mask = np.zeros((9, 9), np.uint8)
    mask[4, 4] = 1
    [found] = outline(mask, tolerance)[1]
    assert found.area > 0


def test_a_disc_has_few_corners():
    rows, columns = np.indices((140, 140))
    [disc] = outline(((rows - 70) ** 2 + (columns - 70) ** 2 < 60**2).astype(np.uint8), 1.0)[1]
    assert len(disc.exterior.coords) < 40


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_cut_polygons_cover_the_same(seed, size):
    for parts in outline(blocks(seed, (12, 16), size), 0).values():
        cut = list(without_holes(parts))
        assert not any(part.interiors for part in cut)
        whole = shapely.union_all(parts)
        assert sum(part.area for part in cut) == pytest.approx(whole.area)
        assert shapely.union_all(cut).symmetric_difference(whole).area < 1e-9


@pytest.mark.parametrize("shape", [(1, 1), (3, 70_000), (40, 30)])
def test_a_stroke_is_read_as_it_was_written(shape):
    mask = np.random.default_rng(1).random(shape) < 0.5
    mask[:, shape[1] // 2 :] = True
    assert np.array_equal(decode_rle(encode_rle(mask), shape[1], shape[0]) == 255, mask)


def test_a_class_is_drawn_by_its_label_an_alias_or_a_rule():
    plan = make_plan(params(), setup())
    assert plan.labels == {1: ("Canvas",), 2: ("Obstruction",), 3: ("Canvas", "Obstruction")}
    assert {control.name for control in plan.controls.values()} == {"poly"}
    assert plan.notes == ("Both becomes Canvas + Obstruction",)
    aliases = {"rasterize": {"label_aliases": {"Tableau": "Canvas"}}}
    tableau = Control("poly", "polygon", "image", ("Tableau", "Obstruction"))
    assert make_plan(params(**aliases), setup(tableau)).labels[3] == ("Tableau", "Obstruction")


BOX = Control("box", "rectangle", "image", LABELS)


@pytest.mark.parametrize(
    ("sections", "controls", "value", "why"),
    [
        ({}, [Control("p", "polygon", "image", ("Canvas",))], 2, "the setup has no label for it"),
        ({}, [Control("p", "polygon", "image", ("Canvas",))], 3, "setup lacks (Obstruction)"),
        ({"rasterize": {"overlap": "top"}}, BOTH, 3, "rasterize.overlap: top leaves one label"),
        ({}, [BOX], 1, "the setup has its label for rectangle only; add it to a <PolygonLabels>"),
    ],
)
def test_a_class_that_cannot_be_drawn_is_told(sections, controls, value, why):
    plan = make_plan(params(**sections), setup(*controls))
    assert why in plan.impossible[value]
    assert value not in plan.labels


def test_of_several_controls_the_one_on_the_chosen_image_draws():
    front, back = (Control(tag, "brush", tag, LABELS) for tag in ("front", "back"))
    both = setup(front, back, fields={"front": "first", "back": "second"})
    with pytest.raises(ParamsError, match=r"image_field: {back: second} or {front: first}$"):
        make_plan(params(), both)
    fetch = {**PARAMS["fetch"], "image_field": {"back": "second"}}
    plan = make_plan(params(fetch=fetch), both)
    assert plan.controls == dict.fromkeys(LABELS, back)
