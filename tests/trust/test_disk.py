"""Full disks, clocks that jump, other locales: a clear message at worst, never other bytes."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.harness import worlds
from tests.harness.kills import STAGES
from tests.repositories import ROOT, Repository, python_path

pytestmark = pytest.mark.slow

resource = pytest.importorskip("resource", reason="limits are POSIX's")


resource = pytest.importorskip("resource")  # Windows has none

KILOBYTES = (0, 4, 8, 12, 16, 24, 48, 96, 192, 384)
"""How much is free; at some point it is enough."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Half the labels have changed since the repository was built, and all masks are to be tif."""
    made = worlds.FolderWorld(tmp_path_factory.mktemp("world"))
    made.begin()
    made.params = made.params.replace("mask_format: png", "mask_format: tif")
    made.change("relabel")
    return made


@contextmanager
def small_disk(folder):
    """A file system of 40 MB; None where this user may not mount one."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def leave(disk, kilobytes):
    """Fill the disk up to so much; returns the file that does it."""
    status = os.statvfs(disk)
    ballast = disk / "ballast"
    free = status.f_bavail * status.f_frsize
    ballast.write_bytes(bytes(max(0, free - kilobytes * 1024)))
    return ballast


def mixed(found, *builds):
    """Files that are as in none of the builds."""
    return [name for name, content in found.items() if content not in [b.get(name) for b in builds]]


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk(world, tmp_path, stage):
    """The message names the stage; no file is half-written; with more space all is right."""
    start = world.start(STAGES[: STAGES.index(stage)])
    before = start.outputs()
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("may not mount: see test_files_that_cannot_grow, which needs no rights")
        repository = Repository(disk / "repo")
        shutil.copytree(start.root, repository.root)
        repository.environment |= start.environment | {"PYTHONPATH": python_path(repository.root)}
        failed = 0
        for kilobytes in KILOBYTES:
            ballast = leave(disk, kilobytes)
            done = repository.run("python", f"stages/{stage}.py", check=False)
            ballast.unlink()
            assert mixed(repository.outputs(), before, world.expected) == []
            if done.returncode == 0:
                break
            assert done.returncode == 1
            assert done.stderr.startswith(f"error: {stage}: [Errno 28] No space left on device")
            assert "Traceback" not in done.stderr
            failed += 1
        assert failed > 0
        assert done.returncode == 0
        repository.dvc("repro")
        assert worlds.describe(repository, world.expected) == ""
        assert worlds.leftovers(repository) == []


def limited(repository, stage, size):
    """Run a stage in which no file may grow beyond so many bytes."""
    return subprocess.run(
        [sys.executable, f"stages/{stage}.py"], cwd=repository.root, env=repository.environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("stage", STAGES)
def test_files_that_cannot_grow(world, stage):
    """As on a disk with a quota: whichever file it hits, no part of one is taken for the whole."""
    repository = world.start(STAGES[: STAGES.index(stage)])
    before = repository.outputs()
    for size in (64, 200, 400, 1000):  # semaphores, too, are files of some bytes
        done = limited(repository, stage, size)
        assert mixed(repository.outputs(), before, world.expected) == []
        if done.returncode == 0:
            assert size > 64
            break
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: {stage}: [Errno 27] File too large"), done.stderr
    repository.dvc("repro")
    assert worlds.describe(repository, world.expected) == ""
    assert worlds.leftovers(repository) == []


def test_no_space_for_what_is_remembered_of_a_server(tmp_path):
    """SQLite has errors of its own; they are told as other full disks are."""
    code = (
        "from pathlib import Path; from maskbench.labelstudio.server.cache import Cache\n"
        "from maskbench.pipeline import run\n"
        "run.load_params = str\n"
        "def fill(*_):\n"
        "    cache = Cache(Path('memory.sqlite3'), 'http://ls')\n"
        "    cache.save_tasks(1, ((n, '', {'text': str(hash(str(n)))}) for n in range(9999)))\n"
        "raise SystemExit(run.run_stage('fetch', fill))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": python_path(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error: fetch: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("year", [1971, 2037])
def test_a_clock_that_jumps(world, tmp_path, year):
    """Files from the future or from long ago, and processes that think it is then."""
    (tmp_path / "sitecustomize.py").write_text(
        "import time\n"
        "now = time.time\n"
        f"shift = {year - 2026} * 365.25 * 86400\n"
        "time.time = lambda: now() + shift\n"
        "time.time_ns = lambda: int(time.time() * 1e9)\n"
    )
    repository = world.start()
    then = (year - 1970) * 365.25 * 86400
    for path in sorted((repository.root / "data").rglob("*"))[::2]:
        os.utime(path, (then, then))
    with_shift = python_path(tmp_path, repository.root)
    told = "import time; print(time.gmtime(time.time()).tm_year)"
    shown = repository.run("python", "-c", told, PYTHONPATH=with_shift)
    assert abs(int(shown.stdout) - year) <= 1
    repository.dvc("repro", PYTHONPATH=with_shift)
    assert worlds.describe(repository, world.expected) == ""
    for path in sorted((repository.root / "data").rglob("*"))[1::2]:
        os.utime(path, (0, 0))
    repository.dvc("repro", "-f")
    assert worlds.describe(repository, world.expected) == ""


def test_an_edit_that_keeps_time_and_size_is_seen_by_the_stages(world):
    """As by a tool that restores times: rasterize and combine go by the bytes."""
    repository = world.start()
    repository.dvc("repro")
    masks = sorted((repository.root / "data/benchmark/masks").iterdir())
    for mask in masks[:2]:
        times = mask.stat()
        content = bytearray(mask.read_bytes())
        content[-1] ^= 255
        mask.unlink()
        mask.write_bytes(content)
        os.utime(mask, ns=(times.st_atime_ns, times.st_mtime_ns))
    repository.run("python", "stages/combine.py")
    assert worlds.describe(repository, world.expected) == ""


@pytest.mark.parametrize("charset", ["UTF-8", "ISO-8859-9"])
def test_a_turkish_machine(world, tmp_path, charset):
    """Where i is no small I, and files may be read in a character set that is not ours."""
    name = f"tr_TR.{charset}"
    if shutil.which("localedef") is None:
        pytest.skip("there is no localedef to make the locale with")
    subprocess.run(["localedef", "-i", "tr_TR", "-f", charset, tmp_path / name], check=True)
    repository = world.start()
    there = {"LOCPATH": str(tmp_path), "LC_ALL": name, "TZ": "Pacific/Chatham"}
    shown = repository.run(
        "python", "-c", "import locale; print(locale.getpreferredencoding())", **there
    )
    assert shown.stdout.strip() == charset
    repository.dvc("repro", **there)
    assert worlds.describe(repository, world.expected) == ""
