"""The repository as its users run it: dvc repro, changes, old versions."""

import hashlib
import json
import shutil

import pytest

from tests.exports import write_image


def stages_run(done):
    """The stages that `dvc repro` really ran."""
    lines = done.stdout.splitlines()
    return [line.split("'")[1] for line in lines if line.startswith("Running stage")]


def test_a_build_that_is_committed_is_up_to_date(built_once):
    assert built_once.git("status", "--porcelain").stdout == ""
    assert "up to date" in built_once.dvc("repro").stdout
    assert built_once.dvc("status").stdout.strip() == "Data and pipelines are up to date."


def test_a_changed_rule_runs_what_depends_on_it_only(repository):
    before = repository.files("data/label_sets", "data/benchmark/scenes")
    masks = repository.files("data/benchmark/masks")
    repository.edit_params("then: NestedCanvas", "then: PartialCanvas")
    assert set(stages_run(repository.dvc("repro"))) == {"combine", "split", "quality"}
    assert repository.files("data/label_sets", "data/benchmark/scenes") == before
    changed = [
        key for key, new in repository.files("data/benchmark/masks").items() if new != masks[key]
    ]
    assert 0 < len(changed) < len(masks)
    shown = repository.dvc("params", "diff", "--md").stdout
    assert "multi_label_rules.nested_canvas.then | NestedCanvas | PartialCanvas" in shown


def edit_one_task(repository):
    """Shift the first polygon of task 1 in the export."""
    path = repository.root / "data/sample/export.json"
    tasks = json.loads(path.read_text())
    entry = next(task for task in tasks if task["id"] == 1)
    for result in entry["annotations"][0]["result"]:
        if result["type"] == "polygonlabels":
            result["value"]["points"] = [[x * 0.9, y * 0.9] for x, y in result["value"]["points"]]
    path.write_text(json.dumps(tasks))


def test_a_changed_task_rewrites_its_own_files_and_equals_a_clean_build(repository, tmp_path):
    folders = ("annotations", "images", "label_sets", "benchmark/masks", "benchmark/scenes")
    before = repository.outputs()
    edit_one_task(repository)
    done = repository.dvc("repro")
    assert "(1 task new or changed)" in done.stdout
    assert "1 task rasterized in this run" in done.stdout
    assert "1 mask made in this run" in done.stdout
    after = repository.outputs()
    changed = sorted(path for path in after if after[path] != before.get(path))
    in_folders = [path for path in changed if path.startswith(tuple(f"data/{f}/" for f in folders))]
    assert [path.split("/")[-2] for path in in_folders] == ["annotations", "masks", "label_sets"]
    assert all("/000001_" in path for path in in_folders)
    for name in ("annotations", "images", "label_sets", "benchmark", ".maskbench", "combined.csv"):
        path = repository.root / "data" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(repository.root / ".dvc/cache")
    repository.dvc("repro", "-f")
    assert repository.outputs() == after


def test_a_mere_save_in_the_browser_changes_no_pixel(repository):
    """Label Studio then has another time of the last save, and more seconds spent."""
    masks = repository.files("data/label_sets", "data/benchmark/masks")
    path = repository.root / "data/sample/export.json"
    tasks = json.loads(path.read_text())
    saved = tasks[0]["annotations"][0]
    saved |= {"updated_at": "2030-01-01T00:00:00.000000Z", "lead_time": 99.9}
    path.write_text(json.dumps(tasks))
    done = repository.dvc("repro")
    assert "combine" not in stages_run(done)
    assert "1 task rasterized in this run" in done.stdout
    assert repository.files("data/label_sets", "data/benchmark/masks") == masks
    [stored] = (repository.root / "data/annotations").glob(f"{tasks[0]['id']:06d}_*.json")
    assert '"lead_time": 99.9' in stored.read_text()


def test_tampered_outputs_are_made_again(repository):
    before = repository.outputs()
    masks = sorted((repository.root / "data/benchmark/masks").iterdir())
    masks[0].write_bytes(masks[1].read_bytes())
    masks[2].unlink()
    (masks[3].parent / "stale.png").write_bytes(b"left over")
    repository.dvc("repro", "-f", "-s", "combine")
    assert repository.outputs() == before


def test_an_older_commit_and_dvc_pull_restore_that_version(repository, tmp_path):
    remote = tmp_path / "remote"
    repository.dvc("remote", "add", "--local", "-d", "store", str(remote), "--force")
    repository.dvc("push")
    old, expected = repository.git("rev-parse", "HEAD").stdout.strip(), repository.outputs()
    repository.edit_params("then: NestedCanvas", "then: PartialCanvas")
    repository.dvc("repro")
    repository.dvc("push")
    repository.commit("another rule")
    newer = repository.outputs()
    assert newer != expected

    other = type(repository)(tmp_path / "clone")
    repository.run("git", "clone", "-q", repository.root, other.root)
    other.dvc("remote", "add", "--local", "-d", "store", str(remote), "--force")
    other.dvc("pull")
    assert other.outputs() == newer
    other.git("checkout", "-q", old)
    other.dvc("pull")
    assert other.outputs() == expected
    assert "up to date" in other.dvc("repro").stdout


def test_a_new_class_does_not_change_label_sets(repository):
    before = repository.files("data/label_sets")
    repository.edit_params("  Canvas: 1\n", "  Canvas: 1\n  Frame: 7\n")
    repository.dvc("repro")
    assert repository.files("data/label_sets") == before
    codes = (repository.root / "data/benchmark/codes.txt").read_text().splitlines()
    assert codes[1] == "Canvas"
    assert codes[7] == "Frame"


@pytest.mark.parametrize("setting", ["top", "smallest"])
def test_overlap_settings_leave_no_combinations(repository, setting):
    repository.edit_params("overlap: keep", f"overlap: {setting}")
    repository.dvc("repro")
    metrics = json.loads((repository.root / "metrics/combine.json").read_text())
    # Only the one region that carries two labels still has both on its pixels.
    assert metrics["classes"]["ObstructedPartialCanvas"]["pixels"] == 0


def test_tif_masks_hold_the_same_pixels(repository):
    before = (repository.root / "data/benchmark/manifest.csv").read_text()
    repository.edit_params("mask_format: png", "mask_format: tif")
    repository.dvc("repro")
    after = (repository.root / "data/benchmark/manifest.csv").read_text()
    masks = {path.suffix for path in (repository.root / "data/benchmark/masks").iterdir()}
    assert masks == {".tif"}
    digests = [[line.rsplit(",", 2)[1:] for line in text.splitlines()] for text in (before, after)]
    assert digests[0] == digests[1]


def test_replacing_an_image_by_one_of_another_size_is_refused(repository):
    images = sorted((repository.root / "data/sample/images").rglob("*stairs*"))
    before = repository.outputs()
    write_image(images[0], (50, 40))
    done = repository.dvc("repro", check=False)
    assert done.returncode != 0
    assert "was drawn on an image of" in done.stderr
    assert "Traceback" not in done.stderr
    assert repository.files("data/label_sets", "data/benchmark") == {
        path: content
        for path, content in before.items()
        if path.startswith(("data/label_sets", "data/benchmark"))
    }


def test_a_hardlinked_cache_is_never_written_through(repository):
    """Even root, whom read-only files do not stop, writes no byte of DVC's cache."""
    repository.dvc("config", "--local", "cache.type", "hardlink")
    repository.dvc("checkout", "--relink")
    before = repository.outputs()
    edit_one_task(repository)
    repository.edit_params("then: NestedCanvas", "then: PartialCanvas")
    repository.dvc("repro")
    assert repository.outputs() != before
    for file in sorted((repository.root / ".dvc/cache/files/md5").rglob("*")):
        if file.is_file() and not file.name.endswith(".dir"):
            digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
            assert file.parent.name + file.name == digest
    repository.git("checkout", "-q", ".")
    repository.dvc("checkout")
    assert repository.outputs() == before
