"""Masks that nothing accounts for, and builds that do not hold together."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from maskbench.diff import gates
from tests.diff.conftest import edit_by_hand


def test_a_mask_edited_in_the_workspace_has_no_cause(at_rule, diff, maskbench):
    edit_by_hand(at_rule.root)
    report = diff(at_rule.root)
    (mask,) = report["masks"]
    assert (mask["key"], mask["changed"]) == ("000004_scene_4", 15)
    assert [(cause["kind"], cause["pixels"]) for cause in mask["causes"]] == [("unexplained", 15)]
    assert not mask["manifest_agrees"]
    assert report["verdict"].endswith("because: 1 MASK CHANGED WITHOUT CAUSE")
    status, out, err = maskbench(at_rule.root, "diff", "--fail-on")
    assert status == 5
    assert "ALARM: masks that changed without a cause" in out
    assert "fails: unexplained: 1 mask changed or added without a cause" in err


def test_a_mask_edited_and_committed_to_dvc_has_no_cause(at_rule, diff):
    edit_by_hand(at_rule.root)
    at_rule.dvc("commit", "-f", "combine")
    at_rule.commit("cheating")
    report = diff(at_rule.root, "rule", "HEAD")
    assert [cause["kind"] for cause in report["masks"][0]["causes"]] == ["unexplained"]
    mended = diff(at_rule.root, "HEAD", "rule")
    assert [cause["kind"] for cause in mended["masks"][0]["causes"]] == ["unexplained"]


def test_a_hand_edit_is_told_apart_from_a_cause(at_rule, diff):
    edit_by_hand(at_rule.root)
    report = diff(at_rule.root, "region")
    causes = {mask["key"]: mask["causes"] for mask in report["masks"]}
    assert [(cause["kind"]) for cause in causes["000004_scene_4"]] == ["rule", "unexplained"]
    assert causes["000004_scene_4"][1]["pixels"] == 15
    others = [entry for key, entry in causes.items() if key != "000004_scene_4"]
    assert {cause["kind"] for entry in others for cause in entry} == {"rule"}


def test_another_encoding_of_the_same_pixels_is_no_change(at_rule, diff):
    path = at_rule.root / "data/benchmark/masks/000004_scene_4.png"
    pixels = np.asarray(Image.open(path))
    path.unlink()
    Image.fromarray(pixels).save(path, compress_level=0)
    report = diff(at_rule.root)
    assert report["masks"] == report["renumbered"] == []


def build_by_other_code(repository, *files):
    """Commit a version with a mask of other pixels, as if changed code had made it."""
    for file in files:
        with (repository.root / file).open("a") as stream:
            stream.write("# changed\n")
    edit_by_hand(repository.root)
    repository.dvc("commit", "-f")
    return repository.commit("built by another maskbench")


def test_changed_code_is_the_cause_of_what_it_changed(at_rule, diff, maskbench):
    rules = "maskbench/regions/rules.py"
    build_by_other_code(at_rule, rules, "stages/combine.py", "maskbench/diff/blame.py")
    report = diff(at_rule.root, "HEAD", "rule")
    (mask,) = report["masks"]
    assert mask["causes"] == [{"kind": "code", "name": "code", "pixels": 15}]
    assert report["code"] == [rules, "stages/combine.py"]
    assert diff(at_rule.root, "rule")["code"] == report["code"]
    _, out, _ = maskbench(at_rule.root, "diff", "rule")
    assert f"Code of the stages\n  {rules}\n  stages/combine.py\n" in out


def test_code_added_and_removed(at_rule, diff):
    (at_rule.root / "maskbench/files/new.py").touch()
    (at_rule.root / "maskbench/files/manifest.py").unlink()
    (at_rule.root / "maskbench/files/notes.txt").touch()
    build_by_other_code(at_rule)
    changed = diff(at_rule.root, "rule", "HEAD")["code"]
    assert changed == ["maskbench/files/manifest.py", "maskbench/files/new.py"]


def test_code_that_did_not_build_the_version_beside_it(at_rule, diff):
    """The lock tells that code differs, but git lacks the files that it was: the room is named."""
    lock = at_rule.root / "dvc.lock"
    build_by_other_code(at_rule, "stages/combine.py")
    text = lock.read_text()
    (digest,) = set(re.findall(r"path: maskbench/files\n +hash: md5\n +md5: (\w+\.dir)", text))
    lock.write_text(text.replace(digest, "0" * 32 + ".dir"))
    at_rule.commit("code that built nothing")
    report = diff(at_rule.root, "HEAD", "rule")
    assert report["masks"][0]["causes"] == [{"kind": "code", "name": "code", "pixels": 15}]
    assert report["code"] == ["maskbench/files", "stages/combine.py"]


def test_code_that_only_one_stage_ran(at_rule, diff):
    """As after ``dvc repro -s rasterize``: the stages of a version were run by different code."""
    with (at_rule.root / "maskbench/regions/shapes.py").open("a") as stream:
        stream.write("# changed\n")
    at_rule.dvc("commit", "-f", "rasterize")
    at_rule.commit("half built")
    assert diff(at_rule.root, "rule", "HEAD")["code"] == ["maskbench/regions/shapes.py"]


def test_code_that_an_older_lock_has_as_one_folder(at_rule, diff):
    """In November 2026 the whole package was one dependency."""
    with (at_rule.root / "maskbench/regions/rules.py").open("a") as stream:
        stream.write("# older\n")
    text = (at_rule.root / "dvc.yaml").read_text()
    text = re.sub(r"(    - maskbench/.*\n)+", "    - maskbench\n", text)
    (at_rule.root / "dvc.yaml").write_text(text)
    edit_by_hand(at_rule.root)
    at_rule.dvc("commit", "-f")
    at_rule.commit("as it was")
    assert "path: maskbench/" not in (at_rule.root / "dvc.lock").read_text()
    changed = diff(at_rule.root, "HEAD", "rule")["code"]
    assert "maskbench/regions/rules.py" in changed
    assert "maskbench/files/csv.py" not in changed


def test_an_added_mask_that_was_edited_by_hand(copied, diff, maskbench):
    copied.git("checkout", "-q", "number")
    copied.dvc("checkout")
    edit_by_hand(copied.root, "000009_scene_9")
    report = diff(copied.root, "rule")
    assert report["added"] == ["000009_scene_9"]
    assert report["strange"] == {"000009_scene_9": 15}
    assert maskbench(copied.root, "diff", "rule", "--fail-on", "unexplained")[0] == 5


def test_a_damaged_mask_is_named(at_rule, maskbench):
    path = at_rule.root / "data/benchmark/masks/000004_scene_4.png"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:60])
    status, _, err = maskbench(at_rule.root, "diff")
    assert status == 4
    assert "000004_scene_4.png, task 4" in err
    assert "damaged or cut off" in err


def test_a_truncated_manifest_is_named(at_rule, maskbench):
    path = at_rule.root / "data/benchmark/manifest.csv"
    text = path.read_text().replace("mask_sha256", "mask_md5")
    path.unlink()
    path.write_text(text)
    status, _, err = maskbench(at_rule.root, "diff")
    assert (status, "Traceback" in err) == (4, False)
    assert "manifest" in err


def test_a_version_before_the_benchmark_was_built(copied, maskbench):
    copied.git("checkout", "-q", "--orphan", "empty")
    copied.git("rm", "-rfq", "--cached", ".")
    copied.git("add", "params.yaml", "dvc.yaml")
    copied.git("commit", "-qm", "nothing built")
    status, _, err = maskbench(copied.root, "diff", "HEAD", "rule")
    assert status == 3
    assert "was not built there" in err


@pytest.mark.parametrize(
    "words, message",
    [
        (["diff", "nowhere"], "git knows no revision 'nowhere'"),
        (["diff", "--fail-on", "main"], "is not a gate"),
        (["diff", "base", "rule", "--fail-on", "class_loss=x"], "is not a number"),
    ],
)
def test_wrong_words(story, maskbench, words, message):
    status, _, err = maskbench(story.root, *words)
    assert status in (2, 3)
    assert message in err


def test_outside_a_repository(tmp_path, maskbench):
    status, _, err = maskbench(tmp_path, "diff")
    assert status == 1
    assert "no dvc.yaml here or above" in err
    shutil.copy(__file__, tmp_path / "dvc.yaml")
    status, _, err = maskbench(tmp_path, "diff")
    assert "is in no git repository" in err


def test_gates_of_params(at_rule, maskbench):
    params = at_rule.root / "params.yaml"
    params.write_text(params.read_text() + "\nreview:\n  fail_on:\n    class_loss: 20\n")
    status, out, err = maskbench(at_rule.root, "diff", "region", "--fail-on")
    assert status == 5
    assert "fails: class_loss: ObstructedCanvas lost 100 % of its pixels" in err
    assert "review.fail_on.class_loss" in out
    assert maskbench(at_rule.root, "diff", "region", "--fail-on", "moved,class_loss=100")[0] == 0
    assert maskbench(at_rule.root, "diff", "region")[0] == 0


def test_a_class_in_a_gate_moves_no_cursor(story, maskbench, monkeypatch):
    monkeypatch.setitem(gates.GATES, "moved", lambda found, most: "\x1b[2JWall lost 9 %")
    status, _, err = maskbench(story.root, "diff", "base", "rule", "--fail-on", "moved")
    assert status == 5
    assert r"fails: moved: \x1b[2JWall lost 9 %" in err


def test_wrong_gates_of_params_are_all_named(at_rule, maskbench):
    params = at_rule.root / "params.yaml"
    wrong = "\nreview:\n  fail_on:\n    moved: many\n    movd: 1\n  x: 1\n"
    params.write_text(params.read_text() + wrong)
    status, _, err = maskbench(at_rule.root, "diff", "--fail-on")
    assert status == 2
    assert "3 problems" in err
    for place in ("review.fail_on.moved", "review.fail_on.movd", "review.x"):
        assert place in err


def test_moved_images_fail_by_default(story, maskbench):
    status, out, err = maskbench(story.root, "diff", "number", "salt", "--fail-on")
    assert status == 5
    assert "ALARM: images moved between splits" in out
    assert json.dumps("moved")[1:-1] in err
