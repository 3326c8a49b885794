"""The doctor tells what the checks of labels found in the last build."""

from maskbench.doctor.findings import ERROR, OK, WARNING
from maskbench.doctor.label_checks import look_at_labels
from maskbench.pipeline.layout import Layout
from maskbench.quality.findings import HIGH, LOW, Finding, write_findings
from tests.pipeline.test_build import params

TWICE = Finding("duplicate", HIGH, "000001_wall", 1, regions=("r2", "r1"))
GAP = Finding("gap", LOW, "000001_wall", 1, regions=("r3", "r4"))


def told(root, *findings, **quality):
    write_findings(root / "plots/findings.csv", findings)
    found = look_at_labels(params("source", quality=quality), Layout(root))
    return [(finding.level, finding.what) for finding in found]


def test_counts_by_check_and_what_would_stop_the_stage(tmp_path):
    assert list(look_at_labels(params("source"), Layout(tmp_path))) == []
    (tmp_path / "plots").mkdir()
    assert told(tmp_path) == []
    assert told(tmp_path, GAP) == [(OK, "labels of the last build: 1 finding (gap 1)")]
    counts = "labels of the last build: 2 findings (duplicate 1, gap 1)"
    assert told(tmp_path, GAP, TWICE) == [(WARNING, counts)]
    [_, (level, what)] = told(tmp_path, GAP, TWICE, fail=["duplicate"])
    assert (level, what) == (ERROR, "quality: 1 finding of checks in quality.fail")
    accept = [{"finding": TWICE.id, "reason": "both are meant"}]
    assert told(tmp_path, GAP, TWICE, fail=["duplicate"], accept=accept) == [
        (OK, "labels of the last build: 1 finding (gap 1)")
    ]
    [(level, what)] = told(tmp_path, accept=accept)
    assert level == WARNING and "quality.accept: 1 entry matches no finding" in what


def test_a_damaged_table_is_told(tmp_path):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots/findings.csv").write_text("id,kind\nx\n")
    [finding] = look_at_labels(params("source"), Layout(tmp_path))
    assert finding.level == WARNING and "findings.csv cannot be read" in finding.what
