"""Names of labels, classes, images and people that are markup: shown as they are, in every page."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from markdown_it import MarkdownIt

from maskbench.dataset import Benchmark
from maskbench.diff.gates import Failure
from maskbench.diff.model import ClassChange, Move, ParamChange
from maskbench.diff.page.write import _entry, page_text
from maskbench.diff.report.markdown import as_markdown
from maskbench.evaluate import evaluate
from maskbench.evaluation.page import EvaluationContents, write_page
from maskbench.export.formats import hf
from maskbench.params import FetchParams
from maskbench.pipeline.layout import Layout
from maskbench.ranking.labelled import rank_labelled
from maskbench.ranking.model import RankOptions
from maskbench.ranking.page import write_page as write_ranking
from tests.benchmarks import blocks, write_item, write_lists
from tests.diff.test_reports import change, comparison, row

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "</title><svg onload=alert(1)>",
    "</pre></style><iframe src=javascript:alert(1)>",
    "javascript:alert(1)",
    "http://evil.example/login",
    "https://evil.example/?a=b",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "| a | b |",
    "`code` <!-- comment",
    "@@SCRIPT@@",
    "@someone #12",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;",
]


class Page(HTMLParser):
    """What a browser would make of a page: elements, attributes, text, data."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.scripts, self.inside = [], [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        (self.scripts if self.inside in ("script", "style") else self.texts).append(data)

    def active(self):
        """Elements and attributes that could act or load: kinds of them, and their addresses."""
        kinds = sorted({tag for tag, _ in self.elements})
        acting = [a for _, found in self.elements for a in found if a.startswith("on")]
        links = {
            v for _, found in self.elements for n, v in found.items()
            if n in ("href", "src", "action", "formaction", "srcset")
        }  # fmt: skip
        return kinds, acting, links


def test_payloads_work_where_they_are_not_escaped():
    """The instrument sees what it is meant to see."""
    kinds, acting, links = Page("".join(PAYLOADS)).active()
    assert {"script", "img", "svg", "iframe"} <= set(kinds)
    assert {"onerror", "onload"} <= set(acting)
    assert "javascript:alert(1)" in links


def found_with(name):
    """A comparison in which everything that can have a name has this one."""
    return comparison(
        [change(1, name, key=name)],
        added=(row(2, name),),
        classes={name: ClassChange(0, 12, 0.0)},
        transitions={("Background", name): 12},
        params=(ParamChange(f"labels_map.{name}", name, name),),
        moves=(Move(name, name, name, name),),
        balance={name: {name: (1, 2), "b": (2, 1)}},
        before=name,
        saved_anew=(name,),
        code=(name,),
        links={name: "http://localhost:8080/projects/1/data?task=2"},
        same_image={name: name},
    )


def same(shown, harmless, name):
    """Two pages do the same; the one with the payload shows it as text."""
    (kinds, acting, links), (plain_kinds, _, plain_links) = shown.active(), harmless.active()
    assert kinds == plain_kinds
    assert acting == []
    assert {link for link in links if not link.startswith("#")} == {
        link for link in plain_links if not link.startswith("#")
    }
    assert len(shown.elements) == len(harmless.elements)
    text = " ".join("".join(shown.texts).replace("\u200b", "").split())
    assert " ".join(name.split()) in text


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_page_of_a_comparison(name):
    pages = []
    for word in (name, "wall"):
        found = found_with(word)
        items = [_entry(0, found.changes[0], found), _entry(1, found.added[0], found)]
        side = {"label": word, "rules": [[word, [word], word]], "overlap": word, "revision": ""}
        data = {"before": side, "after": side, "classes": [], "items": items}
        pages.append((Page(page_text(found, data)), data))
    (shown, data), (harmless, _) = pages
    same(shown, harmless, name)
    [island] = [text for text in shown.scripts if text.startswith('{"after"')]
    assert json.loads(island) == json.loads(json.dumps(data))
    assert len(shown.scripts) == len(harmless.scripts)


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_comment_of_a_comparison(name):
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    comments = [
        as_markdown(found_with(word), (Failure("class_loss", word),)) for word in (name, "wall")
    ]
    shown, harmless = (Page(reader.render(comment)) for comment in comments)
    same(shown, harmless, name)
    assert "@someone" not in comments[0]
    assert "http://evil" not in comments[0]  # GitHub makes bare addresses links
    assert "https://evil" not in comments[0]


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_page_of_an_evaluation(tmp_path, name):
    pages = []
    key = name.replace("/", "_")
    for number, (word, item) in enumerate([(name, key), ("wall", "wall")]):
        root = tmp_path / str(number)
        write_item(root, item, blocks(1))
        groups = {item: word}
        write_lists(root, {"test": [item]}, classes=(word, "B", "C"), groups=groups)
        benchmark, predictions = Benchmark(root, "test"), {item: blocks(2)}
        report = evaluate(predictions, root, resamples=0)
        write_page(root, EvaluationContents(report, benchmark, {word: predictions}))
        pages.append(Page((root / "index.html").read_text(encoding="utf-8")))
    shown, harmless = pages
    same(shown, harmless, name)
    [data] = [json.loads(text) for text in shown.scripts if text.startswith('{"classes"')]
    assert data["items"][0]["key"] == key
    assert data["classes"][0]["name"] == name


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_page_of_a_ranking(tmp_path, name):
    pages = []
    for word in (name, "wall"):
        root = tmp_path / str(len(pages))
        item = word.replace("/", "_")
        write_item(root / "data/benchmark", item, blocks(1))
        write_lists(root / "data/benchmark", {"test": [item]}, classes=(word, word, "C"))
        (root / "predicted").mkdir()
        np.save(root / "predicted" / f"{item}.npy", blocks(2))
        ranking = rank_labelled(Layout(root), root / "predicted", RankOptions())
        write_ranking(root, replace(ranking, notes=[word]), FetchParams(None, (), "", ""))
        pages.append(Page((root / "index.html").read_text(encoding="utf-8")))
    same(*pages, name)


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_card_of_an_export(tmp_path, name):
    cards = []
    for word in (name, "wall"):
        root = tmp_path / str(len(cards))
        write_item(root, "a", blocks(1))
        write_lists(root, {"test": ["a"]}, classes=(word, "B", "C"))
        card = hf._card(Benchmark(root, "test"), ["test"])
        reader = MarkdownIt("commonmark", {"html": True}).enable("table")
        cards.append(Page(reader.render(card.split("---\n", 2)[2])))
    same(*cards, name)
