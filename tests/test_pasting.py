"""Whatever a message offers to paste into params.yaml is what it says once it is pasted there."""

import pytest

from maskbench.errors import ParamsError
from maskbench.files.yaml import parse_yaml
from maskbench.params import parse_params, read_params
from maskbench.regions.proposals import (
    MOST_CLASSES,
    label_advice,
    lines_to_paste,
    propose_classes,
    propose_labels,
    unmatched_advice,
)
from tests.files.test_yaml_edit import ODD
from tests.pasting import paste, team_params
from tests.repositories import ROOT

LABELS = {"Ground": 0, "Wall": 1, "Card": 2}
MANY = [("Card", f"B{i}") for i in range(MOST_CLASSES + 1)]
NAMES = [word for word in ODD if word.strip() and word.isprintable()]


def pasted(said, text=None):
    return parse_params(parse_yaml(paste(text or team_params(LABELS), said)))


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            unmatched_advice([("Card", "Wall")], [], LABELS, []),
            {"labels_map.Card+Wall": 3, "rules": [("card_wall", {"Card", "Wall"}, "Card+Wall")]},
        ),
        (unmatched_advice(MANY, [], LABELS, []), {"overlap": "smallest"}),
        (label_advice({1: {"Door": 1}}, LABELS), {"labels_map.Door": 3}),
        (label_advice({1: {"wall ": 1}}, LABELS), {"aliases": {"wall ": "Wall"}}),
        (
            label_advice({1: {"wall ": 1, "Door": 1}}, LABELS),
            {"aliases": {"wall ": "Wall"}, "labels_map.Door": 3},
        ),
        ("\n" + lines_to_paste({"rasterize": {"overlap": "top"}}), {"overlap": "top"}),
        (
            "\n" + lines_to_paste({"combine": {"unmatched": "priority", "priority": ["Wall"]}}),
            {"unmatched": "priority", "priority": ("Wall",)},
        ),
    ],
    ids=["combinations", "policy", "class", "alias", "both", "overlap", "priority"],
)
def test_pasted_where_the_message_says(said, wanted):
    params = pasted(said)
    found = {
        "rules": [tuple(rule) for rule in params.rules],
        "overlap": params.rasterize.overlap,
        "aliases": params.rasterize.label_aliases,
        "unmatched": params.combine.unmatched,
        "priority": params.combine.priority,
        **{f"labels_map.{name}": value for name, value in params.labels_map.items()},
    }
    assert {name: found[name] for name in wanted} == wanted
    assert LABELS.items() <= params.labels_map.items()


@pytest.mark.parametrize("label", NAMES)
def test_whatever_the_label_is_called(label):
    labels_map = {**LABELS, label: 7}
    said = unmatched_advice([tuple(sorted(["Wall", label]))], [], labels_map, [])
    params = pasted(said, team_params(labels_map))
    assert params.rules[0].when == {"Wall", label}
    assert params.labels_map[params.rules[0].then] == 8
    params = pasted(label_advice({1: {label: 2}}, LABELS))
    assert params.labels_map == {**LABELS, label: 3}


def test_rules_pasted_one_after_the_other():
    text = team_params(LABELS)
    for labels in (("Card", "Wall"), ("Card", "Ground")):
        params = parse_params(parse_yaml(text))
        names = [rule.name for rule in params.rules]
        said = unmatched_advice([labels], [], params.labels_map, names)
        text = paste(text, said)
    assert {rule.then for rule in parse_params(parse_yaml(text)).rules} == {
        "Card+Wall",
        "Card+Ground",
    }


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {"labels_map": {"Door": 3, "Tree": 4}},
            "found the key 'labels_map' twice: move lines {0} to {1} below line {first}, then "
            "delete line {line}",
        ),
        (
            {"rasterize": {"overlap": "smallest"}},
            "found the key 'rasterize' twice: move line {0} below line {first}, then delete line "
            "{line}",
        ),
    ],
)
def test_a_section_pasted_at_the_end_is_told_where_to_go(more, told):
    text = team_params(LABELS)
    [section] = more
    first, line = text.split("\n").index(f"{section}:") + 1, text.count("\n") + 1
    words = [f"  {name}: {value}" for name, value in more[section].items()]
    whole = "\n".join([text.rstrip("\n"), f"{section}:", *words, "# the end", ""])
    with pytest.raises(ParamsError) as caught:
        read_params(whole.encode())
    expected = told.format(line + 1, line + 2, first=first, line=line)
    assert str(caught.value).endswith(expected)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "multi_label_rules:\n",
            "multi_label_rules: {}\n  both:\n    when: [Wall, Card]\n    then: Card\n",
            "says that there are none: delete its {}",
        ),
        (
            "  priority: []\n",
            "  priority: [] # none\n\n  - Wall\n",
            "says that there are none: delete its []",
        ),
        ("  Wall: 1\n", "  Wall: 1\n Door: 3\n", "is indented in another way than the lines above"),
    ],
)
def test_lines_that_cannot_stand_there_are_told_so(old, new, told):
    text = team_params(LABELS)
    assert old in text
    with pytest.raises(ParamsError, match="line ") as caught:
        read_params(text.replace(old, new).encode())
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("fetch.max_pixels: 900", "belongs into the section fetch, as `max_pixels: …`"),
        ("overlap: smallest", "belongs into the section rasterize, indented as its lines are"),
        ("group_by: {field: room}", "belongs into the section split, indented as its lines are"),
    ],
)
def test_a_setting_outside_its_section_is_not_passed_over(line, told):
    with pytest.raises(ParamsError) as caught:
        read_params(f"{team_params(LABELS)}{line}\n".encode())
    assert str(caught.value).endswith(told)


def test_no_message_writes_yaml_by_another_way():
    """What offers lines to paste is in the tables above; a new one uses `lines_to_paste`, too."""
    writing = {
        str(path.relative_to(ROOT / "maskbench"))
        for path in (ROOT / "maskbench").rglob("*.py")
        if "yaml_text(" in path.read_text() or "yaml.dump(" in path.read_text()
    }
    assert writing == {
        "export/formats/yolo.py",  # data.yaml
        "files/yaml_edit.py",
        "init/params_text.py",  # whole files
        "regions/proposals.py",
    }


def test_a_proposal_is_shown_as_it_is_pasted():
    proposal = propose_classes([("Card", "Wall")], LABELS, ()) | propose_labels(["card"], LABELS)
    assert (
        lines_to_paste(proposal)
        == """\
# below `labels_map:`
  Card+Wall: 3
# below `multi_label_rules:`
  card_wall:
    when:
    - Card
    - Wall
    then: Card+Wall
# in `rasterize:`, below `label_aliases:` (add it if missing)
    card: Card"""
    )
