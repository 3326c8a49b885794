"""Text, Markdown and JSON of comparisons of every size."""

import html
import json
import re
from dataclasses import replace

import pytest

from maskbench.diff.gates import Failure, failures, named_limits
from maskbench.diff.model import (
    AnnotationChange,
    Cause,
    ClassChange,
    Differences,
    MaskChange,
    Move,
    ParamChange,
    RegionChange,
)
from maskbench.diff.report.by_cause import by_cause
from maskbench.diff.report.json import as_json
from maskbench.diff.report.markdown import LIMIT, as_markdown
from maskbench.diff.report.terminal import as_text
from maskbench.diff.report.verdict import percent, verdict
from maskbench.files.manifest import Row
from maskbench.text import escape_markdown

NASTY = "<script>alert(1)</script> | `x` *y* [z](http://evil) @someone #12 \x1b[31m"


def row(number, key=None):
    return Row(
        key or f"{number:06d}_wall", "train", "g", number, 1, number, 2, False, "2026-11-22T08:00Z",
        "s.png", "m.png", 40, 30, {"Background": 1200}, "0" * 64, "1" * 64,
    )  # fmt: skip


def change(number, name="Canvas", key=None):
    regions = (RegionChange("added", "r1", "polygon", (), (name,)),)
    return MaskChange(
        row(number, key), row(number, key), 12, 1200, True, {"Background": 1200},
        {"Background": 1188, name: 12}, {("Background", name): 12}, {"Background": 1188},
        (Cause("annotation", "annotation 1", 12),),
        AnnotationChange(1, 1, "2", "2026-11-22T08:00:00Z", regions),
        "http://localhost:8080/projects/1/data?task=1",
    )  # fmt: skip


def comparison(changes=(), **more):
    found = Differences(
        before="main (0000000)", after="workspace", commits=("0" * 40, None),
        images_before=10, images_after=10, both=10, pixels=12000, params=(), code=(),
        changes=tuple(changes), renumbered=(), added=(), unexplained_new={}, removed=(),
        same_image={},
        replaced=(), saved_anew=(), moves=(), classes={}, transitions={}, balance={}, members={},
        links={},
    )  # fmt: skip
    return replace(found, **more)


@pytest.mark.parametrize("number", [0, 1, 30, 302, 10_000])
def test_a_comment_is_short_whatever_changed(number):
    found = comparison(
        (change(i) for i in range(number)),
        both=max(10, number),
        moves=tuple(Move(f"{i:06d}_wall", "train", "test", "split.salt") for i in range(number)),
        classes={f"Class {i}": ClassChange(10, 5, 0.5) for i in range(min(number, 250))},
        saved_anew=tuple(f"{i:06d}_wall" for i in range(number)),
    )
    comment = as_markdown(found)
    assert len(comment) <= len(comment.encode()) <= LIMIT < 10_000
    assert verdict(found) in comment
    if number == 10_000:
        assert "10,000 of 10,000 masks changed" in comment
        assert re.search(r"and 9,\d\d\d more", comment)
    assert comment.count("<details>") == comment.count("</details>")


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("split.published", "1 split parameter changed"),
        ("its published subset", "1 image published in another split"),
        ("its group", "1 image grouped otherwise"),
        ("split.salt, its group", "1 split parameter changed, 1 image grouped otherwise"),
    ],
)
def test_the_verdict_says_why_images_moved(cause, words):
    found = comparison([], moves=(Move("a", "train", "test", cause),))
    assert verdict(found).endswith(f"1 moved between splits; because: {words}")


def ruled(number, rule, pixels):
    """A mask that a rule changed."""
    mask = replace(change(number), causes=(Cause("rule", rule, pixels),), annotation=None)
    return replace(mask, transitions={("Car", "Road"): pixels})


def test_causes_come_with_their_sentence_and_largest_masks():
    params = (
        ParamChange("multi_label_rules.shade.then", "Car", "Road"),
        ParamChange("multi_label_rules.shade2.then", "Car", "Road"),
        ParamChange("rasterize.overlap", "keep", "top"),
    )
    both = replace(
        change(3), causes=(Cause("annotation", "annotation 3", 12), Cause("rule", "shade", 90))
    )
    strange = replace(change(4), causes=(Cause("unexplained", "x", 3),))
    found = comparison([change(1), both, ruled(2, "shade", 40), strange], params=params)
    groups = by_cause(found)
    assert [(g.kind, g.name, [c.key[:6] for c in g.changes], g.pixels) for g in groups] == [
        ("unexplained", "", ["000004"], (3,)),
        ("annotation", "", ["000001", "000003"], (12, 12)),
        ("rule", "shade", ["000003", "000002"], (90, 40)),
    ]
    assert groups[1].sentence == (
        "2 regions added in 2 tasks, by user 2 (2); mostly Background → Canvas"
    )
    assert groups[2].sentence == "then: Car → Road; mostly Car → Road"
    assert groups[2].transitions == {("Car", "Road"): 40}  # the other mask has two causes
    row = next(line for line in as_markdown(found).splitlines() if "shade</code>" in line)
    assert "| 2 | 130 | <code>000003&#95;wall</code> ([task](http://localhost" in row
    assert as_json(found)["causes"][2] == {
        "kind": "rule", "name": "shade", "sentence": groups[2].sentence, "pixels": 130,
        "masks": ["000003_wall", "000002_wall"],
    }  # fmt: skip


def test_names_are_shown_as_they_are_and_do_nothing():
    found = comparison(
        [change(1, NASTY, key=NASTY)],
        classes={NASTY: ClassChange(0, 12, 0.0)},
        transitions={("Background", NASTY): 12},
        params=(ParamChange("labels_map.x", None, NASTY),),
    )
    comment = as_markdown(found, (Failure("class_loss", NASTY),))
    assert "<script" not in comment
    assert "@someone" not in comment
    assert "](http://evil" not in comment
    lines = [line for line in comment.splitlines() if line.startswith("|")]
    assert all(line.count("|") == line.count(" | ") + 2 or "---" in line for line in lines)
    assert "\x1b" not in as_text(found)


def test_escaped_text_reads_as_it_was():
    shown = html.unescape(escape_markdown(NASTY.replace("\x1b", "")))
    assert shown.replace("\u200b", "") == " ".join(NASTY.replace("\x1b", "").split())


def test_text_is_short_unless_all_is_asked_for():
    found = comparison((change(i) for i in range(100)), both=100)
    assert "… and 80 more (--all shows them)" in as_text(found)
    assert as_text(found, None).count("_wall") == 100


def test_json_holds_every_change():
    found = comparison((change(i) for i in range(100)), both=100)
    report = json.loads(json.dumps(as_json(found)))
    assert len(report["masks"]) == 100
    assert report["masks"][0]["annotation"]["regions"][0]["kind"] == "added"
    assert report["schema"] == 1


@pytest.mark.parametrize(
    "share, shown",
    [
        (0, "0 %"), (1, "100 %"), (0.9999, ">99 %"), (0.5, "50 %"), (0.0081, "0.81 %"),
        (0.000012, "0.0012 %"), (0.000001, "<0.001 %"),
    ],
)  # fmt: skip
def test_percent_never_rounds_a_change_away(share, shown):
    assert percent(share) == shown


def test_gates():
    found = comparison(
        [change(1)],
        moves=(Move("a", "train", "test", "split.salt"),),
        classes={"Canvas": ClassChange(100, 89, 0.9)},
        removed=(row(1),),
    )
    limits = {"unexplained": 0, "moved": 1, "removed": 0, "class_loss": 10, "changed_pixels": 0.2}
    assert [failure.gate for failure in failures(found, limits)] == ["removed", "class_loss"]
    assert [failure.gate for failure in failures(found, limits | {"changed_pixels": 0.05})] == [
        "removed", "class_loss", "changed_pixels",
    ]  # fmt: skip
    assert named_limits("", {"moved": 3}) == {"moved": 3}
    assert named_limits("moved,class_loss=2.5", {"moved": 3}) == {"moved": 3, "class_loss": 2.5}
