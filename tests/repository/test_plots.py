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
    ignored = (repository.root / ".gitignore").read_text().splitlines()
    kept = [line for line in ignored if "evaluation" not in line]  # as the page says
    (repository.root / ".gitignore").write_text("\n".join([*kept, ""]))
    (repository.root / "evaluation").mkdir()
    for hits, share in ((2, 0.5), (3, 0.75)):
        rows = f"Wall,Wall,{hits},{share}\nWall,(no class),{4 - hits},{1 - share}\n"
        table = repository.root / "evaluation/confusion.csv"
        table.write_text(f"truth,predicted,pixels,share\n{rows}")
        if hits == 2:
            repository.commit("scored")
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
    assert spec["facet"]["column"]["field"] == "rev"
    shown = {(v["rev"], v["predicted"]): float(v["share"]) for v in spec["data"]["values"]}
    assert shown == {
        ("HEAD", "Wall"): 0.5, ("HEAD", "(no class)"): 0.5,
        ("workspace", "Wall"): 0.75, ("workspace", "(no class)"): 0.25,
    }  # fmt: skip
