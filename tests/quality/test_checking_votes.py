"""Checks across images where annotators vote: regions of each, and classes of the mask of all."""

import numpy as np
import pytest
from PIL import Image

from maskbench.errors import DataError
from maskbench.pipeline.layout import Layout
from maskbench.quality.checks.collected import facts_of_vote, image_facts
from maskbench.quality.results import last_findings
from maskbench.quality.stage import quality
from tests.exports import annotation, box, task, write_export
from tests.pipeline.test_build import params, run
from tests.quality.checks.regions import box as drawn_box
from tests.quality.checks.regions import drawn

VOTES = {"rasterize": {"annotation": ["consensus"]}}


def canvas(user, right=60, left=10, **more):
    """What a user draws, saved in the order of the users."""
    regions = [box(["Canvas"], left, 10, right, 70, number=user)]
    return annotation(100 * right + user, regions, user=user, hour=user, **more)


def build(root, tasks, picture=None, **sections):
    """Build a benchmark with its quality; return the findings by check."""
    write_export(root / "source", tasks)
    for file in (root / "source").rglob("*.png") if picture is not None else ():
        Image.fromarray(picture).save(file)
        with file.open("ab") as stream:
            stream.write(file.stem.encode())  # the same pixels in files of their own
    run(root, root / "source", **{**VOTES, **sections})
    quality(params(root / "source", **{**VOTES, **sections}), Layout(root))
    found = {}
    for finding in last_findings(Layout(root)):
        found.setdefault(finding.kind, []).append(finding)
    return found


def test_regions_and_times_of_each_voter_are_compared(tmp_path):
    tasks = [task(n, *(canvas(user) for user in (5, 6, 7))) for n in range(1, 9)]
    # Neither of the two is the one that was saved last.
    tasks[2]["annotations"][0] = canvas(5, right=13, lead_time=600)
    tasks[3]["annotations"][1] = canvas(6, lead_time=900)
    found = build(tmp_path, tasks)
    key = "000003_scene_3"
    assert [(f.key, f.annotator, f.regions) for f in found["area_outlier"]] == [(key, 5, ("r5",))]
    assert [(f.id, f.annotator, f.annotation) for f in found["time_outlier"]] == [
        (f"time_outlier/{key}/annotator 5", 5, 1305),
        ("time_outlier/000004_scene_4/annotator 6", 6, 6006),
    ]


def picture():
    coarse = np.random.default_rng(1).integers(0, 200, (6, 8, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((5, 5, 1), dtype=np.uint8))


@pytest.mark.parametrize("odd", [5, 7])  # saved first, and last
def test_near_equal_images_are_compared_by_the_masks_of_all(tmp_path, odd):
    def right(user, usual, other):
        return canvas(user, *(other if user == odd else usual))

    here, there = (40, 10), (90, 60)
    agreed = [task(n, *(right(u, here, there) for u in (5, 6, 7))) for n in (1, 2)]
    assert "twin_differs" not in build(tmp_path / "agreed", agreed, picture())
    apart = [agreed[0], task(2, *(right(u, there, here) for u in (5, 6, 7)))]
    [found] = build(tmp_path / "apart", apart, picture())["twin_differs"]
    assert found.id == "twin_differs/000001_scene_1"
    assert (found.task, found.annotation, found.annotator) == (1, None, None)
    assert "100% of the labels lie elsewhere" in found.what


def test_a_label_that_was_outvoted_is_missing(tmp_path):
    plant = box(["Obstruction"], 70, 10, 90, 70, number=9)
    tasks = [task(n, *(canvas(user) for user in (5, 6, 7))) for n in (1, 2)]
    for vote in tasks[0]["annotations"]:
        vote["result"].append(plant)
    tasks[1]["annotations"][2]["result"].append(plant)
    [found] = build(tmp_path, tasks, picture())["missing_label"]
    assert (found.key, found.label) == ("000002_scene_2", "Obstruction")
    assert (found.x, found.y, found.width, found.height) == (28, 3, 8, 18)


def test_before_the_first_build_the_annotation_saved_last_stands_for_the_mask():
    seen = [image_facts(drawn(drawn_box("r", 0, 0, right, 50)), "i") for right in (30, 40, 80)]
    together = facts_of_vote(seen, None, {1: "Wall"})
    assert (together.areas, len(together.votes)) == ({"Wall": 0.4}, 3)
    mask = np.zeros((100, 100), dtype=np.uint8)
    mask[:50, 20:60], mask[50:, :10], mask[90:, 90:] = 1, 255, 7
    together = facts_of_vote(seen, mask, {1: "Wall"})
    assert (together.labelled, together.areas) == (0.2, {"Wall": 0.2})
    assert together.boxes == {"Wall": (0.2, 0, 0.6, 0.5)}
    columns = np.flatnonzero(together.grid("Wall").reshape(16, 16)[0]).tolist()
    assert columns == [3, 4, 5, 6, 7, 8, 9]  # centres at 21.9 to 59.4


def test_a_mask_that_is_not_there(tmp_path):
    build(tmp_path, [task(1, canvas(5), canvas(6))])
    write_export(tmp_path / "source", [task(1, canvas(5), canvas(6, 70))])
    run(tmp_path, tmp_path / "source", **VOTES)
    next((tmp_path / "data/benchmark/masks").iterdir()).unlink()
    with pytest.raises(DataError, match=r"image or mask cannot be read .*; run `dvc checkout`"):
        quality(params(tmp_path / "source", **VOTES), Layout(tmp_path))
