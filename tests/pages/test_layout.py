"""What the tests of all pages look for in a layout is found where it is."""

import pytest

from tests.harness.browser import Page

FAULTS = {
    "": [],
    '<p style="width: 500px">a</p>': ["the page is 140 pixels wider than the window"],
    '<button id="a">go</button><b style="position: fixed; inset: 0">top</b>': [
        "<button a> go lies under <b > top"
    ],
    '<img id="a" style="width: 90px; height: 90px"><p style="margin: -60px 0 0">over it</p>': [
        "<img a>  lies under <p > over it"
    ],
    '<button style="width: 40px; overflow: hidden; white-space: nowrap">a long name</button>': [
        "cut off: <button > a long name"
    ],
    '<p style="width: 40px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis">'
    "a long name</p>": [],
    '<div style="height: 20px; overflow: auto"><p>a</p><p><button>scrolled away</button></p></div>'
    "<p>b</p>": [],
}


@pytest.mark.parametrize("body", FAULTS)
def test_faults_of_a_layout(chrome, tmp_path, body):
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html><body style="margin: 0">{body}</body>')
    assert sorted(set(Page(chrome, file.as_uri(), "phone").faults())) == FAULTS[body]
