"""Predictions in Label Studio's own pages: submitted by clicks, as they are and with a stroke."""

import csv

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import ActionChains

from label_studio import USER
from tests.harness.browser import Page
from tests.predictions.test_draw import blocks

SUBMIT = '[data-testid="bottombar-submit-button"]'
REGION = ".lsf-outliner-item"
TASK = ".lsf-current-task__task-id"
KEY_OF_CANVAS_AS_BRUSH = "3"  # after the two labels of polygons


@pytest.fixture
def annotator(chrome, studio, loop):
    """A person who is logged in, and works through a project."""
    page = Page(chrome, f"{studio.url}/user/login")
    page.one('[name="email"]').send_keys(USER)
    page.one('[name="password"]').send_keys(studio.password)
    page.one('[name="password"]').submit()
    page.wait(lambda: "login" not in chrome.current_url)
    yield Annotator(page, studio, loop)
    chrome.delete_all_cookies()


class Annotator:
    def __init__(self, page, studio, loop):
        self.page, self.api, self.project = page, loop.api, loop.project
        self.address = f"{studio.url}/projects/{loop.project}/data?labeling=1"

    def begin(self):
        """Open the stream of tasks to label; wait until the first is there with its regions."""
        self.page.go(self.address)
        self.page.wait(lambda: self.page.all(REGION) and self.page.all(SUBMIT))

    def submit(self):
        """Click *Submit*, and wait until the server has it."""
        before = self.submitted()
        self.page.click(SUBMIT)
        self.page.wait(lambda: self.submitted() > before)

    def submit_and_go_on(self):
        """Submit, and wait until the next task is there with its regions."""
        task = self.page.texts(TASK)
        self.submit()
        self.page.wait(lambda: self.page.texts(TASK) != task and self.page.all(REGION))

    def submitted(self):
        return self.api.call("GET", f"/api/projects/{self.project}/")["total_annotations_number"]

    def paint(self):
        """Paint a stroke of Canvas across the middle of the image."""
        before = len(self.page.all(REGION))
        self.page.keys(KEY_OF_CANVAS_AS_BRUSH)
        self.page.wait(lambda: self.page.one("canvas").size["height"] > 400)  # the image is there
        image = self.page.one("canvas")
        drag = ActionChains(self.page.driver).move_to_element_with_offset(image, -150, -90)
        drag.click_and_hold().move_by_offset(150, 20).move_by_offset(150, 20).release().perform()
        self.page.wait(lambda: len(self.page.all(REGION)) > before)


def test_what_is_submitted_by_clicks_is_accepted_or_corrected(loop, annotator):
    keys = loop.images()
    loop.predict(keys, kind="brush", show=True)
    annotator.begin()
    annotator.submit_and_go_on()
    annotator.submit_and_go_on()
    annotator.paint()
    annotator.submit()
    loop.build()
    manifest = (loop.layout.benchmark / "manifest.csv").read_text().splitlines()
    rows = {row["key"]: row for row in csv.DictReader(manifest)}
    origins = [rows[key]["origin"] for key in keys]
    assert sorted(origins) == ["accepted", "accepted", "corrected"]
    assert {rows[key]["model_version"] for key in keys} == {"m1"}
    for i, (key, origin) in enumerate(zip(keys, origins, strict=True)):
        mask = np.asarray(Image.open(loop.layout.benchmark / f"masks/{key}.png"))
        assert np.array_equal(mask, blocks(i)) == (origin == "accepted")
