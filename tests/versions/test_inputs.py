"""Inputs that nobody versions are named; a folder that is not pulled is no change."""

import shutil

import pytest

from maskbench.params import FetchParams
from maskbench.versions.dvc import DvcRepository
from maskbench.versions.inputs import (
    not_pulled,
    pulled_digest,
    untracked,
    untracked_advice,
    untracked_text,
    wrong_dependency,
)
from maskbench.versions.revision import on_disk
from tests.labelstudio.server.fixtures import filled
from tests.repositories import Repository, new_repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default::DeprecationWarning"),  # of DVC's own libraries
]


@pytest.fixture
def place(tmp_path):
    """A repository with git and DVC, an export, and two images."""
    repository = Repository(tmp_path / "repo")
    (repository.root / "data/mine/images").mkdir(parents=True)
    repository.git("init", "-q", "-b", "main")
    repository.dvc("init", "-q")
    for name in ("export.json", "images/a.png", "images/b.png"):
        (repository.root / "data/mine" / name).write_text(name)
    return repository


def of(place):
    return untracked(place.root, "./data/mine/", DvcRepository(place.root))


def test_from_nothing_to_all(place):
    images = ["data/mine/images/a.png", "data/mine/images/b.png"]
    assert of(place) == ["data/mine/export.json", *images]
    place.git("add", "data/mine/export.json")
    assert of(place) == images
    place.dvc("add", "data/mine/images")
    assert of(place) == ["data/mine/.gitignore", "data/mine/images.dvc"]
    place.git("add", "data/mine")
    assert of(place) == []


def test_an_input_that_is_ignored_and_one_that_is_nowhere(place):
    (place.root / ".gitignore").write_text("/data/*\n")
    assert "data/mine/export.json" in of(place)
    assert untracked(place.root, "data/gone", DvcRepository(place.root)) == ["data/gone"]
    assert untracked(place.root, "../other", DvcRepository(place.root)) == ["../other"]


def test_as_a_whole_by_dvc(place):
    place.dvc("add", "data/mine")
    place.git("add", "-A")
    assert of(place) == []


def test_the_digest_of_a_folder_is_known_before_it_is_pulled(place):
    place.dvc("add", "data/mine/images")
    pulled = pulled_digest(place.root, "data/mine", DvcRepository(place.root))
    for name in ("a.png", "b.png"):
        (place.root / "data/mine/images" / name).unlink()
    (place.root / "data/mine/images").rmdir()
    assert len(on_disk(place.root / "data/mine")) == 3
    assert list(not_pulled(place.root, "data/mine", DvcRepository(place.root))) == [
        "data/mine/images"
    ]
    assert pulled_digest(place.root, "data/mine", DvcRepository(place.root)) == pulled


def test_a_list_of_many():
    text = untracked_text([f"a{i}" for i in range(9)])
    assert text.startswith("neither git nor DVC tracks a0, a1, a2 and 6 more: no clone can build")


DVC_YAML = "stages: {fetch: {cmd: x, deps: [%s]}}"


@pytest.mark.parametrize(
    ("deps", "server", "folder", "expected"),
    [
        ("'${fetch.folder}'", None, "data/mine", None),
        ("data/mine", None, "data/mine", None),
        ("data/mine", None, "data/mine/", None),
        ("data", None, "data/mine", None),
        ("data/mi", None, "data/mine", "fetch does not depend on data/mine"),
        ("", None, "data/mine", "fetch does not depend on data/mine, so DVC misses its changes"),
        ("", "http://x", "", None),
        ("'${fetch.folder}'", "http://x", "data/mine", None),
        ("'${fetch.folder}'", "http://x", "data/gone", "depends on data/gone, which is not there"),
        ("'${fetch.folder}'", "http://x", "", "depends on fetch.folder, which is not there"),
    ],
)
def test_what_fetch_depends_on(deps, server, folder, expected, tmp_path):
    (tmp_path / "data/mine").mkdir(parents=True)
    (tmp_path / "dvc.yaml").write_text(DVC_YAML % deps)
    found = wrong_dependency(tmp_path, FetchParams(server, (), folder, ""))
    assert found is None if expected is None else expected in str(found)


@pytest.mark.server
@pytest.mark.parametrize("folder", ["data/sample", ""])
def test_with_a_server_the_sample_can_go(folder, api, studio, tmp_path):
    """DVC stops at a folder that is gone, before *fetch* runs; doctor says what to do."""
    project, _ = filled(api, "no folder", 1)
    made = new_repository(tmp_path / "repo")
    shutil.rmtree(made.root / "data/sample")
    made.environment["LABEL_STUDIO_API_KEY"] = studio.legacy_token
    made.edit_params("  server:\n", f"  server: {studio.url}\n")
    made.edit_params("  project:\n", f"  project: {project}\n")
    made.edit_params("  folder: data/sample\n", f"  folder: {folder}\n")
    what = (
        f"fetch depends on {folder or 'fetch.folder'}, which is not there and, with a server, not"
    )
    assert f"error    dvc.yaml: {what}" in made.run("maskbench", "doctor", check=False).stdout
    assert what in made.run("maskbench", "refresh", check=False).stderr
    assert made.dvc("repro", "fetch", check=False).returncode
    pipeline = made.root / "dvc.yaml"
    pipeline.write_text(pipeline.read_text().replace("    deps:\n    - ${fetch.folder}\n", ""))
    assert "fetch: 1 task" in made.dvc("repro", "fetch").stdout
    assert "which is not there" not in made.run("maskbench", "doctor", check=False).stdout


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        (["in/a.json"], "`git add in`"),
        (["in/x/a.png", "in/b c/d.PNG", "in/a.json"], "`dvc add 'in/b c' in/x`, then `git add in`"),
        (["in/a.png"], "move the images to in/images; `dvc add in/images`; `git add in`"),
        (["in"], "put exports into in, images into in/images, then `dvc add in/images` and `git"),
    ],
)
def test_advice_can_be_pasted(names, advice):
    assert untracked_advice("in", names).startswith(advice)
