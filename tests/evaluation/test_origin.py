"""Which version was scored: in a git workspace, as a download, and elsewhere."""

import csv
import hashlib
import json
import subprocess

import pytest

from maskbench.evaluate import evaluate
from maskbench.evaluation.origin import BenchmarkOrigin, find_origin, origin_of
from maskbench.evaluation.outputs import write_files
from maskbench.params import read_params
from tests.benchmarks import make, masks_of, save
from tests.repositories import ROOT

PARAMS = (ROOT / "tests/sample/params.yaml").read_text()
PARAMS = PARAMS.replace("  server:", "  server: http://studio", 1).replace(
    "  project:", "  project: 3", 1
)


FETCH = read_params(PARAMS.encode()).fetch


@pytest.fixture
def workspace(tmp_path):
    """A repository whose only commit, tagged v1, names the manifest of data/benchmark."""
    data = make(tmp_path / "data/benchmark")
    (tmp_path / "params.yaml").write_text(PARAMS)
    digest = hashlib.md5((data / "manifest.csv").read_bytes()).hexdigest()  # noqa: S324 - DVC's
    (tmp_path / "dvc.lock").write_text(
        f"stages: {{split: {{outs: [{{path: data/benchmark/manifest.csv, md5: {digest}}}]}}}}\n"
    )
    for words in (
        ["init", "-q"], ["add", "params.yaml", "dvc.lock"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "v1"], ["tag", "v1"],
    ):  # fmt: skip
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return data


def head(folder):
    words = ["git", "rev-parse", "HEAD"]
    return (
        subprocess.run(words, cwd=folder, check=True, capture_output=True).stdout.decode().strip()
    )


def test_a_workspace_is_its_commit_while_the_manifest_is(workspace):
    found = find_origin(workspace)
    assert found == BenchmarkOrigin("v1", head(workspace), FETCH)
    assert str(found) == f"v1 ({head(workspace)[:7]})"
    with (workspace / "manifest.csv").open("a") as stream:
        stream.write("\n")
    assert find_origin(workspace) == BenchmarkOrigin("workspace", None, FETCH)


def test_a_download_is_named_after_its_commit(workspace, tmp_path):
    assert find_origin(tmp_path / ("0" * 40)) == BenchmarkOrigin(commit="0" * 40)
    found = origin_of(workspace, "v1", head(workspace))
    assert found == BenchmarkOrigin("v1", head(workspace), FETCH)
    assert origin_of(workspace, head(workspace)[:9], head(workspace)).version is None


def test_elsewhere_nothing_is_claimed(tmp_path):
    found = find_origin(make(tmp_path / "b"))
    assert found == BenchmarkOrigin()
    assert str(found) == "a version that git does not know"


def test_a_pipeline_of_somebody_else_is_not_the_benchmarks(tmp_path):
    (tmp_path / "dvc.lock").write_text("stages: {train: {outs: [{path: model.pt, md5: 0a}]}}\n")
    assert find_origin(make(tmp_path / "bench")) == BenchmarkOrigin()


def test_files_name_what_was_scored_and_link_to_tasks(workspace, tmp_path):
    masks = masks_of(workspace, seed=1)
    report = evaluate(save(tmp_path / "p", masks), workspace)
    assert report.predictions_sha256 == evaluate(masks, workspace).predictions_sha256
    other = {**masks, "000008_room": masks["000008_room"] * 0}
    assert report.predictions_sha256 != evaluate(other, workspace).predictions_sha256
    assert report.labels_sha256 == evaluate(other, workspace).labels_sha256
    assert f"scored on v1 ({head(workspace)[:7]}), split test; predictions " in str(report)
    write_files(report, tmp_path / "out")
    assert json.loads((tmp_path / "out/metrics.json").read_text())["scored"] == {
        "version": "v1", "commit": head(workspace), "splits": ["test"],
        "labels_sha256": report.labels_sha256, "predictions_sha256": report.predictions_sha256,
        "origins": {"drawn": 2, "corrected": 0, "accepted": 0},
    }  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "out/images.csv").read_text().splitlines()))
    link = "http://studio/projects/3/data?task="
    assert {row["key"]: (row["task"], row["link"]) for row in rows} == {
        "000008_room": ("9", f"{link}9"), "000009_room": ("10", f"{link}10"),
    }  # fmt: skip
