"""``maskbench diff --check``: the lock fits its sources, and its data is pushed."""

import shutil

import yaml


def test_a_clone_that_pulled_nothing_is_fine(clone, maskbench):
    status, _, err = maskbench(clone.root, "diff", "salt", "--check")
    assert (status, err) == (0, "")


def test_an_outdated_lock(clone, maskbench, tmp_path):
    clone.edit_params("brush_threshold: 128", "brush_threshold: 100")
    report = tmp_path / "report.md"
    status, _, err = maskbench(clone.root, "diff", "salt", "--check", "--md", report)
    assert status == 5
    assert "fails: lock: dvc.lock does not fit: rasterize: changed deps: params.yaml" in err
    assert "❌ lock" in report.read_text()


def test_changed_sources(clone, maskbench):
    path = clone.root / "data/sample/export.json"
    path.write_text(path.read_text() + "\n")
    status, _, err = maskbench(clone.root, "diff", "salt", "--check")
    assert status == 5
    assert "fetch: changed deps: data/sample (modified)" in err


def test_a_lock_merged_by_hand(clone, maskbench):
    path = clone.root / "dvc.lock"
    lock = yaml.safe_load(path.read_text())
    for dep in lock["stages"]["split"]["deps"]:
        if dep["path"] == "data/combined.csv":
            dep["md5"] = "0" * 32
    path.write_text(yaml.safe_dump(lock))
    status, _, err = maskbench(clone.root, "diff", "salt", "--check")
    assert status == 5
    assert "split was run on another data/combined.csv" in err


def test_data_that_was_not_pushed(copied, maskbench, tmp_path):
    shutil.rmtree(tmp_path / "remote")
    (tmp_path / "remote").mkdir()
    status, _, err = maskbench(copied.root, "diff", "salt", "--check")
    assert status == 5
    assert "fails: pushed: not on the remote: " in err
    assert "data/benchmark/masks/" in err
