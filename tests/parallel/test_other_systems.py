"""Windows and macOS, as far as Linux can stand in: other ways to start processes, fewer calls.

The stages' scripts build a small export in interpreters from which the calls that only POSIX has
were taken away, and whose worker processes are started as there. Locks are then missing, too: on
Windows ``filelock`` takes that system's own.
"""

import json
import multiprocessing
import os
import subprocess
import sys

import pytest

from tests.exports import PARAMS, simple_tasks, write_export
from tests.pipeline.test_build import contents
from tests.repositories import ROOT, python_path

pytestmark = pytest.mark.slow

STAGES = ("fetch", "rasterize", "combine", "split", "quality")

SPAWN = """
import multiprocessing, os, signal, sys, warnings
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("fork", "forkpty", "geteuid", "getuid", "killpg", "register_at_fork", "setsid"):
    delattr(os, name)
del os.sched_getaffinity, signal.SIGKILL
warnings.filterwarnings("ignore", "only soft file lock is available")
multiprocessing.set_start_method("spawn")
"""
FORKSERVER = """
import multiprocessing
multiprocessing.set_start_method("forkserver")
"""
WAYS = {"spawn": SPAWN, "forkserver": FORKSERVER}
COUNTED = """
import concurrent.futures
before = concurrent.futures.ProcessPoolExecutor.submit
def submit(self, *args):
    open(f"pool-{os.getpid()}", "w").close()
    return before(self, *args)
concurrent.futures.ProcessPoolExecutor.submit = submit
"""


def build(root, source, start=""):
    """Run all stages by their scripts, each interpreter beginning with ``start``; returns files."""
    root.mkdir()
    (root / "params.yaml").write_text(json.dumps({**PARAMS, "fetch": {"folder": str(source)}}))
    prepared = root.with_name(f"{root.name}-start")
    prepared.mkdir()
    (prepared / "sitecustomize.py").write_text(start)
    path = python_path(prepared, ROOT)
    for stage in STAGES:
        done = subprocess.run(
            [sys.executable, str(ROOT / f"stages/{stage}.py")],
            cwd=root,
            env={**os.environ, "PYTHONPATH": path, "MASKBENCH_WORKERS": "2"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{stage}: ")
    return contents(root)


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """A folder with an export in ``source``, and the files of its usual build."""
    root = tmp_path_factory.mktemp("usual")
    write_export(root / "source", simple_tasks(8))
    return root, build(root / "made", root / "source")


@pytest.mark.parametrize(
    "method", [m for m in WAYS if m in multiprocessing.get_all_start_methods()]
)
def test_the_bytes_are_the_same(usual, tmp_path, method):
    root, expected = usual
    assert sum(name.startswith("data/benchmark/masks/") for name in expected) == 8
    made = build(tmp_path / "other", root / "source", f"import os\n{WAYS[method]}{COUNTED}")
    used = {name for name in made if name.startswith("pool-")}
    assert len(used) == 4  # all but split did start processes
    assert {name: content for name, content in made.items() if name not in used} == expected
