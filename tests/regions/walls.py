"""A wall, a door in it and a sign: small regions, annotations and params for tests."""

from maskbench.params import CombineParams, Params, RasterizeParams, Rule
from maskbench.regions.build import (
    build_mask,
)
from maskbench.regions.draw import draw_regions
from maskbench.regions.task import Annotation, Image, Region, Task

IMAGE = Image("a.png", 5, 4, "")


def settings(
    overlap="keep", *, all_touched=False, threshold=128, annotation=("latest",), aliases=()
):
    return RasterizeParams(annotation, overlap, all_touched, threshold, dict(aliases))


def params(rasterize, *rules, unmatched="error"):
    """Params of which only the sections that make masks are filled."""
    made = [Rule(f"rule_{i}", frozenset(when), then) for i, (when, then) in enumerate(rules)]
    labels_map = {"Ground": 0, "A": 1, "B": 2, "AB": 3}
    values = dict.fromkeys(Params._fields)
    values |= {"labels_map": labels_map, "rules": tuple(made), "rasterize": rasterize}
    return Params(**(values | {"combine": CombineParams(unmatched, (), "png")}))


def box(labels, *edges, name="r"):
    """A rectangle from its left, top, right and bottom in pixels of the image."""
    left, top, right, bottom = edges
    value = {
        "x": left / IMAGE.width * 100,
        "y": top / IMAGE.height * 100,
        "width": (right - left) / IMAGE.width * 100,
        "height": (bottom - top) / IMAGE.height * 100,
    }
    return Region(name, "rectangle", tuple(labels), value)


def ellipse(label, x, y, radius):
    """A circle in percent of the image."""
    value = {"x": x, "y": y, "radiusX": radius, "radiusY": min(radius, 50)}
    return Region("e", "ellipse", (label,), value)


def annotation(*regions, number=1, day=1, **more):
    time = f"2026-11-{day:02}T08:00:00Z"
    facts = {"ground_truth": False, "was_cancelled": False, "completed_by": 1, **more}
    return Annotation(id=number, created_at=time, updated_at=time, regions=tuple(regions), **facts)


def task(*annotations, image=IMAGE):
    return Task(1, "000001_a", None, {}, "a.png", tuple(annotations), image)


def drawn(*regions, **options):
    return list(draw_regions(regions, IMAGE, settings(**options)))


def mask_of(task, params):
    """The mask of a task without faults, and the combinations in it."""
    built = build_mask(task, params)
    assert built.faults == ()
    return built.mask, list(built.combinations)


WALL = box("A", 0, 0, 4, 4, name="wall")

DOOR = box("B", 1, 1, 3, 4, name="door")

SIGN = box("A", 2, 2, 5, 3, name="sign")
