"""Groups to subsets: nothing moves, shares are met."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskbench.params import SUBSETS, SplitParams
from maskbench.pipeline.splits import Group, Member, assign_splits, groups_of, position

USUAL = {"train": 0.7, "valid": 0.15, "test": 0.15}
KEYS = [f"image {i}" for i in range(10_000)]
names = st.text(max_size=20)


def subset(group, ratios, salt):
    """The subset of one group by itself."""
    return assign_splits([Group(group, 1, {})], SplitParams(ratios, None, salt))[group]


def test_groups_add_up_their_images():
    items = [Member("b", {"Canvas": 3}), Member("a", {}), Member("b", {"Canvas": 1, "Plant": 2})]
    assert groups_of(items) == [Group("a", 1, {}), Group("b", 2, {"Canvas": 4, "Plant": 2})]


@pytest.mark.parametrize(
    "ratios",
    [
        USUAL,
        {"train": 0.5, "valid": 0.25, "test": 0.25},
        {"train": 0.98, "valid": 0.01, "test": 0.01},
        {"train": 1.0, "valid": 0.0, "test": 0.0},
        {"train": 0.0, "valid": 0.0, "test": 1.0},
        {"train": 0.0, "valid": 1.0, "test": 0.0},
        {"train": 0.0, "valid": 0.4, "test": 0.6},
        {"train": 0.7, "valid": 0.0, "test": 0.3},
    ],
)
def test_shares_are_met(ratios):
    drawn = Counter(subset(key, ratios, "maskbench") for key in KEYS)
    for name in SUBSETS:
        # Five standard deviations of a binomial draw; none at all for shares of 0 and 1.
        slack = 5 * (len(KEYS) * ratios[name] * (1 - ratios[name])) ** 0.5
        assert abs(drawn[name] - ratios[name] * len(KEYS)) <= slack


@pytest.mark.parametrize("salt", ["", "maskbench", "é"])
def test_places_are_spread_evenly(salt):
    places = sorted(position(key, salt) for key in KEYS)
    assert 0 <= places[0]
    assert places[-1] < 1
    # Kolmogorov and Smirnov: 1.95 / sqrt(n) is exceeded once in a thousand salts.
    farthest = max(abs(place - i / len(places)) for i, place in enumerate(places))
    assert farthest < 1.95 / len(places) ** 0.5


@pytest.mark.parametrize(
    ("group", "digits", "name"),
    [
        # The first digits of `printf 'maskbench\0hall 3' | sha256sum`, of 256: 0x26 is 0.15 …
        ("hall 3", "83", "train"),
        ("image 2", "74", "train"),
        ("é", "28", "valid"),
        ("image 10", "48", "valid"),
        ("image 0", "1e", "test"),
        ("image 7", "16", "test"),
    ],
)
def test_the_draw_is_the_same_for_ever(group, digits, name):
    """Where these move, every published split moves."""
    assert int(digits, 16) / 256 <= position(group, "maskbench") < (int(digits, 16) + 1) / 256
    assert subset(group, USUAL, "maskbench") == name


@given(st.lists(names, unique=True, max_size=30), st.lists(names, max_size=30))
def test_others_that_come_or_go_move_nothing(groups, others):
    """The answer is a function of the group alone: also after any number of other questions."""
    before = {group: subset(group, USUAL, "s") for group in groups}
    for other in others:
        assert subset(other, USUAL, "s") in SUBSETS
    assert {group: subset(group, USUAL, "s") for group in reversed(groups)} == before


@given(names, st.floats(0, 0.85))
def test_the_share_of_valid_leaves_test_alone(group, valid):
    changed = {"train": 0.85 - valid, "valid": valid, "test": 0.15}
    assert (subset(group, USUAL, "s") == "test") == (subset(group, changed, "s") == "test")


@given(names)
def test_a_larger_test_share_only_takes_images_over(group):
    larger = {"train": 0.5, "valid": 0.15, "test": 0.35}
    if subset(group, USUAL, "s") == "test":
        assert subset(group, larger, "s") == "test"


def test_the_salt_draws_anew():
    one, two = ([subset(key, USUAL, salt) for key in KEYS] for salt in ("a", "b"))
    equal = sum(a == b for a, b in zip(one, two, strict=True)) / len(KEYS)
    assert equal == pytest.approx(0.7**2 + 2 * 0.15**2, abs=0.03)  # as of independent draws


def test_salt_and_group_do_not_run_into_each_other():
    assert position("b", "a") != position("", "ab")
    assert position("ab", "") != position("b", "a")
