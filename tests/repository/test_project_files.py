"""Files about the project agree with each other: versions, checks, templates."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import maskbench

ROOT = Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_the_same_everywhere():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert maskbench.__version__ == version
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    assert f"## [{version}] - " in read("CHANGELOG.md")


def test_unreleased_is_on_top_and_releases_go_down():
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", read("CHANGELOG.md"), re.M)
    assert headings[0] == ("Unreleased", "")
    dates = [date for _, date in headings[1:]]
    assert all(dates)
    assert dates == sorted(dates, reverse=True)


def test_the_hooks_are_what_make_check_runs():
    recipe = read("Makefile").split("\ncheck:")[1].split("\n\n")[0].splitlines()[1:]
    made = [line.strip().removeprefix("$(BIN)/") for line in recipe]
    (repo,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [hook["entry"].removeprefix(".venv/bin/") for hook in repo["hooks"]] == made
    assert repo["repo"] == "local"
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}


@pytest.mark.parametrize("name", ["bug", "question"])
def test_issue_forms_are_whole(name):
    form = yaml.safe_load(read(f".github/ISSUE_TEMPLATE/{name}.yml"))
    assert {"name", "description", "body"} <= form.keys()
    ids = [item["id"] for item in form["body"] if item["type"] != "markdown"]
    assert len(ids) == len(set(ids)) > 0


def test_make_targets_that_documents_name_exist():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/*.md")]
    for page in pages:
        for target in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")):
            assert target in targets, f"{page.name}: make {target}"
