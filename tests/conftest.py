"""What one run of the tests shares: a folder, the built sample, a Label Studio; marks; a guard."""

import importlib
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

from tests.benchmarks import make
from tests.harness import studio as studios
from tests.harness.browser import chromium
from tests.repositories import (
    OWN_DATA,
    ROOT,
    RUN_VARIABLE,
    Repository,
    copy_repository,
    new_repository,
    once,
)

pytest_plugins = ["tests.labelstudio.server.fixtures"]

MARKS = {
    "studio": "server",
    "chrome": "browser",
    "built_once": "slow",
    "story": "slow",
    "voted": "slow",
    "torchvision": "training",
}
"""A test that uses the fixture gets the mark."""

LONG = ("server", "browser", "training", "slow")

TRAINING = (ROOT / "tests/training", ROOT / "tests/export")
"""Their modules import what training machines have (requirements/training.lock)."""

hypothesis.settings.register_profile("maskbench", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("maskbench")

_RUN = pytest.StashKey()
_OWN_DATA = tuple(str(ROOT / name) for name in OWN_DATA)


def _refuse_own_data(event, args):
    """Fail a test that opens or lists what the team that owns this repository changes."""
    if event in ("open", "os.listdir", "os.scandir") and isinstance(args[0], str | Path):
        if event == "open" and args[1] is None and not Path(args[0]).is_absolute():
            return  # os.open, which can mean a name in another folder
        path = os.path.abspath(args[0])  # noqa: PTH100 - it touches no file
        if path in _OWN_DATA or path.startswith(tuple(f"{own}/" for own in _OWN_DATA)):
            raise AssertionError(f"tests bring their own data, and must not read {path}")


sys.addaudithook(_refuse_own_data)


def pytest_configure(config):
    """Make the folder that all processes share; those of xdist inherit its name.

    In it lies what DVC has in the home of a user: it starts no process that tells somebody of use.
    """
    if not hasattr(config, "workerinput"):
        config.stash[_RUN] = tempfile.TemporaryDirectory(prefix="maskbench-tests-")
        run = os.environ[RUN_VARIABLE] = config.stash[_RUN].name
        Path(run, "config").write_text("[core]\nanalytics = false\ncheck_update = false\n")
        os.environ |= {"DVC_GLOBAL_CONFIG_DIR": run, "DVC_SITE_CACHE_DIR": f"{run}/dvc"}


def pytest_unconfigure(config):
    """End the Label Studio that any of the processes started."""
    run = config.stash.get(_RUN, None)
    if run is not None:
        studios.end(Path(run.name))
        run.cleanup()


def pytest_ignore_collect(collection_path, config):
    """Import no torch where the tests that need it are deselected."""
    if "not training" in config.option.markexpr and collection_path in TRAINING:
        return True
    return None


def pytest_collection_modifyitems(items):
    """Mark what needs more than Python, or long; files with such tests go first.

    Folders take turns, a file each: files of one folder share what one process builds while the
    others would wait for it.
    """
    for item in items:
        for fixture in MARKS.keys() & set(item.fixturenames):
            item.add_marker(MARKS[fixture])
        if item.path.parent in TRAINING:
            item.add_marker("training")
    long = {item.path for item in items if any(map(item.get_closest_marker, LONG))}
    before, turns = Counter(), {}
    for path in dict.fromkeys(item.path for item in items):
        turns[path] = before[path.parent, path in long]
        before[path.parent, path in long] += 1
    items.sort(key=lambda item: (item.path not in long, turns[item.path]))


def _build_sample(folder):
    made = new_repository(folder / "repo")
    made.dvc("repro")
    made.commit("built")


@pytest.fixture(scope="session")
def built_once():
    """The sample, built and committed; tests do not write to it, and copy it by `repository`."""
    return Repository(once("built", _build_sample) / "repo")


@pytest.fixture
def repository(built_once, tmp_path):
    """A built repository that the test may change."""
    return copy_repository(built_once.root, tmp_path / "repo")


@pytest.fixture(scope="session")
def studio():
    """The Label Studio of this run; each test makes projects of its own in it."""
    return studios.shared(Path(os.environ[RUN_VARIABLE]))


@pytest.fixture(scope="session")
def chrome():
    """A browser; `tests.harness.browser.Page` opens a page in it."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def benchmark(tmp_path):
    """The folder of a benchmark of ten small images in three classes."""
    return make(tmp_path / "benchmark")


@pytest.fixture(scope="session")
def built(built_once):
    """The ``data`` folder of the built sample; tests do not write to it."""
    return built_once.root / "data"


@pytest.fixture(scope="session")
def sample(built):
    """The folder of the sample's benchmark; tests do not write to it."""
    return built / "benchmark"


@pytest.fixture(scope="session")
def torchvision():
    """PyPI's torchvision, which can be imported beside the CPU build of torch."""
    importlib.import_module("tests.training.operators")
    return importlib.import_module("torchvision")
