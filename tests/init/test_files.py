"""The files of a new repository are this one's, or say the same."""

import re
from string import Template

import pytest
import yaml

from maskbench.init.files import CLIENTS, card, extras, new_files, template, upgraded_files
from maskbench.init.summary import Proposal
from tests.repositories import ROOT

OWN = yaml.safe_load((ROOT / "dvc.yaml").read_text())


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (".dvc/plots/balance.json", ".dvc/plots/balance.json"),
        (".dvc/plots/combinations.json", ".dvc/plots/combinations.json"),
        (".dvc/plots/confusion.json", ".dvc/plots/confusion.json"),
        (".github/workflows/review.yml", ".github/workflows/review.yml"),
        ("requirements.lock", "requirements/core.lock"),
        ("scripts/refresh_labels.sh", "scripts/refresh_labels.sh"),
    ],
)
def test_the_same_bytes(path, own):
    assert upgraded_files(has_server=False)[path] == (ROOT / own).read_text()


@pytest.mark.parametrize("has_server", [True, False])
def test_the_same_pipeline_but_for_the_code(has_server):
    made = yaml.safe_load(new_files(has_server)["dvc.yaml"])
    assert made["plots"] == OWN["plots"]
    assert list(made["stages"]) == list(OWN["stages"])
    for name, stage in made["stages"].items():
        own = OWN["stages"][name]
        code = [dep for dep in own["deps"] if dep.startswith("maskbench/")]
        deps = [dep for dep in own["deps"] if dep not in code] + ["maskbench.txt"] * bool(code)
        if has_server and name == "fetch":
            deps = []
        assert stage.pop("deps", []) == sorted(deps)
        assert stage == {key: value for key, value in own.items() if key != "deps"}


def test_stages_are_the_same_but_for_their_docstring():
    for name in OWN["stages"]:
        made = new_files(has_server=False)[f"stages/{name}.py"].splitlines()
        own = (ROOT / f"stages/{name}.py").read_text().splitlines()
        assert sorted(made[1:]) == sorted(own[1:])


def test_inputs_are_not_ignored_and_outputs_are():
    own = (ROOT / ".gitignore").read_text()
    for text in (own, new_files(has_server=False)[".gitignore"]):
        ignored = {line.strip("/") for line in text.splitlines()}
        outs = [next(iter(o)) for s in OWN["stages"].values() for o in s["outs"]]
        for out in outs:
            if not out.startswith("plots/"):
                assert any(out == name or out.startswith(f"{name}/") for name in ignored), out
        assert "data/*" not in ignored
        assert ".env" in ignored


@pytest.mark.parametrize(
    ("remote", "client"),
    [
        (None, None), ("/mnt/team", None), ("s3://b/x", "dvc-s3"), ("gs://b", "dvc-gs"),
        ("azure://c", "dvc-azure"), ("ssh://u@h/p", "dvc-ssh"),
    ],
)  # fmt: skip
def test_the_client_of_the_remote_is_installed(remote, client):
    lines = [line for line in extras(remote).splitlines() if not line.startswith("#")]
    assert lines == ([f"-r clients/{client}.lock"] if client else [])
    files = upgraded_files(has_server=False)
    assert all(line.removeprefix("-r ") in files for line in lines)


@pytest.mark.parametrize("client", sorted(CLIENTS.values()))
def test_a_client_s_lock_has_what_the_other_lacks(client):
    """Both are installed together, and pip refuses a package that stands in two of its files."""
    pinned = {name: set(re.findall(r"^(\S+?)==", text, re.MULTILINE)) for name, text in
              ((name, template(f"{name}.lock")) for name in (client, "requirements"))}  # fmt: skip
    assert client in pinned[client]
    assert not pinned[client] & pinned["requirements"]
    for entry in re.split(r"\n(?=\S)", template(f"{client}.lock").strip()):
        assert "--hash=sha256:" in entry


def test_the_readme_is_a_dataset_card():
    proposal = Proposal({"Background": 0, "a|b": 1, "<i>": 2}, "keep", "")
    text = card("walls", "Two tasks.", proposal, {"server": "http://x", "project": 4})
    assert text.startswith("# walls\n")
    assert "| a\\|b | 1 |\n| &lt;i> | 2 |" in text
    assert "project 4 at http://x" in text
    inputs = card("walls", "", proposal, {"folder": "data/inputs"}).split("## Inputs\n\n")[1]
    assert len(inputs.split("\n\n")[0].splitlines()) == 5
    for title in (
        "What is in it",
        "Use it",
        "Build it",
        "Share it",
        "Upgrade maskbench",
        "Licence",
    ):
        assert f"## {title}\n" in text


@pytest.mark.parametrize("name", ["README.md", "params.yaml", "stage.txt"])
def test_each_name_that_is_filled_in_is_known(name):
    known = {"aliases", "classes", "fetch", "found", "inputs", "labels_map", "name", "overlap",
             "module", "rules", "salt", "stage", "why"}  # fmt: skip
    assert set(Template(template(name)).get_identifiers()) <= known


def test_a_wheel_has_all_templates():
    folder = ROOT / "maskbench/init/template"
    assert all(path.is_file() for path in folder.iterdir())
    assert '"init/template/*"' in (ROOT / "pyproject.toml").read_text()


def test_make_and_make_test_are_all():
    targets = re.findall(r"^([a-z]+):", new_files(has_server=False)["Makefile"], re.MULTILINE)
    assert targets == ["build", "test"]
