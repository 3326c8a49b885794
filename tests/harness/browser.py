"""Debian's Chromium, headless, without a network, and a page in it as a person uses it."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
LAYOUT = Path(__file__).with_name("layout.js")
SIZES = {"phone": (360, 740), "laptop": (1300, 900), "4K": (3840, 2160)}


@contextmanager
def chromium():
    """Start a browser; skip the test where there is none, but not in CI."""
    if not (CHROMIUM and DRIVER) and not os.environ.get("CI"):
        pytest.skip("Debian's packages chromium and chromium-driver are missing")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        try:
            yield driver
        finally:
            driver.quit()


class Page:
    """A page that is open in a browser."""

    def __init__(self, driver, address, size="laptop"):
        self.driver = driver
        self.resize(size)
        driver.get("about:blank")
        driver.get(address)
        driver.execute_script("localStorage.clear()")
        driver.get("about:blank")
        driver.get_log("browser")
        self.go(address)

    def go(self, address):
        self.driver.get(address)
        self.wait(lambda: self.run("return document.readyState") == "complete")

    def resize(self, size):
        width, height = SIZES[size]
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def id(self, name):
        return self.one(f"#{name}")

    def all(self, selector):
        self.settle()
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        self.settle()
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def settle(self):
        """Wait until the page has drawn what the last key, click or change of size asks for."""
        script = "const done = arguments[0]; requestAnimationFrame(() => setTimeout(done))"
        self.driver.execute_async_script(script)

    def text(self, selector):
        return self.wait(lambda: [self.one(selector).text])[0]

    def texts(self, selector):
        return self.wait(lambda: [[element.text for element in self.all(selector)]])[0]

    def shown(self, selector):
        """The keys of the images in a list or grid, at one moment."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.dataset.key)"
        return self.run(script, selector)

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def wait(self, condition):
        """Wait until a condition holds, and return what it returned.

        An element that the page draws anew while it is read is found again.
        """
        wait = WebDriverWait(self.driver, 60, 0.05, [StaleElementReferenceException])
        return wait.until(lambda _: condition())

    def open(self, key):
        self.click(f'[data-key="{key}"]')
        self.wait_for(key)

    def click(self, selector):
        self.wait(lambda: self.one(selector).click() is None)

    def wait_for(self, key):
        """Wait until an image is open and all of it is drawn."""
        script = """
        const pictures = [...document.querySelectorAll('.stage .picture')];
        return document.getElementById('name').textContent === arguments[0] && pictures.length > 0
          && document.querySelector('.stage').dataset.key === arguments[0]
          && [...document.querySelectorAll('.stage img')].every(i => i.complete)"""
        self.wait(lambda: self.run(script, key))

    def point(self, x, y, pane=0):
        """Move to an image's pixel, found by the frame of its picture."""
        script = """
        const pane = document.querySelectorAll('.pane')[arguments[0]];
        const picture = pane.querySelector('.picture:not([hidden])');
        const box = picture.getBoundingClientRect(), own = pane.getBoundingClientRect();
        const scale = box.width / parseFloat(picture.style.width);
        return [box.x - own.x, box.y - own.y, scale, own.width, own.height]"""
        left, top, scale, width, height = self.run(script, pane)
        at = left + (x + 0.5) * scale - width / 2, top + (y + 0.5) * scale - height / 2
        return ActionChains(self.driver).move_to_element_with_offset(self.all(".pane")[pane], *at)

    def canvas(self, pane=0):
        """The colours of a pane's layer: rows of #rrggbb, or None where it is transparent."""
        script = """
        const canvas = document.querySelectorAll('.pane')[arguments[0]].querySelector('canvas');
        const {width, height} = canvas;
        return [width, ...canvas.getContext('2d').getImageData(0, 0, width, height).data]"""
        width, *parts = self.run(script, pane)
        pixels = [parts[i : i + 4] for i in range(0, len(parts), 4)]
        colors = ["#" + bytes(pixel[:3]).hex() if pixel[3] else None for pixel in pixels]
        return [colors[i : i + width] for i in range(0, len(colors), width)]

    def sideways(self):
        """How many pixels the page is wider than the window."""
        return self.run("return document.documentElement.scrollWidth - innerWidth")

    def faults(self, size=None, theme=None):
        """What is wrong with the layout of what is seen, by layout.js."""
        if size:
            self.resize(size)
        if theme:
            self.run("document.documentElement.dataset.theme = arguments[0]", theme)
        return self.run(LAYOUT.read_text(encoding="utf-8"))

    def violations(self):
        """What axe-core says against the page: rule and elements."""
        self.wait(lambda: not self.run("return document.getAnimations().length"))
        source = resources.files("axe_core_python") / "axe.min.js"
        self.run(source.read_text(encoding="utf-8"))
        script = "axe.run().then(found => arguments[0](found.violations))"
        found = self.driver.execute_async_script(script)
        return [(rule["id"], [node["html"][:160] for node in rule["nodes"]]) for rule in found]


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
