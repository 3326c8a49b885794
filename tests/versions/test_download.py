"""Getting a version, from an empty directory: a real Git repository and a local DVC remote."""

import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from maskbench.cli import main
from maskbench.dataset import Benchmark
from maskbench.errors import SourceError
from maskbench.evaluation.origin import BenchmarkOrigin, find_origin
from tests.benchmarks import make, write_item, write_lists
from tests.repositories import copy_tree, new_repository, run

pytestmark = pytest.mark.slow

OUTPUTS = ("codes.txt", "manifest.csv", "masks", "scenes", "splits")
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def commit(root, tag):
    run(root, "dvc", "add", "-q", *(f"data/benchmark/{name}" for name in OUTPUTS))
    run(root, "dvc", "push", "-q")
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-qm", tag)
    run(root, "git", "tag", "-a", tag, "-m", tag)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository with versions v1 and v2; in v2 a mask is new and the test split is larger."""
    base = tmp_path_factory.mktemp("origin")
    root = base / "bench"
    make(root / "data" / "benchmark")
    run(root, "git", "init", "-q", "-b", "main")
    run(root, "dvc", "init", "-q")
    run(root, "dvc", "remote", "add", "-q", "-d", "storage", base / "storage")
    commit(root, "v1")
    benchmark = root / "data" / "benchmark"
    run(root, "dvc", "unprotect", *[f"data/benchmark/{name}" for name in OUTPUTS])
    keys = Benchmark(benchmark).keys
    write_item(benchmark, keys[-1], np.full((24, 32), 1, np.uint8))
    write_lists(benchmark, {"train": keys[:5], "valid": keys[6:8], "test": (keys[5], *keys[8:])})
    commit(root, "v2")
    shutil.rmtree(root / ".dvc" / "cache")  # everything comes from the remote
    return root


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty working directory, with a cache folder of its own."""
    monkeypatch.setenv("MASKBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def address(repository):
    return f"file://{repository}"


def test_benchmark_get_gives_the_version_that_was_asked_for(repository, empty):
    old = Benchmark.get(address(repository), rev="v1")
    new = Benchmark.get(address(repository), rev="v2", split="test")
    old.check()
    assert (len(old), len(old.split("test")), len(new)) == (10, 2, 3)
    assert new[2].mask.all()
    assert Benchmark.get(address(repository)).root == new.root  # the default branch is at v2
    assert not any(empty.iterdir())


def test_a_version_is_downloaded_once(repository, empty, monkeypatch):
    first = Benchmark.get(repository, "v1").root
    monkeypatch.setattr(
        "maskbench.versions.download._download", lambda *_: pytest.fail("downloaded again")
    )
    assert Benchmark.get(repository, "v1").root == first
    full = run(repository, "git", "rev-parse", "v1^{commit}").strip()
    assert Benchmark.get(repository, full).root == first


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ((None, "v9"), "has no tag or branch 'v9'"),
        ((None, "v1", "data/nothing"), "dvc get .* failed: ERROR: .*data/nothing"),
        (("/nowhere", "v1"), "is no Git repository that can be read: fatal"),
        ((None, "--help"), "has no tag or branch '--help'"),
    ],
)
def test_what_cannot_be_had_is_one_clear_error(repository, empty, asked, what):
    with pytest.raises(SourceError, match=what):
        Benchmark.get(asked[0] or address(repository), *asked[1:])
    cache = empty.parent / "cache"
    assert not [p for p in cache.rglob("*") if p.name.startswith(".tmp")]


def test_without_dvc_the_error_says_how_to_get_it(repository, empty, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(SourceError, match="pipx install dvc"):
        Benchmark.get(repository, "v1")


def test_dvc_of_another_environment_is_enough(repository, empty, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", PATH)
    assert len(Benchmark.get(address(repository), "v1")) == 10


def test_recipe_dvc_get(repository, empty):
    run(empty, "dvc", "get", address(repository), "data/benchmark", "--rev", "v1", "-o", "bench")
    Benchmark(empty / "bench").check()
    assert len(Benchmark(empty / "bench", "test")) == 2


def test_recipe_dvc_import_and_update(repository, empty):
    run(empty, "git", "init", "-q")
    run(empty, "dvc", "init", "-q")
    run(empty, "dvc", "import", address(repository), "data/benchmark", "--rev", "v1", "-o", "bench")
    assert len(Benchmark(empty / "bench", "test")) == 2
    run(empty, "dvc", "update", "bench.dvc", "--rev", "v2")
    assert len(Benchmark(empty / "bench", "test")) == 3
    commit = run(repository, "git", "rev-parse", "v2^{commit}").strip()
    assert find_origin(empty / "bench") == BenchmarkOrigin("v2", commit)


def test_recipe_clone_and_pull(repository, empty):
    run(empty, "git", "clone", "-q", "--branch", "v1", address(repository), "bench")
    targets = [f"data/benchmark/{name}" for name in OUTPUTS]
    run(empty / "bench", "dvc", "pull", *targets)
    Benchmark(empty / "bench" / "data" / "benchmark").check()


def test_command_scores_on_another_version_and_against_it(repository, empty, capsys):
    run(empty, "git", "clone", "-q", address(repository), "bench")
    os.chdir(empty / "bench")  # data/benchmark is not there: nothing was pulled
    old = Benchmark.get(address(repository), "v1")
    predictions = empty / "predictions"
    predictions.mkdir()
    for key in old.keys:
        np.save(predictions / f"{key}.npy", old.mask(key))
    assert main(["evaluate", str(predictions), "--rev", "v1"]) == 0
    assert "mean            1.000" in capsys.readouterr().out
    words = ["evaluate", str(predictions), "--rev", "v2", "--against", "v1", "--resamples", "10"]
    assert main(words) == 0
    assert "images: 1 relabelled, 1 added, 0 removed" in capsys.readouterr().out
    assert (empty / "bench" / "evaluation" / "index.html").is_file()
    assert main(["evaluate", str(predictions), "--rev", "v7"]) == 3


def test_a_folder_outside_git_has_no_versions(empty, capsys):
    assert main(["evaluate", "p", "--data", str(empty / "b"), "--rev", "v1"]) == 3
    assert "is in no Git repository" in capsys.readouterr().err


def test_recipes_on_a_repository_that_the_pipeline_built(tmp_path, empty):
    origin = new_repository(tmp_path / "origin")
    origin.dvc("remote", "add", "-q", "-f", "-d", "storage", tmp_path / "storage")
    origin.dvc("repro", "-q", MASKBENCH_WORKERS="1")
    origin.commit("v1")
    origin.dvc("push", "-q")
    keys = Benchmark(origin.root / "data" / "benchmark").keys

    run(empty, "dvc", "get", address(origin.root), "data/benchmark", "-o", "got")
    Benchmark(empty / "got").check()
    assert Benchmark.get(address(origin.root)).keys == keys
    run(empty, "git", "clone", "-q", address(origin.root), "clone")
    run(empty / "clone", "dvc", "pull", "combine", "split")
    Benchmark(empty / "clone" / "data" / "benchmark").check()


@pytest.fixture(scope="module")
def training_machine(tmp_path_factory):
    """The python of an environment with nothing but ``maskbench[torch]``, installed as a wheel."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "source").mkdir()
    copy_tree(folder / "source")
    run(folder, sys.executable, "-m", "venv", "--without-pip", "environment")
    python = folder / "environment/bin/python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    build = ("wheel", "-q", "--no-deps", "--no-build-isolation", "-w", "wheels", "./source")
    run(folder, *pip[:4], *build)
    [wheel] = (folder / "wheels").glob("*.whl")
    names = ("numpy", "pillow", "torch", "tqdm")
    pins = [f"{name}=={version(name).partition('+')[0]}" for name in names]
    run(folder, *pip, "install", "-q", "--no-compile", f"{wheel}[torch]", *pins)
    return python


TRAIN = """
import importlib.util, sys
from maskbench.dataset import Benchmark
from maskbench.torch import SegmentationDataset
for name in ("dvc", "rasterio", "requests", "shapely", "torchvision", "yaml"):
    assert importlib.util.find_spec(name) is None, name
benchmark = Benchmark.get(sys.argv[1], rev="v1")
benchmark.check()
image, mask = SegmentationDataset(benchmark, "train")[0]
print(tuple(image.shape), tuple(mask.shape), len(benchmark))
"""


def test_a_machine_with_nothing_but_the_training_extra(repository, empty, training_machine):
    """dvc is a program on the PATH, in an environment of its own."""
    said = run(empty, training_machine, "-c", TRAIN, address(repository))
    assert said == "(3, 24, 32) (24, 32) 10\n"
    for words in (("get", "-o", "got"), ("import", "-o", "imported")):
        if words[0] == "import":
            run(empty, "git", "init", "-q")
            run(empty, "dvc", "init", "-q")
        command, *options = words
        run(empty, "dvc", command, address(repository), "data/benchmark", "--rev", "v1", *options)
        code = f"from maskbench.dataset import Benchmark; print(len(Benchmark({options[1]!r})))"
        assert run(empty, training_machine, "-c", code) == "10\n"
