"""The page of a comparison in a real browser, from a file, without a network."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import Keys
from selenium.webdriver.support.ui import Select

from maskbench.diff.item import Context, ItemFiles
from maskbench.diff.model import RULE
from maskbench.diff.page.crops import HALF, crop_pair
from maskbench.diff.page.pictures import ShownChange, draw_item
from maskbench.diff.page.write import _cause
from maskbench.errors import DataError
from maskbench.pages.palette import MARKS, class_colors, hex_color
from tests.harness.browser import contrast


def test_opens_with_the_summary_and_no_complaint(browser):
    assert "8 of 8 masks changed" in browser.text("#verdict")
    assert browser.id("summary").is_displayed()
    assert not browser.id("viewer").is_displayed()
    titles = browser.texts("#summary h2")
    assert "Parameters" in titles
    assert titles[0].startswith("ALARM: images moved between splits")
    assert browser.complaints() == []


def test_nothing_is_loaded_from_a_network(browser):
    browser.open("000003_scene_3")
    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    loaded = browser.driver.execute_script(script)
    assert all(name.startswith("file://") for name in loaded)
    assert browser.complaints() == []


def test_side_by_side_shows_three_pictures(browser):
    browser.open("000003_scene_3")
    scenes = [image.get_attribute("src").rpartition("-")[2] for image in browser.all(".stage img")]
    assert scenes == ["scene.jpg"] * 3
    assert browser.texts(".pane h3") == ["Before", "After", "Difference"]
    rows = browser.texts("#why tbody tr")
    assert any("annotation 3" in row for row in rows)
    assert any("obstructed_canvas" in row for row in rows)
    assert "reshaped" in browser.text("#regions")


def test_the_pictures_hold_the_masks(browser, story):
    browser.open("000005_scene_5")
    browser.run("const o = arguments[0]; o.value = 100; o.dispatchEvent(new Event('input'))",
                browser.one("[aria-label='Opacity, percent']"))  # fmt: skip
    names = browser.run("return JSON.parse(document.getElementById('data').textContent).classes")
    colors = {entry["name"]: entry["color"] for entry in names}
    assert list(colors.values()) == [hex_color(color) for color in class_colors(len(colors))]
    colors["Background"] = None
    for pane, tag in enumerate(("base", "size")):
        expected = [[colors[name] for name in row] for row in story.masks[tag]["000005_scene_5"]]
        assert browser.canvas(pane) == expected
    changed = story.masks["base"]["000005_scene_5"] != story.masks["size"]["000005_scene_5"]
    mark = hex_color(MARKS["other-class"])
    assert browser.canvas(2) == [[mark if is_new else None for is_new in row] for row in changed]


def test_filters_narrow_the_list(browser):
    assert browser.text("#count") == "9 of 9 images"
    Select(browser.id("by-cause")).select_by_value("annotation")
    assert browser.shown(".card") == ["000003_scene_3"]
    assert browser.text("#count") == "1 of 9 images"
    browser.click("#reset")
    browser.wait(lambda: browser.text("#count") == "9 of 9 images")
    Select(browser.id("by-cause")).select_by_value("added")
    assert browser.shown(".card") == ["000009_scene_9"]
    Select(browser.id("by-cause")).select_by_value("")
    browser.id("find").send_keys("scene_7")
    assert len(browser.all(".card")) == 1
    browser.id("find").clear()
    browser.click("#reset")
    Select(browser.id("by-annotator")).select_by_visible_text("user 1")
    assert browser.text("#count") == "9 of 9 images"
    Select(browser.id("by-class")).select_by_value("ObstructedCanvas")
    assert browser.text("#count") == "8 of 9 images"


@pytest.mark.parametrize("x, y", [(5, 5), (20, 12), (30, 20), (20, 26)])
def test_a_click_tells_about_the_pixel(browser, story, maskbench, x, y):
    browser.open("000004_scene_4")
    browser.point(x, y).click().perform()
    browser.wait(lambda: browser.all("#pixel dl"))
    assert browser.text("#pixel").startswith(f"Pixel ({x}, {y})")
    facts = browser.texts("#pixel dd")
    before, after = (story.masks[tag]["000004_scene_4"][y, x] for tag in ("base", "size"))
    assert (facts[0], facts[3]) == (before, after)
    command = browser.all("#pixel code")[0].text.split()
    status, out, _ = maskbench(story.root, *command[1:])
    assert status == 0
    assert f": {after} (value" in out
    if "rule" in facts[4]:
        assert facts[4] in out


def test_an_image_of_another_size_and_an_added_one(browser):
    browser.open("000002_scene_2")
    assert "40 \u00d7 30 → 80 \u00d7 60" in browser.text("#facts")
    assert "pixels cannot be compared" in browser.text(".stage")
    widths = {
        i.get_attribute("src").rpartition("/")[2][6:]: i.get_property("naturalWidth")
        for i in browser.all(".stage img")
    }
    assert widths == {"scene-before.jpg": 40, "scene.jpg": 80}
    browser.open("000009_scene_9")
    assert browser.texts(".pane h3") == ["After"]
    assert not browser.one("[role=radiogroup]").is_displayed()


def test_themes_and_contrast(browser):
    grounds = set()
    for theme in ("light", "dark"):
        browser.run("document.documentElement.dataset.theme = arguments[0]", theme)
        browser.open("000004_scene_4")
        assert contrast(browser.id("verdict"), browser.driver) >= 7
        for selector in ("#facts", "#count", ".card .numbers", ".badge", "#why td", "#legend"):
            assert contrast(browser.all(selector)[0], browser.driver) >= 4.5, (theme, selector)
        grounds.add(browser.all("body")[0].value_of_css_property("background-color"))
    assert len(grounds) == 2


@pytest.mark.parametrize("size, theme", [("phone", "light"), ("laptop", "dark"), ("4K", "light")])
def test_everybody_can_use_it(browser, size, theme):
    browser.resize(size)
    browser.run("document.documentElement.dataset.theme = arguments[0]", theme)
    assert browser.violations() == []
    assert [browser.faults(size, theme) for theme in ("light", "dark")] == [[], []]
    browser.go(browser.driver.current_url.partition("#")[0] + "#key=000003_scene_3")
    browser.wait_for("000003_scene_3")
    assert browser.violations() == []
    assert browser.faults() == []
    assert all(image.get_attribute("alt") for image in browser.all(".stage img"))


def test_a_link_opens_its_image(browser, page):
    browser.driver.get("about:blank")
    browser.driver.get(page.as_uri() + "/index.html#000006_scene_6")  # as older comments link
    browser.wait(lambda: browser.text("#name") == "000006_scene_6")
    browser.keys("s")
    links = browser.all('#summary a[href="#key=000007_scene_7"]')
    links[0].click()
    browser.wait(lambda: browser.text("#name") == "000007_scene_7")


def test_names_cannot_act(copied, maskbench, tmp_path, browser):
    name = "</script><img src=x onerror='window.hacked=1'>"
    copied.git("checkout", "-q", "base")
    copied.dvc("checkout")
    params = copied.root / "params.yaml"
    text = params.read_text().replace("  ObstructedCanvas: 4", f'  "{name}": 4')
    params.write_text(text.replace("then: ObstructedCanvas", f'then: "{name}"'))
    copied.dvc("repro")
    status, _, err = maskbench(copied.root, "diff", "--html", tmp_path / "page", "--md", "r.md")
    assert status == 0, err
    browser.driver.get((tmp_path / "page").as_uri() + "/index.html")
    browser.open("000004_scene_4")
    browser.point(20, 12).click().perform()
    browser.wait(lambda: browser.all("#pixel dl"))
    assert browser.all("#pixel dd")[3].text == name
    assert browser.driver.execute_script("return window.hacked") is None
    assert "<img" not in (copied.root / "r.md").read_text()


def test_a_page_replaces_a_page_and_nothing_else(story, maskbench, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images/holiday.jpg").write_text("mine")
    (tmp_path / "images/00077-after.png").write_text("an older page's")
    assert maskbench(story.root, "diff", "base", "region", "--html", tmp_path)[0] == 0
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert names == ["00000-crop.jpg", "00000-scene.jpg", "00000-thumbnail.jpg", "holiday.jpg"]
    assert [path.name for path in (tmp_path / "items").iterdir()] == ["00000.js"]


def test_fewer_pictures_are_said_so(story, maskbench, tmp_path, browser):
    status, _, _ = maskbench(story.root, "diff", "base", "size", "--html", tmp_path, "--most", 2)
    assert status == 0
    assert len(list((tmp_path / "images").glob("*-scene.jpg"))) == 2
    browser.driver.get(tmp_path.as_uri() + "/index.html")
    browser.wait(lambda: "7 more are not in this page" in browser.text("#count"))
    first = (tmp_path / "index.html").read_bytes()
    maskbench(story.root, "diff", "base", "size", "--html", tmp_path, "--most", 2)
    assert (tmp_path / "index.html").read_bytes() == first


def test_a_filter_that_leaves_nothing_harms_nothing(browser):
    browser.open("000004_scene_4")
    browser.id("find").send_keys("zzz")
    assert browser.text("#count") == "No image fits: 9 are left out"
    assert browser.text("#place") == "not among the 0 that fit"
    browser.keys(Keys.ESCAPE, "r", "+", "2", "j")
    browser.point(20, 12).click().perform()
    browser.wait(lambda: browser.all("#pixel dl"))
    assert len(browser.all(".pane")) == 1
    assert browser.complaints() == []


def test_the_summary_goes_by_cause_and_leads_to_its_images(browser):
    titles = browser.texts(".cause h2")
    assert titles == ["annotation changed", "image size changed", "rule changed obstructed_canvas"]
    sentences = browser.texts(".cause h2 + p")
    assert sentences[0] == "1 region reshaped in 1 task, by user 1 (1)"
    assert sentences[2].startswith("then: ObstructedCanvas → Obstruction")
    assert browser.texts(".cause strong") == ["1 mask", "1 mask", "8 masks"]
    crops = browser.all(".crops img")
    for crop in crops:
        browser.run("arguments[0].scrollIntoView()", crop)
        browser.wait(lambda crop=crop: crop.get_property("naturalWidth") == 340)
    assert len(crops) == 1 + 4
    browser.all(".cause a.button")[0].click()
    browser.wait_for("000003_scene_3")
    assert browser.text("#count") == "1 of 9 images"
    assert "cause=annotation" in browser.driver.current_url


def test_a_crop_shows_the_place_before_and_after():
    scenes = [Image.new("RGB", (100, 50)), Image.new("RGB", (100, 50))]
    before, after = np.zeros((2, 100, 200), np.uint16)
    after[40:80, 120:160] = 1
    crop = np.asarray(crop_pair(scenes, (before, after), (120, 40, 160, 80, 1600), 2))
    width, height = HALF
    assert crop.shape == (height, 2 * width + 4, 3)
    assert not crop[:, :width].any()
    red = int(class_colors(2)[1][0] * 150 / 255)
    assert abs(int(crop[height // 2, width + 4 + width // 2, 0]) - red) <= 1
    assert not crop[0, width + 4].any()


def test_pixels_that_moved_lead_to_their_images(browser, story):
    row, column = "ObstructedCanvas", "Obstruction"
    cell = browser.one(f'#moved [aria-label^="{row} is now {column}: "]')
    pixels = sum(
        int(((story.masks["base"][key] == row) & (after == column)).sum())
        for key, after in story.masks["size"].items()
        if key in story.masks["base"] and story.masks["base"][key].shape == after.shape
    )
    assert cell.get_attribute("aria-label") == f"{row} is now {column}: {pixels:,} pixels"
    cell.click()
    browser.wait(lambda: browser.id("image").is_displayed())
    assert browser.text("#count") == "7 of 9 images"


def test_a_cause_of_one_pixel():
    group = SimpleNamespace(kind=RULE, name="a_b", sentence="", changes=[], pixels=[1])
    assert _cause(group, {})["pixels"] == "1 pixel"


def test_a_damaged_mask_of_a_removed_image_is_named(tmp_path):
    (tmp_path / "5f").write_bytes(b"damaged")
    context = Context(None, {}, "code")
    row = SimpleNamespace(mask="a.png", task=3)
    shown = ShownChange("00000", ItemFiles(row, tmp_path / "5f", None), None, (None, None))
    with pytest.raises(DataError) as caught:
        draw_item(tmp_path, [], context, context, shown)
    assert str(caught.value.problems[0]).startswith("a.png, task 3: it is not an image")
