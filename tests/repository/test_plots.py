"""What `dvc plots` draws: bars beside each other, names in full, versions apart."""

import csv
import json
import re

import pytest

from tests.repositories import ROOT, copy_repository


@pytest.fixture(scope="module")
def drawn(built_once, tmp_path_factory):
    """Specifications of Vega-Lite by plot, filled by DVC with two versions."""
    repository = copy_repository(built_once.root, tmp_path_factory.mktemp("plots") / "repo")
    text = (repository.root / "dvc.yaml").read_text()
    more = re.search(r"```yaml\n(- confusion:.*?)```", (ROOT / "docs/review.md").read_text(), re.S)
    (repository.root / "dvc.yaml").write_text(text + more[1])
    (repository.root / "evaluation").mkdir()
    (repository.root / "evaluation/confusion.csv").write_text(
        "truth,predicted,pixels,share\nWall,Wall,3,0.75\nWall,(no class),1,0.25\n"
    )
    found = json.loads(repository.dvc("plots", "diff", "HEAD", "--json").stdout)
    assert not found.get("errors"), found["errors"]
    specs = {name: plots[0]["content"] for name, plots in found["data"].items()}
    return specs, repository.root


def test_subsets_stand_beside_each_other(drawn):
    specs, root = drawn
    spec = specs["balance"]
    encoding = spec["spec"]["encoding"]
    assert (encoding["yOffset"]["field"], encoding["x"]["stack"]) == ("split", None)
    assert encoding["x"]["field"] == "share"
    assert spec["facet"]["column"]["field"] == "rev"
    table = list(csv.DictReader((root / "plots/balance.csv").read_text().splitlines()))
    values = spec["data"]["values"]
    assert {value["rev"] for value in values} == {"workspace", "HEAD"}
    assert len(values) == 2 * len(table)


def test_each_combination_has_a_line_of_its_own_however_many_there_are(drawn):
    spec = drawn[0]["combinations"]
    assert spec["height"] == {"step": 16}
    assert spec["encoding"]["y"]["axis"]["labelLimit"] >= 400
    assert spec["encoding"]["x"]["scale"]["type"] == "log"


def test_confusion_of_versions_as_documented(drawn):
    spec = drawn[0]["confusion"]
    assert spec["spec"]["layer"][0]["encoding"]["color"]["field"] == "share"
    assert [value["predicted"] for value in spec["data"]["values"]] == ["Wall", "(no class)"]
