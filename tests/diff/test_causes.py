"""Causes of one mask, on tasks made by hand: each difference alone, and together."""

import numpy as np
import pytest

from maskbench.diff.annotation import annotation_change, region_changes
from maskbench.diff.causes import ItemVersion, explain, explain_one
from maskbench.diff.class_names import Names
from maskbench.diff.replay import replay_combine, replay_rasterize
from maskbench.params import RasterizeParams, parse_params
from maskbench.regions.rules import ClassRules
from maskbench.regions.task import Annotation, Image, Region, Task
from tests.exports import PARAMS

SIZE = (20, 10)
RAW = {
    **PARAMS,
    "labels_map": {"Background": 0, "Canvas": 1, "Plant": 2, "Both": 3, "Void": 255},
    "multi_label_rules": {"both": {"when": ["Canvas", "Plant"], "then": "Both"}},
}


def params(**sections):
    raw = {**RAW, **sections}
    return parse_params(raw)


def box(name, labels, left, top, right, bottom):  # noqa: PLR0917
    """A rectangle from edges in pixels of the 20 x 10 image."""
    value = {
        "x": 5 * left, "y": 10 * top, "width": 5 * (right - left), "height": 10 * (bottom - top),
    }  # fmt: skip
    return Region(name, "rectangle", tuple(labels), value)


def annotation(number, *regions, hour=8, user=1, **more):
    time = f"2026-11-22T{hour:02d}:00:00Z"
    return Annotation(number, user, time, time, more.get("ground_truth", False), False, regions)


def task(*annotations, size=SIZE):
    image = Image("000001.png", *size, "0" * 64)
    return Task(1, "000001", 1, {}, None, annotations, image)


CANVAS = box("a", ["Canvas"], 2, 2, 12, 8)
PLANT = box("b", ["Plant"], 8, 4, 16, 10)


class Pair:
    """Two sides whose masks are what they should be, unless a test edits them."""

    def __init__(self, before, after):
        self.names = Names()
        self.sides = [self.side(*before), self.side(*after)]

    def side(self, task, params):
        mask, _ = replay_combine(
            replay_rasterize(task, params.rasterize), ClassRules.of(params), self.names
        )
        return ItemVersion(task, params, mask, "unexplained")

    def causes(self):
        found = explain(*self.sides, self.names)
        return [(cause.kind, cause.name, cause.pixels) for cause in found]

    def changed(self):
        return int(np.count_nonzero(self.sides[0].mask != self.sides[1].mask))


def test_nothing():
    same = (task(annotation(1, CANVAS, PLANT)), params())
    assert Pair(same, same).causes() == []


def test_verify_one_mask():
    pair = Pair(*[(task(annotation(1, CANVAS, PLANT)), params())] * 2)
    assert explain_one(pair.sides[0], pair.names) == ()
    edited = pair.sides[0].mask.copy()
    edited[0, 0] = pair.names.number("Both")
    side = ItemVersion(pair.sides[0].task, params(), edited, "unexplained")
    assert [(cause.kind, cause.pixels) for cause in explain_one(side, pair.names)] == [
        ("unexplained", 1)
    ]


def test_a_region_removed():
    old, new = task(annotation(1, CANVAS, PLANT)), task(annotation(1, CANVAS))
    pair = Pair((old, params()), (new, params()))
    assert pair.causes() == [("annotation", "annotation 1", 8 * 6)]
    assert pair.changed() == 8 * 6


@pytest.mark.parametrize(
    "section, name, changed, before, after",
    [
        ("rasterize", "rasterize.overlap", 16, {"overlap": "keep"}, {"overlap": "top"}),
        ("rasterize", "rasterize.overlap", 16, {"overlap": "keep"}, {"overlap": "smallest"}),
        ("multi_label_rules", "both", 16, RAW["multi_label_rules"],
         {"both": {"when": ["Canvas", "Plant"], "then": "Plant"}}),
        ("multi_label_rules", "renamed", 16, RAW["multi_label_rules"],
         {"renamed": {"when": ["Canvas", "Plant"], "then": "Canvas"}}),
        ("multi_label_rules", "alone", 44, RAW["multi_label_rules"],
         {**RAW["multi_label_rules"], "alone": {"when": ["Canvas"], "then": "Void"}}),
    ],
)  # fmt: skip
def test_one_parameter(section, name, changed, before, after):
    work = task(annotation(1, CANVAS, PLANT))
    pair = Pair((work, params(**{section: before})), (work, params(**{section: after})))
    kind = "rule" if section == "multi_label_rules" else section
    assert pair.causes() == [(kind, name, changed)]
    assert pair.changed() == changed


def test_labels_renamed():
    """Each alias is a cause of its own; a label that a new alias keeps as it was is none."""
    poster = box("p", ["Poster"], 0, 0, 3, 2)
    pot = box("q", ["Pot"], 14, 0, 20, 3)
    labels = {"labels_map": {**RAW["labels_map"], "Poster": 4, "Pot": 5}}
    sides = [
        params(**labels, rasterize={"label_aliases": aliases})
        for aliases in ({}, {"Poster": "Canvas", "Pot": None, "Bild": "Canvas"})
    ]
    work = task(annotation(1, CANVAS, PLANT, poster, pot))
    pair = Pair(*((work, side) for side in sides))
    renamed = [("alias", "Poster → Canvas", 6), ("alias", "Pot → (left out)", 18)]
    assert pair.causes() == renamed
    assert pair.changed() == 24
    back = Pair((work, sides[1]), (work, sides[0]))
    assert back.causes() == [("alias", "Poster → Poster", 6), ("alias", "Pot → Pot", 18)]
    drawn_anew = task(annotation(2, CANVAS, PLANT, poster._replace(labels=("Canvas",)), pot))
    both = Pair((work, sides[1]), (drawn_anew, sides[1]))
    assert both.causes() == []


def test_a_rule_removed_and_its_fallback():
    work = task(annotation(1, CANVAS, PLANT))
    gone = params(multi_label_rules={}, combine={"unmatched": "Void"})
    pair = Pair((work, params()), (work, gone))
    assert pair.causes() == [("rule", "both", 16)]


def test_the_fallback_changed():
    work = task(annotation(1, CANVAS, PLANT))
    settings = [
        {"unmatched": "priority", "priority": order}
        for order in (["Canvas", "Plant"], ["Plant", "Canvas"])
    ]
    sides = [(work, params(multi_label_rules={}, combine=setting)) for setting in settings]
    assert Pair(*sides).causes() == [("combine", "combine.priority", 16)]


def test_a_renamed_background():
    work = task(annotation(1, CANVAS))
    labels = {"Wall": 0, "Canvas": 1, "Plant": 2, "Both": 3}
    pair = Pair((work, params()), (work, params(labels_map=labels)))
    assert pair.causes() == [("labels_map", "labels_map.Wall", 200 - 60)]


def test_another_annotation_counts():
    first, second = annotation(1, CANVAS), annotation(2, PLANT, hour=9, user=7)
    pair = Pair((task(first), params()), (task(first, second), params()))
    assert [cause[:2] for cause in pair.causes()] == [("annotation", "annotation 2")]
    latest = RasterizeParams(annotation=("latest",))
    change = annotation_change(pair.sides[0].task, pair.sides[1].task, (latest, latest))
    assert (change.before, change.after, change.annotator) == (1, 2, "7")
    assert [region.kind for region in change.regions] == ["added", "removed"]


def test_another_criterion_counts():
    work = task(annotation(1, CANVAS), annotation(2, PLANT, hour=9))
    sides = [(work, params(rasterize={"annotation": [name]})) for name in ("latest", "earliest")]
    assert [cause[:2] for cause in Pair(*sides).causes()] == [("rasterize", "rasterize.annotation")]


def test_annotation_and_rule_together_are_charged_apart():
    moved = box("b", ["Plant"], 8, 4, 17, 10)
    old, new = task(annotation(1, CANVAS, PLANT)), task(annotation(1, CANVAS, moved))
    rule = {"both": {"when": ["Canvas", "Plant"], "then": "Plant"}}
    pair = Pair((old, params()), (new, params(multi_label_rules=rule)))
    assert pair.causes() == [("annotation", "annotation 1", 6), ("rule", "both", 16)]


def test_a_label_that_the_old_version_does_not_know():
    poster = box("c", ["Poster"], 0, 0, 2, 2)
    labels = {**RAW["labels_map"], "Poster": 4}
    old, new = task(annotation(1, CANVAS)), task(annotation(1, CANVAS, poster))
    pair = Pair((old, params()), (new, params(labels_map=labels)))
    assert pair.causes() == [("annotation", "annotation 1", 4)]


def test_a_stroke_of_another_size_is_charged_to_image_and_annotation():
    stroke = Region("s", "bitmask", ("Plant",), {"imageDataURL": "data:image/png;base64,AAAA"})
    old = task(annotation(1, CANVAS))
    pair = Pair((old, params()), (old, params()))
    broken = task(annotation(1, CANVAS, stroke))
    after = ItemVersion(broken, params(), pair.sides[1].mask, "unexplained")
    found = explain(pair.sides[0], after, pair.names)
    assert [cause.kind for cause in found] == ["unexplained"]
    assert found[0].name == "cannot be redrawn"


def test_another_image_size():
    old, new = task(annotation(1, CANVAS)), task(annotation(1, CANVAS), size=(40, 20))
    assert Pair((old, params()), (new, params())).causes() == [("image", "40 x 20", 800)]


def test_an_edited_mask_is_unexplained_whatever_else_changed():
    old, new = task(annotation(1, CANVAS, PLANT)), task(annotation(1, CANVAS))
    pair = Pair((old, params()), (new, params()))
    edited = pair.sides[1].mask.copy()
    edited[0, :3] = pair.names.number("Plant")
    pair.sides[1] = ItemVersion(new, params(), edited, "unexplained")
    assert [(kind, pixels) for kind, _, pixels in pair.causes()] == [
        ("annotation", 48), ("unexplained", 3),
    ]  # fmt: skip


def test_other_code_is_an_excuse_unless_it_replays_the_other_mask():
    work = task(annotation(1, CANVAS))
    pair = Pair((work, params()), (work, params()))
    old, new = (ItemVersion(work, params(), side.mask.copy(), "code") for side in pair.sides)
    new.mask[0, :3] = pair.names.number("Plant")
    assert [cause.kind for cause in explain(old, new, pair.names, same_code=False)] == ["code"]
    assert [cause.kind for cause in explain(old, new, pair.names)] == ["unexplained"]
    old.mask[5, 5] = pair.names.number("Plant")
    assert [cause.kind for cause in explain(old, new, pair.names)] == ["code"]


def kinds(before, after):
    return [(change.kind, change.id) for change in region_changes(before, after)]


def test_region_changes():
    wider = box("a", ["Canvas"], 2, 2, 13, 8)
    plant = box("a", ["Plant"], 2, 2, 12, 8)
    copied = box("z", ["Canvas"], 2, 2, 12, 8)
    both = box("a", ["Plant"], 2, 2, 13, 8)
    assert kinds([CANVAS], [CANVAS]) == []
    assert kinds([CANVAS], [CANVAS, PLANT]) == [("added", "b")]
    assert kinds([CANVAS, PLANT], [PLANT]) == [("removed", "a")]
    assert kinds([CANVAS], [wider]) == [("reshaped", "a")]
    assert kinds([CANVAS], [plant]) == [("relabelled", "a")]
    assert kinds([CANVAS], [both]) == [("relabelled", "a"), ("reshaped", "a")]
    assert kinds([CANVAS], [copied]) == []
    assert kinds([CANVAS, PLANT], [PLANT, CANVAS]) == [("reordered", "")]
    assert kinds([CANVAS, CANVAS], [CANVAS]) == [("removed", "a")]
