"""Who voted for what, and why a mask that several annotators made changed."""

import json
import re
from collections import Counter

import numpy as np
import pytest

from maskbench.diff.report.sections import vote_words
from maskbench.diff.votes import compare_votes
from maskbench.pages.item import draw_task, mask_data, vote_decisions
from maskbench.params import Params
from maskbench.regions.build import build_mask
from tests.diff.test_causes import CANVAS, PLANT, RAW, Pair, annotation, box, params, task
from tests.exports import annotation as exported
from tests.exports import box as drawn
from tests.exports import task as exported_task
from tests.exports import write_export
from tests.repositories import new_repository, once

VOTES = {"rasterize": {"annotation": ["consensus"]}}
WIDE = box("w", ["Canvas"], 2, 2, 14, 8)
FIRST = [annotation(n, region, user=n) for n, region in enumerate((CANVAS, CANVAS, WIDE), 1)]


def asked(**consensus):
    sections = {name: consensus.pop(name) for name in list(consensus) if name in RAW}
    return params(**{**VOTES, "combine": {"consensus": consensus}, **sections})


def causes(old, new):
    pair = Pair(old, new)
    found = pair.causes()
    assert sum(pixels for *_, pixels in found) == pair.changed()
    return found


def test_the_annotation_whose_vote_made_the_difference_is_named():
    moved = [FIRST[0], annotation(2, WIDE, user=2), FIRST[2]]
    assert causes((task(*FIRST), asked()), (task(*moved), asked())) == [
        ("annotation", "annotation 2", 2 * 6)
    ]
    # One more and one less at the same time: each is counted.
    other = [FIRST[0], FIRST[2], annotation(4, WIDE, user=4), annotation(5, PLANT, user=5)]
    found = Pair((task(*FIRST), asked()), (task(*other), asked())).causes()
    assert {name for _, name, _ in found} <= {"annotation 2", "annotation 4", "annotation 5"}


def test_nothing_changes_without_a_change_of_the_outcome():
    more = [*FIRST, annotation(4, CANVAS, user=4)]
    assert causes((task(*FIRST), asked()), (task(*more), asked())) == []


@pytest.mark.parametrize("method", ["majority", "staple"])
@pytest.mark.parametrize(
    ("before", "after", "name", "pixels"),
    [
        ({}, {"agreement": 0.9}, "agreement", 12),
        ({"agreement": 0.9}, {"agreement": 0.9, "otherwise": "Plant"}, "otherwise", 12),
    ],
)
def test_a_parameter_of_the_consensus(method, before, after, name, pixels):
    old, new = asked(method=method, **before), asked(method=method, **after)
    assert causes((task(*FIRST), old), (task(*FIRST), new)) == [
        ("combine", f"combine.consensus.{name}", pixels)
    ]


def test_a_rule_where_annotators_vote():
    votes = [annotation(n, CANVAS, PLANT, user=n) for n in (1, 2)] + [annotation(3, CANVAS, user=3)]
    to_plant = {"both": {"when": ["Canvas", "Plant"], "then": "Plant"}}
    renumbered = dict(zip(RAW["labels_map"], (0, 2, 1, 3, 255), strict=True))
    new = asked(multi_label_rules=to_plant, labels_map=renumbered)
    assert causes((task(*votes), asked()), (task(*votes), new)) == [("rule", "both", 16)]


def test_the_policy_itself():
    latest = params(rasterize={"annotation": ["annotator:3"]})
    assert causes((task(*FIRST), latest), (task(*FIRST), asked())) == [
        ("rasterize", "rasterize.annotation", 12)
    ]


def test_who_voted_what_on_the_changed_pixels():
    moved = [FIRST[0], annotation(2, WIDE, user=2), FIRST[2]]
    pair = Pair((task(*FIRST), asked()), (task(*moved), asked()))
    found = compare_votes(*pair.sides, pair.names)
    assert [(vote.annotator, vote.before, vote.after) for vote in found.people] == [
        ("1", {"Background": 12}, {"Background": 12}),
        ("2", {"Background": 12}, {"Canvas": 12}),
        ("3", {"Canvas": 12}, {"Canvas": 12}),
    ]
    alone = params()
    pair = Pair((task(FIRST[0]), alone), (task(FIRST[2]), alone))
    assert compare_votes(*pair.sides, pair.names) == ((), None)


def said_of_votes(old, new):
    pair = Pair(old, new)
    count = compare_votes(*pair.sides, pair.names).counted
    return count.pixels, vote_words(count)


def test_the_votes_are_counted_in_a_sentence():
    moved = [FIRST[0], annotation(2, WIDE, user=2), FIRST[2]]
    more = [*moved, annotation(4, WIDE, user=4)]
    base = (task(*FIRST), asked())
    assert said_of_votes(base, (task(*moved), asked())) == (
        12, "2 of 3 voted for Canvas, where 1 did before",
    )  # fmt: skip
    assert said_of_votes((task(*moved), asked()), base) == (
        12, "2 of 3 voted for Background, where 1 did before",
    )  # fmt: skip
    assert said_of_votes(base, (task(*more), asked())) == (
        12, "3 of 4 voted for Canvas, where 1 of 3 did before",
    )  # fmt: skip
    alone = (task(FIRST[2]), params(rasterize={"annotation": ["annotator:3"]}))
    assert said_of_votes(alone, base) == (
        12, "2 of 3 voted for Background, where 0 of 1 did before",
    )  # fmt: skip
    # Nobody voted for what the pixels are now.
    strict = asked(agreement=0.6)
    apart = [FIRST[0], annotation(2, PLANT, user=2), FIRST[2]]
    assert said_of_votes((task(*FIRST), strict), (task(*apart), strict)) == (
        8, "1 of 3 voted for Background, where 2 did before",
    )  # fmt: skip
    assert said_of_votes(base, (task(*FIRST), asked(agreement=0.9))) == (
        12, "2 of 3 voted for Background, as before",
    )  # fmt: skip
    nothing, plants = ([annotation(n, *drew, user=n) for n in (1, 2)] for drew in ((), (PLANT,)))
    assert said_of_votes((task(*nothing), asked()), (task(*plants), asked())) == (
        48, "2 of 2 voted for Plant, where nobody did before",
    )  # fmt: skip


@pytest.mark.parametrize("method", ["majority", "staple"])
def test_a_page_tells_of_each_pixel_who_voted_what(method):
    given: Params = asked(method=method)
    item = task(*FIRST, annotation(4, WIDE, user=4))  # two against two on 12 pixels
    built = build_mask(item, given)
    names = [*RAW["labels_map"]]
    numbers = np.array([0, 1, 2, 3, *[4] * 252], dtype=np.uint16)[built.mask]
    data = mask_data(numbers, names, draw_task(item, given, built.mask.shape), given)
    assert len(data["regions"]) == 4
    by = " by STAPLE" if method == "staple" else ""
    reasons = {cell["reason"]: cell["class_number"] for cell in data["cells"]}
    everyone = "user 1: {0}, user 2: {0}, user 3: {1}, user 4: {1}"
    agreed = f"consensus{by}: 4 of 4 voted Canvas ({everyone.format('Canvas', 'Canvas')})"
    assert reasons[agreed] == 1
    [tie] = [why for why in reasons if everyone.format("Background", "Canvas") in why]
    assert tie.startswith(f"consensus{by}: 2 of 4 voted Background, 2 Canvas")
    assert not any("edited" in why for why in reasons)


def test_labels_of_several_annotators_are_no_overlap():
    given: Params = asked()
    drawn_task = draw_task(task(*FIRST[:2], annotation(4, PLANT, user=4)), given, (10, 20))
    found = Counter()
    for place, name, why, _ in vote_decisions(drawn_task, given):
        found[name, why] += drawn_task.counts[place]
    nothing = 3 * 200 - 2 * 60 - 48
    assert found == {
        ("Canvas", "its only label"): 2 * 60, ("Plant", "its only label"): 48,
        ("Background", "background: no region lies here"): nothing,
    }  # fmt: skip


def canvas(user, right, hour=8):
    return exported(user, [drawn(["Canvas"], 0, 0, right, 50)], user=user, hour=hour)


def _build(folder):
    """Two versions in which three people vote on one image: in the second, user 7 draws more."""
    made = new_repository(folder / "repo")
    params_file = made.root / "params.yaml"
    text = params_file.read_text()
    text = text.replace("  - ground_truth\n  - latest\n", "  - consensus\n")
    assert "- consensus" in text
    params_file.write_text(text)
    export = made.root / "data/sample"
    for path in sorted(export.rglob("*.json")):
        path.unlink()
    for tag, right in (("one", 50), ("two", 80)):
        votes = canvas(5, 50), canvas(7, right, 9 if right > 50 else 8), canvas(9, 80)
        write_export(export, [exported_task(1, *votes)])
        made.dvc("repro")
        made.commit(tag)
        made.git("tag", tag)


@pytest.fixture(scope="module")
def voted():
    return once("consensus", _build) / "repo"


def test_blame_lists_the_votes(voted, maskbench):
    status, out, _ = maskbench(voted, "blame", "1", 25, 5)
    assert status == 0
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0].endswith(": Canvas (value 1)")
    assert lines[1] == "because of  consensus: 2 of 3 voted Canvas, 1 Background"
    assert lines[2:6] == [
        "vote        user 5: Background (background: no region lies here)",
        "annotation  5 by user 5, saved 2026-11-22T08:00:00.000000Z",
        "vote        user 7: Canvas (its only label)",
        "region      rectangle r0: Canvas",
    ]
    assert "'two' by t, first in two; before: Background" in lines[-1]
    assert "ALARM" not in out


def test_blame_as_json(voted, maskbench):
    status, out, _ = maskbench(voted, "blame", "1", 25, 5, "--rev", "one", "--json")
    assert status == 0
    found = json.loads(out)
    assert [(vote["annotator"], vote["gives"]) for vote in found["votes"]] == [
        (5, "Background"), (7, "Background"), (9, "Canvas"),
    ]  # fmt: skip
    assert (found["name"], found["agrees"], found["annotation"]) == ("Background", True, None)


def test_diff_says_whose_vote_changed_the_mask(voted, diff):
    found = diff(voted, "one", "two")
    (mask,) = found["masks"]
    assert mask["causes"] == [{"kind": "annotation", "name": "annotation 7", "pixels": 180}]
    assert mask["votes"][1] == {
        "annotator": "7", "before": {"Background": 180}, "after": {"Canvas": 180},
    }  # fmt: skip
    assert mask["annotation"]["annotator"] == "7"
    assert mask["vote_count"] == {
        "name": "Canvas", "pixels": 180,
        "before": 1, "voters_before": 3, "after": 2, "voters_after": 3,
    }  # fmt: skip


def test_diff_counts_the_votes_in_words(voted, maskbench, tmp_path):
    status, text, _ = maskbench(voted, "diff", "one", "two")
    assert status == 0
    sentence = "2 of 3 voted for Canvas, where 1 did before"
    assert re.search(rf"Votes \(1\)\n.*\n +000001_scene_1 +180 +{sentence}\n", text)
    maskbench(voted, "diff", "one", "two", "--md", tmp_path / "comment.md")
    text = (tmp_path / "comment.md").read_text()
    assert "<b>Votes (1)</b>" in text and f" | 180 | {sentence} |" in text


def test_show_finds_an_image_by_each_of_its_voters(voted, maskbench, tmp_path):
    for user in ("5", "7", "9"):
        status, _, err = maskbench(voted, "show", "--annotator", user, "--out", tmp_path / user)
        assert status == 0, err
    assert '"5, 7, 9"' in (tmp_path / "7/index.html").read_text()
    status, _, err = maskbench(voted, "show", "--annotator", "6", "--out", tmp_path / "6")
    assert status != 0 and "6" in err
