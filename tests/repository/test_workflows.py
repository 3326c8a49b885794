"""Shipped workflows: actions pinned by commit, no more rights than needed, secrets where used."""

import re

import pytest

from maskbench.files.yaml import parse_yaml
from tests.repositories import ROOT

FILES = {
    path.name: path
    for folder in (".github", "docs", "maskbench/init/template")
    for path in (ROOT / folder).rglob("*.y*ml")
    if "\njobs:" in path.read_text()
}
RIGHTS = {
    **{("review.yml", job): {"contents": "read"} for job in ("verify", "compare")},
    ("review.yml", "comment"): {"pull-requests": "write"},
    **{
        ("test.yml", job): {"contents": "read"}
        for job in ("check", "sample", "oldest", "systems", "test")
    },
    ("refresh-labels.yml", "refresh"): {"contents": "write", "pull-requests": "write"},
}
"""Each right is used: a checkout; a comment; a branch that is pushed and its pull request."""


@pytest.fixture(params=FILES)
def workflow(request):
    text = FILES[request.param].read_text()
    return request.param, text, parse_yaml(text)


def test_all_are_looked_at():
    assert FILES.keys() == {name for name, _ in RIGHTS}


def test_what_is_promised_runs_on_every_change():
    """The digests of the tests' sample, the oldest versions, all tests, the audit."""
    content = parse_yaml(FILES["test.yml"].read_text())
    assert content["on"] == {"push": {"branches": ["main"]}, "pull_request": None}
    ran = {job: [s["run"] for s in c["steps"] if "run" in s] for job, c in content["jobs"].items()}
    assert ran["check"] == ["make check", "make check-scripts"]
    assert ran["sample"] == ["make .venv/core", ".venv/bin/python scripts/digests.py"]
    assert ran["oldest"][-1] == ".venv/bin/python -m pytest tests/trust/test_same_bytes.py"
    assert ran["test"][-1] == "make test"
    systems = content["jobs"]["systems"]["strategy"]["matrix"]["system"]
    assert systems == ["ubuntu-latest", "macos-latest", "windows-latest"]
    for words in ran["systems"][-1].split()[3:]:
        assert (ROOT / words).exists()


def test_the_data_is_checked_by_another_workflow_than_the_software():
    """The one that tests the software neither builds nor reads what a team's params say."""
    software, data = (FILES[name].read_text() for name in ("test.yml", "review.yml"))
    for command in ("dvc repro", "maskbench verify", "maskbench diff"):
        assert command in data
        assert command not in software
    assert "run: make\n" not in software


def test_actions_are_pinned_by_commit_and_say_their_version(workflow):
    _, text, _ = workflow
    used = re.findall(r"uses: (.*)", text)
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_each_job_has_the_rights_it_uses_and_ends(workflow):
    name, _, content = workflow
    assert content["permissions"] == {}
    for job, about in content["jobs"].items():
        assert about["permissions"] == RIGHTS[name, job]
        assert about["timeout-minutes"] <= 120


def test_secrets_go_only_to_the_step_that_needs_them(workflow):
    """Not to the steps that install packages or restore a cache."""
    _, _, content = workflow
    assert "pull_request_target" not in content["on"]
    for job in content["jobs"].values():
        assert "secrets." not in str(job.get("env", {}))
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if "secrets." in str(step):
                assert "make" not in step["run"]


def test_a_job_that_can_write_runs_no_code_of_a_pull_request(workflow):
    _, _, content = workflow
    for job in content["jobs"].values():
        if "write" in job["permissions"].values() and "pull_request" in content["on"]:
            assert "checkout" not in str(job["steps"])
