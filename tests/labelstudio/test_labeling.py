"""The labelling setup: what is read from it, and where it disagrees with labels_map."""

import pytest

from maskbench.labelstudio.labeling import compare_labels, parse_labeling
from maskbench.params import Rule


def test_both_directions_with_hints():
    rules = [Rule("both", frozenset({"leaf", "Stem"}), "Overlap")]
    labels_map = {"Background": 0, "leaf": 1, "Sten": 2, "Overlap": 3}
    missing, unused = compare_labels({"leaf", "Stem"}, labels_map, rules)
    assert "'Stem' is not in labels_map; did you mean 'Sten'?" in str(missing)
    assert str(unused).startswith("params.yaml: labels_map.Sten: no project's setup offers")
    assert "did you mean 'Stem'?" in str(unused)


@pytest.mark.parametrize("raw", [None, [], {"a": {}}, {"a": {"type": "Labels", "labels": None}}])
def test_odd_setups(raw):
    assert parse_labeling(raw).labels == frozenset()
