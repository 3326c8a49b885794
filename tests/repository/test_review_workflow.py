"""The workflow and the document: pinned, with few rights, and with words that exist."""

import argparse
import re
import shlex

import pytest

from maskbench.commands import blame, diff
from maskbench.diff.gates import review_limits
from maskbench.files.yaml import parse_yaml
from tests.repositories import ROOT

WORKFLOW = ROOT / ".github/workflows/review.yml"
DOCUMENT = (ROOT / "docs/review.md").read_text()


@pytest.fixture
def workflow():
    return parse_yaml(WORKFLOW.read_text())


def test_actions_are_pinned_by_commit(workflow):
    used = [
        step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action) for action in used)


def test_the_job_that_runs_code_may_only_read(workflow):
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["compare"]["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["comment"]["permissions"] == {"pull-requests": "write"}
    assert workflow["on"].keys() == {"pull_request"}
    for step in workflow["jobs"]["comment"]["steps"]:
        assert "checkout" not in step.get("uses", "")
        assert "maskbench diff " not in step.get("run", "").replace("<!-- maskbench diff -->", "")


def test_nothing_that_a_stranger_writes_is_pasted_into_a_script(workflow):
    scripts = [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]
    assert not any("${{" in script for script in scripts)


def calls(text):
    joined = re.sub(r"\\\n\s*|\n\s+(?=--)", " ", text)
    pattern = r"^\s*(?:- |\$ )?(?:\.venv/bin/)?maskbench ((?:diff|blame)\b[^#\n>]*)"
    return [call.strip() for call in re.findall(pattern, joined, re.M)]


CALLS = calls(DOCUMENT) + calls(WORKFLOW.read_text())


@pytest.mark.parametrize("call", CALLS)
def test_every_call_that_is_shown_is_understood(call):
    command, *words = shlex.split(call)
    parser = argparse.ArgumentParser()
    {"diff": diff, "blame": blame}[command].configure(parser)
    parser.parse_args(words)


def test_calls_are_found():
    assert len(CALLS) >= 10


def test_the_shown_section_is_valid():
    block = next(
        b for b in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.S) if "review:\n  fail" in b
    )
    assert review_limits(parse_yaml(block))["class_loss"] == 10
    assert review_limits({}) == {"unexplained": 0, "moved": 0}
