"""The gallery in a real browser: clicks, keys, sizes, themes and hostile names."""

import shutil

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.support.ui import Select

from maskbench.cli import main
from tests.harness.browser import Page
from tests.show.conftest import NASTY


@pytest.fixture(scope="session")
def page(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery") / "a page"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world)
        assert main(["show", "--out", str(folder), "--dropped"]) == 0
    return folder


@pytest.fixture
def gallery(chrome, page):
    return Page(chrome, page.as_uri() + "/index.html#view=list")


def keys(gallery):
    return [int(key[:6]) for key in gallery.shown("#list .tile")]


def test_a_grid_and_no_complaint(gallery):
    gallery.wait(lambda: keys(gallery) == list(range(1, 13)))
    assert gallery.text("#count") == "12 of 12 images"
    assert "Both" in gallery.text("#classes")
    loaded = gallery.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(name.startswith(("file:", "data:")) for name in loaded)
    assert gallery.complaints() == []


def test_filters_orders_and_the_legend(gallery):
    gallery.wait(lambda: keys(gallery))
    Select(gallery.id("by-order")).select_by_visible_text("largest share of the class")
    Select(gallery.id("by-class")).select_by_value("Canvas")
    assert keys(gallery)[:3] == [12, 11, 10]
    assert gallery.text("#count") == "11 of 12 images"
    Select(gallery.id("by-has")).select_by_visible_text("regions dropped")
    assert keys(gallery) == [5]
    gallery.click("#reset")
    gallery.wait(lambda: len(keys(gallery)) == 12)
    [chip] = [b for b in gallery.all("#classes button") if NASTY in b.text]
    chip.click()
    assert keys(gallery) == [3]
    assert gallery.run("return window.hacked") is None
    gallery.click("#classes button[aria-pressed=true]")
    assert len(keys(gallery)) == 12
    gallery.id("find").send_keys("user 2")
    assert keys(gallery) == [1, 3, 5, 7, 9, 11]


def test_the_time_spent_orders_and_is_told(gallery):
    gallery.wait(lambda: keys(gallery))
    assert "drawn in" not in gallery.text("#list")
    Select(gallery.id("by-order")).select_by_visible_text("longest drawn")
    assert keys(gallery)[:4] == [12, 2, 1, 3]
    assert gallery.texts("#list .note")[:4] == [
        "drawn in 2 h 10 min · train", "drawn in 12 min 5 s · valid", "drawn in 4.5 s · train",
        "train",
    ]  # fmt: skip
    Select(gallery.id("by-order")).select_by_visible_text("shortest drawn")
    assert keys(gallery)[:4] == [1, 2, 12, 3]
    gallery.open("000002_scene_2")
    assert "user 1, saved 2026-11-22 08:00, drawn in 12 min 5 s" in gallery.text("#facts")


def test_an_image_and_what_lies_at_the_pointer(gallery):
    gallery.open("000005_scene_5")
    gallery.point(20, 15).perform()
    gallery.wait(lambda: gallery.one(".tip").is_displayed())
    assert gallery.text(".tip").splitlines() == [
        "Both", "rule both", "Canvas (rectangle r1)", "Obstruction (rectangle r2)", "user 2",
    ]  # fmt: skip
    gallery.point(20, 15).click().perform()
    assert gallery.texts("#pixel dd")[:3] == ["Both", "Canvas + Obstruction", "rule both"]
    assert "maskbench blame 000005_scene_5 20 15" in gallery.text("#pixel")
    assert "no area" in gallery.text("#lost")
    assert "11 img" in gallery.text("#legend")
    gallery.keys(Keys.ARROW_RIGHT)
    gallery.wait_for("000006_scene_6")
    gallery.keys("k")
    gallery.wait_for("000005_scene_5")
    gallery.keys("m")
    assert not gallery.one(".stage canvas").is_displayed()
    gallery.keys("m", "r")
    assert len(gallery.all(".stage path")) == 4
    gallery.keys("i")
    assert not gallery.one(".stage img").is_displayed()
    gallery.keys(Keys.ESCAPE)
    assert gallery.id("list").is_displayed()


def test_the_mask_is_the_files_and_one_class_can_stand_alone(gallery):
    gallery.open("000003_scene_3")
    gallery.keys("]", "]", "]", "]")
    data = "return JSON.parse(document.getElementById('data').textContent).classes"
    color = {entry["name"]: entry["color"] for entry in gallery.run(data)}
    canvas = gallery.canvas()
    assert canvas[0][0] is None
    assert canvas[9][16] == color["Both"]
    assert canvas[29][39] == color[NASTY]
    chip = gallery.one("#legend li:nth-child(4) button")
    gallery.run("arguments[0].focus()", chip)
    canvas = gallery.canvas()
    assert canvas[9][16] == color["Both"]
    assert canvas[29][39] is None


def test_the_wall_shows_regions(gallery):
    gallery.wait(lambda: keys(gallery))
    gallery.keys("w")
    gallery.wait(lambda: gallery.all(".crop"))
    Select(gallery.id("wall-label")).select_by_value("Obstruction")
    assert gallery.text(".wall-bar .hint") == "11 regions in the images that fit"
    Select(gallery.id("wall-label")).select_by_value("Canvas")
    notes = gallery.texts("#wall .note")
    assert notes[0].startswith("558 px")
    Select(gallery.id("wall-order")).select_by_visible_text("smallest first")
    assert gallery.texts("#wall .note")[0].endswith("000001_scene_1")
    gallery.all("#wall .tile")[0].click()
    gallery.wait_for("000001_scene_1")
    assert "zoom=" in gallery.driver.current_url


def test_overlaps_and_dropped_lead_to_images(gallery):
    gallery.click("[data-open=combinations]")
    [row] = [r for r in gallery.all("#combinations tbody tr") if "rule both" in r.text]
    row.find_element("css selector", "a").click()
    gallery.wait(lambda: len(keys(gallery)) == 11)
    gallery.click("[data-open=dropped]")
    assert "nobody has annotated it" in gallery.text("#dropped")
    gallery.click("#dropped a")
    gallery.wait_for("000005_scene_5")


def test_triage_of_the_grid(gallery):
    gallery.open("000002_scene_2")
    gallery.keys("x", Keys.ESCAPE)
    gallery.wait(lambda: "✗ wrong" in gallery.text('[data-key="000002_scene_2"]'))
    Select(gallery.id("by-triage")).select_by_value("unseen")
    assert 2 not in keys(gallery)
    assert gallery.text("#triage-button") == "1 of 12 seen"


@pytest.mark.parametrize("size, theme", [("phone", "dark"), ("laptop", "light"), ("4K", "dark")])
def test_everybody_can_use_it(gallery, size, theme):
    gallery.resize(size)
    gallery.run("document.documentElement.dataset.theme = arguments[0]", theme)
    for view in ("list", "wall", "combinations", "dropped", "image"):
        address = gallery.driver.current_url.partition("#")[0]
        state = "key=000003_scene_3" if view == "image" else f"view={view}"
        gallery.go(f"{address}#{state}")
        gallery.wait(lambda view=view: gallery.run("return document.body.dataset.view") == view)
        assert gallery.violations() == [], view
        assert gallery.faults() == [], view


def test_on_a_phone_the_grid_and_then_the_image(gallery):
    gallery.resize("phone")
    gallery.driver.refresh()
    gallery.wait(lambda: keys(gallery))
    assert not gallery.id("find").is_displayed()
    width = gallery.one(".tile").size["width"]
    assert 150 < width < 180  # two columns
    gallery.click("#drawer summary")
    assert gallery.id("find").is_displayed()
    gallery.click("#drawer summary")
    gallery.open("000002_scene_2")
    assert not gallery.one("aside").is_displayed()
    gallery.click("#back-button")
    assert gallery.id("list").is_displayed()


def test_one_image_opens_at_once(world, chrome, tmp_path, monkeypatch):
    monkeypatch.chdir(world)
    assert main(["show", "9", "--out", str(tmp_path)]) == 0
    page = Page(chrome, (tmp_path / "index.html").as_uri())
    page.wait_for("000009_scene_9")


def test_a_folder_that_was_torn_says_so(page, chrome, tmp_path):
    shutil.copytree(page, tmp_path / "copy")
    (tmp_path / "copy/items/000002_scene_2.js").unlink()
    torn = Page(chrome, (tmp_path / "copy/index.html").as_uri() + "#key=000002_scene_2")
    torn.wait(lambda: "cannot be read: was the whole folder copied?" in torn.text(".stage"))
