"""The page of rules: what decides each combination, and its largest places."""

import shutil
from html import unescape

import numpy as np
import pytest
from PIL import Image

from maskbench.errors import DataError
from maskbench.files.yaml import parse_yaml
from maskbench.pages.palette import MARKS
from tests.exports import PARAMS
from tests.harness.browser import Page
from tests.pasting import paste, team_params
from tests.show.conftest import build, tasks


@pytest.fixture
def undecided(tmp_path):
    """A repository in which *combine* does not pass."""
    with pytest.raises(DataError, match="combin"):
        build(tmp_path, tasks(), rules={})
    return tmp_path


def test_each_combination_with_its_three_largest_places(world, show, tmp_path):
    status, out, err = show(world, "--rules", "--out", tmp_path)
    assert (status, out) == (0, f"{tmp_path}/index.html: 1 combination of labels\n"), err
    page = (tmp_path / "index.html").read_text()
    assert "multi_label_rules.both" in page
    assert page.count('class="place"') == 3
    names = sorted(path.name for path in (tmp_path / "crops").iterdir())
    assert len(names) == 3 * 3
    before = {name: (tmp_path / "crops" / name).read_bytes() for name in names}
    first = (tmp_path / "index.html").read_bytes()
    show(world, "--rules", "--out", tmp_path)
    assert (tmp_path / "index.html").read_bytes() == first
    assert {name: (tmp_path / "crops" / name).read_bytes() for name in names} == before


def test_it_works_before_the_build_passes(undecided, show):
    status, out, err = show(undecided, "--rules")
    assert status == 0, err
    assert "1 WITHOUT A RULE: `maskbench rules` proposes some" in out
    page = (undecided / "show-rules/index.html").read_text()
    assert "NO RULE" in page
    said = unescape(page.partition("<pre>")[2].partition("</pre>")[0])
    assert parse_yaml(paste(team_params(PARAMS["labels_map"]), f"\n{said}"))[
        "multi_label_rules"
    ] == {"canvas_obstruction": {"when": ["Canvas", "Obstruction"], "then": "Canvas+Obstruction"}}
    after = np.asarray(Image.open(undecided / "show-rules/crops/0000-0-after.jpg")).astype(int)
    middle = after[after.shape[0] // 2, after.shape[1] // 2]
    assert middle[0] > middle[1] + 60  # the warning colour, over noise
    assert MARKS["wrong"][0] > MARKS["wrong"][1]


def test_another_version_comes_from_git_and_dvc(repository, show, tmp_path):
    here, then = tmp_path / "here", tmp_path / "then"
    show(repository.root, "--rules", "--out", here)
    repository.edit_params("then: NestedCanvas", "then: PartialCanvas")
    for folder in ("annotations", "images"):
        shutil.rmtree(repository.root / "data" / folder)
    status, out, err = show(repository.root, "--rules", "--rev", "main", "--out", then)
    assert status == 0, err
    assert "4 combinations of labels" in out
    assert "main (" in (then / "index.html").read_text()
    assert "NestedCanvas" in (then / "index.html").read_text()
    crops = {path.name: path.read_bytes() for path in (here / "crops").iterdir()}
    assert crops
    assert {path.name: path.read_bytes() for path in (then / "crops").iterdir()} == crops


@pytest.mark.parametrize("size, theme", [("phone", "dark"), ("laptop", "light"), ("4K", "dark")])
def test_everybody_can_use_it(undecided, show, chrome, size, theme):
    show(undecided, "--rules")
    page = Page(chrome, (undecided / "show-rules/index.html").as_uri(), size)
    page.run("document.documentElement.dataset.theme = arguments[0]", theme)
    assert page.violations() == []
    assert page.faults() == []
    assert page.run("return window.hacked") is None
    assert page.complaints() == []
    link = page.all('a[href^="#combination"]')[0]
    page.run("arguments[0].scrollIntoView()", link)
    link.click()
    assert page.driver.current_url.endswith("#combination-0")
