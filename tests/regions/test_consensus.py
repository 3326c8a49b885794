"""The consensus of annotators: literal votes, SimpleITK's own filters, known error rates."""

import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maskbench.errors import MaskbenchError
from maskbench.params import IGNORE, CombineParams, ConsensusParams
from maskbench.regions.build import build_mask
from maskbench.regions.consensus import BELOW, TIED, agree, describe_votes, majority, staple
from maskbench.regions.label_set import LabelSet
from maskbench.regions.policies import find_combinations
from maskbench.regions.rules import ClassRules, Combination
from maskbench.regions.task import choose_votes, labels_origin
from tests.regions.walls import DOOR, WALL, annotation, params, settings, task

LABELS_MAP = {"Ground": 0, "A": 1, "B": 2, "C": 3}


def rules(**consensus):
    combine = CombineParams("error", (), "png", None, ConsensusParams(**consensus))
    return ClassRules(LABELS_MAP, (), combine)


def label_set(*rows):
    """Rows of letters: each pixel's label, ``.`` for none."""
    letters = np.array([list(row) for row in rows])
    planes = np.zeros((1, *letters.shape), dtype=np.uint8)
    for bit, label in enumerate("ABC"):
        planes[0][letters == label] = 1 << bit
    return LabelSet(("A", "B", "C"), planes)


def decided(*votes, **consensus):
    agreed = agree([label_set(vote) for vote in votes], rules(**consensus))
    return agreed.mask[0].tolist()


def test_the_majority_wins_and_ties_are_ignored():
    #       all  most  plurality  tie  tie of three
    votes = ("AA.AA", "AAAAB", "ABBBC")
    assert decided(*votes) == [1, 1, IGNORE, 1, IGNORE]
    assert decided("AA", "AB", ".B", "BC") == [1, 2]  # two of four are more than one and one
    assert decided("AB", "BA") == [IGNORE, IGNORE]
    assert decided("AB", "BA", otherwise="Ground") == [0, 0]
    assert decided("AB", "BA", otherwise="C") == [3, 3]


def test_less_agreement_than_asked_for():
    votes = ("AAA", "AAA", "AAB", "ABC", "BB.")  # 4, 3 and 2 of 5 agree; the last is no tie
    assert decided(*votes, agreement=0.4) == [1, 1, 1]
    assert decided(*votes, agreement=0.6) == [1, 1, IGNORE]
    assert decided(*votes, agreement=0.7) == [1, IGNORE, IGNORE]
    assert decided(*votes, agreement=0.8, otherwise="B") == [1, 2, 2]
    assert decided("AA", "AA", "AB", agreement=1) == [1, IGNORE]
    assert decided("A", "A", "B", agreement=2 / 3) == [1]


def test_what_is_undecided_is_told_pixel_by_pixel():
    agreed = agree([label_set(v) for v in ("AAA", "ABA", "BAA", "BBB")], rules(agreement=0.75))
    assert agreed.tied.tolist() == [[True, True, False]]
    assert agreed.below.tolist() == [[False, False, False]]
    agreed = agree([label_set(v) for v in ("AA", "AA", "BA")], rules(agreement=0.75))
    assert (agreed.tied.any(), agreed.below.tolist()) == (False, [[True, False]])
    assert (agreed.undecided, agreed.outcome(0, 0), agreed.outcome(1, 0)) == (1, BELOW, "")
    assert [vote.tolist() for vote in agreed.votes] == [[[1, 1]], [[1, 1]], [[2, 1]]]


def test_a_single_annotator_is_taken_as_it_is():
    for method in ("majority", "staple"):
        agreed = agree([label_set("AB.")], rules(method=method, agreement=1))
        assert (agreed.mask.tolist(), agreed.undecided) == ([[1, 2, 0]], 0)


def test_combinations_are_counted_over_all_annotators():
    agreed = agree([label_set("AB."), label_set("AA.")], rules())
    assert agreed.combinations == (
        Combination((), 2, "Ground"), Combination(("A",), 3, "A"), Combination(("B",), 1, "B"),
    )  # fmt: skip


def test_ignored_pixels_are_a_vote_like_any_other():
    given_rules = replace(rules(), labels_map={**LABELS_MAP, "C": IGNORE})
    votes = [label_set(vote) for vote in ("CC", "CA", "AA")]
    assert agree(votes, given_rules).mask.tolist() == [[IGNORE, 1]]


MASKS = st.integers(2, 5).flatmap(
    lambda people: arrays(np.uint8, (people, 4, 5), elements=st.sampled_from([0, 1, 3, 200, 255]))
)


@given(MASKS, st.randoms(use_true_random=False))
def test_the_order_of_annotators_changes_nothing(votes, random):
    for method in (majority, staple):
        winner, tied = method(list(votes))
        other, also_tied = method(random.sample(list(votes), len(votes)))
        assert (tied == also_tied).all()
        assert (winner[~tied] == other[~tied]).all()


@given(MASKS)
def test_the_majority_is_what_counting_pixel_by_pixel_gives(votes):
    winner, tied = majority(list(votes))
    for y, x in np.ndindex(winner.shape):
        (best, most), *others = Counter(votes[:, y, x].tolist()).most_common()
        assert tied[y, x] == (bool(others) and others[0][1] == most)
        assert tied[y, x] or winner[y, x] == best


def by_simpleitk(name, votes, undecided):
    image_filter = getattr(sitk, name)()
    image_filter.SetLabelForUndecidedPixels(undecided)
    images = [sitk.GetImageFromArray(vote) for vote in votes]
    return sitk.GetArrayFromImage(image_filter.Execute(images))


@given(MASKS)
def test_both_methods_give_what_simpleitks_filters_give(votes):
    # Not 255, with which it takes minutes; not neighbours, which it mixes up where votes are tied.
    votes = np.searchsorted([0, 1, 3, 200, 255], votes).astype(np.uint8) * 3
    names = {"LabelVotingImageFilter": majority, "MultiLabelSTAPLEImageFilter": staple}
    for name, method in names.items():
        expected = by_simpleitk(name, votes, 20)  # a class that nobody gives
        winner, tied = method(list(votes))
        assert np.where(tied, 20, winner).tolist() == expected.tolist()


def careless(truth, share, seed):
    """Take other classes on a share of the pixels."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(truth.shape) < share
    return np.where(wrong, (truth + rng.integers(1, 4, truth.shape)) % 4, truth).astype(np.uint8)


@pytest.fixture
def truth():
    truth = np.zeros((120, 160), dtype=np.uint8)
    truth[20:90, 10:100] = 1
    truth[60:110, 70:150] = 2
    truth[30:50, 30:60] = 3
    return truth


@pytest.mark.parametrize("shares", [(0.1, 0.1, 0.1), (0.2, 0.25, 0.3), (0.1, 0.15, 0.2, 0.25, 0.3)])
def test_a_consensus_is_closer_to_the_truth_than_each_annotator(truth, shares):
    votes = [careless(truth, share, seed) for seed, share in enumerate(shares)]
    errors = [np.mean(vote != truth) for vote in votes]
    assert errors == pytest.approx(shares, abs=0.01)
    winner, tied = staple(votes)
    assert np.mean((winner != truth) | tied) < min(errors)
    winner, tied = majority(votes)
    assert np.mean(winner[~tied] != truth[~tied]) < min(errors)


def test_staple_trusts_the_reliable_one_where_the_majority_is_wrong(truth):
    votes = [careless(truth, share, seed) for seed, share in enumerate((0.02, 0.45, 0.45))]
    wrong = {}
    for method in (majority, staple):
        winner, tied = method(votes)
        wrong[method] = np.mean((winner != truth) | tied)
    assert wrong[staple] < wrong[majority]


def test_staple_without_simpleitk_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    assert decided("AA", "AB", "AB") == [1, 2]
    with pytest.raises(MaskbenchError, match=r"pip install 'maskbench\[consensus\]'"):
        decided("AA", "AB", "AB", method="staple")


def test_votes_in_words():
    def said(*votes, outcome="", **consensus):
        return describe_votes(votes, ConsensusParams(**consensus), outcome)

    assert said("A", "B", "A") == "consensus: 2 of 3 voted A, 1 B"
    assert said("A", "A", method="staple") == "consensus by STAPLE: 2 of 2 voted A"
    assert said("B", "A", outcome=TIED) == (
        "consensus: 1 of 2 voted A, 1 B; a tie, so combine.consensus.otherwise: ignore"
    )
    assert said("A", "B", "A", outcome=BELOW, agreement=0.8, otherwise="Ground") == (
        "consensus: 2 of 3 voted A, 1 B; below combine.consensus.agreement: 0.8, "
        "so combine.consensus.otherwise: Ground"
    )


def test_the_latest_annotation_of_each_annotator_votes():
    drawn = [
        annotation(number=1, day=1, completed_by=5),
        annotation(number=2, day=2, completed_by=5),
        annotation(number=3, day=1, completed_by=7, ground_truth=True),
        annotation(number=4, day=4, completed_by=9, was_cancelled=True),
    ]

    def ids(*criteria):
        return [vote.id for vote in choose_votes(drawn, criteria)]

    assert ids("consensus") == ids("consensus:2", "latest") == [3, 2]  # saved first to last
    assert ids("ground_truth", "consensus") == [3]
    assert ids("consensus:3") == []
    assert ids("consensus:3", "latest") == [2]
    assert ids("latest") == [2]


def test_labels_of_which_some_were_accepted_count_as_accepted():
    drawn = annotation(WALL)
    accepted = annotation(WALL._replace(origin="prediction"), completed_by=7)
    assert labels_origin([drawn]) == "drawn"
    assert labels_origin([accepted, drawn]) == "accepted"


def test_build_mask_takes_the_consensus():
    asked = params(settings(annotation=("consensus",)))
    others = [annotation(WALL, number=n, completed_by=n) for n in (2, 3)]
    built = build_mask(task(annotation(DOOR), *others), asked)
    alone = build_mask(task(others[0]), params(settings()))
    assert (built.mask == alone.mask).all()
    assert [vote.annotation.id for vote in built.votes] == [1, 2, 3]
    assert Combination(("A",), 32, "A") in built.combinations
    bad = WALL._replace(labels=("A", "Typo"))
    broken = build_mask(task(annotation(bad, number=4, completed_by=4), *others), asked)
    assert broken.mask is None
    assert [region for region, _ in broken.faults] == [bad]


def test_combinations_of_all_who_vote_are_found():
    over = annotation(WALL, DOOR, number=2, completed_by=2)
    asked = params(settings(annotation=("consensus",)))
    found = find_combinations(task(annotation(WALL), over, annotation(WALL, number=3)), asked)
    assert found.combinations == (
        Combination((), 8, "Ground"),
        Combination(("A",), 26, "A"),
        Combination(("A", "B"), 6, None),
    )
    assert found.gains["top", ("A", "B"), "B"] == 6
