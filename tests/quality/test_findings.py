"""Findings keep everything when they are written and read, whatever the order."""

import pytest

from maskbench.errors import MaskbenchError
from maskbench.quality.findings import LOW, MEDIUM, Finding, read_findings, write_findings

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


def test_written_and_read_sorted_with_all_they_say(tmp_path):
    write_findings(tmp_path / "a.csv", [OTHER, ONE])
    write_findings(tmp_path / "b.csv", [ONE, OTHER])
    assert read_findings(tmp_path / "a.csv") == [ONE, OTHER]
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize("text", ["id,kind\nx\n", "id,kind,task\nx,y,one\n"])
def test_a_damaged_table(tmp_path, text):
    (tmp_path / "findings.csv").write_text(text)
    with pytest.raises(MaskbenchError, match=r"findings\.csv cannot be read"):
        read_findings(tmp_path / "findings.csv")
