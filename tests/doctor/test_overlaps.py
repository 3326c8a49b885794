"""`maskbench rules`: what decides each combination, and proposals that params.yaml takes over."""

import pytest

from maskbench.cli import main
from maskbench.files.yaml import parse_yaml
from maskbench.files.yaml_edit import yaml_text
from maskbench.params import load_params
from maskbench.pipeline.combine import combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from tests.exports import PARAMS, annotation, box, task, write_export
from tests.pasting import paste, team_params

LABELS = {"Ground": 0, "Frame": 1, "Card": 2, "No": 7}
FRAME = box(["Frame"], 0, 0, 100, 100, number=1)  # 40 x 30 pixels
CARD = box(["Card"], 0, 0, 50, 100, number=2)  # 20 x 30, drawn before the frame
NO = box(["No"], 0, 0, 100, 50, number=3)  # 40 x 15


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder in which *fetch* has run, and nothing else; two tasks with three labels."""
    tasks = [task(1, annotation(1, [CARD, FRAME])), task(2, annotation(2, [CARD, FRAME, NO]))]
    write_export(tmp_path / "source", tasks)
    (tmp_path / "dvc.yaml").write_text("")
    sections = {"labels_map": LABELS, "multi_label_rules": {}}
    text = f"# Head.\n{yaml_text(PARAMS | sections)}# End.\n"
    (tmp_path / "params.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    fetch(load_params(), Layout())
    return tmp_path


def rules(capsys, *words, status=0):
    capsys.readouterr()
    assert main(["rules", *words]) == status
    out, err = capsys.readouterr()
    return err if status else out


def test_all_combinations_and_who_would_get_them(repository, capsys):
    assert (
        rules(capsys)
        == """\
  labels             pixels  tasks  becomes  decided by
  Frame                 900      2  Frame    labels_map.Frame
  Card + Frame          900      2           NO RULE
  Frame + No            300      1           NO RULE
  Card + Frame + No     300      1           NO RULE

Pixels by class, if a policy decided:
  labels             pixels  smallest  top        priority
  Card + Frame          900  Card 900  Frame 900  Card 900
  Frame + No            300  No 300    No 300     No 300
  Card + Frame + No     300  No 300    No 300     No 300

Proposal for params.yaml (--write adds it):

# below `labels_map:`
  Card+Frame: 8
  Frame+No: 9
  Card+Frame+No: 10
# below `multi_label_rules:`
  card_frame:
    when:
    - Card
    - Frame
    then: Card+Frame
  frame_no:
    when:
    - Frame
    - 'No'
    then: Frame+No
  card_frame_no:
    when:
    - Card
    - Frame
    - 'No'
    then: Card+Frame+No
"""
    )


def test_written_rules_let_the_build_pass_and_move_no_value(repository, capsys):
    (repository / "below").mkdir()
    before = (repository / "params.yaml").read_text()
    rules(capsys, "--write")
    after = (repository / "params.yaml").read_text()
    assert after.startswith("# Head.\n")
    assert after.endswith("# End.\n")
    params = load_params()
    assert {name: params.labels_map[name] for name in LABELS} == LABELS
    assert parse_yaml(before)["split"] == parse_yaml(after)["split"]
    rasterize(params, Layout())
    assert "2 masks of 11 classes" in combine(params, Layout())
    assert "Nothing to propose" in rules(capsys, "--write")
    assert (repository / "params.yaml").read_text() == after
    assert "Card + Frame          900      2  Card+Frame     multi_label_rules.card_frame" in rules(
        capsys
    )


@pytest.mark.parametrize(
    ("policy", "changed", "classes"),
    [
        (
            "smallest",
            {"rasterize": {"overlap": "smallest"}},
            {"Card": 900, "Frame": 900, "No": 600},
        ),
        ("top", {"rasterize": {"overlap": "top"}}, {"Frame": 1800, "No": 600}),
        (
            "priority",
            {"combine": {"unmatched": "priority", "priority": ["No", "Card", "Frame"]}},
            {"Card": 900, "Frame": 900, "No": 600},
        ),
    ],
)
def test_a_policy_gives_what_its_preview_says(repository, capsys, policy, changed, classes):
    text = team_params(LABELS)
    wanted = parse_yaml(text)
    for section, entries in changed.items():
        wanted[section] |= entries
    assert parse_yaml(paste(text, rules(capsys, "--policy", policy))) == wanted
    rules(capsys, "--policy", policy, "--write")
    params = load_params()
    rasterize(params, Layout())
    combine(params, Layout())
    metrics = parse_yaml(Layout().metrics("combine").read_text())["classes"]
    assert {name: entry["pixels"] for name, entry in metrics.items() if entry["pixels"]} == classes
    assert "Nothing to propose" in rules(capsys, "--policy", policy)


def test_a_priority_keeps_what_rules_decide_and_the_order_that_is_there(repository, capsys):
    text = (repository / "params.yaml").read_text()
    rule = "multi_label_rules: {cover: {when: [Frame, 'No'], then: Frame}}"
    text = text.replace("multi_label_rules: {}", rule)
    text = text.replace("combine: {}", "combine: {priority: [Frame]}")
    (repository / "params.yaml").write_text(text)
    said = rules(capsys, "--policy", "priority", "--write")
    assert (
        said.partition("Pixels by class")[2]
        == """\
, if a policy decided:
  labels             pixels  now      priority
  Card + Frame          900  NO RULE  Frame 900
  Frame + No            300  Frame    Frame 300
  Card + Frame + No     300  NO RULE  Frame 300

Written to params.yaml; `dvc repro` builds with it:

# in `combine:`, in place of its `unmatched:`, if it has one
  unmatched: priority
# in `combine:`, in place of its `priority:`, if it has one
  priority:
  - Frame
  - 'No'
  - Card
"""
    )
    rasterize(load_params(), Layout())
    combine(load_params(), Layout())
    metrics = parse_yaml(Layout().metrics("combine").read_text())["classes"]
    found = {name: entry["pixels"] for name, entry in metrics.items() if entry["pixels"]}
    assert found == {"Frame": 2400}


def test_labels_without_a_class_are_proposed_in_the_same_round(repository, capsys):
    text = (repository / "params.yaml").read_text()
    text = text.replace("  Card: 2\n", "").replace("  'No': 7\n", "  'no': 7\n")
    text = text.replace("rasterize: {}", "rasterize:\n  label_aliases: {Old: Frame}  # kept")
    (repository / "params.yaml").write_text(text)
    said = rules(capsys, "--write")
    assert said.startswith(
        "params.yaml: labels_map: the label 'Card' is not in labels_map: 2 regions; known: "
        "Frame, Ground, no (2 tasks: 1, 2)\n"
    )
    assert "Frame + no            300      1           NO RULE" in said
    params = load_params()
    assert params.labels_map == {
        "Ground": 0, "Frame": 1, "no": 7, "Card": 8, "Card+Frame": 9, "Frame+no": 10,
        "Card+Frame+no": 11,
    }  # fmt: skip
    assert params.rasterize.label_aliases == {"Old": "Frame", "No": "no"}
    rasterize(params, Layout())
    combine(params, Layout())


def test_more_labels_than_values(repository, capsys):
    text = (repository / "params.yaml").read_text()
    many = "".join(f"  c{i}: {i}\n" for i in [*range(3, 7), *range(8, 255)])
    (repository / "params.yaml").write_text(text.replace("  Card: 2\n", f"  c2: 2\n{many}"))
    assert "there are more labels than mask values" in rules(capsys, status=4)


def test_nothing_fetched(repository, capsys):
    for file in (repository / "data/annotations").iterdir():
        file.unlink()
    assert "holds no tasks: run `dvc repro fetch`" in rules(capsys, status=1)


def test_more_combinations_than_values(repository, capsys):
    text = (repository / "params.yaml").read_text()
    many = "".join(f"  c{i}: {i}\n" for i in range(8, 255))
    many += "".join(f"  d{i}: {i}\n" for i in range(3, 6))
    (repository / "params.yaml").write_text(text.replace("  Card: 2\n", f"  Card: 2\n{many}"))
    said = rules(capsys, "--write", status=1)
    assert "3 combinations have no rule, more than mask values (0 to 254) are free" in said


def test_a_file_that_cannot_be_edited_stays(repository, capsys):
    text = (repository / "params.yaml").read_text()
    text = text.replace("rasterize: {}", "rasterize: &same {}").replace(
        "combine: {}", "combine: *same"
    )
    (repository / "params.yaml").write_text(text)
    said = rules(capsys, "--policy", "top", "--write", status=1)
    assert "params.yaml is as it was (" in said
    assert said.endswith(
        "\n\n# in `rasterize:`, in place of its `overlap:`, if it has one\n  overlap: top\n"
    )
    assert (repository / "params.yaml").read_text() == text
