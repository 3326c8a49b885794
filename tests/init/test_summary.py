"""What params.yaml is proposed to say, and how it is written."""

import pytest

from maskbench.errors import MaskbenchError
from maskbench.files.yaml import parse_yaml
from maskbench.init.files import template
from maskbench.init.params_text import params_text
from maskbench.init.summary import alike, describe_survey, propose
from maskbench.init.survey import LabelOverlap, SourceSurvey
from maskbench.params import parse_params


def survey(*labels, overlaps=(), counted=5, **more):
    found = [LabelOverlap(tuple(names), pixels, 2) for names, pixels in overlaps]
    pairs = [each for each in found if len(each.labels) == 2]
    counts = dict.fromkeys(labels, 1)
    made = SourceSurvey(
        "here", tasks=9, total=9, counted=counted, overlaps=found, pairs=pairs, **more
    )
    made.labels.update(counts)
    return made


def written(proposal, **fetch):
    fetch = fetch or {"folder": "data/inputs"}
    text = params_text(template("params.yaml"), fetch, proposal, "walls")
    return text, parse_params(parse_yaml(text))


def test_values_in_the_labels_order():
    assert propose(survey("Wall", "Door")).labels_map == {"Background": 0, "Wall": 1, "Door": 2}


def test_a_background_that_is_drawn_is_the_background():
    assert propose(survey("Wall", "background")).labels_map == {"background": 0, "Wall": 1}


@pytest.mark.parametrize(
    ("overlaps", "choice", "overlap", "words"),
    [
        (
            [],
            None,
            "keep",
            "Nothing overlapped in the 5 tasks looked at. If labels overlap one day",
        ),
        (
            [("AB", 7)],
            None,
            "smallest",
            "The labels that overlap most: A + B (7 pixels in 2 tasks).",
        ),
        ([("AB", 7)], "top", "top", "The labels that overlap most: A + B (7 pixels in 2 tasks)."),
        ([("AB", 7)], "keep", "keep", "The labels that overlap most: A + B (7 pixels in 2 tasks)."),
        (
            [("AB", 1)],
            "rules",
            "keep",
            "The labels that overlap most: A + B (1 pixel in 2 tasks). The rules",
        ),
    ],
)
def test_the_policy_fits_what_overlaps(overlaps, choice, overlap, words):
    proposal = propose(survey("A", "B", overlaps=overlaps), choice)
    assert proposal.overlap == overlap
    assert proposal.why.startswith(words)
    text, params = written(proposal)
    assert params.rasterize.overlap == overlap
    assert f"  # {words.split('.')[0]}" in text


def test_rules_make_each_combination_a_class():
    proposal = propose(survey("A", "B", overlaps=[("AB", 7)]), "rules")
    assert proposal.labels_map == {"Background": 0, "A": 1, "B": 2, "A+B": 3}
    _, params = written(proposal)
    [rule] = params.rules
    assert (rule.when, rule.then) == ({"A", "B"}, "A+B")


def test_of_a_region_with_several_labels_the_rarest_counts():
    found = survey("A", "B", overlaps=[("AB", 7)], united={("A", "B")})
    found.pixels.update({"A": 100, "B": 20})
    [rule] = written(propose(found))[1].rules
    assert (rule.when, rule.then) == ({"A", "B"}, "B")


def test_labels_that_differ_in_case_or_blanks_can_be_merged():
    found = survey(
        "wall", "Door", "Wall ", overlaps=[(("Wall ", "wall"), 7), (("Door", "wall"), 3)]
    )
    found.labels["wall"] = 5
    assert alike(found.labels) == [["wall", "Wall "]]
    proposal = propose(found, aliases={"Wall ": "wall"})
    assert proposal.labels_map == {"Background": 0, "wall": 1, "Door": 2}
    assert "Door + wall (3 pixels" in proposal.why
    text, params = written(proposal)
    assert params.rasterize.label_aliases == {"Wall ": "wall"}
    assert "  label_aliases:\n    'Wall ': wall\n" in text


def test_nothing_annotated_yet():
    assert propose(survey("A", counted=0)).overlap == "keep"


@pytest.mark.parametrize("count", [60, 254])
def test_many_labels(count):
    proposal = propose(survey(*(f"label {i}" for i in range(count))))
    assert max(written(proposal)[1].labels_map.values()) == count


def test_more_labels_than_values():
    with pytest.raises(MaskbenchError, match="255 classes, but a mask has values for 254"):
        propose(survey(*(f"label {i}" for i in range(255))))


@pytest.mark.parametrize(
    "label",
    ["No", "010", "1e3", "~", "a: b", "#x", "- x", "'", '"', "{a}", "&a", "*", "Wand ü", "🚪",
     " x ", "2026-11-27", "true", "null", "<<", "%", "@", "`", "!x", "a\\b", "|",
     ">", "?", "\x1b[2J"],
)  # fmt: skip
def test_any_label_can_be_a_class(label):
    proposal = propose(survey(label, "B", overlaps=[((label, "B"), 7)]), "rules")
    _, params = written(proposal)
    assert params.labels_map == {
        "Background": 0,
        label: 1,
        "B": 2,
        "+".join(sorted([label, "B"])): 3,
    }
    assert params.rules[0].when == {label, "B"}


def test_comments_are_kept_and_fetch_says_only_what_is_needed():
    text, params = written(
        propose(survey("A")), server="http://labels.lan", project=[4, 7], snapshot="2026-11-27"
    )
    assert parse_yaml(text)["fetch"].keys() == {"server", "project", "snapshot"}
    assert (params.fetch.projects, params.fetch.folder) == ((4, 7), "")
    assert text.count("\n  # ") > 10
    assert "$" not in text


def test_what_was_found_fits_a_screen():
    found = survey(*(f"label {i}" for i in range(60)), "wall ", overlaps=[("AB", 1234)])
    lines = describe_survey(found)
    assert "  tasks        9; 5 have an annotation that counts" in lines
    assert "               … and 49 more" in lines
    assert "  overlaps     A + B (1,234 pixels in 2 tasks)" in lines
    assert len(lines) < 20
    assert all(line.isprintable() for line in describe_survey(survey("\x1b[2J")))


def test_annotations_of_nobody():
    found = survey("A")
    found.annotators.update([7, 0, 0])
    assert "  annotators   user unknown (2 annotations)" in describe_survey(found)
