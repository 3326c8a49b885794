"""Findings keep everything when they are written and read, whatever the order."""

import io
import re
from dataclasses import replace

import pytest

from maskbench.errors import MaskbenchError
from maskbench.pipeline.layout import Layout
from maskbench.quality.findings import LOW, MEDIUM, Finding, parse_findings, write_findings
from maskbench.quality.listing import new_findings, summary
from maskbench.quality.results import last_findings

ONE = Finding(
    "duplicate",
    MEDIUM,
    key="000001_wall",
    task=1,
    project=3,
    annotation=12,
    annotator=5,
    regions=("r2", "r1"),
    label="=Canvas",
    value=0.987,
    what="covers the same pixels as r1, by 98.7 %; delete one",
    x=3,
    y=4,
    width=50,
    height=60,
    accepted="both are meant",
)
OTHER = Finding("unused_label", LOW, label="Plant", what="no region has it; draw it")


def table(path, *findings):
    write_findings(path, findings)
    return path.read_text()


def parsed(text, kinds=None):
    return parse_findings(io.StringIO(text, newline=""), kinds)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])  # Excel writes it
def test_written_and_read_sorted_with_all_they_say(tmp_path, end, start):
    text = table(tmp_path / "a.csv", OTHER, ONE)
    assert parsed(start + text.replace("\n", end)) == [ONE, OTHER]
    assert text == table(tmp_path / "b.csv", ONE, OTHER)


@pytest.mark.parametrize("regions", [("a b", "c"), ("it's",), ("",), ("a+b", '"', "/ü"), ()])
def test_region_ids_are_read_as_they_were_written(tmp_path, regions):
    """Otherwise a finding would have another name than in the first column."""
    finding = replace(ONE, regions=regions)
    [read] = parsed(table(tmp_path / "findings.csv", finding))
    assert read == finding and read.id == finding.id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "", "it has no column kind, severity, key, task, project and 11 more"),
        (lambda text: text.replace(",", ";"), "it has no column kind, "),
        (lambda text: text.replace("label", "lable"), "it has no column label"),
        (lambda text: text.replace("medium", "urgent"), "row 1: severity is 'urgent', not high, "),
        (lambda text: text.replace("e,medium", "es,medium"), "row 1: kind is 'duplicates', which"),
        (lambda text: text.replace(",12,", ",twelve,"), "row 1: annotation is 'twelve', which is"),
        (lambda text: text.replace("0.987", "0,987"), "row 1: it has more or fewer cells"),
        (lambda text: text.replace(",50,60,", ",50.5,60,"), "row 1: width is '50.5', which is no"),
        (lambda text: text[:-30], "row 2: it has more or fewer cells"),
    ],
)
def test_a_table_edited_by_hand_says_which_row_is_wrong(tmp_path, change, said):
    text = table(tmp_path / "findings.csv", ONE, OTHER)
    with pytest.raises(ValueError, match=re.escape(said)):
        parsed(change(text), {"duplicate", "unused_label"})


def test_the_last_findings(tmp_path):
    layout = Layout(tmp_path)
    assert last_findings(layout) == []
    layout.plot("findings").parent.mkdir()
    layout.plot("findings").write_bytes(b"id,kind\n\xf6")
    with pytest.raises(MaskbenchError, match=r"plots/findings\.csv cannot be read .*; run `dvc"):
        last_findings(layout)


def test_a_finding_is_new_if_it_was_not_open_before():
    open_again = replace(ONE, accepted="")
    assert new_findings([open_again, OTHER], before=[ONE, OTHER]) == [open_again]
    assert new_findings([ONE, OTHER], before=[open_again, OTHER]) == []
    assert summary([open_again, OTHER], [ONE]) == "2 findings: 2 new, 0 gone"
    assert summary([ONE], [open_again, OTHER]) == "0 findings: 0 new, 1 gone"
    assert summary([ONE, OTHER]) == "1 finding"
