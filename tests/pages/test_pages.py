"""What pages share: skeleton, tables, pictures, and colours that are defined once."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from jinja2 import DictLoader, Environment
from PIL import Image

from maskbench.errors import DataError
from maskbench.pages import data
from maskbench.pages.palette import MARKS
from maskbench.pages.pictures import palette_picture, scene_of_item
from maskbench.pages.tables import Cell, Table
from maskbench.pages.template import assets, modules, render

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("pages", "diff", "evaluation")
ASSETS = sorted((ROOT / "maskbench").rglob("assets/*"))


def test_a_page_shows_names_as_text():
    title = "</title><script>"
    parts = {"causes": [], "sections": [], "heading": "a < b", "verdict": "1 & 2"}
    page = render("diff/page.html", title, {"name": "</script><b>"}, **parts)
    assert "<title>&lt;/title&gt;&lt;script&gt;</title>" in page
    assert "<h1>a &lt; b</h1>" in page
    assert page.index("--ground") < page.index("<body>")
    data = re.search(r'<script type="application/json" id="data">(.*)</script>', page)[1]
    assert "<" not in data
    assert json.loads(data) == {"name": "</script><b>"}
    assert page == render("diff/page.html", title, {"name": "</script><b>"}, **parts)


def test_modules_name_only_modules():
    texts = {f"{room}/{name}": text for room in ROOMS for name, text in assets(room, ".js").items()}
    for name, text in texts.items():
        imported = set(re.findall(r'from "([^"]+)"', text))
        assert imported <= texts.keys(), name
        assert {module.partition("/")[0] for module in imported} <= {
            "pages",
            name.partition("/")[0],
        }
    assert modules(["pages"]).keys() == {name for name in texts if name.startswith("pages/")}


def test_types_on_both_sides():
    """Fields of the TypedDicts are those of the scripts' typedefs, optional where they are."""
    script = assets("pages", ".js")["masks.js"]
    for kind in (data.RegionData, data.CellData, data.MaskData):
        name = {"MaskData": "MaskData"}.get(kind.__name__, kind.__name__.removesuffix("Data"))
        block = re.search(rf"@typedef {{Object}} {name}\b.*?\*/", script, re.DOTALL)[0]
        fields = re.findall(r"@property {[^}]+} (\[?)(\w+)", block)
        assert {field for _, field in fields} == kind.__required_keys__ | kind.__optional_keys__
        assert {field for bracket, field in fields if bracket} == kind.__optional_keys__


def test_cells_of_a_table():
    rows = [
        [Cell("<b>", is_heading=True), Cell("0.250", shade=0.25)],
        [Cell("here", link="#a%20b"), Cell("task", link='https://x/?a="&b', value=3)],
        [Cell("x"), Cell("0.5", bar=0.5, interval=(0.4, 0.65))],
    ]
    template = Environment(loader=DictLoader(assets("pages", ".html")), autoescape=True)
    draw_table = template.get_template("table.html").module.draw_table
    text = draw_table(Table("a < b", ["name", "a & b"], rows, [False, True]))
    assert re.sub(r"\s*\n\s*", "", text) == (
        '<div class="scroll" tabindex="0" role="region" aria-label="a &lt; b"><table>'
        '<thead><tr><th scope="col">name</th><th scope="col" class="number">a &amp; b</th></tr>'
        '</thead><tbody><tr><th scope="row">&lt;b&gt;</th>'
        '<td class="number" style="background: rgba(0, 114, 178, 0.15)">0.250</td></tr>'
        '<tr><td><a href="#a%20b">here</a></td><td class="number" data-value="3">'
        '<a href="https://x/?a=&#34;&amp;b" target="_blank" rel="noopener noreferrer">task</a>'
        '</td></tr><tr><td>x</td><td class="number">0.5<span class="bar"><i style="width: 50.0%">'
        '</i><b style="left: 40.0%; width: 25.0%"></b></span></td></tr></tbody></table></div>'
    )


def test_a_palette_picture_keeps_every_pixel(tmp_path):
    values = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    colors = [(9, 9, 9), (255, 0, 0), (0, 0, 255)]
    palette_picture(values, colors, is_transparent=True).save(tmp_path / "picture.png")
    shown = np.asarray(Image.open(tmp_path / "picture.png").convert("RGBA"))
    assert shown.tolist() == [
        [[9, 9, 9, 0], [255, 0, 0, 255]],
        [[0, 0, 255, 255], [255, 0, 0, 255]],
    ]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize("most", [1600, 60])
def test_a_scene_that_is_damaged_is_named(tmp_path, name, most):
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    for damaged in (content[: len(content) // 2], b"<html>", b""):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(DataError) as caught:
            scene_of_item(tmp_path / name, None, "scenes/a", 7, (most, most))
        [problem] = caught.value.problems
        assert str(problem).startswith("scenes/a, task 7: it is ")


def test_every_colour_that_assets_name_is_defined():
    text = "\n".join(path.read_text(encoding="utf-8") for path in ASSETS)
    defined = {*MARKS, *re.findall(r"(?<![\w-])--([\w-]+):", text)}
    defined |= set(re.findall(r'setProperty\("--([\w-]+)"', text))
    defined |= set(re.findall(r'"--([\w-]+)":', text))
    assert set(re.findall(r"var\(--([\w-]+)", text)) <= defined


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in ASSETS}), ids=lambda folder: folder.parent.name
)
def test_assets_are_in_the_package(folder):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["maskbench"]
    assert f"{folder.relative_to(ROOT / 'maskbench')}/*" in patterns
