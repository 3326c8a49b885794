"""`maskbench refresh` in a repository with git and DVC, against the real server."""

import shutil
import subprocess

import pytest

from maskbench.files.yaml import parse_yaml
from maskbench.versions.refresh import next_snapshot
from tests.labelstudio.server.fixtures import built_from, filled, png, triangle
from tests.repositories import SAMPLE, Repository, copy_repository


@pytest.fixture(scope="module")
def built(api, studio, tmp_path_factory):
    """A repository that takes its labels from a project of four tasks, built once."""
    project, tasks = filled(api, "refresh", 4)
    repository = built_from(studio, project, tmp_path_factory.mktemp("refresh") / "repo")
    return repository, project, tasks


@pytest.fixture
def place(built, tmp_path):
    """A copy of it. What a test changes in the project it takes back: that is no change, then."""
    repository, project, tasks = built
    copy = copy_repository(repository.root, tmp_path / "repo")
    copy.environment["LABEL_STUDIO_API_KEY"] = repository.environment["LABEL_STUDIO_API_KEY"]
    copy.project, copy.tasks = project, tasks
    return copy


def refresh(repository, *words, check=True):
    return repository.run("maskbench", "refresh", *words, check=check)


def snapshot(repository):
    return parse_yaml((repository.root / "params.yaml").read_text())["fetch"]["snapshot"]


def test_a_fresh_clone_knows_as_well(api, place, tmp_path):
    """What the last fetch saw is in git; only to tell what changed, the annotations are needed."""
    remote = tmp_path / "remote"
    place.dvc("remote", "add", "-f", "-d", "here", str(remote))
    place.dvc("push")
    place.commit("remote")
    clone = Repository(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", place.root, clone.root], check=True)
    clone.environment["LABEL_STUDIO_API_KEY"] = place.environment["LABEL_STUDIO_API_KEY"]
    assert refresh(clone, "--check").stdout == "nothing changed since the last fetch\n"
    extra = api.annotate(place.tasks[2], [triangle("Obstruction")])
    said = refresh(clone, "--check", check=False)
    assert said.returncode == 3
    assert "run `dvc pull data/annotations` first" in said.stderr
    clone.dvc("pull", "data/annotations")
    said = refresh(clone, "--check", check=False)
    assert said.stdout.splitlines()[0] == "tasks: 0 new, 1 changed, 0 removed"
    api.call("DELETE", f"/api/annotations/{extra}/")


def test_what_changes_no_label_is_no_change(api, place):
    """A prediction, a draft, and a save without a change move the server's clock only."""
    api.predict(place.tasks[0], [triangle()], "v1", 0.5)
    api.draft(place.tasks[1], [triangle()])
    assert refresh(place, "--check").stdout == "nothing changed since the last fetch\n"


def test_a_build_that_stops_tells_what_to_do(api, place):
    extra = api.annotate(place.tasks[0], [triangle("Obstructoin")])
    said = refresh(place, check=False)
    api.call("DELETE", f"/api/annotations/{extra}/")
    assert said.returncode == 1
    assert "did you mean 'Obstruction'?" in said.stdout + said.stderr
    assert "the labels were fetched" in said.stderr
    assert snapshot(place) != "2026-11-22"


def test_a_fetch_that_fails_leaves_everything(api, place):
    api.upload_images(place.project, {"broken.png": b"no picture"})
    broken = max(task["id"] for task in api.tasks(place.project))
    api.annotate(broken, [triangle()])
    before = place.outputs()
    said = refresh(place, check=False)
    api.call("DELETE", f"/api/tasks/{broken}/")
    assert said.returncode == 3
    assert "params.yaml is as it was" in said.stderr
    assert place.outputs() == before
    assert place.git("status", "--short").stdout == ""


def test_without_a_server(place):
    text = (SAMPLE / "params.yaml").read_text()
    (place.root / "params.yaml").write_text(text)
    said = refresh(place, check=False)
    assert said.returncode == 2
    assert "fetch.server is empty" in said.stderr


def test_a_server_that_does_not_answer(place, studio):
    shutil.rmtree(place.root / "data" / ".maskbench")
    place.edit_params(studio.url, "http://127.0.0.1:9")
    said = refresh(place, "--check", check=False)
    assert said.returncode == 3
    assert said.stderr.startswith("error: no Label Studio answers at http://127.0.0.1:9")
    assert "Traceback" not in said.stderr


def test_from_a_label_to_a_mask(api, place):
    """Nothing changed; then one region more, a task more, a task less; then nothing again."""
    said = refresh(place, "--check")
    assert said.stdout == "nothing changed since the last fetch\n"

    annotation = api.call("GET", f"/api/tasks/{place.tasks[0]}/")["annotations"][0]["id"]
    more = [triangle(), triangle("Obstruction", 1, 30)]
    api.call("PATCH", f"/api/annotations/{annotation}/", json={"result": more})
    api.call("DELETE", f"/api/tasks/{place.tasks[1]}/")
    api.upload_images(place.project, {"late.png": png(9)})
    late = max(task["id"] for task in api.tasks(place.project))
    api.annotate(late, [triangle()])

    said = refresh(place, "--check", check=False)
    assert said.returncode == 10
    assert said.stdout.splitlines() == [
        "tasks: 1 new, 1 changed, 1 removed",
        f"  new: {late:06d}_late",
        f"  changed: {place.tasks[0]:06d}_wall_0",
        f"  removed: {place.tasks[1]:06d}_wall_1",
    ]
    assert place.git("status", "--short").stdout == ""  # --check writes nothing

    before = (place.root / "params.yaml").read_text()
    (place.root / "notes.txt").write_text("a dirty work tree\n")
    said = refresh(place, "--name", "with 'quotes'")
    assert "masks: 1 new, 1 changed, 1 removed" in said.stdout
    after = (place.root / "params.yaml").read_text()
    assert snapshot(place) == "with 'quotes'"
    changed = [
        (a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b
    ]
    assert changed == [("  snapshot: '2026-11-22'", "  snapshot: with 'quotes'")]
    assert place.git("rev-list", "--count", "HEAD").stdout == "1\n"  # nothing was committed
    touched = {line[3:] for line in place.git("status", "--short").stdout.splitlines()}
    assert {"params.yaml", "dvc.lock", "metrics/fetch.json", "notes.txt"} <= touched

    assert refresh(place).stdout == "nothing changed since the last fetch\n"
    place.dvc("status", "-q")


def test_labels_as_a_branch(api, place, tmp_path):
    """The recipe of docs/automation.md: a branch with one commit and pushed data; or nothing."""
    remote = tmp_path / "remote"
    place.dvc("remote", "add", "-f", "-d", "here", str(remote))
    place.dvc("push")
    place.commit("remote")
    place.git("init", "-q", "--bare", str(tmp_path / "origin.git"))
    place.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    refresh(place)  # what the tests before have left
    if place.git("status", "--short").stdout:
        place.dvc("push")
        place.commit("as it is")
    place.git("push", "-q", "origin", "main")
    path = tmp_path / "no-gh"
    path.mkdir()
    script = ["scripts/refresh_labels.sh"]
    assert place.run(*script).stdout == "nothing changed since the last fetch\n"
    task = place.tasks[3]
    api.annotate(task, [triangle("Obstruction")])
    said = place.run(*script).stdout
    assert said.splitlines()[-1] == "pushed labels/refresh"
    assert place.git("branch", "--show-current").stdout == "main\n"
    assert place.git("status", "--short").stdout == ""
    assert place.git("rev-list", "--count", "main..origin/labels/refresh").stdout == "1\n"
    shown = place.git("diff", "--name-only", "main", "origin/labels/refresh").stdout.split()
    assert {"params.yaml", "dvc.lock", "metrics/fetch.json"} <= set(shown)
    clone = Repository(tmp_path / "reviewer")
    subprocess.run(
        ["git", "clone", "-q", "-b", "labels/refresh", tmp_path / "origin.git", clone.root],
        check=True,
    )
    clone.dvc("pull")
    assert f"{task:06d}_wall_3" in "".join(clone.files("data/annotations"))
    clone.dvc("status", "-q")


def test_names_of_snapshots():
    assert next_snapshot("anything", "2026-11-22") == "2026-11-22"
    assert next_snapshot("2026-11-22.x", "2026-11-22") == "2026-11-22.2"
