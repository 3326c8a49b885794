"""What `maskbench init` finds in a source."""

import json

import pytest

from maskbench.errors import SourceError
from maskbench.init.survey import LabelOverlap, survey_source
from maskbench.labelstudio.folder import Folder
from tests.exports import annotation, box, task, write_export


def keypoint(label):
    return {
        "id": "k", "type": "keypointlabels", "from_name": "label", "to_name": "image",
        "original_width": 40, "original_height": 30,
        "value": {"x": 5, "y": 5, "width": 1, "keypointlabels": [label]},
    }  # fmt: skip


def surveyed(tmp_path, tasks, offered=(), **options):
    write_export(tmp_path, tasks, **options)
    return survey_source(Folder(tmp_path), "here", offered)


def test_counts(tmp_path):
    """20 x 15 pixels of A, 20 x 15 of B, which share 10 x 15; a skipped annotation is no one's."""
    tasks = [
        task(
            1,
            annotation(
                1, [box(["A"], 0, 0, 50, 50, number=1), box(["B"], 25, 0, 75, 50, number=2)]
            ),
            annotation(2, [box(["C"], 0, 0, 9, 9)], was_cancelled=True, user=7),
        ),
        task(2, annotation(3, [box(["B"], 0, 0, 50, 50), keypoint("Tag")], user=4)),
        task(3),
    ]
    found = surveyed(tmp_path, tasks)
    assert (found.tasks, found.total, found.counted) == (3, 3, 2)
    assert list(found.labels.items()) == [("B", 2), ("A", 1), ("Tag", 1)]
    assert found.pixels == {"A": 300, "B": 600}
    assert found.annotators == {1: 1, 4: 1}
    assert found.fields == {"image": 3}
    assert found.sizes == {(40, 30): 2}
    assert found.overlaps == found.pairs == [LabelOverlap(("A", "B"), 150, 1)]
    assert sorted(found.images) == [f"upload/1/{i:08x}-scene_{i}.png" for i in (1, 2)]
    assert not found.problems
    assert not found.united


def test_an_annotation_without_regions_counts_although_its_image_is_missing(tmp_path):
    """Nothing tells the image's size, as on a server, where no image is opened."""
    tasks = [task(1, annotation(1, [box(["A"], 0, 0, 50, 50)])), task(2, annotation(2, []))]
    write_export(tmp_path, tasks)
    for image in tmp_path.rglob("*.png"):
        image.unlink()
    found = survey_source(Folder(tmp_path), "here")
    assert (found.tasks, found.counted, found.sizes) == (2, 2, {(40, 30): 1})


def test_three_labels_are_three_pairs(tmp_path):
    regions = [box([label], 0, 0, 50, 50, number=i) for i, label in enumerate("CAB")]
    found = surveyed(tmp_path, [task(1, annotation(1, regions))])
    assert found.overlaps == [LabelOverlap(("A", "B", "C"), 300, 1)]
    assert found.pairs == [
        LabelOverlap(pair, 300, 1) for pair in [("A", "B"), ("A", "C"), ("B", "C")]
    ]


def test_a_region_with_several_labels(tmp_path):
    found = surveyed(tmp_path, [task(1, annotation(1, [box(["B", "A"], 0, 0, 50, 50)]))])
    assert found.united == {("A", "B")}


def test_labels_that_a_setup_offers_come_first_and_in_its_order(tmp_path):
    drawn = [box(["Odd"], 0, 0, 9, 9), box(["A"], 9, 9, 20, 20, number=1)]
    found = surveyed(tmp_path, [task(1, annotation(1, drawn))], offered=("B", "A"))
    assert list(found.labels.items()) == [("B", 0), ("A", 1), ("Odd", 1)]


def test_without_a_size_in_the_export_the_image_tells(tmp_path):
    region = box(["A"], 0, 0, 50, 50)
    del region["original_width"], region["original_height"]
    found = surveyed(tmp_path, [task(1, annotation(1, [region]))], size=(8, 6))
    assert found.sizes == {(8, 6): 1}
    assert found.pixels == {"A": 12}


def test_what_cannot_be_used_is_a_problem(tmp_path):
    good = annotation(1, [box(["A"], 0, 0, 50, 50)])
    write_export(tmp_path, [task(1, good), task(2, good)])
    (tmp_path / "upload/1/00000002-scene_2.png").unlink()
    content = json.loads((tmp_path / "export.json").read_text())
    (tmp_path / "export.json").write_text(json.dumps([*content, {"id": 3, "data": {}}]))
    found = survey_source(Folder(tmp_path), "here")
    assert found.tasks == 3
    told = "\n".join(map(str, found.problems))
    assert "task 2: no image file" in told
    assert "task 3: has no 'data' and 'annotations'" in told


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([task(1, annotation(1, []))], "here: no region carries a label"),
        ([task(1)], "here: no region carries a label"),
        ([{"data": {"image": "a.png"}}], "here: no task can be read"),
    ],
)
def test_nothing_to_make_classes_of(tmp_path, tasks, message):
    with pytest.raises(SourceError, match=message):
        surveyed(tmp_path, tasks, images=False)
