"""Who annotated is an id in everything that is versioned: no name, no e-mail, from any place."""

import json

import pytest

from maskbench.labelstudio.export import essential, parse_task
from maskbench.labelstudio.stored import read_task
from tests.exports import simple_tasks, write_export
from tests.harness import people, seeds
from tests.repositories import Repository, new_repository

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository built from an export that is full of names, and does not itself lie in git."""
    made = new_repository(tmp_path_factory.mktemp("people") / "repo")
    tasks = people.signed(simple_tasks(12))
    write_export(made.root / "exports", tasks)
    made.edit_params("folder: data/sample", "folder: exports")
    made.dvc("repro")
    made.commit("built")
    return made


def test_the_search_finds_each_form(tmp_path):
    Repository(tmp_path).git("init", "-q")
    (tmp_path / "data").mkdir()
    for number, form in enumerate(people.FORMS):
        (tmp_path / f"data/{number}").write_text(f"<{form}>")
    (tmp_path / f"data/{people.NAMES[2]}.json").touch()
    assert len(people.named(tmp_path)) == len(people.FORMS) + 1


def test_names_and_addresses_are_in_nothing_that_is_versioned(repository):
    export = (repository.root / "exports/export.json").read_text()
    assert all(text in export for text in (people.EMAIL, *people.NAMES))
    files = people.versioned(repository.root)
    places = {str(path.relative_to(repository.root)).split("/")[0] for path in files}
    assert {"data", "metrics", "plots", "dvc.lock", ".dvc"} <= places
    cached = [path for path in files if "cache" in path.parts]
    assert len(cached) > 50
    assert people.named(repository.root) == []


def test_nor_are_they_in_what_stages_remember(repository):
    """The scratch folder is not versioned, but CI may cache it."""
    texts = [form.encode() for form in people.FORMS]
    files = [file for file in (repository.root / "data/.maskbench").rglob("*") if file.is_file()]
    assert files
    for file in files:
        content = file.read_bytes()
        assert not [text for text in texts if text in content], file


def test_the_annotator_is_kept_as_an_id(repository):
    for path in (repository.root / "data/annotations").glob("*.json"):
        [annotation] = read_task(path).annotations
        assert annotation.completed_by == people.WHO["id"]
        assert len(annotation.relations) == 1
    metrics = json.loads((repository.root / "metrics/fetch.json").read_text())
    assert metrics["annotators"] == 1


def test_what_is_remembered_of_a_server_is_what_counts():
    """Its tasks are kept between fetches without anybody's name, and read as if whole."""
    for task in people.signed([*seeds.sample_tasks(), *seeds.made_tasks()]):
        kept = essential(task)
        assert parse_task(kept) == parse_task(task)
        for annotation in kept["annotations"]:
            annotation["result"] = []  # what an annotator drew and wrote is kept
        assert people.EMAIL not in json.dumps(kept)


def test_nor_in_what_reviewers_are_shown(repository, tmp_path):
    """The report of a change, and who put a class on a pixel."""
    repository.edit_params("then: ObstructedCanvas\n  nested", "then: Canvas\n  nested")
    repository.dvc("repro")
    report, page = tmp_path / "report.md", tmp_path / "page"
    said = repository.run("maskbench", "diff", "--md", report, "--html", page).stdout
    key = next((repository.root / "data/annotations").glob("*.json")).stem
    said += repository.run("maskbench", "blame", key, "20", "15").stdout
    repository.git("checkout", "-q", "params.yaml")
    texts = [said, report.read_text(), *(p.read_text() for p in page.rglob("*.json"))]
    assert "12" in said
    assert not [form for form in people.FORMS for text in texts if form in text]
