"""SECURITY.md: each promise links to tests, and they exist. What it says of the locks is so."""

import ast
import re

import pytest

from tests.repositories import ROOT

TEXT = (ROOT / "SECURITY.md").read_text()
LINKS = re.findall(r"\[`(\w+)`\]\((tests/[\w/]+\.py)\)", TEXT)
PROMISES = [
    line for line in TEXT.split("## Promises")[1].splitlines()
    if line.startswith("| ") and not line.startswith("| promise |")
]  # fmt: skip


@pytest.mark.parametrize(("name", "file"), LINKS, ids=[name for name, _ in LINKS])
def test_a_linked_test_exists(name, file):
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_promise_links_to_a_test():
    assert len(PROMISES) >= 20
    for promise in PROMISES:
        assert re.search(r"\[`test_\w+`\]\(tests/", promise.split(" | ")[1]), promise


def test_other_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", TEXT):
        assert (ROOT / target).exists(), target
    assert "](SECURITY.md)" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["core", "dev", "oldest"])
def test_what_builds_is_locked_by_hash(name):
    lock = (ROOT / f"requirements/{name}.lock").read_text()
    releases = re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE).strip())
    assert len(releases) > 50
    for release in releases:
        assert re.match(r"[\w.\[\]-]+==\S+ ", release), release
        assert "--hash=sha256:" in release, release
    installs = (ROOT / "Makefile").read_text().replace("\\\n", "")
    line = next(x for x in installs.splitlines() if f"-r requirements/{name}.lock" in x)
    assert "--require-hashes" in line
