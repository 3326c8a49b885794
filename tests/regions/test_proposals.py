"""Combinations without a rule and labels without a class: what is proposed, and what is said."""

import pytest

from maskbench.errors import group_by_cause
from maskbench.regions.proposals import (
    free_values,
    nearest,
    nestings,
    propose_classes,
    propose_labels,
    unknown_problems,
    unmatched_advice,
    unmatched_problems,
)
from maskbench.regions.rules import Combination, add_up


@pytest.mark.parametrize(
    ("labels_map", "values"),
    [
        ({"G": 0}, [1, 2, 3]),
        ({"G": 0, "A": 7, "Void": 255}, [8, 9, 10]),
        ({"G": 0, "A": 253}, [254, 1, 2]),  # then the gaps
        ({str(i): i for i in range(255)}, []),
    ],
)
def test_free_values(labels_map, values):
    assert list(free_values(labels_map))[:3] == values


def test_a_class_and_a_rule_for_each_combination():
    labels_map = {"G": 0, "A": 1, "B": 2, "A+B": 3}
    found = propose_classes([("A", "B"), ("a", "b"), ("😀", "!")], labels_map, {"a_b"})
    assert found == {
        "labels_map": {"A+B+2": 4, "a+b": 5, "😀+!": 6},
        "multi_label_rules": {
            "a_b_2": {"when": ["A", "B"], "then": "A+B+2"},
            "a_b_3": {"when": ["a", "b"], "then": "a+b"},
            "rule": {"when": ["😀", "!"], "then": "😀+!"},
        },
    }
    assert propose_classes([], labels_map, ()) == {}
    full = {str(i): i for i in range(254)}
    assert propose_classes([("0", "1"), ("0", "2")], full, ())["labels_map"] == {"0+1": 254}


@pytest.mark.parametrize(
    ("label", "near"),
    [
        ("wall", "Wall"), (" Wall ", "Wall"), ("Walll", "Wall"), ("back-ground", "Back ground"),
        ("Ceiling", None), ("Room 11", None), ("Room12", "Room 12"), ("😀", None), ("", None),
    ],
)  # fmt: skip
def test_nearest(label, near):
    assert nearest(label, ["Wall", "Back ground", "Room 12"]) == near


def test_a_label_becomes_an_alias_or_a_class():
    found = propose_labels(["Lamp", "walls", "Tree"], {"G": 0, "Wall": 4})
    assert found == {
        "labels_map": {"Lamp": 5, "Tree": 6},
        "rasterize": {"label_aliases": {"walls": "Wall"}},
    }


INSIDE = [Combination(("Card",), 5, "Card"), Combination(("Card", "Frame"), 95, None)]
ACROSS = [
    Combination(("Frame",), 900, "Frame"),
    Combination(("Frame", "Plant"), 50, None),
    Combination(("Plant",), 50, "Plant"),
]


def test_what_lies_inside_what():
    both = nestings([INSIDE + ACROSS[:1], ACROSS])
    assert [(p.inner, p.outer, p.share, p.is_nested) for p in both] == [
        ("Card", "Frame", 0.95, True),
        ("Plant", "Frame", 0.5, False),
    ]
    ruled = [Combination(("Card", "Frame"), 95, "Card")]
    assert nestings([ruled]) == []


def test_advice_leads_to_smallest_where_labels_nest():
    nested = unmatched_advice([("Card", "Frame")], nestings([INSIDE + ACROSS[:1]]), {"G": 0}, [])
    assert nested.startswith(
        "Labels lie inside each other: Card in Frame (95%). With `overlap: smallest` in the "
        "section rasterize the smaller region wins, and no rule is needed"
    )
    assert "smallest` in the section" not in unmatched_advice([("A", "B")], [], {"G": 0}, [])
    many = [("A", f"B{i}") for i in range(31)]
    advice = unmatched_advice(many, [], {"G": 0}, [])
    assert "`maskbench rules --policy smallest --write`" in advice


def test_a_line_for_each_label_and_combination():
    found = unknown_problems({1: {"Wal": 3}, 5: {"Wal": 1, "Lamp": 1}}, ["G", "Wall"])
    assert [str(problem) for problem in group_by_cause(found)] == [
        "task 5, params.yaml: labels_map: the label 'Lamp' is not in labels_map: 1 region; "
        "known: G, Wall",
        "params.yaml: labels_map: the label 'Wal' is not in labels_map: 4 regions; did you mean "
        "'Wall'? known: G, Wall (2 tasks: 1, 5)",
    ]
    found = unmatched_problems(add_up([(1, INSIDE), (2, INSIDE), (2, ACROSS[:1])]))
    assert [str(problem) for problem in group_by_cause(found)] == [
        "params.yaml: multi_label_rules: no rule says what Card + Frame together become: "
        "190 pixels (2 tasks: 1, 2)"
    ]
