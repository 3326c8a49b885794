"""The gallery's files: what is drawn again, what is chosen, what is linked."""

import base64
import json
import re
import shutil
import zlib

import numpy as np
import pytest
from PIL import Image

from maskbench.pages.palette import class_colors
from maskbench.regions.draw import REASONS
from maskbench.show.draw import CELL, DROPPED
from maskbench.show.selection import split_combination
from tests.show.conftest import NASTY, build, tasks


def page_data(folder):
    text = (folder / "index.html").read_text()
    return json.loads(re.search(r'id="data">(.*)</script>', text)[1])


def item(folder, name):
    text = (folder / f"items/{name}.js").read_text()
    return json.loads(zlib.decompress(base64.b64decode(text.split('"')[3])))


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def picture(path, mode="RGBA"):
    with Image.open(path) as image:
        return image.convert(mode)


def test_it_knows_each_image(world, show, tmp_path):
    status, out, _ = show(world, "--out", tmp_path / "page")
    assert (status, out) == (0, f"{tmp_path}/page/index.html: 12 images, 12 drawn\n")
    data = page_data(tmp_path / "page")
    assert [entry["name"] for entry in data["classes"]][:5] == [
        "Background", "Canvas", "Obstruction", "Both", NASTY,
    ]  # fmt: skip
    fifth = next(entry for entry in data["items"] if entry["task"] == 5)
    left, right, top, bottom = 16, 24, 9, 21  # where both lie, in pixels of 40 x 30
    assert fifth["overlap"] == (right - left) * (bottom - top)
    assert (fifth["regions"], fifth["dropped"], fifth["annotator"]) == (2, 1, "2")
    combination = {" + ".join(c["labels"]): c for c in data["combinations"]}["Canvas + Obstruction"]
    assert (combination["class"], combination["reason"]) == ("Both", "rule both")
    assert combination["images"] == 11
    [dropped] = data["dropped"]
    assert dropped[1:] == ["r9", "keypoint", ["Canvas"], DROPPED["no_area"]]
    assert DROPPED.keys() == set(REASONS)
    mask = item(tmp_path / "page", fifth["key"])["mask"]
    assert mask["size"] == [40, 30]
    assert [region["id"] for region in mask["regions"]] == ["r1", "r2"]


def test_thumbnails_hold_scene_and_mask(world, show, tmp_path):
    show(world, "--out", tmp_path)
    data = page_data(tmp_path)
    assert {name: picture(tmp_path / f"sheets/{name}.jpg").size for name in data["sheets"]} == {
        "00000": (9 * CELL[0], CELL[1]), "00001": (3 * CELL[0], CELL[1]),
    }  # fmt: skip
    eleventh = data["items"][10]
    assert (eleventh["sheet"], eleventh["cell"], eleventh["thumbnail"]) == ("00001", 1, [40, 30])
    masks = picture(tmp_path / "sheets/00001.png")
    cut = masks.crop((CELL[0], 0, CELL[0] + 40, 30))
    mask = np.asarray(picture(world / f"data/benchmark/masks/{eleventh['key']}.png", "L"))
    colors = np.array(class_colors(5), dtype=np.uint8)[mask]
    assert (np.asarray(cut)[mask > 0][:, :3] == colors[mask > 0]).all()
    assert (np.asarray(cut)[mask == 0][:, 3] == 0).all()


def test_only_what_changed_is_drawn_again(show, tmp_path):
    entries = tasks()
    build(tmp_path / "repo", entries)
    page = tmp_path / "page"
    show(tmp_path / "repo", "--out", page)
    first = files(page)
    assert "12 images, 0 drawn" in show(tmp_path / "repo", "--out", page)[1]
    assert files(page) == first
    written = {name: (page / name).stat().st_mtime_ns for name in first}
    entries[1]["annotations"][0]["result"].pop()
    build(tmp_path / "repo", entries)
    assert "12 images, 1 drawn" in show(tmp_path / "repo", "--out", page)[1]
    assert {name for name in first if (page / name).stat().st_mtime_ns != written[name]} == {
        ".drawn.json", "index.html", "items/_regions.js", "items/000002_scene_2.js",
        "images/000002_scene_2.jpg", "sheets/00000.jpg", "sheets/00000.png",
    }  # fmt: skip
    entries[2]["annotations"][0]["result"].pop()
    del entries[3]
    build(tmp_path / "repo", entries)
    assert "11 images, 1 drawn" in show(tmp_path / "repo", "--out", page)[1]
    (page / "items/mine.txt").write_text("kept")
    fresh = tmp_path / "fresh"
    show(tmp_path / "repo", "--out", fresh)
    (page / "items/mine.txt").unlink()
    assert files(page) == files(fresh)
    assert not (page / "items/000004_scene_4.js").exists()


@pytest.mark.parametrize(
    "words, keys",
    [
        (["3"], [3]),
        (["--key", "000003_scene_3", "--key", "4"], [3, 4]),
        (["--annotator", "1", "--class", "Both"], [2, 4, 6, 8, 10, 12]),
        (["--class", NASTY], [3]),
        (["--combination", "Obstruction + Canvas"], [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]),
        (["--combination", "Canvas+Obstruction", "5", "7"], [5]),
    ],
)
def test_what_is_asked_for_is_shown(world, show, tmp_path, words, keys):
    status, _, err = show(world, "--out", tmp_path, *words)
    assert status == 0, err
    assert [entry["task"] for entry in page_data(tmp_path)["items"]] == keys
    pictures = sorted((tmp_path / "images").iterdir())  # a page to send holds no other image
    assert [int(file.name[:6]) for file in pictures] == keys


@pytest.mark.parametrize(
    "text, labels",
    [
        ("ER+", {"ER+"}),
        ("ER+ + PR+", {"ER+", "PR+"}),
        ("Cell + ER+", {"Cell", "ER+"}),
        ("Cell+Tissue", {"Cell", "Tissue"}),
        ("Cell+Tisue", {"Cell", "Tisue"}),
        ("", set()),
    ],
)
def test_a_label_may_have_a_plus_sign(text, labels):
    assert split_combination(text, ["Cell", "ER+", "PR+", "Tissue"]) == labels


def test_a_selection_does_not_replace_the_page_of_all(world, show, tmp_path):
    shutil.copytree(world, tmp_path / "rooms")
    assert show(tmp_path / "rooms")[1].startswith("show/index.html: 12 images")
    assert show(tmp_path / "rooms", "3")[1].startswith("show-selection/index.html: 1 image,")


@pytest.mark.parametrize(
    "words, message",
    [
        (["--class", "Canvass"], "there is no class 'Canvass'; did you mean Canvas?"),
        (["--combination", "Canvas+Door"], "there is no label 'Door'; there are "),
        (["--split", "trian"], "there is no split 'trian'; did you mean train?"),
        (["nothing"], "workspace has no image 'nothing'; manifest.csv lists them"),
        (["7", "--class", "Both"], "no image of workspace matches all options"),
        (["7", "--combination", "Canvas+Obstruction"], "no image of workspace matches all opt"),
        (["--rules", "7"], "--rules shows all tasks of a version: leave out KEY, --split, "),
        (["--rules", "--class", "Canvas"], "--rules shows all tasks of a version: leave out KEY, "),
        (["--evaluation", "nowhere"], "there are no scores to sort by"),
    ],
)
def test_what_is_not_there_is_told(world, show, tmp_path, words, message):
    status, _, err = show(world, "--out", tmp_path, *words)
    assert status != 0
    assert message in err


def test_dropped_tasks_are_listed(world, show, tmp_path):
    show(world, "--out", tmp_path, "--dropped")
    assert page_data(tmp_path)["tasks"] == [
        ["000013_scene_13", 13, "nobody has annotated it"],
        ["000014_scene_14", 14, "it was skipped"],
    ]


def test_scenes_are_linked_or_copied(world, show, tmp_path):
    out = show(world, "--out", tmp_path, "--scenes", "link")[1]
    assert out.endswith(
        "drawn; scenes are linked, not copied: --scenes copy makes a page to send\n"
    )
    scene = page_data(tmp_path)["items"][0]["scene"]
    assert (tmp_path / scene).resolve().parent == (world / "data/benchmark/scenes").resolve()
    show(world, "--out", tmp_path)
    assert page_data(tmp_path)["items"][0]["scene"] == "images/000001_scene_1.jpg"
    assert len(list((tmp_path / "images").iterdir())) == 12
    show(world, "--out", tmp_path, "--scenes", "link")
    assert list((tmp_path / "images").iterdir()) == []


def test_scores_of_an_evaluation_are_shown(world, show, tmp_path):
    (tmp_path / "images.csv").write_text("key,true_iou\n000001_scene_1,0.25\n000002_scene_2,\n")
    show(world, "--out", tmp_path / "page", "--evaluation", tmp_path)
    scores = [entry["score"] for entry in page_data(tmp_path / "page")["items"]]
    assert scores == [0.25, *[None] * 11]


def test_a_damaged_memory_is_no_harm(world, show, tmp_path):
    show(world, "--out", tmp_path)
    (tmp_path / ".drawn.json").write_text("{")
    shutil.rmtree(tmp_path / "sheets")
    assert "12 images, 12 drawn" in show(world, "--out", tmp_path)[1]
    (tmp_path / "sheets/00000.png").unlink()
    assert "12 images, 0 drawn" in show(world, "--out", tmp_path)[1]
    assert (tmp_path / "sheets/00000.png").is_file()
