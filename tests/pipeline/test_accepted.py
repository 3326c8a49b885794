"""Labels that were accepted from a model: told in manifest and metrics, kept out of subsets."""

import json
import shutil

import pytest

from maskbench.diff.moves import members, moves, origins
from maskbench.evaluate import evaluate
from maskbench.files.manifest import read_manifest
from maskbench.params import SplitParams
from maskbench.verification.verify import verify
from tests.exports import simple_tasks, write_export
from tests.pipeline.test_build import run

RATIOS = {"train": 0.0, "valid": 0.0, "test": 1.0}
MODEL = {"parent_prediction": 5, "prediction": {"id": 5, "model_version": "m1"}}


def built(root, **split):
    """A benchmark of three images: drawn, corrected and accepted; returns its manifest by task."""
    tasks = simple_tasks(3)
    for entry, words in zip(tasks[1:], (["prediction", "manual"], ["prediction"] * 2), strict=True):
        entry["annotations"][0] |= MODEL
        for region, word in zip(entry["annotations"][0]["result"], words, strict=True):
            region["origin"] = word
    write_export(root / "source", tasks)
    run(root, root / "source", split={"ratios": RATIOS, **split})
    rows = read_manifest(root / "data/benchmark/manifest.csv").values()
    return {row.task: row for row in rows}


def test_manifest_and_metrics_tell_where_labels_come_from(tmp_path):
    rows = built(tmp_path)
    assert [(r.origin, r.parent_prediction, r.model_version, r.split) for r in rows.values()] == [
        ("drawn", None, "", "test"),
        ("corrected", 5, "m1", "test"),
        ("accepted", 5, "m1", "test"),
    ]
    metrics = json.loads((tmp_path / "metrics/split.json").read_text())
    assert metrics["origins"]["test"] == {"drawn": 1, "corrected": 1, "accepted": 1}
    assert metrics["models"] == {"m1": {"accepted": 1, "corrected": 1}}


def test_accepted_labels_are_kept_out_of_a_subset(tmp_path):
    before, after = built(tmp_path / "a"), built(tmp_path / "b", exclude_accepted=["test"])
    assert [row.split for row in after.values()] == ["test", "test", "excluded"]
    assert [row.mask_sha256 for row in before.values()] == [
        row.mask_sha256 for row in after.values()
    ]
    root = tmp_path / "b/data/benchmark"
    assert (root / "splits/test.txt").read_text().split() == [after[1].scene, after[2].scene]
    metrics = json.loads((tmp_path / "b/metrics/split.json").read_text())
    assert metrics["images"] == {"train": 0, "valid": 0, "test": 2}
    assert metrics["origins"]["excluded"] == {"drawn": 0, "corrected": 0, "accepted": 1}
    assert list(verify(root, tmp_path / "none.yaml").problems) == []
    params = [SplitParams(RATIOS, None, "maskbench", exclude_accepted=e) for e in ((), ("test",))]
    [move] = moves(before, after, tuple(params))
    assert (move.before, move.after, move.cause) == ("test", "excluded", "split.exclude_accepted")
    assert members(before, after) == {
        "train": (0, 0), "valid": (0, 0), "test": (3, 2), "excluded": (0, 1),
    }  # fmt: skip
    assert origins(before, {}) == {
        "drawn": (1, 0), "corrected from m1": (1, 0), "accepted from m1": (1, 0),
    }  # fmt: skip


def test_a_manifest_with_an_excluded_image_is_a_table_of_subsets(tmp_path):
    rows = built(tmp_path / "a", exclude_accepted=["test"])
    shutil.copy(tmp_path / "a/data/benchmark/manifest.csv", tmp_path / "b.csv")
    (tmp_path / "b").mkdir()
    shutil.move(tmp_path / "b.csv", tmp_path / "b/old.csv")
    after = built(tmp_path / "b", published={"file": "old.csv"})
    assert [row.split for row in after.values()] == ["test"] * 3
    assert [row.published for row in after.values()] == ["test", "test", ""]
    assert rows[3].split == "excluded"


@pytest.mark.parametrize("excluded", [[], ["test"]])
def test_an_evaluation_warns_of_accepted_labels(tmp_path, excluded):
    built(tmp_path, exclude_accepted=excluded)
    root = tmp_path / "data/benchmark"
    report = evaluate(root / "masks", root, resamples=0)
    started = report.accepted().startswith("1 image has labels that were accepted")
    assert started == (not excluded)
    assert ("(m1)" in report.accepted()) == (not excluded)
