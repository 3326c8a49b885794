"""Why a pixel has its class, and since when."""

import json
from types import SimpleNamespace

import pytest

from maskbench.errors import MaskbenchError
from maskbench.versions.revision import find_row
from tests.diff.conftest import edit_by_hand


@pytest.fixture
def blame(maskbench):
    def run(root, *words):
        status, out, err = maskbench(root, "blame", *words, "--json")
        assert status == 0, err
        return json.loads(out)

    return run


def subject(found):
    return found["since"]["commit"]["subject"]


@pytest.mark.parametrize("x", [2, 6, 20, 30, 38])
@pytest.mark.parametrize("tag", ["base", "number", "size"])
def test_every_pixel_has_the_class_of_its_mask_and_agrees(story, blame, tag, x):
    for y in (1, 12, 22):
        found = blame(story.root, "5", x, y, "--rev", tag, "--no-history")
        assert found["name"] == story.masks[tag]["000005_scene_5"][y, x]
        assert found["agrees"]


def test_the_answer_in_words(story, maskbench):
    status, out, _ = maskbench(story.root, "blame", "000004_scene_4.png", 20, 12, "--rev", "rule")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("000004_scene_4 (20, 12) in rule (")
    assert lines[0].endswith(": Obstruction (value 2)")
    assert lines[1] == ("  because of  rule obstructed_canvas: Canvas + Obstruction → Obstruction")
    assert lines[2:4] == [
        "  region      rectangle r1: Canvas",
        "  region      rectangle r2: Obstruction",
    ]
    assert lines[4] == "  annotation  4 by user 1, saved 2026-11-22T08:00:00.000000Z"
    assert "'rule' by t, first in rule; before: ObstructedCanvas" in lines[6]


def test_since_when(story, blame):
    for x, y, tag in ((20, 12, "rule"), (6, 6, "base"), (1, 1, "base")):
        found = blame(story.root, "000004_scene_4", x, y)
        assert subject(found) == found["since"]["tag"] == tag
    moved = blame(story.root, 3, 13, 22)
    assert subject(moved) == "region"
    assert moved["since"]["before"] == story.masks["base"]["000003_scene_3"][22, 13]
    added = blame(story.root, 9, 1, 1)
    assert (subject(added), added["since"]["before"]) == ("image", "(not in the benchmark)")
    sized = blame(story.root, 2, 1, 1)
    assert (subject(sized), sized["since"]["before"]) == ("size", "(an image of 40 x 30 pixels)")


def test_an_edited_mask_raises_an_alarm(at_rule, maskbench):
    edit_by_hand(at_rule.root)
    status, out, _ = maskbench(at_rule.root, "blame", "000004_scene_4", 1, 1)
    assert status == 0
    assert "ALARM       these labels give Background" in out
    assert "since       the workspace, not committed; before: Background" in out


def test_history_that_was_not_pushed_is_said_so(at_rule, blame):
    base = at_rule.git("show", "base:dvc.lock").stdout
    md5 = base[base.index("data/benchmark/masks") :].split("md5: ")[1].split()[0]
    for folder in (at_rule.root / ".dvc/cache", at_rule.root.parent / "remote"):
        (folder / "files/md5" / md5[:2] / md5[2:]).unlink()
    found = blame(at_rule.root, "000004_scene_4", 1, 1)
    assert not found["since"]["complete"]
    assert subject(found) == "region"


def test_an_older_version_whose_params_cannot_be_read(copied, maskbench):
    """As those of a commit with conflict marks: the pixel is explained all the same."""
    params = (copied.root / "params.yaml").read_text()
    for subject, text in (("broken", f"{params}<<<<<<< HEAD\n"), ("mended", params)):
        (copied.root / "params.yaml").write_text(text)
        with (copied.root / "dvc.lock").open("a") as lock:
            lock.write(f"# {subject}\n")
        copied.commit(subject)
    status, out, _ = maskbench(copied.root, "blame", "000004_scene_4", 1, 1)
    assert status == 0
    assert "'mended' by t; or longer: an older version's data was not pushed, or its" in out


@pytest.mark.parametrize(
    "words, message",
    [
        (("000004_scene_5", 1, 1), "did you mean"),
        (("4", 40, 1), "is off 000004_scene_4, which has 40 x 30 pixels"),
        (("4", 1, -1), "is off"),
        (("4", 1, 1, "--rev", "nowhere"), "git knows no revision"),
    ],
)
def test_wrong_words(story, maskbench, words, message):
    status, _, err = maskbench(story.root, "blame", *words)
    assert status in (1, 3)
    assert message in err


def test_a_task_id_that_several_images_have():
    """Tasks of two projects: none is guessed."""
    keys = ("000004_a", "000004_b")
    rows = {key: SimpleNamespace(key=key, task=4) for key in keys}
    version = SimpleNamespace(rows=rows, label="the workspace")
    assert find_row(version, "000004_b").key == "000004_b"
    with pytest.raises(MaskbenchError, match="several images of task 4: name 000004_a or 000004_b"):
        find_row(version, "4")


def test_a_label_that_has_an_alias(copied, maskbench):
    task = copied.root / "data/annotations/000004_scene_4.json"
    task.write_text(task.read_text().replace('"Canvas"', '"Painting"'))
    copied.edit_params("rasterize:\n", "rasterize:\n  label_aliases: {Painting: Canvas}\n")
    status, out, _ = maskbench(copied.root, "blame", "4", 6, 6, "--no-history")
    assert status == 0
    assert "  region      rectangle r1: Canvas (drawn as Painting)" in out.splitlines()
    assert "ALARM" not in out


def test_an_annotation_without_a_time(copied, maskbench):
    """As a converter writes it."""
    task = copied.root / "data/annotations/000004_scene_4.json"
    changed = json.loads(task.read_text())
    for annotation in changed["annotations"]:
        annotation["updated_at"] = None
    task.write_text(json.dumps(changed))
    status, out, _ = maskbench(copied.root, "blame", "4", 6, 6, "--no-history")
    assert status == 0
    assert "  annotation  4 by user 1" in out.splitlines()
