"""The registry of checks, the defaults and the document name the same."""

from maskbench.params.quality import THRESHOLDS
from maskbench.quality.checks import CHECKS
from maskbench.quality.findings import SEVERITIES
from tests.repositories import ROOT


def test_each_check_has_a_default_a_way_to_find_it_and_a_row_in_the_document():
    assert list(CHECKS) == list(THRESHOLDS)
    document = (ROOT / "docs/quality.md").read_text()
    for name, check in CHECKS.items():
        assert check.severity in SEVERITIES
        finders = [check.of_image, check.of_all]
        assert sum(finder is not None for finder in finders) == (name != "unsupported")
        default = f"{THRESHOLDS[name]:g}"
        row = f"| `{name}` | {check.severity} | {check.about} | {check.number} | {default} |"
        assert row in document
