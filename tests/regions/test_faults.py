"""What is wrong with regions: told together, with what to do."""

import pytest

from maskbench.regions.build import (
    build_label_set,
    build_label_sets,
    build_mask,
    find_faults,
    unknown_labels,
)
from maskbench.regions.task import Image, Region
from tests.regions.walls import (
    DOOR,
    SIGN,
    WALL,
    annotation,
    box,
    params,
    settings,
    task,
)


def test_all_faults_are_told_together_in_drawing_order():
    bad = [Region("r", name, ("A",), {}) for name in ("cuboid", "prism")]
    unknown = WALL._replace(labels=("Nobody",))
    built = build_mask(task(annotation(bad[0], unknown, bad[1])), params(settings()))
    assert built.mask is None
    assert [region for region, _ in built.faults] == [bad[0], unknown, bad[1]]
    assert ["'cuboid'" in what or "'prism'" in what for _, what in built.faults] == [1, 0, 1]


def test_faults_of_a_region():
    image = Image("wall.jpg", 40, 30, "")
    wrong = WALL._replace(labels=("Walll", "A"), original_size=(30, 40))
    cuboid = Region("r", "cuboid", ("A",), {})
    regions = annotation(WALL._replace(labels=("Wall",)), wrong, cuboid)
    found = find_faults(build_label_sets(task(regions, image=image), settings()), ["A", "Wall"])
    assert [region for region, _ in found] == [wrong, wrong, cuboid]
    label, size, kind = (what for _, what in found)
    assert label.startswith("the label 'Walll' is not in labels_map; ")
    assert "'Wall'" in label
    assert size == (
        "was drawn on an image of 30 x 40 pixels, but the image has 40 x 30: one of "
        "them lies on its side: put the image back as it was annotated"
    )
    assert kind == "regions of the type 'cuboid' cannot be turned into pixels"


SLIPS = {
    "no point": ("polygon", {"points": []}),
    "one point": ("polygon", {"points": [[5, 5]]}),
    "two points": ("polygon", {"points": [[5, 5], [50, 50]]}),
    "one point three times": ("polygon", {"points": [[5, 5]] * 3}),
    "on one line": ("polygon", {"points": [[5, 5], [25, 25], [75, 75]]}),
    "smaller than a pixel": ("polygon", {"points": [[5, 5], [5.1, 5], [5.1, 5.1]]}),
    "a vector without vertex": ("vector", {"vertices": [], "closed": True}),
    "a vector of one vertex": (
        "vector",
        {"vertices": [{"id": "a", "x": 5, "y": 5}], "closed": True},
    ),
    "a rectangle without width": ("rectangle", {"x": 5, "y": 5, "width": 0, "height": 50}),
    "a flat ellipse": ("ellipse", {"x": 5, "y": 5, "radiusX": 0, "radiusY": 50}),
    "an erased stroke": ("brush", {"rle": []}),
}


@pytest.mark.parametrize("name", SLIPS)
def test_slips_of_the_hand_have_one_policy(name):
    """Dropped with a reason, whatever the slip; ``strict`` makes each of them a fault."""
    shape, value = SLIPS[name]
    region = Region("r", shape, ("A",), value)
    made = build_label_set(task(annotation(region), image=Image("a.png", 40, 30, "")), settings())
    assert [result.dropped for result in made.regions] == ["no_pixel"]
    assert not made.label_set.planes.any()
    assert find_faults([made], ["A"]) == ()
    fault = "has no pixel inside the image; rasterize.strict stops here"
    assert find_faults([made], ["A"], strict=True) == ((region, fault),)


@pytest.mark.parametrize(
    ("drawn_on", "looks_like"),
    [
        (
            (0, 0),
            "that is not a size: a script or converter wrote it; open the task in Label Studio",
        ),
        ((40, 0), "that is not a size"),
        ((20, 15), "it looks like a copy at 50 % of its size: put the annotated copy there; or"),
        ((13, 10), "it looks like a copy at 32.5 % of its size"),
        ((80, 60), "it looks like a copy at 200 % of its size"),
        ((30, 40), "one of them lies on its side: put the image back as it was annotated"),
        ((40, 40), "the image was replaced; put the right one back or draw the region again"),
    ],
)
def test_what_another_size_looks_like(drawn_on, looks_like):
    region = WALL._replace(original_size=drawn_on)
    image = Image("a.png", 40, 30, "")
    [(_, fault)] = find_faults(
        build_label_sets(task(annotation(region), image=image), settings()), WALL.labels
    )
    drawn = f"was drawn on an image of {drawn_on[0]} x {drawn_on[1]} pixels"
    size = f"{drawn}, but the image has 40 x 30: "
    assert fault.startswith(size + looks_like)


POINT = Region("p", "keypoint", ("Point",), {"x": 10, "y": 10})


def test_unknown_labels_are_counted_where_a_mask_would_need_them():
    other = WALL._replace(labels=("Lamp", "A"), on_other_image=True)
    line = Region("l", "polygon", ("Line",), {"points": [[0, 0], [9, 9], [0, 9]], "closed": False})
    tiny = box(["Tiny"], 0.1, 0.1, 0.2, 0.2)
    regions = [WALL, DOOR, DOOR, SIGN._replace(labels=("A", "Sign")), other, POINT, line, tiny]
    built = build_label_set(task(annotation(*regions)), settings())
    assert unknown_labels([built], {"A"}) == {"B": 2, "Sign": 1, "Tiny": 1}
    assert find_faults([built], {"A", "B", "Sign", "Tiny"}) == ()
