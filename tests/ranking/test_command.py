"""`maskbench rank --labelled` as it is typed: what it prints and writes, and its page."""

import csv
import json

import numpy as np
import pytest

from maskbench.cli import main
from maskbench.dataset import Benchmark
from tests.benchmarks import make, masks_of, save
from tests.exports import PARAMS
from tests.harness.browser import Page


@pytest.fixture
def repo(tmp_path, monkeypatch):
    """A folder with a benchmark of ten images, and wrong predictions of six."""
    monkeypatch.chdir(tmp_path)
    server = {"server": "http://labels.example", "project": 4}
    params = {**PARAMS, "fetch": {**PARAMS["fetch"], **server}}
    (tmp_path / "params.yaml").write_text(json.dumps(params))
    (tmp_path / "dvc.yaml").write_text("")
    make(tmp_path / "data/benchmark")
    save(tmp_path / "predicted", masks_of(tmp_path / "data/benchmark", "train", seed=1))
    return tmp_path


def test_the_batch_is_printed_and_all_images_are_in_the_table(repo, capsys):
    words = ["rank", "predicted", "--labelled", "--batch", "2", "--csv", "again.csv"]
    assert main(words) == 0
    title, head, *rows, note, _, file = capsys.readouterr().out.splitlines()
    assert title == "6 images by iou; the first 2 to look at again"
    assert head.split() == [
        "#", "image", "task", "score", "split", "iou", "boundary_iou", "contradicted",
    ]  # fmt: skip
    assert note.startswith("4 images not ranked for lack of a prediction: 000006_room, ")
    assert file == "again.csv lists all of them"
    with (repo / "again.csv").open() as stream:
        table = list(csv.DictReader(stream))
    assert [row["place"] for row in table] == list("123456")
    assert [row.split()[:3] for row in rows] == [
        [row["place"], row["key"], row["task"]] for row in table[:2]
    ]
    for row in table:
        assert float(row["score"]) == pytest.approx(1 - float(row["iou"]), abs=2e-6)
        assert row["link"] == f"http://labels.example/projects/4/data?task={row['task']}"
    assert sorted(row["score"] for row in table) == [row["score"] for row in table][::-1]


def test_equal_input_gives_equal_bytes_whatever_the_processes(repo, monkeypatch):
    seen = []
    for workers in ("1", "2"):
        monkeypatch.setenv("MASKBENCH_WORKERS", workers)
        assert main(["rank", "predicted", "--labelled", "--csv", "t.csv", "--html", "page"]) == 0
        files = [repo / "t.csv", *(repo / "page").rglob("*")]
        seen.append({p: p.read_bytes() for p in files if p.is_file()})
    assert seen[0] == seen[1]
    assert len(seen[0]) == 2 + 3 * 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "iou"], "--by iou does not rank images without labels; use one of entropy, "),
        (["--labelled", "--by", "margin"], "use one of iou, boundary, contradicted"),
        (["predicted", "--labelled"], "--labelled compares one model with the labels; give one"),
        (["--labelled", "--diversity", "1"], "--diversity is for images without labels"),
        (["--confidence", "1"], "--confidence is for labelled images; add --labelled"),
        (["--by", "disagreement"], "--by disagreement needs a second folder"),
        (["predicted", "--by", "entropy"], "--by entropy takes one folder only"),
    ],
)
def test_options_that_do_not_go_together(repo, capsys, words, said):
    assert main(["rank", "predicted", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("word", ["2", "-0.5", "nan", "much"])
def test_shares_lie_between_0_and_1(word, capsys):
    with pytest.raises(SystemExit):
        main(["rank", "predicted", "--diversity", word])
    assert f"'{word}' is not a number from 0 to 1" in capsys.readouterr().err


def test_a_repository_without_a_server_can_look_again_but_not_push(repo, capsys):
    (repo / "params.yaml").write_text(json.dumps(PARAMS))
    assert main(["rank", "predicted", "--labelled"]) == 0
    for words in ([], ["--labelled", "--push"]):
        assert main(["rank", "predicted", *words]) == 2
        assert "fetch.server is empty" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["phone", "laptop"])
def test_the_page_in_a_browser(chrome, repo, size):
    keys = Benchmark(repo / "data/benchmark").keys
    chances = np.full((3, 24, 32), 0.05, np.float32)
    chances[2] = 0.9  # "Obstruction", everywhere
    for key in keys[:2]:
        (repo / f"predicted/{key}.png").unlink()
        np.save(repo / f"predicted/{key}.npy", chances)
    assert main(["rank", "predicted", "--labelled", "--batch", "3", "--html", "page"]) == 0
    browser = Page(chrome, (repo / "page/index.html").as_uri(), size)
    assert browser.complaints() == []
    assert browser.text("#verdict") == "6 images by contradicted; the first 3 to look at again"
    links = [link.get_attribute("href") for link in browser.all("section a[target]")]
    assert all(link.startswith("http://labels.example/projects/4/data?task=") for link in links)
    assert browser.texts("figcaption")[:3] == [
        "what the model says",
        "what the labels say",
        "where a confident model contradicts",
    ]
    browser.wait(lambda: browser.run("return document.images[0].naturalWidth") == 32)
    for theme in ("light", "dark"):
        browser.run("document.documentElement.dataset.theme = arguments[0]", theme)
        assert browser.faults() == []
        assert browser.violations() == []
    first = browser.texts("tbody th")
    browser.click("thead th:nth-child(2) button")
    assert browser.texts("tbody th") == sorted(first)
