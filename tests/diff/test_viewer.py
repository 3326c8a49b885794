"""Moving through the page of a comparison: keys, zoom, fingers, addresses, triage."""

import numpy as np
import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.ui import Select


def test_keys_turn_pages_and_views(browser):
    browser.keys("j")
    first = browser.text("#name")
    browser.keys("j")
    second = browser.text("#name")
    assert first != second
    browser.keys("k")
    assert browser.text("#name") == first
    for key, panes in (("2", 1), ("4", 1), ("3", 1), ("1", 3)):
        browser.keys(key)
        assert len(browser.all(".pane")) == panes
        checked = browser.all('[role=radio][aria-checked="true"]')
        assert len(checked) == 1
    browser.keys("s")
    assert browser.id("summary").is_displayed()


def test_zoom_and_move_change_all_panes_alike(browser):
    browser.open("000004_scene_4")
    places = "return [...document.querySelectorAll('.picture')].map(l => l.style.transform)"
    before = browser.driver.execute_script(places)
    assert len(set(before)) == 1
    browser.keys("+")
    zoomed = browser.driver.execute_script(places)
    assert len(set(zoomed)) == 1
    assert zoomed != before
    browser.click("[aria-label='Fit the picture']")
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
    assert float(browser.one("[aria-label='Divider, percent']").get_property("value")) < 50


def test_blink_swaps_and_pauses(browser):
    browser.open("000004_scene_4")
    browser.keys("3")
    title = browser.all(".pane h3")[0]
    seen = set()
    browser.wait(lambda: seen.add(title.text) or len(seen) == 2)
    browser.keys(" ")
    assert browser.one("[title=Space]").get_attribute("aria-pressed") == "true"
    before = title.text
    browser.keys(" ")
    assert title.text != before


def test_an_address_says_all_and_back_returns(browser):
    browser.open("000003_scene_3")
    browser.open("000004_scene_4")
    browser.keys("2", "+")
    browser.point(10, 12).click().perform()
    Select(browser.id("by-class")).select_by_value("Canvas")
    address = browser.driver.current_url
    for part in ("key=000004_scene_4", "mode=slider", "pixel=10%2C12", "class=Canvas", "zoom="):
        assert part in address
    style = browser.one(".picture").get_attribute("style")
    browser.driver.get("about:blank")
    browser.go(address)
    browser.wait(lambda: browser.all("#pixel dl"))
    assert browser.text("[role=radio][aria-checked=true]") == "Slider"
    assert browser.text("#pixel").startswith("Pixel (10, 12)")
    assert np.allclose(
        numbers(browser.one(".picture").get_attribute("style")), numbers(style), atol=25
    )
    browser.open("000003_scene_3")
    browser.driver.back()
    browser.wait_for("000004_scene_4")


def numbers(style):
    return [
        float(part)
        for part in style.partition("translate(")[2].partition(")")[0].replace("px", "").split(",")
    ]


def test_the_keyboard_reaches_everything(browser):
    browser.keys("j")
    first = browser.text("#name")
    browser.keys(Keys.ARROW_DOWN)
    assert browser.text("#name") != first
    Select(browser.id("by-split")).select_by_value("train")
    browser.keys("j")
    browser.run("document.querySelector('.stage').focus()")
    browser.wait_for(browser.text("#name"))
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.all("#pixel dl"))
    assert browser.text("#pixel").startswith("Pixel (20, 15)")
    browser.keys("+")
    style = browser.one(".picture").get_attribute("style")
    browser.keys(Keys.ARROW_LEFT)
    assert browser.one(".picture").get_attribute("style") != style


def test_go_to_the_change_and_never_out_of_sight(browser):
    browser.open("000004_scene_4")
    browser.keys("4", "f")
    box = browser.run("return document.querySelector('.pane').getBoundingClientRect().toJSON()")
    picture = browser.run(
        "return document.querySelector('.picture').getBoundingClientRect().toJSON()"
    )
    scale = picture["width"] / 40
    assert abs(picture["x"] + 21 * scale - (box["x"] + box["width"] / 2)) < 2 * scale  # x 16 to 26
    for _ in range(8):
        ActionChains(browser.driver).drag_and_drop_by_offset(
            browser.one(".pane"), 200, 150
        ).perform()
    picture = browser.run(
        "return document.querySelector('.picture').getBoundingClientRect().toJSON()"
    )
    assert picture["x"] < box["x"] + box["width"] - 40
    browser.keys("k")
    browser.open("000005_scene_5")
    kept = browser.run("return document.querySelector('.picture').getBoundingClientRect().width")
    assert kept == pytest.approx(picture["width"])  # the next image of that size keeps the zoom


def test_a_window_that_becomes_narrow_or_wide_has_the_panes_of_its_mode(browser):
    browser.open("000004_scene_4")
    assert len(browser.all(".pane")) == 3
    for size, panes in (("phone", 1), ("laptop", 3)):
        browser.resize(size)
        browser.wait(lambda panes=panes: len(browser.all(".pane")) == panes)


def test_two_fingers_zoom_on_a_phone(browser):
    browser.resize("phone")
    browser.keys("j")
    browser.wait_for(browser.text("#name"))
    assert not browser.one("aside").is_displayed()
    before = browser.run(
        "return document.querySelector('.picture:not([hidden])').getBoundingClientRect().width"
    )
    box = browser.run("return document.querySelector('.pane').getBoundingClientRect().toJSON()")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(kind, *points):
        fingers = [{"x": x + dx, "y": y, "id": i} for i, dx in enumerate(points)]
        browser.driver.execute_cdp_cmd(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers}
        )

    touch("touchStart", -20, 20)
    for step in range(30, 80, 10):
        touch("touchMove", -step, step)
    touch("touchEnd")
    after = browser.run(
        "return document.querySelector('.picture:not([hidden])').getBoundingClientRect().width"
    )
    assert after == pytest.approx(before * 70 / 20, rel=0.3)
    browser.click("#back-button")
    assert browser.id("list").is_displayed()
    browser.all(".card")[2].click()
    assert browser.one(".stage").is_displayed()


def test_triage_is_kept_and_taken_along(browser):
    browser.open("000003_scene_3")
    browser.keys("x")
    browser.point(20, 12).click().perform()
    browser.keys("n")
    browser.one("dialog textarea").send_keys("<b>not</b> a canvas")
    browser.click("dialog [value=save]")
    browser.open("000004_scene_4")
    browser.keys("g")
    browser.driver.refresh()
    browser.wait(lambda: browser.text("#triage-button") == "2 of 9 seen")
    Select(browser.id("by-triage")).select_by_value("wrong")
    assert browser.text("#count") == "1 of 9 images"
    assert "✗ wrong" in browser.text(".card")
    browser.click("#triage-button")
    text = browser.one("dialog textarea").get_property("value")
    assert "2 of 9 images seen." in text
    assert "- task 3 `000003_scene_3`: **wrong**" in text
    assert "  - pixel (20, 12): &#60;b&#62;not&#60;/b&#62; a canvas" in text
    assert browser.one("a[download]").get_attribute("download") == "triage.json"
