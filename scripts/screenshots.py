"""Take the README's pictures of pages and of Label Studio, in Debian's Chromium.

Run ``python scripts/screenshots.py`` in a built repository whose state is committed: it writes the
pictures of :data:`PAGES` to docs/images, from a copy in which two rules are changed and made-up
predictions scored. ``--label-studio`` takes those of Label Studio instead, from a server of its own
with the sample: label-studio.png, and for docs/loop.md prediction.png and view.png, after made-up
predictions were pushed and ranked.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from demo import sample_project
from label_studio import PASSWORD, USER, Server
from label_studio_api import Api
from maskbench.dataset import Benchmark
from maskbench.files.atomic import replacing
from maskbench.ranking.push import UNLABELLED_VIEW
from sample.folder import scene_for
from sample.scene import CLASSES

IMAGES = Path("docs/images")
SIZE = (1240, 780)
COLORS = 256
TASK = 7
"""The sample's task that Label Studio shows: a mural with pictures, a visitor and a bust."""

UNLABELLED = range(2, 8)
"""Tasks whose annotations are deleted before predictions of them are pushed."""

VERSION = "round-1"
"""The model version of these predictions."""

VIEW_SIZE = (720, 540)
"""Width and height of the picture of the view, beyond which there is nothing to see."""

COLUMNS = ("tasks:id", "tasks:data.image", "tasks:total_annotations")
"""What the picture of the view shows of each task."""

MORE = "//button[contains(., 'Label All Tasks')]/following::button[1]"
"""The arrow beside the button, which offers *Label Tasks As Displayed*."""

MASKBENCH = (sys.executable, "-c", "import sys; from maskbench.cli import main; sys.exit(main())")
"""Runs maskbench as it is in the copy."""

PAGES = {
    "gallery": "show",
    "rules": "rules",
    "quality": "quality",
    "diff": "report",
    "evaluation": "evaluation",
    "rank": "again",
}
"""The folder of the page that each picture shows."""

RULES = ("then: NestedCanvas", "then: ObstructedCanvas")
"""The lines of params.yaml that are changed."""


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Start a browser without windows."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"):
        options.add_argument(flag)
    options.add_argument(f"--window-size={SIZE[0]},{SIZE[1]}")
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService("/usr/bin/chromedriver")
    )
    metrics = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        yield driver
    finally:
        driver.quit()


def save(driver: webdriver.Chrome, name: str, size: tuple[int, int] = SIZE) -> None:
    """Write what the browser shows at the top left, in few colours, to docs/images."""
    time.sleep(2)  # until pictures are decoded and drawn
    shown = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    shown = shown.crop((0, 0, *size))
    with replacing(IMAGES / f"{name}.png") as temporary:
        # Rare colours stay as they are, such as a class in the legend that few pixels have.
        few = shown.quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(temporary, format="PNG", optimize=True)
    print(f"{IMAGES / name}.png: {(IMAGES / f'{name}.png').stat().st_size:,} bytes")


def run(folder: Path, *command: str) -> None:
    """Run a command in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    subprocess.run(command, cwd=folder, check=True, env=environment, stdout=subprocess.DEVNULL)


def copy_repository(folder: Path) -> None:
    """Clone the repository, with its data from DVC's cache."""
    here = Path.cwd()
    run(here, "git", "clone", "-q", str(here), str(folder))
    run(folder, "dvc", "cache", "dir", "--local", str(here / ".dvc" / "cache"))
    run(folder, "dvc", "checkout", "-q")


def write_predictions(folder: Path) -> None:
    """Write masks that are a little off, with a mistake in each image."""
    benchmark, random = Benchmark(folder / "data/benchmark"), np.random.default_rng(7)
    (folder / "predictions").mkdir()
    for key in benchmark.keys:
        mask = np.roll(benchmark.mask(key), int(random.integers(0, 5)), axis=0)
        height, width = mask.shape
        top, left = int(random.integers(height * 3 // 4)), int(random.integers(width * 3 // 4))
        mask[top : top + height // 5, left : left + width // 6] = random.integers(0, 4)
        Image.fromarray(mask).save(folder / "predictions" / f"{key}.png")


def take_pages() -> None:
    """Write the pages of a copy of the repository, and take their pictures."""
    with tempfile.TemporaryDirectory() as temporary, browser() as driver:
        folder = Path(temporary) / "paintings"
        copy_repository(folder)
        write_predictions(folder)
        run(folder, *MASKBENCH, "show", "--out", "show")
        run(folder, *MASKBENCH, "show", "--rules", "--out", "rules")
        run(folder, *MASKBENCH, "evaluate", "predictions", "--split", "all")
        run(folder, *MASKBENCH, "quality", "--html", "quality")
        run(folder, *MASKBENCH, "rank", "predictions", "--labelled", "--html", "again")
        params = (folder / "params.yaml").read_text(encoding="utf-8")
        for line in RULES:
            params = params.replace(line, "then: PartialCanvas")
        (folder / "params.yaml").write_text(params, encoding="utf-8")
        run(folder, "dvc", "repro", "-q")
        run(folder, *MASKBENCH, "diff", "--html", "report")
        for name, page in PAGES.items():
            driver.get((folder / page / "index.html").as_uri())
            if name == "quality":  # who drew what, in the image of least agreement
                driver.find_element(By.CSS_SELECTOR, ".card").click()
            if name == "rank":  # the pictures of the image on which model and labels differ most
                driver.find_element(By.CSS_SELECTOR, "tbody a").click()
            save(driver, name)


def take_label_studio() -> None:
    """Take the pictures of Label Studio: of an annotated task, and of the loop with a model."""
    with tempfile.TemporaryDirectory() as temporary, browser() as driver:
        data, files = Path(temporary), Path(temporary) / "files"
        files.mkdir()
        with Server.start(data, None, files) as server:
            project = sample_project(server, files)
            log_in(driver, server)
            open_page(driver, server, f"projects/{project}/data?task={TASK}", "canvas")
            save(driver, "label-studio")
            take_loop(driver, server, project)


def take_loop(driver: webdriver.Chrome, server: Server, project: int) -> None:
    """Push and rank predictions; take the pictures of one of them and of the view."""
    api = Api(server.url, server.legacy_token)
    for task in UNLABELLED:
        for annotation in api.call("GET", f"/api/tasks/{task}/")["annotations"]:
            api.call("DELETE", f"/api/annotations/{annotation['id']}/")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        connect(folder, server, project)
        maskbench(folder, server, "predictions", "tasks", "unlabelled")
        write_probabilities(folder, {task["id"]: task["data"] for task in api.tasks(project)})
        push = ("predictions", "push", "predicted", "--model-version", VERSION, "--show")
        maskbench(folder, server, *push)
        open_page(driver, server, f"projects/{project}/data?task={TASK}", "canvas")
        save(driver, "prediction")
        maskbench(folder, server, "rank", "predicted", "--batch", "5", "--push")
    views = api.call("GET", f"/api/dm/views/?project={project}")
    view = next(view for view in views if view["data"]["title"] == UNLABELLED_VIEW)
    columns = api.call("GET", f"/api/dm/columns?project={project}")["columns"]
    names = [f"tasks:{'data.' if c.get('parent') == 'data' else ''}{c['id']}" for c in columns]
    hidden = [name for name in names if name not in COLUMNS]
    view["data"]["hiddenColumns"] = {"explore": hidden, "labeling": hidden}
    api.call("PATCH", f"/api/dm/views/{view['id']}/", json=view)
    open_page(driver, server, f"projects/{project}/data?tab={view['id']}", "img[src*=upload]")
    driver.find_element(By.XPATH, MORE).click()
    save(driver, "view", VIEW_SIZE)


def log_in(driver: webdriver.Chrome, server: Server) -> None:
    """Log in to Label Studio as its user."""
    driver.get(f"{server.url}/user/login")
    driver.find_element(By.NAME, "email").send_keys(USER)
    driver.find_element(By.NAME, "password").send_keys(PASSWORD)
    driver.find_element(By.NAME, "password").submit()
    WebDriverWait(driver, 60).until(lambda _: "login" not in driver.current_url)


def open_page(driver: webdriver.Chrome, server: Server, path: str, selector: str) -> None:
    """Open a page of Label Studio, and wait until it shows an element and its images."""
    driver.get(f"{server.url}/{path}")
    wait = WebDriverWait(driver, 60)
    wait.until(lambda _: driver.find_elements(By.CSS_SELECTOR, selector))
    time.sleep(6)


def connect(folder: Path, server: Server, project: int) -> None:
    """Write the params of a repository that takes its labels from the server."""
    params = Path("params.yaml").read_text(encoding="utf-8")
    for line in (f"  server: {server.url}", f"  project: {project}"):
        params = params.replace(f"\n{line.partition(':')[0]}:\n", f"\n{line}\n")
    (folder / "params.yaml").write_text(params, encoding="utf-8")
    (folder / "dvc.yaml").touch()


def maskbench(folder: Path, server: Server, *words: str) -> None:
    """Run maskbench in that repository, with the server's key."""
    environment = {**os.environ, "LABEL_STUDIO_API_KEY": server.legacy_token}
    environment["PYTHONPATH"] = str(Path.cwd())
    subprocess.run([*MASKBENCH, *words], cwd=folder, check=True, env=environment)


def write_probabilities(folder: Path, tasks: Mapping[int, Mapping[str, str]]) -> None:
    """Write what a model might predict of the tasks' images: the truth, blurred more and more."""
    (folder / "predicted").mkdir()
    with (folder / "unlabelled/tasks.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for i, row in enumerate(rows):
        truth = scene_for(tasks[int(row["task"])]["image"]).truth_mask()
        blur = ImageFilter.GaussianBlur(2 + 4 * (i % 3))
        layers = [
            np.asarray(Image.fromarray(np.uint8(255 * (truth == k))).filter(blur), np.float32) + 1
            for k in range(len(CLASSES))
        ]
        np.save(folder / f"predicted/{row['key']}.npy", np.stack(layers) / sum(layers))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--label-studio", action="store_true", help="the pictures of Label Studio")
    if parser.parse_args().label_studio:
        take_label_studio()
    else:
        take_pages()


if __name__ == "__main__":
    main()
