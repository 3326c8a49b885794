"""Each version differs in one thing: exactly that is the cause, with exactly its pixels."""

import numpy as np

from tests.diff.conftest import differing

CANVAS, OBSTRUCTION = "Canvas", "Obstruction"


def counted(story, before, after):
    """Independent counts: transitions by key, of masks that changed."""
    found = {}
    for key in sorted(story.masks[before].keys() & story.masks[after].keys()):
        pairs = differing(story.masks[before][key], story.masks[after][key])
        if pairs:
            found[key] = pairs
    return found


def reported(report):
    return {
        mask["key"]: {(old, new): count for old, new, count in mask["transitions"]}
        for mask in report["masks"]
    }


def kinds(report):
    return {(cause["kind"], cause["name"]) for mask in report["masks"] for cause in mask["causes"]}


def test_one_region_moved(story, diff):
    report = diff(story.root, "base", "region")
    expected = counted(story, "base", "region")
    assert list(expected) == ["000003_scene_3"]
    assert reported(report) == expected
    (mask,) = report["masks"]
    changed = sum(expected["000003_scene_3"].values())
    assert mask["causes"] == [{"kind": "annotation", "name": "annotation 3", "pixels": changed}]
    assert mask["changed"] == report["pixels"]["changed"] == changed
    assert mask["annotation"]["regions"] == [
        {"kind": "reshaped", "id": "r2", "shape": "rectangle",
         "before": [OBSTRUCTION], "after": [OBSTRUCTION]}
    ]  # fmt: skip
    assert mask["annotation"]["updated_at"] == "2026-11-23T09:30:00.000000Z"
    assert report["params"] == report["moved"] == report["added"] == report["code"] == []
    share = 100 * changed / report["pixels"]["both"]
    assert report["verdict"] == (
        f"1 of 8 masks changed ({share:.2g} % of pixels), 0 images added, 0 removed, 0 moved "
        "between splits; because: 1 task relabelled"
    )


def test_iou_is_that_of_the_masks(story, diff):
    report = diff(story.root, "base", "region")
    before, after = (story.masks[tag]["000003_scene_3"] for tag in ("base", "region"))
    for name, share in report["masks"][0]["iou"].items():
        old, new = before == name, after == name
        assert abs(share - (old & new).sum() / (old | new).sum()) < 1e-6
    total = {name: [0, 0] for name in report["classes"]}
    for key, old in story.masks["base"].items():
        new = story.masks["region"][key]
        for name, sums in total.items():
            sums[0] += ((old == name) & (new == name)).sum()
            sums[1] += ((old == name) | (new == name)).sum()
    for name, entry in report["classes"].items():
        assert abs(entry["iou"] - total[name][0] / total[name][1]) < 1e-6


def test_one_rule_changed(story, diff):
    report = diff(story.root, "region", "rule")
    expected = counted(story, "region", "rule")
    assert reported(report) == expected
    assert len(expected) == 8
    assert all(list(pairs) == [("ObstructedCanvas", OBSTRUCTION)] for pairs in expected.values())
    assert kinds(report) == {("rule", "obstructed_canvas")}
    for mask in report["masks"]:
        assert [cause["pixels"] for cause in mask["causes"]] == [mask["changed"]]
        assert mask["annotation"] is None
    path = "multi_label_rules.obstructed_canvas.then"
    assert report["params"] == [
        {"path": path, "before": "ObstructedCanvas", "after": "Obstruction"}
    ]
    assert report["verdict"].endswith("because: 1 rule changed")
    assert report["classes"]["ObstructedCanvas"]["after"] == 0
    assert report["classes"]["ObstructedCanvas"]["iou"] == 0


def test_one_image_added(story, diff):
    report = diff(story.root, "rule", "image")
    assert report["added"] == ["000009_scene_9"]
    assert report["masks"] == report["removed"] == report["moved"] == report["params"] == []
    assert report["images"] == {"before": 8, "after": 9, "both": 8}
    canvas = (story.masks["image"]["000009_scene_9"] == CANVAS).sum()
    before, after = (report["classes"][CANVAS][side] for side in ("before", "after"))
    assert after - before == canvas == 300
    assert report["verdict"].startswith("0 of 8 masks changed, 1 image added, 0 removed")


def test_one_image_removed(story, diff):
    report = diff(story.root, "image", "rule")
    assert report["removed"] == ["000009_scene_9"]
    assert report["added"] == report["masks"] == []


def test_a_class_renumbered_is_no_change_of_class(story, diff):
    report = diff(story.root, "image", "number")
    assert counted(story, "image", "number") == {}
    assert report["masks"] == []
    assert len(report["renumbered"]) == 9
    assert report["params"] == [
        {"path": "labels_map.Canvas", "before": 1, "after": 2},
        {"path": "labels_map.Obstruction", "before": 2, "after": 1},
    ]
    assert report["pixels"]["changed"] == 0
    assert "9 only renumbered" in report["verdict"]
    assert report["verdict"].endswith("because: 2 labels_map entries changed")


def test_one_split_salt_changed(story, diff):
    report = diff(story.root, "number", "salt")
    expected = []
    for old, names in story.splits["number"].items():
        for new, others in story.splits["salt"].items():
            moved = set(names) & set(others) if old != new else ()
            expected += [(name.removesuffix(".png"), old, new) for name in moved]
    assert expected
    found = [(move["key"], move["before"], move["after"]) for move in report["moved"]]
    assert found == sorted(expected)
    assert {move["cause"] for move in report["moved"]} == {"split.salt"}
    assert report["masks"] == report["renumbered"] == []
    assert report["verdict"].endswith("because: 1 split parameter changed")


def test_another_mask_format_is_no_change(story, diff):
    report = diff(story.root, "saved", "format")
    assert report["masks"] == report["renumbered"] == report["moved"] == []
    assert [change["path"] for change in report["params"]] == ["combine.mask_format"]


def test_an_annotation_saved_anew_changes_no_mask(story, diff):
    report = diff(story.root, "salt", "saved")
    assert report["saved_anew"] == ["000007_scene_7"]
    assert report["masks"] == report["params"] == []


def test_masks_of_two_formats_are_compared(story, diff):
    report = diff(story.root, "region", "format")
    assert reported(report) == counted(story, "region", "format")
    assert kinds(report) == {("rule", "obstructed_canvas")}


def test_another_image_size(story, diff):
    report = diff(story.root, "format", "size")
    (mask,) = report["masks"]
    assert mask["key"] == "000002_scene_2"
    assert mask["size"] == {"before": [40, 30], "after": [80, 60]}
    assert mask["changed"] == mask["pixels"] == 80 * 60
    assert [cause["kind"] for cause in mask["causes"]] == ["image"]
    assert set(mask["iou"].values()) == {None}
    assert mask["transitions"] == []
    assert report["replaced"] == ["000002_scene_2"]
    assert report["verdict"].endswith("because: 1 image resized")


def test_many_differences_at_once_keep_their_causes_apart(story, diff):
    report = diff(story.root, "base", "size")
    by_key = {mask["key"]: {cause["kind"] for cause in mask["causes"]} for mask in report["masks"]}
    assert by_key.pop("000002_scene_2") == {"image", "rule"}
    assert by_key.pop("000003_scene_3") == {"annotation", "rule"}
    assert set(map(frozenset, by_key.values())) == {frozenset({"rule"})}
    found = reported(report)
    found.pop("000002_scene_2")
    assert found == counted_at_one_size(story, "base", "size")
    assert report["added"] == ["000009_scene_9"]


def counted_at_one_size(story, before, after):
    old, new = story.masks[before], story.masks[after]
    return {
        key: differing(old[key], new[key])
        for key in sorted(old.keys() & new.keys())
        if np.shape(old[key]) == np.shape(new[key])
    }


def test_backwards_mirrors_forwards(story, diff):
    there = reported(diff(story.root, "base", "rule"))
    back = reported(diff(story.root, "rule", "base"))
    assert back == {
        key: {(new, old): count for (old, new), count in pairs.items()}
        for key, pairs in there.items()
    }


def test_a_version_equals_itself(story, diff):
    report = diff(story.root, "rule", "rule")
    assert report["verdict"] == (
        "0 of 8 masks changed, 0 images added, 0 removed, 0 moved between splits"
    )


def test_the_report_is_the_same_every_time(story, maskbench):
    first, second = (maskbench(story.root, "diff", "base", "size", "--json") for _ in range(2))
    assert first == second
