"""What annotators meant, seen through a real server: from the API to the pixels of the masks."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from maskbench.errors import DataError
from maskbench.files.csv import read_table
from maskbench.pipeline.combine import combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.split import split
from tests.labelstudio.server.fixtures import POLYGONS, png
from tests.strokes import bitmask, encode, rgba

SETUP = """<View><Image name="image" value="$image" rotateControl="true"/>
<PolygonLabels name="label" toName="image" choice="multiple">
<Label value="Canvas"/><Label value="Obstruction"/></PolygonLabels>
<RectangleLabels name="boxes" toName="image"><Label value="Canvas"/></RectangleLabels>
<Labels name="kind" toName="image"><Label value="Obstruction"/></Labels>
<Polygon name="shape" toName="image"/>
<BrushLabels name="brush" toName="image"><Label value="Canvas"/></BrushLabels>
<BitmaskLabels name="bits" toName="image"><Label value="Canvas"/></BitmaskLabels>
<VectorLabels name="pen" toName="image" closable="true"><Label value="Canvas"/></VectorLabels>
<KeyPointLabels name="point" toName="image"><Label value="Canvas"/></KeyPointLabels>
<Choices name="quality" toName="image"><Choice value="good"/><Choice value="bad"/></Choices>
<Choices name="torn" toName="image" perRegion="true"><Choice value="yes"/></Choices>
<TextArea name="remark" toName="image"/></View>"""

WIDTH, HEIGHT = 40, 30


def region(kind, value, control, number=0, size=(WIDTH, HEIGHT), **more):
    return {
        "id": f"r{number}",
        "type": kind,
        "from_name": control,
        "to_name": "image",
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
        "value": value,
        **more,
    }


def box(left, top, right, bottom, labels=("Canvas",), **more):
    """A polygon around whole pixels of the 40 x 30 image."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    points = [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in corners]
    value = {"points": points, "closed": True, "polygonlabels": list(labels)}
    return region("polygonlabels", value, "label", **more)


def painted(*areas, shape=(HEIGHT, WIDTH)):
    """The mask in which (left, top, right, bottom, value) areas are painted in turn."""
    mask = np.zeros(shape, dtype=np.uint8)
    for left, top, right, bottom, value in areas:
        mask[top:bottom, left:right] = value
    return mask


@pytest.fixture
def work(api, bench, studio, tmp_path, monkeypatch):
    """A project of its own, and everything from its server to its masks."""
    return Work(api, bench, studio)


class Work:
    def __init__(self, api, bench, studio):
        self.api, self.bench, self.studio = api, bench, studio
        self.project = api.create_project("semantics", SETUP)
        self.params = bench.params(studio.url, self.project)

    def task(self, content=None, name="wall.png"):
        paths = self.api.upload_images(self.project, {name: content or png()}, tasks=False)
        data = {"image": f"/data/{paths[name]}"}
        return self.api.import_tasks(self.project, [{"data": data}])[0]

    def build(self, params=None):
        """Masks by task id; Background 0, Canvas 1, Obstruction 2."""
        params = params or self.params
        self.bench.fetch(self.studio.url, self.project)
        for stage in (rasterize, combine, split):
            stage(params, self.bench.layout)
        masks = self.bench.layout.benchmark / "masks"
        return {
            int(path.name[:6]): np.asarray(Image.open(path)) for path in sorted(masks.iterdir())
        }

    def stored(self, task):
        return self.bench.tasks()[task]


def test_drafts_and_predictions_are_no_labels(work):
    drafted, predicted, both = work.task(), work.task(), work.task()
    work.api.draft(drafted, [box(0, 0, 10, 10)])
    work.api.predict(predicted, [box(0, 0, 10, 10)], "v1", 0.9)
    work.api.predict(both, [box(0, 0, 10, 10)], "v1", 0.9)
    work.api.annotate(both, [box(5, 5, 10, 10)])
    work.api.draft(both, [box(0, 0, 40, 30)])
    masks = work.build()
    assert list(masks) == [both]
    assert (masks[both] == painted((5, 5, 10, 10, 1))).all()
    assert (
        "draft" not in (work.bench.layout.annotations / f"{work.stored(both).key}.json").read_text()
    )


def test_skipped_ground_truth_and_latest(work):
    skipped, chosen, latest = work.task(), work.task(), work.task()
    work.api.annotate(skipped, [box(0, 0, 9, 9)], was_cancelled=True)
    work.api.annotate(chosen, [box(1, 1, 9, 9)], ground_truth=True)
    work.api.annotate(chosen, [box(2, 2, 9, 9)])
    work.api.annotate(chosen, [box(3, 3, 9, 9)], was_cancelled=True)
    work.api.annotate(latest, [box(4, 4, 9, 9)])
    work.api.annotate(latest, [box(5, 5, 9, 9)])
    masks = work.build()
    assert sorted(masks) == [chosen, latest]
    assert (masks[chosen] == painted((1, 1, 9, 9, 1))).all()
    assert (masks[latest] == painted((5, 5, 9, 9, 1))).all()
    metrics = json.loads(work.bench.layout.metrics("fetch").read_text())
    assert metrics["tasks"]["only_skipped"] == 1
    assert metrics["annotations"] == {"all": 6, "skipped": 2, "ground_truth": 1}


def test_a_save_changes_the_time_spent_and_no_pixel(work):
    task = work.task()
    number = work.api.annotate(task, [box(3, 2, 20, 10)], lead_time=4.25)
    first = work.build()[task]
    [drawn] = work.stored(task).annotations
    work.api.call("PATCH", f"/api/annotations/{number}/", json={"lead_time": 64.5})
    again = work.build()[task]
    [saved] = work.stored(task).annotations
    assert (drawn.lead_time, saved.lead_time) == (4.2, 64.5)
    assert drawn.updated_at != saved.updated_at
    assert (first == again).all()


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_view_an_annotator_had_turned_changes_nothing(work, turn):
    """Label Studio stores points in the frame of the unturned image, and the turn beside them."""
    task = work.task()
    work.api.annotate(task, [{**box(3, 2, 20, 10), "image_rotation": turn}])
    assert (work.build()[task] == painted((3, 2, 20, 10, 1))).all()


def test_exif_orientation_what_the_annotator_saw_counts(work):
    """A photograph stored 30 x 40 and marked to be turned is annotated as 40 x 30."""
    upright = Image.open(io.BytesIO(png()))
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(stream, "PNG", exif=exif)
    task = work.task(stream.getvalue(), "phone.png")
    work.api.annotate(task, [box(3, 2, 20, 10)])
    assert (work.build()[task] == painted((3, 2, 20, 10, 1))).all()
    [scene] = (work.bench.layout.benchmark / "scenes").iterdir()
    assert (np.asarray(Image.open(scene)) == np.asarray(upright)).all()


def test_an_image_that_was_replaced_is_refused(work):
    task = work.task()
    work.api.annotate(task, [box(3, 2, 20, 10, size=(80, 60))])
    with pytest.raises(DataError, match="was drawn on an image of 80 x 60 pixels"):
        work.build()


def test_split_form_two_controls_and_per_region_answers_are_one_region(work):
    generic, double, two_labels = work.task(), work.task(), work.task()
    shape = {k: v for k, v in box(2, 2, 12, 12)["value"].items() if k != "polygonlabels"}
    work.api.annotate(
        generic,
        [
            region("polygon", shape, "shape"),
            region("labels", {**shape, "labels": ["Obstruction"]}, "kind"),
            region("choices", {**shape, "choices": ["yes"]}, "torn"),
        ],
    )
    value = {"x": 10.0, "y": 10.0, "width": 50.0, "height": 50.0, "rotation": 0}
    work.api.annotate(
        double, [region("rectanglelabels", {**value, "rectanglelabels": ["Canvas"]}, "boxes")]
    )
    work.api.annotate(two_labels, [box(2, 2, 12, 12, labels=("Canvas", "Obstruction"))])
    masks = work.build()
    assert (masks[generic] == painted((2, 2, 12, 12, 2))).all()
    [only] = work.stored(generic).annotations[0].regions
    assert only.labels == ("Obstruction",)
    assert only.answers == {"torn": ["yes"]}
    assert (masks[double] == painted((4, 3, 24, 18, 1))).all()
    assert work.stored(two_labels).annotations[0].regions[0].labels == ("Canvas", "Obstruction")


def test_one_region_under_two_label_controls_has_the_labels_of_both(work):
    """Two results with one id and one geometry, each from another control."""
    task = work.task()
    first = box(2, 2, 12, 12, labels=("Canvas",))
    second = box(2, 2, 12, 12, labels=("Obstruction",)) | {"from_name": "second"}
    work.api.annotate(task, [first, second])
    work.build()
    [only] = work.stored(task).annotations[0].regions
    assert only.labels == ("Canvas", "Obstruction")
    assert read_table(work.bench.layout.plot("combinations"))[-1]["labels"] == (
        "Canvas + Obstruction"
    )


def test_answers_are_kept_out_of_masks_and_can_group_the_split(work):
    good, bad = work.task(), work.task(png(1))
    for task, word in ((good, "good"), (bad, "bad")):
        answers = [
            region("choices", {"choices": [word]}, "quality", number=8),
            region("textarea", {"text": ["a remark"]}, "remark", number=9),
        ]
        work.api.annotate(task, [*answers, box(1, 1, 9, 9)])
    masks = work.build()
    assert all((mask == painted((1, 1, 9, 9, 1))).all() for mask in masks.values())
    assert work.stored(good).annotations[0].answers == {"quality": ["good"], "remark": ["a remark"]}
    by_quality = work.params.split._replace(group_by="quality")
    grouped = work.params._replace(split=by_quality)
    split(grouped, work.bench.layout)
    rows = read_table(work.bench.layout.benchmark / "manifest.csv")
    assert {row["group"] for row in rows} == {'["good"]', '["bad"]'}


def encoded(alpha):
    """A stroke as the browser encodes it: the alpha in all four channels, literal runs of 8."""
    words = rgba(alpha)
    return encode(words, [(False, 8)] * (len(words) // 8), counters=(3, 3, 3, 3))


def soft():
    """Coverage of a stroke with a soft edge: 0, 64, 128, 191, 255 in columns 10 to 14."""
    alpha = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    alpha[5:20, 10:15] = [0, 64, 128, 191, 255]
    return alpha


def test_brush_strokes_and_bit_masks_count_from_the_threshold(work):
    brushed, masked = work.task(), work.task()
    value = {"format": "rle", "rle": encoded(soft()), "brushlabels": ["Canvas"]}
    work.api.annotate(brushed, [region("brushlabels", value, "brush")])
    value = {**bitmask(soft()), "bitmasklabels": ["Canvas"]}
    work.api.annotate(masked, [region("bitmasklabels", value, "bits")])
    masks = work.build()
    assert (masks[brushed] == painted((12, 5, 15, 20, 1))).all()
    assert (masks[masked] == painted((12, 5, 15, 20, 1))).all()


def test_vectors_closed_are_areas_and_open_ones_lines(work):
    closed, opened = work.task(), work.task()
    corners = [(4, 3), (20, 3), (20, 18), (4, 18)]
    vertices = [
        {
            "id": f"p{i}",
            "x": 100 * x / WIDTH,
            "y": 100 * y / HEIGHT,
            "prevPointId": f"p{i - 1}" if i else None,
            "isBezier": False,
        }
        for i, (x, y) in enumerate(corners)
    ]
    for task, is_closed in ((closed, True), (opened, False)):
        value = {"vertices": vertices, "closed": is_closed, "vectorlabels": ["Canvas"]}
        work.api.annotate(task, [region("vectorlabels", value, "pen")])
    masks = work.build()
    assert (masks[closed] == painted((4, 3, 20, 18, 1))).all()
    assert not masks[opened].any()
    [dropped] = read_table(work.bench.layout.plot("dropped"))
    assert (dropped["task"], dropped["reason"]) == (str(opened), "no_area")


def test_key_points_relations_and_junk_have_no_pixels(work):
    task = work.task()
    point = {"x": 50, "y": 50, "width": 1, "keypointlabels": ["Canvas"]}
    junk = [{"a": 1}, {"type": "relation", "from_id": "r0", "to_id": "r1", "direction": "right"}]
    drawn = [box(1, 1, 9, 9), region("keypointlabels", point, "point", number=1), *junk]
    work.api.annotate(task, drawn)
    assert (work.build()[task] == painted((1, 1, 9, 9, 1))).all()


def test_hidden_and_locked_regions_count(work):
    """Being hidden in the browser is not stored; being locked is, and changes nothing."""
    task = work.task()
    work.api.annotate(task, [{**box(1, 1, 9, 9), "readonly": True, "hidden": True}])
    assert (work.build()[task] == painted((1, 1, 9, 9, 1))).all()


def test_an_annotation_without_result_is_an_image_of_background(work):
    task = work.task()
    work.api.call("POST", f"/api/tasks/{task}/annotations/", json={})  # stores result: null
    assert not work.build()[task].any()


def test_tasks_with_several_images_are_refused(api, bench, studio):
    setup = """<View><Image name="pages" valueList="$pages"/>
    <RectangleLabels name="label" toName="pages"><Label value="Canvas"/></RectangleLabels></View>"""
    project = api.create_project("pages", setup)
    paths = api.upload_images(project, {"a.png": png(), "b.png": png(1)}, tasks=False).values()
    data = {"pages": [f"/data/{path}" for path in paths]}
    [task] = api.import_tasks(project, [{"data": data, "annotations": [{"result": []}]}])
    with pytest.raises(DataError) as error:
        bench.fetch(studio.url, project)
    [problem] = error.value.problems
    assert problem.task == task
    assert "lists 2 images; a task must have one" in problem.what


def test_regions_on_two_images_of_a_task_are_refused(api, bench, studio):
    setup = """<View><Image name="photo" value="$photo"/><Image name="heat" value="$thermal"/>
    <PolygonLabels name="label" toName="photo"><Label value="Canvas"/></PolygonLabels>
    <PolygonLabels name="warm" toName="heat"><Label value="Obstruction"/></PolygonLabels></View>"""
    project = api.create_project("two images", setup)
    shelf = api.create_project("shelf", POLYGONS)  # uploads need a setup with one data field
    paths = list(api.upload_images(shelf, {"a.png": png(), "b.png": png(1)}, tasks=False).values())
    data = {"photo": f"/data/{paths[0]}", "thermal": f"/data/{paths[1]}"}
    on_photo = {**box(1, 1, 9, 9), "to_name": "photo"}
    on_heat = {**box(1, 1, 9, 9, labels=("Obstruction",), number=1), "to_name": "heat"}
    one, two = api.import_tasks(
        project,
        [
            {"data": data, "annotations": [{"result": [on_heat]}]},
            {"data": data, "annotations": [{"result": [on_photo, on_heat]}]},
        ],
    )
    with pytest.raises(DataError) as error:
        bench.fetch(studio.url, project)
    [problem] = error.value.problems
    assert problem.task == two
    assert "regions lie on heat and photo; a task has one image" in problem.what
    params = bench.params(studio.url, project)
    chosen = params._replace(fetch=params.fetch._replace(image_field={"heat": "thermal"}))
    fetch(chosen, bench.layout)
    assert bench.tasks()[two].reference == data["thermal"]
    [annotation] = bench.tasks()[two].annotations
    assert [region.on_other_image for region in annotation.regions] == [True, False]
    api.call("DELETE", f"/api/tasks/{two}/")
    bench.fetch(studio.url, project)
    assert bench.tasks()[one].reference == data["thermal"]
