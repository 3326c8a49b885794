"""A repository is made whole or not at all."""

import json
import subprocess

import pytest

from maskbench.cli import main
from maskbench.errors import MaskbenchError
from maskbench.init import create
from maskbench.labelstudio.folder import Folder
from tests.exports import annotation, box, task, write_export
from tests.harness.people import named, signed
from tests.init.teams import PINNED, Team, exported, init

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")  # of DVC's own libraries

IDENTITY = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("exports"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder that commands run in."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def made(folder, exports, *words):
    return main(["init", str(folder), "--folder", str(exports), "--maskbench", PINNED, *words])


@pytest.mark.slow
def test_what_is_in_it(here, exports, capsys):
    assert made(here / "walls", exports) == 0
    told = capsys.readouterr().out
    assert "  labels       Door (6 regions)\n               Wall (6 regions)\n" in told
    assert told.split("Next:\n")[1].startswith("  cd ")
    root = here / "walls"
    assert [path.name for path in here.iterdir()] == ["walls"]
    assert sorted(path.name for path in root.iterdir()) == [
        ".dvc", ".dvcignore", ".git", ".gitattributes", ".github", ".gitignore", "Makefile",
        "README.md", "clients", "data", "dvc.yaml", "extras.txt", "maskbench.txt", "params.yaml",
        "requirements.lock", "scripts", "stages", "tests",
    ]  # fmt: skip
    team = Team(root)
    assert team.git("rev-parse", "--verify", "HEAD", check=False).returncode  # no commit yet
    staged = team.git("ls-files").stdout.split()
    assert "data/inputs/export.json" in staged
    assert "data/inputs/images.dvc" in staged
    assert not any(name.endswith(".png") for name in staged)
    assert (root / "data/inputs/images/upload/1/00000001-scene_1.png").is_file()
    assert "grete" not in (root / "data/inputs/export.json").read_text()
    assert '"completed_by":5' in (root / "data/inputs/export.json").read_text()
    assert (root / "scripts/refresh_labels.sh").stat().st_mode & 0o100
    assert "6 tasks, 2 labels, from export.json." in (root / "README.md").read_text()


@pytest.mark.slow
def test_nothing_versioned_names_anybody(here, tmp_path, capsys):
    """Not even exports of editions that tell of people wherever they can."""
    tasks = json.loads((exported(tmp_path / "exports") / "export.json").read_text())
    write_export(tmp_path / "exports", signed(tasks))
    assert made(here / "walls", tmp_path / "exports") == 0
    assert named(here / "walls") == []


def test_a_dry_run_writes_nothing(here, exports, capsys):
    assert made(here / "walls", exports, "--dry-run") == 0
    told = capsys.readouterr().out
    assert "data/inputs: 1 export, 6 images" in told
    assert "labels_map:\n  Background: 0\n  Door: 1\n  Wall: 2\n" in told
    assert "  overlap: smallest\n" in told
    assert not list(here.iterdir())


@pytest.mark.slow
def test_an_empty_folder_that_is_there(here, exports, capsys):
    """The shell may be in it: it stays the same folder."""
    before = here.stat().st_ino
    assert made(".", exports) == 0
    assert here.stat().st_ino == before
    assert (here / "params.yaml").is_file()
    assert (here / ".git").is_dir()


def test_a_folder_that_is_not_empty(here, exports, capsys):
    (here / "walls").mkdir()
    (here / "walls/mine.txt").write_text("mine")
    assert made(here / "walls", exports) == 1
    assert "is not empty; name a new folder. Nothing was written" in capsys.readouterr().err
    assert [path.name for path in (here / "walls").iterdir()] == ["mine.txt"]
    assert made(here / "walls/mine.txt", exports) == 1


def one(*regions):
    return [task(1, annotation(1, list(regions)))]


A = box(["A"], 0, 0, 9, 9)
BAD = {
    "no labels": (one(), [], "no region carries a label", 3),
    "alike": (
        one(box(["Wall"], 0, 0, 9, 9), box(["wall"], 9, 9, 20, 20, number=1)),
        [],
        "'Wall' and 'wall'; give --alike merge (one class, by",
        1,
    ),
    "two images": (
        [
            task(1, annotation(1, [{**box(["A"], 0, 0, 9, 9), "to_name": "img2"}]),
                 data={"second": "/data/upload/1/b.png"})
        ],
        [],
        "several images in a task; say which one to take: --image TAG=FIELD",
        1,
    ),
    "blank": (one(box(["", "\n"], 0, 0, 9, 9)), [], "no region carries a label", 3),
    "pin": (one(A), ["--maskbench", "x"], "--maskbench", 1),
    "remote": (
        one(A),
        ["--remote", "/dev/null/storage"],
        "the remote /dev/null/storage cannot be written: Not a directory",
        1,
    ),
    "client": (
        one(A),
        ["--remote", "azure://c/x"],
        "'dvc-azure' to be installed; install it with `pip install dvc-azure`, or leave --remote",
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named_and_nothing_half_written(case, here, tmp_path, capsys):
    tasks, words, message, status = BAD[case]
    write_export(tmp_path / "exports", tasks)
    assert made(here / "walls", tmp_path / "exports", *words) == status
    assert message in capsys.readouterr().err
    assert not list(here.iterdir())


def test_exports_whose_names_differ_in_the_ending_are_all_kept(tmp_path):
    for number, name in enumerate(("labels.json", "labels.jsonl", "more/a.json", "more-a.json"), 1):
        write_export(tmp_path / "exports", [task(number)])
        path = tmp_path / "exports" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(task(number)))
    (tmp_path / "exports/export.json").unlink()
    create.copy_inputs(Folder(tmp_path / "exports"), [], tmp_path / "walls")
    kept = {
        path.name: [entry["id"] for entry in json.loads(path.read_text())]
        for path in (tmp_path / "walls/data/inputs").glob("*.json")
    }
    names = ("labels.json", "labels-2.json", "more-a.json", "more-a-2.json")
    assert kept == dict(zip(names, ([1], [2], [4], [3]), strict=True))


@pytest.mark.slow
def test_an_image_that_is_missing_is_told_and_the_rest_is_made(here, tmp_path, capsys):
    exports = exported(tmp_path / "exports")
    (exports / "upload/1/00000002-scene_2.png").unlink()
    assert made(here / "walls", exports) == 0
    told = capsys.readouterr().out
    assert "  problems     1 problem; the first: task 2: no image file" in told
    assert "put missing images into data/inputs/images" in told
    assert len(list((here / "walls/data/inputs/images").rglob("*.png"))) == 5


def test_no_source(here, capsys):
    assert main(["init", "walls"]) == 2
    assert "name the source of the labels: --server URL --project N" in capsys.readouterr().err
    assert main(["init", "--folder", "x"]) == 2
    assert "name the new folder: maskbench init FOLDER" in capsys.readouterr().err
    assert main(["init", "walls", "--folder", "nowhere"]) == 3
    assert main(["init", "walls", "--server", "host:8080", "--project", "1"]) == 2
    assert "'host:8080' is not an address such as http://localhost:8080" in capsys.readouterr().err
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    ("words", "labels_map"),
    [
        (["--alike", "merge"], {"Background": 0, "Wall": 1}),
        (["--alike", "keep"], {"Background": 0, "Wall": 1, "wall": 2}),
    ],
)
def test_labels_that_are_alike(words, labels_map, here, tmp_path, capsys):
    regions = [box([n], 9 * i, 0, 9 * i + 9, 9, number=i) for i, n in enumerate(["Wall", "wall"])]
    write_export(tmp_path / "exports", [task(1, annotation(1, regions))])
    assert made(here / "walls", tmp_path / "exports", "--dry-run", *words) == 0
    told = capsys.readouterr().out
    lines = "".join(f"  {name}: {value}\n" for name, value in labels_map.items())
    assert f"labels_map:\n{lines}\n" in told
    assert ("label_aliases:\n    wall: Wall\n" in told) == ("merge" in words)


def test_questions_on_a_terminal(here, exports, monkeypatch, capsys):
    """Each has an option; without a terminal none is asked (all other tests)."""
    asked = []

    def answer(question):
        asked.append(question)
        return answers.pop(0)

    answers = [str(exports), "nonsense", "top", ""]
    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["init", "walls", "--dry-run"]) == 0
    assert "  overlap: top\n" in capsys.readouterr().out
    assert [question.split(" ")[0] for question in asked] == ["Where", "Where", "Where", "Address"]


@pytest.mark.slow
def test_inside_another_git_repository(here, exports, capsys):
    """It becomes a part of that one, and says that its workflows are not looked for."""
    mono = Team(here)
    mono.git("init", "-q", "-b", "main")
    assert made(here / "sub/walls", exports) == 0
    assert "lies inside another git repository" in capsys.readouterr().out
    assert not (here / "sub/walls/.git").exists()
    assert "sub/walls/params.yaml" in mono.git("ls-files").stdout.split()
    team = Team(here / "sub/walls")
    team.make()
    assert "0 errors" in team.maskbench("doctor").stdout


@pytest.mark.slow
def test_git_that_does_not_know_who_commits(tmp_path, exports):
    nobody = dict.fromkeys(IDENTITY, "")
    nobody |= {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": "/dev/null", "EMAIL": ""}
    words = ["--folder", exports, "--maskbench", PINNED]
    done = init(tmp_path / "walls", *words, environment=nobody)
    assert "git config user.name 'Your Name'" in done.stdout
    team = Team(tmp_path / "walls")
    team.git("commit", "-qm", "first")
    assert team.git("status", "--porcelain").stdout == ""


def test_what_fails_half_way_leaves_nothing(here, exports, monkeypatch, capsys):
    def fail(*_):
        raise MaskbenchError("the disk is full")

    monkeypatch.setattr(create, "track_images", fail)
    assert made(here / "walls", exports) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert not list(here.iterdir())


@pytest.mark.slow
def test_git_that_cannot_write_leaves_nothing(here, exports, capsys, monkeypatch):
    """As on a full disk, at the last step: git says why, and the next try works."""
    monkeypatch.setenv("GIT_INDEX_FILE", str(here / "no folder/index"))
    assert made(here / "walls", exports) == 1
    assert "error: `git add` failed: fatal: " in capsys.readouterr().err
    assert not list((here / "walls").iterdir())
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert made(here / "walls", exports) == 0
    assert (here / "walls/params.yaml").is_file()


def test_inside_a_repository_whose_index_is_locked(here, exports, capsys):
    """Another git command runs there: DVC, which adds its own files to the index, must wait."""
    subprocess.run(["git", "init", "--quiet"], cwd=here, check=True)
    lock = here / ".git/index.lock"
    lock.touch()
    assert made(here / "walls", exports) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: git's index is locked: another git command is running")
    assert f"delete {lock})" in told
    assert [path.name for path in here.iterdir()] == [".git"]


def test_without_git(here, exports, monkeypatch, capsys):
    def missing(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)
    assert made(here / "walls", exports) == 1
    assert "git was not found; install it first" in capsys.readouterr().err
    assert not list(here.iterdir())
