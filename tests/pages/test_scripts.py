"""The pages' modules, each for itself, in a real browser."""

import json

import numpy as np
import pytest

from maskbench.pages.template import modules
from tests.harness.browser import Page
from tests.pages.test_item import packed

FRAME = """<!doctype html><html lang="en"><title>Modules</title>
<script type="importmap">{}</script><body><div id="box"></div></body></html>"""


@pytest.fixture
def js(chrome, tmp_path):
    """Runs a script with names imported from a module; what it returns."""
    file = tmp_path / "modules.html"
    file.write_text(FRAME.format(json.dumps({"imports": modules(["pages"])})))
    page = Page(chrome, file.as_uri())

    def run(module, names, script, *arguments):
        code = f"""
        const done = arguments[arguments.length - 1], given = [...arguments].slice(0, -1);
        import("pages/{module}.js").then(async ({{ {names} }}) => {{ {script} }})
          .then(done, error => done("failed: " + error + error.stack))"""
        return chrome.execute_async_script(code, *arguments)

    run.page = page
    return run


def test_a_picture_is_placed(js):
    place = js("camera", "fit", "return fit([200, 100], [400, 400])")
    assert place == {"scale": 2, "x": 0, "y": 100, "fitted": True}
    script = """
    const before = fit([200, 100], [400, 400]);
    const after = zoom(before, 3, [100, 150], [200, 100], [400, 400]);
    return [(100 - before.x) / before.scale, (100 - after.x) / after.scale, after.scale,
      zoom(after, 1e9, [0, 0], [200, 100], [400, 400]).scale,
      inSight({scale: 1, x: 9999, y: -9999}, [200, 100], [400, 400])]"""
    at, same, scale, most, kept = js("camera", "fit, zoom, inSight", script)
    assert (at, scale, most) == (50, 6, 64)
    assert same == pytest.approx(50)
    assert kept == {"scale": 1, "x": 352, "y": -52}
    framed = js("camera", "frame", "return frame([10, 20, 30, 40], [400, 400])")
    assert framed["x"] + 20 * framed["scale"] == pytest.approx(200)


def test_numbers_are_unpacked(js):
    rng = np.random.default_rng(0)
    for height, width, many in [(1, 1, 2), (3, 5, 65535), (20, 30, 3), (7, 300, 2)]:
        numbers = rng.integers(0, many, (height, width))
        script = "return [...await unpack(given[0], given[1])]"
        found = js("masks", "unpack", script, packed(numbers), [width, height])
        assert found == numbers.ravel().tolist()


def test_a_layer_is_painted(js):
    script = """
    const canvas = document.createElement("canvas");
    const values = [0,0,0,0, 1,1,1,2, 1,1,1,2], colors = [null, "#ff0000", "#0000ff"];
    const layer = {size: [4, 3], values, colors};
    const pixel = (x, y) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data];
    paint(canvas, layer, {opacity: 0.5});
    const usual = [pixel(0, 0), pixel(1, 2), pixel(1, 1), pixel(3, 2)];
    paint(canvas, layer, {opacity: 0.5, only: 2});
    return [...usual, pixel(1, 1), pixel(3, 2)]"""
    nothing, inner, border, blue, hidden, shown = js("masks", "paint", script)
    assert nothing == hidden == [0, 0, 0, 0]
    assert inner == [255, 0, 0, 128]
    assert border == [255, 0, 0, 255]
    assert blue == shown == [0, 0, 255, 255]


def test_patterns_differ_by_class(js):
    script = """
    const canvas = document.createElement("canvas");
    const looks = [1, 2, 3, 4].map(n => {
      const values = new Uint8Array(64 * 64).fill(n);
      const layer = {size: [64, 64], values, colors: Array(5).fill("#808080")};
      paint(canvas, layer, {opacity: 0.5, patterns: true});
      return canvas.getContext("2d").getImageData(0, 0, 64, 64).data.join();
    });
    return new Set(looks).size"""
    assert js("masks", "paint", script) == 4


def test_headings_sort(js):
    script = """
    const rows = [["b", "1,200"], ["a", "90 %"], ["c", "-3"]];
    document.getElementById("box").append(...table("T", ["name", ">n"], rows));
    const cells = () => [...document.querySelectorAll("td:first-child")];
    const names = () => cells().map(e => e.textContent).join("");
    const [first, second] = document.querySelectorAll("th button"), seen = [names()];
    for (const button of [first, first, first, second, second]) {
      button.click();
      seen.push(names());
    }
    return seen"""
    assert js("table", "table", script) == ["bac", "abc", "cba", "bac", "bac", "cab"]


def test_an_address_keeps_values(js):
    script = """
    writeAddress({key: "a b&c=<i>", find: "", mode: null}, true);
    const first = readAddress();
    location.hash = "#plain%20name";
    return [first, readAddress()]"""
    found = js("address", "readAddress, writeAddress", script)
    assert found == [{"key": "a b&c=<i>"}, {"key": "plain name"}]


def test_of_a_long_list_only_what_is_seen_is_in_the_document(js):
    script = """
    const box = document.getElementById("box");
    Object.assign(box.style, {height: "400px", width: "500px", overflow: "auto"});
    const draw = n => Object.assign(document.createElement("button"), {textContent: n});
    const list = new Windowed(box, {width: 100, height: 50}, draw, "Numbers");
    list.show([...Array(10000).keys()]);
    const buttons = () => [...box.querySelectorAll("button")].map(e => Number(e.textContent));
    const seen = [buttons()];
    list.mark(7777);
    await new Promise(requestAnimationFrame);
    seen.push(buttons());
    return [...seen, box.querySelectorAll("[tabindex='0']").length]"""
    first, later, stops = js("windowed", "Windowed", script)
    assert first[:5] == [0, 1, 2, 3, 4]
    assert len(first) < 100
    assert 7777 in later
    assert len(later) < 100
    assert stops == 1


def test_text_is_never_markup(js):
    name = "<img src=x onerror='window.hacked=1'>[a](b) `c` @all"
    script = """
    document.getElementById("box").append(make("p", {title: given[0]}, given[0]));
    return [document.querySelector("p").textContent, window.hacked ?? null]"""
    assert js("elements", "make", script, name) == [name, None]
    script = """
    const triage = new Triage("t", () => {});
    triage.note("k`ey", {x: 1, y: 2, text: given[0]});
    return triage.markdown([{key: "k`ey", task: 1, link: "https://x/?a=1&b"}], given[0])"""
    text = js("triage", "Triage", script, name)
    assert "<img" not in text
    assert "@all" not in text
    assert "[a](" not in text
    assert "- [task 1](<https://x/?a=1&b>) `` k`ey ``" in text


def test_a_link_is_one_of_the_web(js):
    script = "return given[0].map(address => outerLink('t', address).tagName)"
    addresses = ["https://a/b", "javascript:alert(1)", "data:text/html,x", None]
    assert js("elements", "outerLink", script, addresses) == ["A", "SPAN", "SPAN", "SPAN"]


def test_a_matrix_leads_somewhere(js):
    script = """
    const led = [];
    const cell = (i, j) => (i === j ? null
      : { text: short(1000 * i + j), label: "l", shade: .5, kind: "wrong" });
    const lead = (i, j) => led.push([i, j]);
    const made = matrix("m", "corner", ["a", "b"], ["a", "<b>"], cell, lead);
    document.getElementById("box").replaceChildren(made);
    for (const button of made.querySelectorAll("button")) button.click();
    return [led, [...made.querySelectorAll("td button, tbody th")].map(e => e.textContent),
      made.querySelectorAll("thead th")[1].textContent, [0.5, 512, 9123, 20e6].map(short)]"""
    led, texts, heading, numbers = js("matrix", "matrix, short", script)
    assert led == [[0, 1], [1, 0]]
    assert texts == ["a", "1", "b", "1k"]
    assert heading == "<b>"
    assert numbers == ["0.5", "512", "9.12k", "20M"]


def test_a_cell_of_the_matrix_in_words(js):
    script = "return [0, 1, 1200].map((n) => cellWords('A', 'is', 'B', n))"
    words = js("matrix", "cellWords", script)
    assert words == ["A is B: 0 pixels", "A is B: 1 pixel", "A is B: 1,200 pixels"]
