"""What pages share: skeleton, tables, pictures, and colours that are defined once."""

import base64
import io
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maskbench.pages.palette import MARKS
from maskbench.pages.pictures import palette_picture, png_url
from maskbench.pages.tables import Cell, table
from maskbench.pages.template import fill, page

ROOT = Path(__file__).resolve().parents[2]
ASSETS = sorted((ROOT / "maskbench").rglob("assets/*"))


def test_a_page_is_written_in_pieces():
    def body():
        yield "<p>one</p>"
        yield "<p>@@TITLE@@</p>"

    head, *pieces, end = page("a < b", ["p { margin: 1px; }"], body())
    assert "<title>a &lt; b</title>" in head
    assert head.index("--ground") < head.index("p { margin: 1px; }")
    assert pieces == ["<p>one</p>", "<p>@@TITLE@@</p>"]
    assert end == "\n</body>\n</html>\n"


def test_what_is_put_into_a_template_is_not_filled():
    assert fill("<p>@@A@@</p>@@B@@", {"A": "@@B@@", "B": "b"}) == "<p>@@B@@</p>b"


def test_cells_of_a_table():
    rows = [
        [Cell("<b>", is_heading=True), Cell("0.250", shade=0.25)],
        [Cell("here", link="#a%20b"), Cell("task", link='https://x/?a="&b')],
    ]
    assert table(["name", "a & b"], rows, [False, True]) == (
        '<div class="scroll"><table><thead><tr><th scope="col">name</th>'
        '<th scope="col" class="number">a &amp; b</th></tr></thead><tbody>\n'
        '<tr><th scope="row">&lt;b&gt;</th>'
        '<td class="number" style="background: rgba(0, 114, 178, 0.15)">0.250</td></tr>\n'
        '<tr><td><a href="#a%20b">here</a></td><td class="number">'
        '<a href="https://x/?a=&quot;&amp;b" target="_blank" rel="noopener noreferrer">task</a>'
        "</td></tr>\n</tbody></table></div>"
    )


def test_a_palette_picture_as_a_data_url():
    values = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    colors = [(9, 9, 9), (255, 0, 0), (0, 0, 255)]
    kind, _, data = png_url(palette_picture(values, colors, is_transparent=True)).partition(",")
    assert kind == "data:image/png;base64"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))
    assert shown.tolist() == [
        [[9, 9, 9, 0], [255, 0, 0, 255]],
        [[0, 0, 255, 255], [255, 0, 0, 255]],
    ]


def test_every_colour_that_assets_name_is_defined():
    text = "\n".join(path.read_text(encoding="utf-8") for path in ASSETS)
    defined = {*MARKS, *re.findall(r"(?<![\w-])--([\w-]+):", text)}
    defined |= set(re.findall(r'setProperty\("--([\w-]+)"', text))
    assert set(re.findall(r"var\(--([\w-]+)", text)) <= defined


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in ASSETS}), ids=lambda folder: folder.parent.name
)
def test_assets_are_in_the_package(folder):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["maskbench"]
    assert f"{folder.relative_to(ROOT / 'maskbench')}/*" in patterns
