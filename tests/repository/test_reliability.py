"""docs/reliability.md holds what harnesses measured, and nothing else."""

import json
import re

import pytest

import reliability
from tests.harness.fuzz import fuzz, inputs


def test_the_document_is_what_the_command_makes_of_the_committed_figures():
    figures = json.loads(reliability.FIGURES.read_text())
    text = reliability.filled(reliability.TEMPLATE.read_text(), figures)
    assert reliability.DOCUMENT.read_text() == text


def test_every_figure_has_a_harness(tmp_path):
    """Names in the template are those that the harnesses write."""
    tally = fuzz(inputs(5, seed=3), tmp_path)
    made = {"fuzz": reliability.KINDS["fuzz"]([_json(tmp_path / "f.json", tally.figures())])}
    wanted = set(re.findall(r"\{\{(fuzz\.\w+)", reliability.TEMPLATE.read_text()))
    assert wanted == {"fuzz." + name for name in ("tried", "refused_in_all", "accepted", "findings",
                                                  "slowest", "damage", "refused")}  # fmt: skip
    for name in wanted:
        assert "not measured" not in reliability.filled("{{" + name + "}}", made)


def _json(file, value):
    file.write_text(json.dumps(value))
    return file


def test_several_files_are_added_up(tmp_path):
    one = {"kills": 3, "survived": 2, "by": {"stage": {"fetch": 2, "split": 1}}, "steps": {},
           "findings": [{"wrong": "x"}], "seconds": 1.5, "seed": 1, "moments": 9}  # fmt: skip
    other = {**one, "by": {"stage": {"combine": 4, "split": 1}}, "findings": [], "steps": {"a": 2}}
    files = [_json(tmp_path / "1", one), _json(tmp_path / "2", other)]
    assert reliability.KINDS["kills"](files) == {
        "kills": 6,
        "survived": 4,
        "moments": 5,
        "by": {"stage": {"fetch": 2, "split": 2, "combine": 4}},
        "steps": {"a": 2},
        "stepped": 2,
        "findings": 1,
    }


def test_a_failed_case_is_a_finding(tmp_path):
    report = tmp_path / "t.xml"
    cases = "".join(f'<testcase classname="tests.trust.test_x" name="test_y[{i}]"/>' for i in "ab")
    bad = '<testcase classname="tests.trust.test_x" name="test_z"><failure/></testcase>'
    report.write_text(f"<testsuites><testsuite>{cases}{bad}</testsuite></testsuites>")
    assert reliability.KINDS["tests"]([report]) == {
        "modules": {"x": 2},
        "functions": {"y": 2},
        "findings": 1,
    }


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        ({"a": {"b": 12345}}, "12,345"),
        ({"a": {"b": {"x": 1, "y": 2000}}}, "y 2,000, x 1"),
        ({"a": {"b": {}}}, "none"),
        ({"a": {}}, "(not measured)"),
    ],
)
def test_how_figures_are_spelt(figures, text):
    assert reliability.filled("{{a.b}}", figures) == text
