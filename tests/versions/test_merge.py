"""`maskbench merge`: two branches that relabelled, with git, DVC and a real server."""

import json
import shutil

import pytest

from maskbench.files.yaml import parse_yaml
from tests.exports import simple_tasks, write_export
from tests.labelstudio.server.fixtures import built_from, filled, triangle
from tests.repositories import Repository, copy_repository, copy_tree, once

EXPORT = "mine/export.json"


def relabel(repository, *numbers, label="Obstruction"):
    path = repository.root / EXPORT
    tasks = json.loads(path.read_text())
    for entry in tasks:
        if entry["id"] in numbers:
            result = entry["annotations"][0]["result"][0]
            result["value"]["rectanglelabels"] = [label]
    path.write_text(json.dumps(tasks))


def add(repository, number):
    """One more task, whose image DVC tracks as the others'."""
    path = repository.root / EXPORT
    repository.dvc("unprotect", "mine/upload")
    write_export(path.parent, json.loads(path.read_text()) + simple_tasks(1, number))
    repository.dvc("add", "mine/upload")


def labels(repository, name=EXPORT):
    """The first region's label by task, as merged."""
    tasks = json.loads((repository.root / name).read_text())
    return {
        entry["id"]: entry["annotations"][0]["result"][0]["value"]["rectanglelabels"][0]
        for entry in tasks
    }


def commit(repository, message, **edits):
    for old, new in edits.values():
        repository.edit_params(old, new)
    repository.dvc("repro")
    repository.commit(message)


def switch(repository, *words):
    repository.git("checkout", "-q", *words)
    repository.dvc("checkout", "-q")


def _branches(folder):
    """`ours` relabels task 1, `theirs` tasks 2 and 3, `same` task 1 in another way; two add one."""
    made = Repository(folder / "repo")
    made.root.mkdir()
    copy_tree(made.root)
    shutil.rmtree(made.root / "data/sample")
    write_export(made.root / "mine", simple_tasks(6))
    made.edit_params("folder: data/sample", "folder: mine")
    made.git("init", "-q", "-b", "main")
    made.dvc("add", "mine/upload")
    commit(made, "base")
    switch(made, "-b", "theirs")
    relabel(made, 2, 3)
    add(made, 9)
    commit(made, "theirs", a=("mask_format: png", "mask_format: tif"), s=("2026-11-22", "b"))
    switch(made, "-b", "same", "main")
    relabel(made, 1, 4, label="PartialCanvas")
    made.commit("same, not built")
    switch(made, "-b", "ours", "main")
    relabel(made, 1)
    add(made, 7)
    commit(made, "ours", a=("salt: rooms", "salt: other"), s=("2026-11-22", "a"))


@pytest.fixture
def branches(tmp_path):
    """A copy of the repository with the three branches, on `ours`."""
    return copy_repository(once("branches", _branches) / "repo", tmp_path / "repo")


def merge(repository, *words, status=0):
    done = repository.run("maskbench", "merge", *words, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def assert_built_from_nothing(repository):
    """What is committed is what a build in an empty workspace gives."""
    repository.git("commit", "-qm", "merged")
    assert repository.git("rev-list", "--count", "--merges", "HEAD").stdout.strip() == "1"
    assert repository.git("status", "--short").stdout == ""
    assert "up to date" in repository.dvc("status").stdout
    merged = repository.outputs()
    for name in ("annotations", "images", "label_sets", "benchmark", ".maskbench"):
        shutil.rmtree(repository.root / "data" / name)
    (repository.root / "dvc.lock").unlink()
    repository.dvc("repro")
    assert repository.git("status", "--short").stdout == ""
    assert repository.outputs() == merged


@pytest.mark.slow
def test_different_tasks_end_in_the_version_that_both_changes_give(branches):
    branches.root = branches.root / "maskbench"  # any folder of the repository
    said = merge(branches, "theirs")
    branches.root = branches.root.parent
    assert "masks: 1 new, 2 changed, 0 removed" in said
    assert list(labels(branches)) == [1, 2, 3, 4, 5, 6, 7, 9]
    assert [n for n, label in labels(branches).items() if label == "Obstruction"] == [1, 2, 3]
    params = parse_yaml((branches.root / "params.yaml").read_text())
    assert (params["combine"]["mask_format"], params["split"]["salt"]) == ("tif", "other")
    assert params["fetch"]["snapshot"] not in ("a", "b", "2026-11-22")
    assert_built_from_nothing(branches)


@pytest.mark.slow
def test_the_same_task_is_named_and_one_side_preferred(branches):
    head = branches.git("rev-parse", "HEAD").stdout
    said = merge(branches, "same", status=4)
    assert f"{EXPORT}, task 1: both sides changed it" in said
    assert "task 4" not in said
    assert branches.git("status", "--short").stdout == ""
    assert branches.git("rev-parse", "HEAD").stdout == head
    merge(branches, "same", "--prefer", "theirs")
    assert labels(branches) == {
        1: "PartialCanvas", 2: "Canvas", 3: "Canvas", 4: "PartialCanvas", 5: "Canvas", 6: "Canvas",
        7: "Canvas",
    }  # fmt: skip


@pytest.mark.slow
def test_exports_that_are_renamed(branches):
    """As by a newer download, whose name tells its time."""

    def rename(new):
        branches.git("mv", EXPORT, new)
        branches.commit(f"now {new}, not built")

    switch(branches, "-b", "renamed", "ours")
    rename("mine/a.json")
    switch(branches, "theirs")
    said = merge(branches, "renamed")  # one side only
    assert "masks: 1 new, 1 changed, 0 removed" in said
    assert [path.name for path in branches.root.glob("mine/*.json")] == ["a.json"]
    merged = labels(branches, "mine/a.json")
    assert [n for n, label in merged.items() if label == "Obstruction"] == [1, 2, 3]
    branches.git("commit", "-qm", "merged")

    switch(branches, "-b", "other", "theirs~1")
    rename("mine/b.json")
    switch(branches, "renamed")
    head = branches.git("rev-parse", "HEAD").stdout
    said = merge(branches, "other", status=4)
    what = "both sides renamed it: ours to mine/a.json, theirs to mine/b.json"
    assert f"{EXPORT}: {what}" in said
    assert branches.git("rev-parse", "HEAD").stdout == head
    merge(branches, "other", "--prefer", "theirs")
    assert [path.name for path in branches.root.glob("mine/*.json")] == ["b.json"]
    assert labels(branches, "mine/b.json") == merged
    assert_built_from_nothing(branches)


@pytest.mark.slow
def test_json_lines_are_merged_by_task(branches):
    """Whichever layout an export has; here both sides converted it, too."""

    def convert():
        tasks = json.loads((branches.root / EXPORT).read_text())
        branches.git("rm", "-q", EXPORT)
        text = "".join(f"{json.dumps(task)}\n" for task in tasks)
        (branches.root / "mine/export.jsonl").write_text(text)
        branches.commit("as lines, not built")

    convert()
    switch(branches, "same")
    convert()
    switch(branches, "ours")
    assert "mine/export.jsonl, task 1: both sides changed it" in merge(branches, "same", status=4)
    merge(branches, "same", "--prefer", "ours")
    text = (branches.root / "mine/export.jsonl").read_text()
    tasks = {task["id"]: task for task in map(json.loads, text.splitlines())}
    drawn = [tasks[n]["annotations"][0]["result"][0]["value"]["rectanglelabels"] for n in (1, 4)]
    assert drawn == [["Obstruction"], ["PartialCanvas"]]
    assert len(tasks) == 7


@pytest.mark.slow
def test_params_in_conflict_are_left_to_the_user(branches):
    branches.edit_params("threshold: 128", "threshold: 100")
    branches.dvc("repro")
    branches.commit("mine")
    branches.git("checkout", "-q", "theirs")
    branches.edit_params("threshold: 128", "threshold: 200")
    branches.commit("threshold of theirs, not built")
    switch(branches, "ours")
    assert branches.git("merge", "theirs", check=False).returncode == 1
    assert "a merge is in progress" in merge(branches, "theirs", status=1)
    said = merge(branches, "--continue", status=1)
    assert "resolve what is left, and `git add` it: params.yaml; then" in said
    text = (branches.root / "params.yaml").read_text()
    assert "<<<<<<< " in text
    kept = [line for line in text.splitlines() if not line.startswith(("<<<<", "====", ">>>>"))]
    kept.remove("  brush_threshold: 200")
    kept.remove("  snapshot: 'b'")
    (branches.root / "params.yaml").write_text("\n".join(kept) + "\n")
    merge(branches, "--continue")
    assert "up to date" in branches.dvc("status").stdout
    assert branches.git("commit", "-qm", "merged").returncode == 0


@pytest.mark.slow
def test_what_cannot_be_merged(branches):
    assert "git knows no revision 'nowhere'" in merge(branches, "nowhere", status=3)
    assert "main has nothing that HEAD lacks" in merge(branches, "main", status=1)
    assert "no merge is in progress" in merge(branches, "--continue", status=1)
    assert "name the branch to merge, or give --continue" in merge(branches, status=2)
    branches.edit_params("salt: other", "salt: more")
    assert "commit or stash your changes first: params.yaml" in merge(branches, "same", status=1)
    branches.git("checkout", "-q", ".")
    branches.git("checkout", "-q", "main")
    assert "`git merge --ff-only ours`" in merge(branches, "ours", status=1)


def test_both_sides_fetched_from_a_server(api, studio, tmp_path):
    """Labels are fetched again where both did; where one did, its labels need no server."""
    project, tasks = filled(api, "merge", 3)
    repository = built_from(studio, project, tmp_path / "repo")
    for branch, task in (("ours", tasks[0]), ("theirs", tasks[1])):
        switch(repository, "-b", branch, "main")
        api.annotate(task, [triangle("Obstruction", 1, 30)])
        repository.run("maskbench", "refresh", "--name", "today")
        repository.commit(branch)
    switch(repository, "-b", "params", "main")
    commit(repository, "params", a=("mask_format: png", "mask_format: tif"))
    key = repository.environment.pop("LABEL_STUDIO_API_KEY")
    merge(repository, "ours")
    lock = parse_yaml((repository.root / "dvc.lock").read_text())
    ours = parse_yaml(repository.git("show", "ours:dvc.lock").stdout)
    assert lock["stages"]["fetch"] == ours["stages"]["fetch"]
    repository.git("commit", "-qm", "merged without the server")

    repository.environment["LABEL_STUDIO_API_KEY"] = key
    switch(repository, "ours")
    said = merge(repository, "theirs")
    assert f"changed on both sides: {tasks[0]:06d}_" not in said
    assert "masks: 0 new, 1 changed, 0 removed" in said
    assert parse_yaml((repository.root / "params.yaml").read_text())["fetch"]["snapshot"] != "today"
    assert_built_from_nothing(repository)
