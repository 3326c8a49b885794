"""The page of label quality in a real browser, from a file: clicks, keys, phone, dark, axe-core."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import Keys
from selenium.webdriver.support.ui import Select

from maskbench.cli import main
from maskbench.files.csv import read_table
from maskbench.pages.palette import ANNOTATORS, MARKS, hex_color
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.quality.stage import quality
from maskbench.quality_page.draw import count_opinions
from tests.exports import PARAMS, annotation, box, task, write_export
from tests.harness.browser import Page
from tests.pipeline.test_build import params

NASTY = "<img src=x onerror='window.hacked=1'>"
LABELS = {"Background": 0, "Canvas": 1, NASTY: 2}
SERVER = {"server": "http://studio.example", "project": 1}
TINY = box(["Canvas"], 90, 90, 92.4, 93.2, number=8)  # a pixel
TWICE = [box(["Canvas"], 0, 0, 70, 50, number=n) for n in (0, 9)]
DUPLICATE, SUB_PIXEL = "000004_scene_4", "000005_scene_5"


def drawn(number, user, month, *regions):
    when = f"2026-{month:02d}-03T08:00:00.000000Z"
    return annotation(
        10 * number + user, list(regions), user=user, created_at=when, updated_at=when
    )


def tasks():
    """Three people draw the upper half, as far to the right as they like; the third not always."""
    made = []
    for n in range(1, 7):
        people = [drawn(n, 5, n, box(["Canvas"], 0, 0, 100, 50, number=0))]
        own = TWICE if n == 4 else [box(["Canvas"], 0, 0, 50 + 5 * n, 50, number=0)]
        people.append(drawn(n, 7, n + 1, *own, *([TINY] if n == 5 else [])))
        if n < 4:
            people.append(drawn(n, 9, n, box([NASTY], 0, 0, 100, 50, number=0)))
        made.append(task(n, *people))
    made.append(task(7, drawn(7, 5, 1, TINY)))
    return made


def masks(n):
    """What the annotators of a task gave its pixels."""
    found = np.zeros((3, 30, 40), dtype=np.uint8)
    found[0, :15] = 1
    found[1, :15, : 28 if n == 4 else 20 + 2 * n] = 1
    found[2, :15] = 2
    if n == 5:
        found[1, 27, 36] = 1
    return found if n < 4 else found[:2]


def iou(pairs, value):
    both = sum(int(((a == value) & (b == value)).sum()) for a, b in pairs)
    either = sum(int(((a == value) | (b == value)).sum()) for a, b in pairs)
    return both / either


def write_repository(root, entries, **sections):
    """Make a repository with the outputs of *quality*; its params name a server, for links."""
    write_export(root / "source", entries)
    sections = {"labels_map": LABELS, "multi_label_rules": {}, **sections}
    settings = params(root / "source", **sections)
    fetch(settings, Layout(root))
    quality(settings, Layout(root))
    text = json.dumps({**PARAMS, **sections, "fetch": {**SERVER, "folder": "source"}})
    (root / "params.yaml").write_text(text)
    (root / "dvc.yaml").write_text("stages: {}\n")
    return root


@pytest.fixture(scope="session")
def labels(tmp_path_factory):
    """A repository and its page; tests do not write to it."""
    root = tmp_path_factory.mktemp("quality") / "walls"
    reason = f"both are meant {NASTY}"
    accept = [{"finding": f"duplicate/{DUPLICATE}/r9+r0", "reason": reason}]
    write_repository(root, tasks(), quality={"accept": accept})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert main(["quality", "--html", "page"]) == 0
    return root


@pytest.fixture
def browser(chrome, labels):
    return Page(chrome, (labels / "page/index.html").as_uri())


def metrics(root):
    return json.loads((root / "metrics/quality.json").read_text())


def open_image(browser, key):
    browser.click(f'.card[data-key="{key}"]')
    browser.wait_for(key)


def test_opens_with_the_agreement_and_the_ranking(browser, labels):
    assert browser.complaints() == []
    found = metrics(labels)["agreement"]
    names = ("iou", "dice", "boundary_iou", "kappa", "alpha")
    assert browser.texts(".headline strong") == [f"{found[name]:.3f}" for name in names]
    ranking = [row["key"] for row in read_table(labels / "plots/ranking.csv")]
    cards = browser.shown(".card")
    assert cards[: len(ranking)] == ranking
    assert cards[len(ranking) :] == ["000007_scene_7"]  # one annotator, and a finding
    rows = browser.texts("#figures table:not(.matrix) tbody tr")
    assert [row.split()[0] for row in rows] == ["Background", "Canvas", "<img", "5", "7", "9"]


def cell(browser, row, column):
    button = browser.one(f'#matrix [data-cell="{row}-{column}"]')
    return button.text, button.get_attribute("aria-label")


def test_the_matrix_switches_coefficient_and_class(browser, labels):
    found = metrics(labels)
    text, label = cell(browser, 0, 1)
    pair = found["pairs"]["5 and 7"]
    assert text == f"{pair['iou']:.2f}" == cell(browser, 1, 0)[0]
    assert label == f"annotator 5 and annotator 7: IoU {pair['iou']:.3f} on 6 images"
    assert browser.all('#matrix [data-cell="0-0"]') == []
    others = found["against_the_others"]["7"]
    assert (
        cell(browser, 1, 3)[1] == f"annotator 7 and the others: IoU {others['iou']:.3f} on 6 images"
    )
    gaps = browser.texts("#matrix thead .apart")
    assert gaps == ["the others"]
    assert "against ground truth" not in browser.text("#figures .pair .hint")
    browser.click('[data-coefficient="alpha"]')
    assert cell(browser, 0, 1)[0] == f"{pair['alpha']:.2f}"
    browser.keys(Keys.ARROW_LEFT)
    assert cell(browser, 0, 1)[0] == f"{pair['kappa']:.2f}"
    browser.click('[data-coefficient="iou"]')
    Select(browser.id("of")).select_by_visible_text("Canvas")
    expected = iou([masks(n)[:2] for n in range(1, 7)], 1)
    assert cell(browser, 0, 1)[1].endswith(f"IoU {expected:.3f} on 6 images")
    browser.driver.refresh()
    assert cell(browser, 0, 1)[1].endswith(f"IoU {expected:.3f} on 6 images")


def test_a_cell_leads_to_the_images_of_the_pair(browser):
    browser.click('#matrix [data-cell="0-2"]')
    browser.wait(lambda: browser.all(".stage .picture"))
    assert browser.shown(".card") == [f"00000{n}_scene_{n}" for n in (1, 2, 3)]
    assert Select(browser.id("by-pair")).first_selected_option.text == "5 and 9"
    browser.driver.back()
    browser.wait(lambda: browser.id("figures").is_displayed())


def test_annotators_over_time(browser):
    titles = [title.get_attribute("textContent") for title in browser.all("#timeline title")]
    expected = iou([masks(4)], 1)  # the only image of that month, and nobody else's
    both = (expected + iou([masks(4)], 0)) / 2
    assert f"annotator 7, 2026-05: {both:.3f} (1 image)" in titles
    assert len([title for title in titles if title.startswith("annotator 5, 2026-0")]) == 6
    assert "month of the last save, UTC" in browser.texts("#timeline svg text")
    browser.click('[data-person="7"]')
    assert len(browser.all("#timeline .line.chosen")) == 1
    assert len(browser.all("#timeline .line.faint")) == 2


def test_who_drew_what(browser):
    open_image(browser, "000002_scene_2")
    assert browser.texts(".pane h3") == ["Together"]
    opinions = count_opinions(list(masks(2)))
    script = "const o = arguments[0]; o.value = 100; o.dispatchEvent(new Event('input'))"
    browser.run(script, browser.one("[aria-label='Opacity, percent']"))
    marks = [None, hex_color(MARKS["two-classes"]), hex_color(MARKS["more-classes"])]
    assert browser.canvas() == [[marks[n - 1] for n in row] for row in opinions.tolist()]
    browser.point(38, 3).perform()
    said = f"annotator 5: Canvas\nannotator 7: Background\nannotator 9: {NASTY}"
    assert browser.text(".tip") == said
    browser.point(38, 3).click().perform()
    facts = browser.texts("#pixel dd")
    assert facts[0] == "Canvas: its only label; Canvas (rectangle r0)"
    assert facts[1] == "Background: background: no region lies here"
    link = browser.one("#people a")
    assert link.get_attribute("href") == "http://studio.example/projects/1/data?task=2"


def outlined(browser):
    script = """return [...document.querySelectorAll('.outline:not(.under)')]
      .map(e => getComputedStyle(e).stroke)"""
    colors = {f"rgb{color}": place for place, color in enumerate(ANNOTATORS)}
    return sorted(colors[stroke] for stroke in browser.run(script))


def test_outlines_have_the_annotators_colours_and_can_be_taken_away(browser):
    open_image(browser, "000002_scene_2")
    assert outlined(browser) == [0, 1, 2]
    browser.click('[data-who="7"]')
    assert outlined(browser) == [0, 2]
    browser.point(38, 3).perform()
    assert "annotator 7" not in browser.text(".tip")
    for shown in ([0], [1], [2], [0, 1, 2]):
        browser.keys("o")
        assert outlined(browser) == shown
    browser.keys("2")
    assert browser.texts(".pane h3") == ["Together", "annotator 5", "annotator 7", "annotator 9"]
    browser.point(38, 3, pane=2).perform()
    assert browser.text(".tip") == "annotator 7: Background"
    browser.keys("f")
    assert "zoom=" in browser.driver.current_url


def test_the_thumbnail_marks_the_pixels_apart(labels):
    keys = [row["key"] for row in read_table(labels / "plots/ranking.csv")]
    file = f"page/images/{keys.index('000006_scene_6'):05d}-thumbnail.jpg"
    small = np.asarray(Image.open(labels / file)).astype(int)
    colourful = (small.max(axis=2) - small.min(axis=2)) > 60
    assert 0 < colourful.mean() < 0.9


def findings(browser):
    script = "return [...document.querySelectorAll('.finding')].map(e => e.dataset.finding)"
    return browser.run(script)


def test_findings_and_their_filters(browser, labels):
    browser.click('nav [data-open="findings"]')
    rows = read_table(labels / "plots/findings.csv")
    shown = [row["id"] for row in rows]
    assert findings(browser) == shown
    assert {f"duplicate/{DUPLICATE}/r9+r0", f"sub_pixel/{SUB_PIXEL}/r8"} <= set(shown)
    for name, column, value in (
        ("kind", "kind", "sub_pixel"),
        ("severity", "severity", "medium"),
        ("who", "annotator", "7"),
        ("label", "label", "Canvas"),
    ):
        Select(browser.id(f"by-finding-{name}")).select_by_value(value)
        assert findings(browser) == [row["id"] for row in rows if row[column] == value]
        browser.driver.refresh()
        assert findings(browser) == [row["id"] for row in rows if row[column] == value]
        browser.click("#finding-reset")
        browser.wait(lambda: findings(browser) == shown)
    Select(browser.id("by-finding-state")).select_by_value("accepted")
    assert findings(browser) == [f"duplicate/{DUPLICATE}/r9+r0"]
    assert f"Accepted: both are meant {NASTY}" in browser.text(".finding")
    assert browser.one(".finding a").get_attribute("href").endswith("/projects/1/data?task=4")
    assert browser.text("#finding-count") == f"1 of {len(rows)} findings"


def test_a_finding_leads_to_its_place(browser):
    browser.click('nav [data-open="findings"]')
    browser.click(f'[data-finding="sub_pixel/{SUB_PIXEL}/r8"] button')
    browser.wait_for(SUB_PIXEL)
    browser.wait(lambda: browser.all(".outline.lit"))
    assert "zoom=" in browser.driver.current_url
    assert browser.text("#found li").startswith("high sub pixel: ")
    browser.keys("w")
    assert browser.id("findings").is_displayed()


@pytest.mark.parametrize("size", ["phone", "laptop", "4K"])
def test_fits_every_screen_and_passes_axe(chrome, labels, size):
    browser = Page(chrome, (labels / "page/index.html").as_uri(), size)
    for place in ("", "#view=findings", "#key=000002_scene_2", "#key=000002_scene_2&mode=side"):
        browser.go("about:blank")
        browser.go((labels / "page/index.html").as_uri() + place)
        if "key" in place:
            browser.wait_for("000002_scene_2")
        elif place:  # on a phone it begins below the filters
            browser.run("document.querySelector('.finding').scrollIntoView()")
        for theme in ("light", "dark"):
            browser.run("document.documentElement.dataset.theme = arguments[0]", theme)
            assert browser.faults() == [], place
            assert browser.violations() == []
    assert browser.complaints() == []
    assert browser.run("return window.hacked") is None


def test_only_what_is_seen_is_in_the_document(chrome, tmp_path, monkeypatch):
    slips = [box(["Canvas"], 90, 90, 92.4, 93.2, number=n) for n in range(40)]
    root = write_repository(tmp_path / "many", [task(1, drawn(1, 5, 1, *slips))])
    monkeypatch.chdir(root)
    assert main(["quality", "--html", "page", "--worst", "3"]) == 0
    assert len(list((root / "page/images").glob("*-finding.jpg"))) == 3
    browser = Page(chrome, (root / "page/index.html").as_uri())
    assert "nothing to compare: of 1 image, none" in browser.text(".headline")
    browser.click('nav [data-open="findings"]')
    total = f"{len(read_table(root / 'plots/findings.csv')):,}"
    assert browser.text("#finding-count") == f"{total} of {total} findings"
    assert len(findings(browser)) < 60


def test_without_dates_the_images_are_in_the_order_of_keys(chrome, tmp_path, monkeypatch):
    entries = tasks()
    for one in (a for entry in entries for a in entry["annotations"]):
        del one["created_at"], one["updated_at"]
    root = write_repository(tmp_path / "undated", entries)
    monkeypatch.chdir(root)
    assert main(["quality", "--html", "page"]) == 0
    browser = Page(chrome, (root / "page/index.html").as_uri())
    assert browser.texts("#timeline svg text")[5:11] == ["1", "2", "3", "4", "5", "6"]
    assert any("the annotations tell no dates" in text for text in browser.texts("#timeline text"))


def test_equal_input_gives_equal_bytes_and_a_page_replaces_a_page(labels, tmp_path, monkeypatch):
    monkeypatch.chdir(labels)
    out = tmp_path / "out"
    (out / "images").mkdir(parents=True)
    (out / "images/00099-finding.jpg").write_text("an older page's")
    (out / "images/holiday.jpg").write_text("mine")
    for workers in ("1", "3"):
        monkeypatch.setenv("MASKBENCH_WORKERS", workers)
        assert main(["quality", "--html", str(out)]) == 0
        made = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        page = labels / "page"
        expected = {p.relative_to(page): p.read_bytes() for p in page.rglob("*") if p.is_file()}
        assert made.keys() - expected.keys() == {(out / "images/holiday.jpg").relative_to(out)}
        assert {name: made[name] for name in expected} == expected


def test_missing_images_are_named(tmp_path, monkeypatch, capsys):
    root = write_repository(tmp_path / "gone", tasks())
    for name in ("000001_scene_1.png", "000002_scene_2.png"):
        (root / "data/images" / name).unlink()
    monkeypatch.chdir(root)
    assert main(["quality", "--html", "page"]) == 4
    error = capsys.readouterr().err
    assert "the page was not written" in error and "run `dvc checkout`" in error
    assert "000001_scene_1.png" in error and "000002_scene_2.png" in error
    assert not (root / "page/index.html").exists()


@pytest.mark.parametrize("option", ["--html", "--predictions"])
def test_a_clone_without_tasks_says_what_to_pull(tmp_path, monkeypatch, capsys, option):
    root = write_repository(tmp_path / "clone", tasks())
    shutil.rmtree(root / "data/annotations")
    monkeypatch.chdir(root)
    assert main(["quality", option, "folder"]) == 1
    assert "data/annotations holds no tasks" in capsys.readouterr().err
    assert main(["quality"]) == 0
