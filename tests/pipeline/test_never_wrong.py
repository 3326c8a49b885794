"""What could be wrong without a word: several images in a task, and masks that came out empty."""

import json
import re

import pytest

from maskbench.doctor.findings import ERROR
from maskbench.doctor.tasks import check_tasks
from maskbench.errors import DataError
from maskbench.files.masks import read_mask
from maskbench.labelstudio.folder import Folder
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.regions.report import describe_empty_masks
from tests.exports import annotation, box, polygon, region, task, write_export, write_image
from tests.pipeline.test_build import contents, params, run


def pair(number, *regions, **more):
    """A task with two images, left and right, and regions on any."""
    left, right = f"/data/upload/1/left_{number}.png", f"/data/upload/1/right_{number}.png"
    return task(
        number, annotation(number, list(regions), **more), image=left, data={"second": right}
    )


def write_pairs(folder, tasks):
    """Write an export whose left images are 40 x 30 pixels, the right ones 20 x 10."""
    write_export(folder, tasks)
    for entry in tasks:
        write_image(folder / entry["data"]["second"].removeprefix("/data/"), (20, 10))


def on(tag, labels=("Canvas",), size=(20, 10), number=0):
    """A region over the upper left quarter of an image."""
    return box(labels, 0, 0, 50, 50, to_name=tag, size=size, number=number)


def chosen(folder, image_field):
    return {"fetch": {"folder": str(folder), "image_field": image_field}}


def metrics(root, stage):
    return json.loads((root / f"metrics/{stage}.json").read_text())


def pixels(root, key):
    return (read_mask(root / f"data/benchmark/masks/{key}.png") == 1).sum()


def test_of_several_images_none_is_guessed(tmp_path):
    tasks = [pair(number, on("img2")) for number in range(1, 8)]
    tasks.append(pair(8, on("image", size=(40, 30), number=1), on("img2", number=2)))
    write_pairs(tmp_path / "source", tasks)
    with pytest.raises(DataError) as caught:
        run(tmp_path / "repo", tmp_path / "source")
    first, *problems = str(caught.value).splitlines()
    assert first == "fetch: 2 problems; nothing was changed"
    assert problems[0] == (
        "  - export.json, params.yaml: fetch.image_field: the data has several images (image, "
        "second) and regions lie on img2; nothing here tells which of them that tag shows: look "
        'it up in the labelling setup (<Image name="img2" value="$…">) and set {img2: image} or '
        "{img2: second} "
        "(7 tasks: 1, 2, 3, 4, 5 and 2 more)"
    )
    assert problems[1].startswith("  - export.json, task 8, params.yaml: fetch.image_field: the")
    assert "regions lie on image and img2" in problems[1]
    assert not (tmp_path / "repo/data/images").exists()


def test_the_choice_is_followed_and_regions_on_the_other_image_are_listed(tmp_path):
    both = pair(8, on("img1", ["Strange"], (40, 30), 1), on("img2", number=2))
    write_pairs(tmp_path / "source", [pair(1, on("img2")), both])
    _, summary, *_ = run(
        tmp_path, tmp_path / "source", **chosen(tmp_path / "source", {"img2": "second"})
    )
    assert "3 regions, 1 of them dropped" in summary
    assert pixels(tmp_path, "000001_right_1") == pixels(tmp_path, "000008_right_8") == 10 * 5
    dropped = metrics(tmp_path, "rasterize")["dropped"]
    assert dropped == {
        "left_out": 0, "no_area": 0, "no_label": 0, "no_pixel": 0, "not_a_region": 0,
        "other_image": 1,
    }  # fmt: skip
    listed = (tmp_path / "plots/dropped.csv").read_text().splitlines()
    assert listed[1:] == ["000008_right_8,8,8,r1,Strange,other_image"]


def test_another_choice_is_followed_at_once(tmp_path):
    """What is remembered of a task does not outlive the choice by which it was read."""
    regions = on("img1", size=(40, 30), number=1), on("img2", number=2)
    write_pairs(tmp_path / "source", [pair(1, *regions)])
    run(tmp_path, tmp_path / "source", **chosen(tmp_path / "source", {"img2": "second"}))
    run(tmp_path, tmp_path / "source", **chosen(tmp_path / "source", {"img1": "image"}))
    masks = [path.name for path in (tmp_path / "data/benchmark/masks").iterdir()]
    assert masks == ["000001_left_1.png"]
    assert pixels(tmp_path, "000001_left_1") == 20 * 15


def test_tasks_that_need_no_image_need_no_choice(tmp_path):
    skipped = pair(2, on("img2"), was_cancelled=True)
    unlabelled = pair(3) | {"annotations": []}
    named = pair(1, on("second"))
    write_pairs(tmp_path / "source", [named, skipped, unlabelled])
    run(tmp_path, tmp_path / "source")
    assert pixels(tmp_path, "000001_right_1") == 50


def test_a_single_image_is_counted_as_a_number(tmp_path):
    write_export(tmp_path / "source", [task(1, annotation(1, []))])
    said = fetch(params(tmp_path / "source"), Layout(tmp_path))
    assert said.startswith("1 task, 1 image, 0 regions")
    assert '"images": 1,' in (tmp_path / "metrics/fetch.json").read_text()


def point(number, labels=("Canvas",)):
    return region("keypoint", labels, {"x": 50, "y": 50, "width": 1}, number=number)


def unlabelled(number):
    return polygon([], [[10, 10], [60, 10], [60, 60]], number=number)


def test_masks_that_became_empty_are_told_with_their_reasons(tmp_path):
    tasks = [
        task(1, annotation(1, [box(["Canvas"], 0, 0, 50, 50), point(1)])),
        task(2, annotation(2, [point(1), point(2)])),
        task(3, annotation(3, [point(1), unlabelled(2)])),
        task(4, annotation(4, [])),  # a true negative
    ]
    write_export(tmp_path / "source", tasks)
    _, summary, *_ = run(tmp_path, tmp_path / "source")
    assert summary.endswith(
        " — 2 masks are empty although regions were drawn: 000002_scene_2 (no_area), "
        "000003_scene_3 (no_area, no_label)"
    )
    assert metrics(tmp_path, "rasterize")["empty_masks"] == {
        "all": 2, "left_out": 0, "no_area": 2, "no_label": 1, "no_pixel": 0, "other_image": 0,
    }  # fmt: skip
    run(tmp_path, tmp_path / "source")
    assert metrics(tmp_path, "rasterize")["empty_masks"]["all"] == 2  # remembered as well


def test_empty_masks_lead_to_the_first_of_them():
    facts = {"annotation": 1, "regions": {}, "dropped": [{"reason": "no_area"}], "project": 5}
    both = {"a": {**facts, "task": 7}, "b": {**facts, "task": 8}}
    assert describe_empty_masks(both, lambda task, project: f"http://host/{project}/{task}") == (
        "2 masks are empty although regions were drawn: a (no_area), b (no_area); "
        "see http://host/5/7"
    )


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (point, "regions are key points or open lines, which have no area: draw polygons, rect"),
        (unlabelled, "regions have no label: give them one (a per-region choice does not count)"),
        (
            lambda number: box(["Canvas"], 110, 110, 120, 120, number=number),
            "regions have no pixel inside the image: draw them larger, or where the image is",
        ),
    ],
)
def test_a_build_of_nothing_but_empty_masks_stops(tmp_path, result, message):
    tasks = [task(number, annotation(number, [result(9)])) for number in range(1, 8)]
    write_export(tmp_path / "source", [*tasks, task(9, annotation(9, []))])
    expected = f"no mask has a labelled pixel although regions were drawn: {message}"
    with pytest.raises(DataError, match=re.escape(expected)) as caught:
        run(tmp_path, tmp_path / "source")
    assert str(caught.value).endswith(" (7 tasks: 1, 2, 3, 4, 5 and 2 more)")
    assert not (tmp_path / "data/label_sets").exists()


def test_nothing_drawn_at_all_is_a_benchmark_of_true_negatives(tmp_path):
    write_export(tmp_path / "source", [task(n, annotation(n, [])) for n in (1, 2, 3)])
    run(tmp_path, tmp_path / "source")
    assert metrics(tmp_path, "rasterize")["empty_masks"]["all"] == 0


@pytest.mark.parametrize(
    ("tasks", "counts"),
    [
        ([task(1), task(2)], "(tasks: 2, skipped annotations: 0)"),
        ([task(1, annotation(1, [], was_cancelled=True))], "(tasks: 1, skipped annotations: 1)"),
        ([], "(tasks: 0, skipped annotations: 0)"),
    ],
)
def test_without_an_annotation_that_counts_fetch_stops(tmp_path, tasks, counts):
    write_export(tmp_path / "source", [task(1, annotation(1, []))])
    run(tmp_path / "repo", tmp_path / "source")
    before = contents(tmp_path / "repo")
    write_export(tmp_path / "source", tasks)
    expected = f"no task has an annotation that counts {counts}; label some in Label Studio and sub"
    with pytest.raises(DataError, match=re.escape(expected)) as caught:
        fetch(params(tmp_path / "source"), Layout(tmp_path / "repo"))
    assert caught.value.exit_code == 4
    assert contents(tmp_path / "repo") == before


def test_a_choice_of_annotations_that_none_meets_stops(tmp_path):
    write_export(tmp_path / "source", [task(1, annotation(1, [box(["Canvas"], 0, 0, 9, 9)]))])
    settings = params(tmp_path / "source", rasterize={"annotation": ["ground_truth"]})
    fetch(settings, Layout(tmp_path))
    expected = "params.yaml: rasterize.annotation: no task has an annotation that counts: annotate"
    with pytest.raises(DataError, match=re.escape(expected)):
        rasterize(settings, Layout(tmp_path))


BOTH = [box(["Canvas"], 0, 0, 50, 50, number=1), box(["Obstruction"], 0, 0, 50, 50, number=2)]
VOID = {"multi_label_rules": {"void": {"when": ["Canvas", "Obstruction"], "then": "Background"}}}


@pytest.mark.parametrize(
    ("result", "sections", "cause"),
    [
        ([box(["Background"], 0, 0, 50, 50)], {}, "Background → Background"),
        (BOTH, VOID, "Canvas + Obstruction → Background"),
        (
            BOTH,
            {"multi_label_rules": {}, "combine": {"unmatched": "Background"}},
            "Canvas + Obstruction → Background",
        ),
    ],
)
def test_masks_whose_labels_are_no_class_are_told_and_all_of_them_stop(
    tmp_path, result, sections, cause
):
    source = tmp_path / "source"
    write_export(source, [task(n, annotation(n, result)) for n in (1, 2)])
    expected = (
        f"no mask has a pixel of a class although regions were drawn ({cause}); "
        "correct labels_map, multi_label_rules or combine.unmatched (2 tasks: 1, 2)"
    )
    with pytest.raises(DataError, match=re.escape(expected)):
        run(tmp_path, source, **sections)
    findings = check_tasks(Folder(source), params(source, **sections), None)
    assert any(f.level == ERROR and expected in f.describe() for f in findings)
    good = task(3, annotation(3, [box(["Canvas"], 0, 0, 50, 50)]))
    write_export(source, [task(1, annotation(1, result)), good])
    said = run(tmp_path, source, **sections)[2]
    expected = (
        f"1 mask has no pixel of a class although regions were drawn: 000001_scene_1 ({cause})"
    )
    assert said.endswith(f" — {expected}")
    assert metrics(tmp_path, "combine")["without_class"] == 1
    findings = check_tasks(Folder(source), params(source, **sections), None)
    assert expected in [finding.what for finding in findings]
