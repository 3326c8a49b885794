"""The page in a real browser: Debian's Chromium, headless, from a file, without a network."""

import os
import shutil
import tempfile

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from maskbench.cli import main
from maskbench.pages.palette import palette

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and not os.environ.get("CI"),
    reason="Debian's packages chromium and chromium-driver are missing",
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1300,900",
)  # fmt: skip


@pytest.fixture(scope="session")
def page(story, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "re port"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(story.root)
        assert main(["diff", "base", "size", "--html", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def chrome():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        yield driver
        driver.quit()


@pytest.fixture
def browser(chrome, page):
    chrome.get("about:blank")
    chrome.get(page.as_uri() + "/index.html")
    chrome.execute_script("localStorage.clear(); setTheme('light')")
    chrome.get_log("browser")
    return Page(chrome)


class Page:
    def __init__(self, driver):
        self.driver = driver

    def id(self, name):
        return self.driver.find_element(By.ID, name)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def open(self, key):
        self.driver.find_element(By.CSS_SELECTOR, f'[data-key="{key}"]').click()
        self.wait(lambda: self.id("name").text == key)
        self.wait(self.pictures_loaded)

    def pictures_loaded(self):
        script = "return [...document.querySelectorAll('#stage img')].every(i => i.complete)"
        return self.driver.execute_script(script)

    def pictures(self):
        return [
            (image.get_attribute("src").rpartition("/")[2], image.get_property("naturalWidth"))
            for image in self.all("#stage img")
        ]

    def wait(self, condition):
        WebDriverWait(self.driver, 60).until(lambda _: condition())

    def click_pixel(self, x, y, pane=0):
        """Click an image's pixel, computed from the pane's frame and the page's zoom."""
        frame = self.all(".pane")[pane]
        script = "return [view.x, view.y, view.scale, arguments[0].getBoundingClientRect().x]"
        left, top, scale, _ = self.driver.execute_script(script, frame)
        size = frame.size
        across = 1 + left + (x + 0.5) * scale - size["width"] / 2
        down = 1 + top + (y + 0.5) * scale - size["height"] / 2
        ActionChains(self.driver).move_to_element_with_offset(frame, across, down).click().perform()


def test_opens_with_the_summary_and_no_complaint(browser):
    assert "8 of 8 masks changed" in browser.id("verdict").text
    assert browser.id("summary").is_displayed()
    assert not browser.id("viewer").is_displayed()
    titles = [title.text for title in browser.all("#summary h2")]
    assert "Parameters" in titles
    assert titles[0].startswith("ALARM: images moved between splits")
    assert browser.driver.get_log("browser") == []


def test_nothing_is_loaded_from_a_network(browser):
    browser.open("000003_scene_3")
    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    loaded = browser.driver.execute_script(script)
    assert all(name.startswith("file://") for name in loaded)
    assert browser.driver.get_log("browser") == []


def test_side_by_side_shows_three_pictures(browser):
    browser.open("000003_scene_3")
    names = [name for name, width in browser.pictures() if width == 40]
    number = names[0].partition("-")[0]
    assert [name.removeprefix(f"{number}-") for name in names] == [
        "scene.jpg", "before.png", "scene.jpg", "after.png", "scene.jpg", "difference.png",
    ]  # fmt: skip
    assert [title.text for title in browser.all(".pane h3")] == ["Before", "After", "Difference"]
    rows = [row.text for row in browser.all("#why tbody tr")]
    assert any("annotation 3" in row for row in rows)
    assert any("obstructed_canvas" in row for row in rows)
    assert "reshaped" in browser.id("regions").text


def test_the_pictures_hold_the_masks(browser, page, story):
    browser.open("000005_scene_5")
    number = browser.pictures()[0][0].partition("-")[0]
    script = "return data.classes.map(c => c.name)"
    names = np.array(browser.driver.execute_script(script), dtype=object)
    for side, tag in (("before", "base"), ("after", "size")):
        picture = Image.open(page / f"images/{number}-{side}.png")
        assert (names[np.asarray(picture)] == story.masks[tag]["000005_scene_5"]).all()
        assert picture.getpalette()[3:6] == palette()[1].tolist()
    difference = np.asarray(Image.open(page / f"images/{number}-difference.png"))
    changed = story.masks["base"]["000005_scene_5"] != story.masks["size"]["000005_scene_5"]
    assert ((difference > 0) == changed).all()


def test_keys_turn_pages_and_views(browser):
    browser.keys("j")
    first = browser.id("name").text
    browser.keys("j")
    second = browser.id("name").text
    assert first != second
    browser.keys("k")
    assert browser.id("name").text == first
    for key, panes in (("2", 1), ("4", 1), ("3", 1), ("1", 3)):
        browser.keys(key)
        assert len(browser.all(".pane")) == panes
        checked = browser.all('[role=radio][aria-checked="true"]')
        assert len(checked) == 1
    browser.keys("s")
    assert browser.id("summary").is_displayed()


def test_zoom_and_move_change_all_panes_alike(browser):
    browser.open("000004_scene_4")
    places = "return [...document.querySelectorAll('.layers')].map(l => l.style.transform)"
    before = browser.driver.execute_script(places)
    assert len(set(before)) == 1
    browser.keys("+")
    zoomed = browser.driver.execute_script(places)
    assert len(set(zoomed)) == 1
    assert zoomed != before
    browser.id("zoom-fit").click()
    assert browser.driver.execute_script(places) == before
    pane = browser.all(".pane")[0]
    ActionChains(browser.driver).drag_and_drop_by_offset(pane, 30, 20).perform()
    assert browser.driver.execute_script(places) != before


def test_the_slider_uncovers(browser):
    browser.open("000004_scene_4")
    browser.keys("2")
    cover = browser.all(".over")[0]
    assert "50%" in cover.value_of_css_property("clip-path")
    divider = browser.all(".divider")[0]
    ActionChains(browser.driver).drag_and_drop_by_offset(divider, -100, 0).perform()
    assert float(browser.id("divider").get_property("value")) < 50


def test_blink_swaps_and_pauses(browser):
    browser.open("000004_scene_4")
    browser.keys("3")
    title = browser.all(".pane h3")[0]
    seen = set()
    browser.wait(lambda: seen.add(title.text) or len(seen) == 2)
    browser.keys(" ")
    assert browser.id("pause").get_attribute("aria-pressed") == "true"
    before = title.text
    browser.keys(" ")
    assert title.text != before


def test_filters_narrow_the_list(browser):
    assert len(browser.all(".card")) == 9
    Select(browser.id("by-cause")).select_by_value("annotation")
    assert [card.get_attribute("data-key") for card in browser.all(".card")] == ["000003_scene_3"]
    assert browser.id("count").text == "1 of 9 images"
    browser.id("reset").click()
    browser.wait(lambda: len(browser.all(".card")) == 9)
    Select(browser.id("by-cause")).select_by_value("added")
    assert [card.get_attribute("data-key") for card in browser.all(".card")] == ["000009_scene_9"]
    Select(browser.id("by-cause")).select_by_value("")
    browser.id("find").send_keys("scene_7")
    assert len(browser.all(".card")) == 1
    browser.id("find").clear()
    browser.id("reset").click()
    Select(browser.id("by-annotator")).select_by_visible_text("user 1")
    assert len(browser.all(".card")) == 9
    Select(browser.id("by-class")).select_by_value("ObstructedCanvas")
    assert len(browser.all(".card")) == 8


@pytest.mark.parametrize("x, y", [(5, 5), (20, 12), (30, 20), (20, 26)])
def test_a_click_tells_about_the_pixel(browser, story, maskbench, x, y):
    browser.open("000004_scene_4")
    browser.click_pixel(x, y)
    browser.wait(lambda: browser.all("#pixel dl"))
    assert browser.id("pixel").text.startswith(f"Pixel ({x}, {y})")
    facts = [entry.text for entry in browser.all("#pixel dd")]
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
    assert "40 \u00d7 30 → 80 \u00d7 60" in browser.id("facts").text
    assert "pixels cannot be compared" in browser.id("stage").text
    widths = {name.partition("-")[2]: width for name, width in browser.pictures()}
    assert (widths["scene-before.jpg"], widths["scene.jpg"]) == (40, 80)
    browser.open("000009_scene_9")
    assert [title.text for title in browser.all(".pane h3")] == ["After"]


def test_themes_and_contrast(browser):
    grounds = set()
    for theme in ("light", "dark"):
        browser.driver.execute_script("setTheme(arguments[0])", theme)
        browser.open("000004_scene_4")
        assert contrast(browser.id("verdict"), browser.driver) >= 7
        for selector in ("#facts", "#count", ".card .numbers", ".badge", "#why td", "#legend"):
            assert contrast(browser.all(selector)[0], browser.driver) >= 4.5, (theme, selector)
        grounds.add(browser.all("body")[0].value_of_css_property("background-color"))
    assert len(grounds) == 2


def contrast(element, driver):
    """WCAG's ratio of an element's text to the first opaque ground behind it."""
    script = """
    let e = arguments[0], c = getComputedStyle(e).color, g = "";
    for (; e; e = e.parentElement) {
      g = getComputedStyle(e).backgroundColor;
      if (!g.endsWith(", 0)")) break;
    }
    return [c, g]"""
    shades = []
    for colour in driver.execute_script(script, element):
        parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        shades.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(shades) + 0.05) / (min(shades) + 0.05)


def test_every_control_has_a_name(browser):
    browser.open("000003_scene_3")
    script = """
    return [...document.querySelectorAll('button, input, select, [role]')].filter(e => {
      const named = e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length;
      return !named;
    }).map(e => e.outerHTML)"""
    assert browser.driver.execute_script(script) == []
    images = browser.all("#stage img")
    assert all(image.get_attribute("alt") for image in images)


def test_a_link_opens_its_image(browser, page):
    browser.driver.get("about:blank")
    browser.driver.get(page.as_uri() + "/index.html#000006_scene_6")
    browser.wait(lambda: browser.id("name").text == "000006_scene_6")
    browser.keys("s")
    links = browser.all('#summary a[href="#000007_scene_7"]')
    links[0].click()
    browser.wait(lambda: browser.id("name").text == "000007_scene_7")


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
    browser.click_pixel(20, 12)
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
    assert names == [
        "00000-after.png", "00000-before.png", "00000-difference.png", "00000-scene.jpg",
        "00000-thumbnail.jpg", "00000.js", "holiday.jpg",
    ]  # fmt: skip


def test_fewer_pictures_are_said_so(story, maskbench, tmp_path, browser):
    status, _, _ = maskbench(story.root, "diff", "base", "size", "--html", tmp_path, "--most", 2)
    assert status == 0
    assert len(list((tmp_path / "images").glob("*-scene.jpg"))) == 2
    browser.driver.get(tmp_path.as_uri() + "/index.html")
    assert "7 more are not in this page" in browser.id("count").text
    first = (tmp_path / "index.html").read_bytes()
    maskbench(story.root, "diff", "base", "size", "--html", tmp_path, "--most", 2)
    assert (tmp_path / "index.html").read_bytes() == first
