"""The page of an evaluation in a real browser, from a file: clicks, keys, phone, dark, axe-core."""

import csv
import json
import shutil

import numpy as np
import pytest
from selenium.webdriver import Keys
from selenium.webdriver.support.ui import Select

from maskbench.cli import main
from maskbench.dataset import Benchmark
from maskbench.evaluate import compare, evaluate
from maskbench.evaluation.mistakes import MISTAKES, mistakes
from maskbench.evaluation.page import EvaluationContents, write_page
from maskbench.evaluation.report import rounded
from maskbench.files.masks import read_mask
from maskbench.pages.palette import MARKS, hex_color
from tests.benchmarks import blocks, make, masks_of, save, write_item, write_lists
from tests.harness.browser import Page

SPLITS = {"test": [f"{n:06d}_room" for n in range(6)], "valid": ["000006_hall", "000007_hall"]}
SHAPE = (120, 160)


@pytest.fixture(scope="session")
def scored(tmp_path_factory):
    """A folder with a benchmark, two predictions, and the pages of one and of both."""
    root = tmp_path_factory.mktemp("scored")
    keys = [key for keys in SPLITS.values() for key in keys]
    for number, key in enumerate(keys):
        write_item(root / "benchmark", key, blocks(number, SHAPE))
    write_lists(root / "benchmark", SPLITS)
    for name, seed in (("old model", 1), ("new model", 2)):
        masks = {}
        for split in SPLITS:
            masks |= masks_of(root / "benchmark", split)
        rng = np.random.default_rng(seed)
        for number, key in enumerate(keys):
            masks[key] = np.roll(masks[key], number % 3, axis=0)
            masks[key][: 10 * number] = rng.integers(0, 3)
        save(root / name, masks)
    words = ["--data", str(root / "benchmark"), "--split", "test", "--split", "valid", "--out"]
    old, new = str(root / "old model"), str(root / "new model")
    assert main(["evaluate", old, *words, str(root / "one")]) == 0
    assert main(["evaluate", old, new, *words, str(root / "both")]) == 0
    return root


@pytest.fixture
def browser(chrome, scored):
    return Page(chrome, (scored / "one/index.html").as_uri())


@pytest.fixture(scope="session")
def report(scored):
    return evaluate(scored / "old model", scored / "benchmark", ("test", "valid"))


def cards(browser):
    return [card.get_attribute("data-key") for card in browser.all(".card")]


def test_opens_with_the_figures_of_all_splits(browser, report):
    assert browser.complaints() == []
    assert browser.texts("[role=tab]") == ["all", "test", "valid"]
    strong = browser.texts(".part:not([hidden]) .headline strong")
    expected = report.summary.figures
    values = [*expected.mean[[0, 1, 4]], expected.pixel_accuracy]
    assert strong == [f"{value:.3f}" for value in values]
    assert cards(browser) == [image.key for image in report.worst()]
    row = browser.texts(".part:not([hidden]) tbody tr")[1].split()
    assert row[0] == "Canvas"
    assert row[3:] == [f"{value:.3f}" for value in expected.per_class[:, 1]]
    assert len(browser.all(".part:not([hidden]) td .bar b")) == 15  # whiskers: 3 classes, 5 figures


def test_tabs_show_a_split_by_click_and_key(browser, report):
    tabs = browser.all("[role=tab]")
    tabs[1].click()
    for name in ("test", "valid"):
        strong = browser.texts(".part:not([hidden]) .headline strong")
        assert strong[0] == f"{report.splits[name].figures.mean[0]:.3f}"
        selected = browser.one("[role=tab][aria-selected=true]")
        assert selected.text == name
        cell = browser.one('#confusion [data-cell="1-1"]').get_attribute("aria-label")
        assert f"{report.splits[name].confusion[1, 1]:,} pixels" in cell
        browser.keys(Keys.ARROW_RIGHT)


def test_the_address_tells_split_and_numbers(browser, report):
    browser.all("[role=tab]")[2].click()
    browser.click('[data-confusion="pixels"]')
    browser.driver.refresh()
    assert browser.text("[role=tab][aria-selected=true]") == "valid"
    assert browser.text("[data-confusion][aria-checked=true]") == "Pixels"
    browser.driver.back()
    browser.wait(lambda: browser.text("[role=tab][aria-selected=true]") == "all")


def test_tables_sort(browser):
    names = "th[scope=row]"
    browser.all(".part:not([hidden]) thead button")[2].click()
    values = [float(row.split()[3]) for row in browser.texts(".part:not([hidden]) tbody tr")]
    assert values == sorted(values, reverse=True)
    assert len(browser.all(f".part:not([hidden]) {names}")) == 3


@pytest.mark.parametrize("mode, shown", [("row", 1), ("column", 0), ("pixels", None)])
def test_confusion_switches(browser, report, mode, shown):
    browser.click(f'[data-confusion="{mode}"]')
    matrix = report.summary.confusion
    text = browser.text('#confusion [data-cell="2-1"]')
    if shown is None:
        assert float(text.rstrip("k")) == pytest.approx(matrix[2, 1] / 1000, rel=0.01)
    else:
        assert text == f"{100 * matrix[2, 1] / matrix.sum(axis=shown)[2 if shown else 1]:.1f}"


def test_a_cell_leads_to_its_images(browser, report):
    browser.click('#confusion [data-cell="2-1"]')
    pixels = {
        image.key: sum(n for t, p, n in image.confused.tolist() if (t, p) == (2, 1))
        / image.counts[1].sum()
        for image in report.images
    }
    expected = sorted((key for key in pixels if pixels[key]), key=lambda key: (-pixels[key], key))
    browser.wait_for(expected[0])
    assert cards(browser) == expected
    assert Select(browser.id("by-pair")).first_selected_option.text == "Obstruction → Canvas"
    assert "pair=2-1" in browser.driver.current_url
    browser.driver.back()
    browser.wait(lambda: browser.id("figures").is_displayed())


def test_a_class_and_a_kind_of_mistake_lead_to_images(browser, report):
    browser.click('.part:not([hidden]) [data-mistake="missed"]')
    place = MISTAKES.index("missed")
    most = max(report.images, key=lambda i: i.mistakes[place] / i.counts[1].sum())
    browser.wait_for(most.key)
    browser.keys("s")
    browser.click('.part:not([hidden]) a[href="#class=2"]')
    worst = min(report.images, key=lambda i: (i.figures.per_class[0, 2], i.key))
    browser.wait_for(worst.key)
    assert Select(browser.id("by-mistake")).first_selected_option.text == "all"


def test_the_pictures_hold_the_mistakes(browser, scored):
    browser.open("000004_room")
    assert browser.texts(".pane h3") == ["Truth", "Prediction", "Mistakes"]
    benchmark = Benchmark(scored / "benchmark")
    predicted = read_mask(scored / "old model/000004_room.png")
    kinds = mistakes(benchmark.mask("000004_room"), predicted, 3)
    colors = [None, *(hex_color(MARKS[name]) for name in MISTAKES)]
    opaque(browser)
    expected = [[colors[kind] for kind in row] for row in kinds.tolist()]
    assert browser.canvas(2) == expected
    y, x = (int(places[-1]) for places in np.nonzero(kinds))
    browser.point(x, y).click().perform()
    facts = browser.texts("#pixel dd")
    assert facts[0] == benchmark.classes[benchmark.mask("000004_room")[y, x]]
    assert facts[1] == f"{benchmark.classes[predicted[y, x]]} ({MISTAKES[kinds[y, x] - 1]})"


def opaque(browser):
    """Draw classes and mistakes as they are, so that the canvas has their very colours."""
    script = "const o = arguments[0]; o.value = 100; o.dispatchEvent(new Event('input'))"
    browser.run(script, browser.one("[aria-label='Opacity, percent']"))


def test_slider_and_keys(browser):
    browser.open("000004_room")
    browser.keys("2")
    assert browser.texts(".pane h3") == ["Truth | Prediction"]
    browser.keys("4")
    assert browser.texts(".pane h3") == ["Mistakes"]
    browser.keys("j")
    following = cards(browser)[cards(browser).index("000004_room") + 1]
    browser.wait_for(following)


def test_curves_tell_their_values(browser, report, scored):
    titles = [title.get_attribute("textContent") for title in browser.all("#curves title")]
    worst = report.worst()
    assert f"1 of 8: {worst[0].true_iou:.3f}" in titles
    assert f"8 of 8: {worst[-1].true_iou:.3f}" in titles
    with (scored / "one/sizes.csv").open(newline="") as stream:
        sizes = list(csv.DictReader(stream))
    for row in sizes:
        assert any(t.startswith(row["class"]) and f"{float(row['iou']):.3f}" in t for t in titles)
    browser.click('[data-curve="1"]')
    assert len(browser.all("#curves .line.chosen")) == 1
    assert len(browser.all("#curves .line.faint")) == 2


def test_the_citation_names_what_was_scored(browser, report):
    text = browser.text("#citation")
    for part in (report.labels_sha256, report.predictions_sha256, "test, valid (8 images)"):
        assert part in text
    browser.click("#copy")
    browser.wait(lambda: browser.text("#copied") == "copied")


def test_two_predictions_side_by_side(chrome, scored):
    browser = Page(chrome, (scored / "both/index.html").as_uri())
    assert browser.complaints() == []
    found = json.loads((scored / "both/metrics.json").read_text())["change"]["all"]
    low, high = (found["interval_95"][end]["classes"]["Canvas"]["iou"] for end in ("low", "high"))
    row = next(
        r for r in browser.texts(".part:not([hidden]) .changes tbody tr") if "IoU Canvas" in r
    )
    assert f"{found['classes']['Canvas']['iou']:+.3f} {low:+.3f} to {high:+.3f}" in row
    with (scored / "both/images.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert cards(browser) == [row["key"] for row in rows]
    point = browser.one(f'#scatter circle[data-key="{rows[0]["key"]}"]')
    browser.run("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", point)
    browser.wait_for(rows[0]["key"])
    assert browser.texts(".pane h3") == ["old model", "new model", "Truth"]
    opaque(browser)
    before = browser.canvas(1)
    browser.keys("e")
    assert browser.canvas(1) != before
    assert {color for row in browser.canvas(1) for color in row} <= {
        None, *(hex_color(MARKS[name]) for name in MISTAKES)
    }  # fmt: skip


def test_parts_of_a_change_are_stacked(chrome, scored, tmp_path):
    old = shutil.copytree(scored / "benchmark", tmp_path / "old")
    write_item(old, "000001_room", blocks(50, SHAPE))
    write_lists(old, {"test": SPLITS["test"][:4], "valid": SPLITS["valid"]})
    new = Benchmark(scored / "benchmark")
    found = compare(scored / "old model", new, old)
    write_page(
        tmp_path, EvaluationContents(found.new, new, {"Prediction": scored / "old model"}, found)
    )
    browser = Page(chrome, (tmp_path / "index.html").as_uri())
    row = browser.one(".changes tbody tr")
    parts = {name: rounded(found.parts[name].mean[0]) for name in ("labels", "added")}
    widths = {
        bar.get_attribute("class"): bar.rect["width"]
        for bar in row.find_elements("css selector", "i")
    }
    assert set(widths) == set(parts)
    ratio = abs(parts["labels"] / parts["added"])
    assert widths["labels"] / widths["added"] == pytest.approx(ratio, rel=0.05)


@pytest.mark.parametrize("size", ["phone", "laptop", "4K"])
@pytest.mark.parametrize("which", ["one", "both"])
def test_fits_every_screen_and_passes_axe(chrome, scored, size, which):
    browser = Page(chrome, (scored / which / "index.html").as_uri(), size)
    for theme in ("light", "dark"):
        browser.run("document.documentElement.dataset.theme = arguments[0]", theme)
        assert browser.faults() == []
        assert browser.violations() == []
    browser.run("document.querySelector('#confusion button').click()")
    browser.wait(lambda: browser.all(".stage .picture"))
    assert browser.faults() == []
    assert browser.violations() == []


def test_a_page_replaces_a_page_and_equal_input_gives_equal_bytes(scored, tmp_path):
    root = make(tmp_path / "b")
    (tmp_path / "out/images").mkdir(parents=True)
    (tmp_path / "out/images/holiday.jpg").write_text("mine")
    (tmp_path / "out/images/00009.jpg").write_text("an older page's")
    folder = save(tmp_path / "p", masks_of(root, seed=1))
    seen = []
    for _ in (1, 2):
        assert (
            main(["evaluate", str(folder), "--data", str(root), "--out", str(tmp_path / "out")])
            == 0
        )
        seen.append({p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()})
    assert seen[0] == seen[1]
    names = sorted(path.name for path in (tmp_path / "out/images").iterdir())
    assert names == [
        "00000-thumbnail.jpg", "00000.jpg", "00001-thumbnail.jpg", "00001.jpg", "holiday.jpg",
    ]  # fmt: skip


def test_fewer_pictures_are_said_so(chrome, scored, tmp_path):
    words = ["--data", str(scored / "benchmark"), "--worst", "1", "--out", str(tmp_path)]
    assert main(["evaluate", str(scored / "old model"), *words]) == 0
    browser = Page(chrome, (tmp_path / "index.html").as_uri())
    assert browser.text("#count") == "1 of 1 image; 5 more are not in this page (--worst)"
