"""Label sets to classes: exact sets, what is unmatched, and the table against a plain loop."""

import itertools
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.params import CombineParams, Rule
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules, Combination, class_mask

LABELS = {"Ground": 0, "A": 1, "B": 2, "C": 3, "AB": 4, "ABC": 7, "Void": 255}


def rules(*table, unmatched="error", priority=(), labels_map=LABELS):
    made = [Rule(f"rule_{i}", frozenset(when), then) for i, (when, then) in enumerate(table)]
    return ClassRules(labels_map, made, CombineParams(unmatched, tuple(priority), "png"))


TABLE = ((("A", "B"), "AB"), (("A", "B", "C"), "ABC"))


@pytest.mark.parametrize(
    ("labels", "becomes"),
    [
        ((), "Ground"),  # no label: the class with value 0
        (("A",), "A"),  # a single label is its own class
        (("AB",), "AB"),  # also one that rules make
        (("A", "B"), "AB"),
        (("A", "B", "C"), "ABC"),  # not AB, though it contains its labels
        (("A", "C"), None),  # not ABC, though it is contained in it
        (("B", "C"), None),
        (("A", "Ground"), None),  # the ground is a label like others once it is drawn
        (("Void",), "Void"),
        (("A", "Void"), None),
    ],
)
def test_the_exact_set_decides(labels, becomes):
    assert rules(*TABLE).class_of(frozenset(labels)) == becomes


@pytest.mark.parametrize(
    ("when", "then", "labels", "becomes"),
    [
        (("A",), "B", ("A",), "B"),  # a rule on a single label renames it
        (("A",), "Void", ("A",), "Void"),  # or takes it out of scoring
        (("A",), "B", ("A", "C"), None),  # but only where it is alone
        (("A", "C"), "Ground", ("A", "C"), "Ground"),  # a combination can count as nothing
    ],
)
def test_rules_on_single_labels_and_on_the_ground(when, then, labels, becomes):
    assert rules((when, then)).class_of(frozenset(labels)) == becomes


@pytest.mark.parametrize(
    ("unmatched", "priority", "labels", "becomes"),
    [
        ("error", ("A",), ("B", "C"), None),
        ("priority", ("C", "A", "B"), ("A", "C"), "C"),
        ("priority", ("C", "A", "B"), ("B", "Void"), "B"),
        ("priority", ("C",), ("A", "Void"), None),  # none of its labels is in the list
        ("priority", ("C", "A", "B"), ("A", "B"), "AB"),  # a rule goes first
        ("Void", (), ("B", "C"), "Void"),
        ("Ground", (), ("A", "B", "Void"), "Ground"),
        ("Void", (), ("B",), "B"),  # single labels are never unmatched
    ],
)
def test_what_has_no_rule(unmatched, priority, labels, becomes):
    asked = rules(*TABLE, unmatched=unmatched, priority=priority)
    assert asked.class_of(frozenset(labels)) == becomes


def test_a_mask_by_hand():
    #        A on columns 0-2, B on columns 1-3, C on the second row's columns 2-4
    a = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 0, 0]], dtype=np.uint8)
    b = np.array([[0, 1, 1, 1, 0], [0, 1, 1, 1, 0]], dtype=np.uint8)
    c = np.array([[0, 0, 0, 0, 0], [0, 0, 1, 1, 1]], dtype=np.uint8)
    drawn = LabelSet(("A", "B", "C"), (a | b << 1 | c << 2)[np.newaxis])
    mask, found = class_mask(drawn, rules(*TABLE))
    np.testing.assert_array_equal(mask, [[1, 4, 4, 2, 0], [1, 4, 7, 255, 3]])
    assert mask.dtype == np.uint8
    assert found == [
        Combination((), 1, "Ground"),
        Combination(("A",), 2, "A"),
        Combination(("B",), 1, "B"),
        Combination(("C",), 1, "C"),
        Combination(("A", "B"), 3, "AB"),
        Combination(("B", "C"), 1, None),
        Combination(("A", "B", "C"), 1, "ABC"),
    ]


def test_an_image_without_labels_is_ground():
    drawn = LabelSet((), np.zeros((1, 2, 3), dtype=np.uint8))
    mask, found = class_mask(drawn, rules(labels_map={"Sky": 9, "Ground": 0}))
    np.testing.assert_array_equal(mask, np.zeros((2, 3)))
    assert found == [Combination((), 6, "Ground")]


def drawn_at_random(count, shape, density, seed):
    """Labels on pixels at random: the label set, and the same as a set per pixel."""
    on = np.random.default_rng(seed).random((count, *shape)) < density
    planes = np.zeros((max(1, -(-count // 8)), *shape), dtype=np.uint8)
    for k in range(count):
        planes[k // 8] |= on[k].astype(np.uint8) << (k % 8)
    labels = tuple(f"label{k:02}" for k in range(count))
    sets = {
        (y, x): frozenset(label for k, label in enumerate(labels) if on[k, y, x])
        for y, x in itertools.product(*map(range, shape))
    }
    return LabelSet(labels, planes), sets


@pytest.mark.parametrize(
    ("count", "shape", "density"),
    [
        (1, (9, 7), 0.5),
        (8, (30, 31), 0.3),
        (9, (30, 31), 0.3),  # the first bit of a second plane
        (20, (40, 50), 0.1),
        (64, (40, 50), 0.04),  # a table over all sets would have 2^64 entries
        (64, (40, 50), 0.5),  # hardly two pixels alike
        (65, (40, 50), 0.1),  # more labels than a 64-bit number has bits
        (130, (20, 30), 0.05),
        (20, (300, 301), 0.05),
    ],
)
def test_the_table_equals_a_loop_over_pixels(count, shape, density):
    drawn, sets = drawn_at_random(count, shape, density, seed=count)
    labels_map = {"Ground": 0, **{label: k + 1 for k, label in enumerate(drawn.labels)}}
    some = random.Random(1).sample(sorted({s for s in sets.values() if s}, key=sorted), k=1)
    table = [(labels, "Ground") for labels in some]
    asked = rules(*table, unmatched="priority", priority=drawn.labels[::2], labels_map=labels_map)

    mask, found = class_mask(drawn, asked)

    expected = np.empty(shape, dtype=np.uint8)
    for place, labels in sets.items():
        name = asked.class_of(labels)
        expected[place] = 255 if name is None else labels_map[name]
    np.testing.assert_array_equal(mask, expected)
    assert {frozenset(c.labels): c.pixels for c in found} == Counter(sets.values())


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 20), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_counts_add_up_and_the_order_is_fixed(count, height, width, seed):
    drawn, sets = drawn_at_random(count, (height, width), 0.4, seed)
    labels_map = {"Ground": 0, **{label: k + 1 for k, label in enumerate(drawn.labels)}}
    mask, found = class_mask(drawn, rules(labels_map=labels_map))
    assert sum(c.pixels for c in found) == height * width
    assert all(c.pixels > 0 for c in found)
    assert [(len(c.labels), c.labels) for c in found] == sorted(
        (len(labels), tuple(sorted(labels))) for labels in set(sets.values())
    )
    unmatched = sum(c.pixels for c in found if c.becomes is None)
    assert unmatched == (mask == 255).sum() == sum(len(labels) > 1 for labels in sets.values())
