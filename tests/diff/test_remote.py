"""Versions that have not been pulled: fetched as needed, the workspace left alone."""

import json
import shutil


def cached(root):
    folder = root / ".dvc/cache/files/md5"
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_clone_fetches_just_what_differs(clone, story, diff):
    report = diff(clone.root, "base", "region")
    assert report == diff(story.root, "base", "region")
    # two manifests, two listings of masks and of annotations, one mask and one task on each side
    assert len(cached(clone.root)) == 10
    assert not (clone.root / "data/benchmark").exists()
    assert clone.git("status", "--porcelain").stdout == ""
    assert "up to date" in clone.dvc("pull").stdout or (clone.root / "data/benchmark").exists()


def test_the_unpulled_workspace_is_read_by_its_lock(clone, story, diff):
    report, full = diff(clone.root, "rule"), diff(story.root, "rule", "size")
    assert report["after"] == {"label": "workspace", "commit": None}
    assert report["masks"] == full["masks"]
    assert report["added"] == full["added"]


def test_a_partly_pulled_workspace(clone, story, diff):
    clone.dvc("pull", "data/benchmark/manifest.csv", "data/benchmark/masks")
    assert diff(clone.root, "rule")["masks"] == diff(story.root, "rule", "size")["masks"]


def test_a_single_pulled_mask_does_not_fetch_the_others(clone, diff):
    clone.dvc("pull", "data/benchmark/manifest.csv")
    clone.dvc("pull", "data/benchmark/masks/000004_scene_4.tif")
    before = len(cached(clone.root))
    report = diff(clone.root, "saved")
    assert [mask["key"] for mask in report["masks"]] == ["000002_scene_2"]
    # a manifest, masks and annotations (listings), a mask and a task of the old version;
    # annotations (a listing), a mask and a task of the new one
    assert len(cached(clone.root)) - before == 8


def test_no_remote_is_configured(clone, maskbench):
    clone.dvc("remote", "remove", "local")
    status, _, err = maskbench(clone.root, "diff", "base", "region")
    assert status == 3
    assert "data/benchmark/manifest.csv is not in DVC's cache, and no default remote" in err
    assert "dvc remote add -d" in err


def test_the_remote_is_gone(clone, maskbench, tmp_path):
    shutil.rmtree(tmp_path / "remote")
    status, _, err = maskbench(clone.root, "diff", "base", "region")
    assert status == 3
    assert "neither in DVC's cache nor on its remote" in err
    assert "dvc push" in err
    assert "Traceback" not in err


def test_the_remote_lacks_one_mask(clone, maskbench, tmp_path, diff):
    diff(clone.root, "base", "base")  # fetches the listings
    listings = [json.loads(file.read_text()) for file in cached(clone.root) if file.suffix]
    entries = {entry["relpath"]: entry["md5"] for entries in listings for entry in entries}
    md5 = entries["000003_scene_3.png"]
    (tmp_path / "remote/files/md5" / md5[:2] / md5[2:]).unlink()
    status, _, err = maskbench(clone.root, "diff", "base", "region")
    assert status == 3
    assert "data/benchmark/masks/000003_scene_3.png is neither" in err


def test_a_damaged_object_on_the_remote_is_refused(clone, maskbench, tmp_path):
    for path in (tmp_path / "remote").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"[]")
    status, _, err = maskbench(clone.root, "diff", "base", "region")
    assert status in (3, 4)
    assert "Traceback" not in err


def test_a_shallow_clone_is_told_what_to_do(copied, tmp_path, maskbench):
    root = tmp_path / "shallow"
    copied.git("clone", "-q", "--depth", "1", f"file://{copied.root}", root)
    status, _, err = maskbench(root, "diff", "base")
    assert status == 3
    assert "git fetch --unshallow" in err


def test_a_subfolder_of_a_git_repository(story, diff, monkeypatch):
    report = diff(story.root / "maskbench", "base", "region")
    assert len(report["masks"]) == 1
