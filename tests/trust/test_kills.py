"""Builds that are killed, or meet: the next one makes the bytes of an undisturbed one."""

import errno
import signal
import subprocess
import sys
import time

import pytest

from maskbench.pipeline import run
from tests.harness import kills, worlds
from tests.harness.kills import AIMS, STAGES, STEPS, Harness, Moment, Running, Tally, Trial, moments

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A repository on a folder whose labels have changed since it was built."""
    made = worlds.FolderWorld(tmp_path_factory.mktemp("world"))
    made.begin()
    made.change("relabel")
    return made


def test_a_short_run_finds_nothing(tmp_path, studio):
    """The long one is ``make kills``; one of these is on a Label Studio."""
    tally = Harness(tmp_path, seed=20, server=studio).run(moments(3, seed=20, server_share=0.3))
    print(tally)
    assert tally.findings == []
    assert tally.survived > 0
    assert tally.by["source"]["server"] > 0


def test_moments_are_of_every_kind_and_the_same_for_the_same_seed():
    made = moments(200, seed=1)
    assert made == moments(200, seed=1) != moments(200, seed=2)
    assert {m.command for m in made} == {"repro", *STAGES}
    assert {m.aim for m in made} == {"", *AIMS}
    kinds = {(m.source, m.build, m.victim) for m in made}
    assert len(kinds) == 2 * len(worlds.BUILDS) * 2


def test_the_harness_sees_what_must_not_be(world, monkeypatch):
    """Other bytes, leftovers, damage in DVC's cache, a failing build, and who outlives a kill."""
    monkeypatch.setattr(kills, "SURVIVORS_END", 0.3)
    trial = Trial(world, Moment("folder", "relabel", "split", "first", "", 0, 1, False), None)
    root = trial.repository.root
    (root / "stages/split.py").write_text(
        "import subprocess, time\nsubprocess.Popen(['sleep', '60'])\nprint('on', flush=True)\n"
        "time.sleep(60)\n"
    )
    running = Running(trial.repository, "split")
    while "on\n" not in running.log.read_text():
        time.sleep(0.01)
    assert running.kill("first") == "split"
    trial.killed.append(running)
    (root / "metrics/.tmp-1.json").touch()
    (root / "data/benchmark/codes.txt").write_text("Wall\n")
    damaged = next((root / ".dvc/cache/files/md5").glob("*/*"))
    damaged.chmod(0o644)
    damaged.write_bytes(b"damaged")
    wrong = trial._compare()
    assert '"data/benchmark/codes.txt"' in wrong
    assert "left over: metrics/.tmp-1.json" in wrong
    assert f"damaged in DVC's cache: {damaged.relative_to(root)}" in wrong
    assert "outlived the first process for good" in wrong
    (root / "params.yaml").write_text("fetch: {}")
    assert trial.recover(Tally().steps).startswith("the next dvc repro ended with status")
    trial.clear()


@pytest.mark.parametrize("stage", ["fetch", "rasterize"])
def test_a_stage_twice_at_once(world, stage):
    """The second waits for the first, finds all made, and says so; then the next stage goes on."""
    repository = world.start(STAGES[: STAGES.index(stage)])
    both = [Running(repository, stage) for _ in range(2)]
    assert [running.process.wait() for running in both] == [0, 0], both[0].log.read_text()
    said = both[0].log.read_text()
    assert "Traceback" not in said
    repository.dvc("repro")
    assert worlds.describe(repository, world.expected) == ""
    assert worlds.leftovers(repository) == []


def test_a_stage_waits_for_the_one_that_runs(world):
    """Until it ends, however that is."""
    repository = world.start(("fetch", "rasterize"))
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys, time; from maskbench.pipeline import run; "
         "run.load_params = str; "
         "run.run_stage('first', lambda *_: (print('held', flush=True), time.sleep(600)))"],
        cwd=repository.root, env=repository.environment, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout.readline() == b"held\n"
    waiting = Running(repository, "combine")
    while "combine: waits for a stage that runs in this folder already" not in _said(waiting):
        assert not waiting.ended(), _said(waiting)
        time.sleep(0.01)
    time.sleep(0.3)
    assert not waiting.ended()
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert waiting.process.wait(300) == 0
    assert "masks made in this run" in _said(waiting)


def test_a_file_system_without_locks(tmp_path, monkeypatch, capsys):
    """Such as some network folders: the stage runs as if it were alone."""

    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "load_params", str)
    monkeypatch.setattr("fcntl.flock", no_locks)
    assert run.run_stage("split", lambda params, _: f"done by {params}") == 0
    assert capsys.readouterr() == ("split: done by params.yaml\n", "")


def _said(running):
    return running.log.read_text()


def test_two_dvc_repro_at_once(world):
    """DVC refuses the later one, or lets it wait; what the other makes is right."""
    repository = world.start()
    both = [Running(repository, "repro")]
    time.sleep(0.5)
    both.append(Running(repository, "repro"))
    status = [running.process.wait() for running in both]
    said = _said(both[0])
    assert 0 in status, said
    if status != [0, 0]:
        assert "is busy, it is being blocked by" in said or "Unable to acquire lock" in said
    assert repository.dvc("repro").returncode == 0
    assert worlds.describe(repository, world.expected) == ""


@pytest.mark.parametrize(
    ("file", "content", "step"),
    [
        ("dvc.lock", "", "git checkout dvc.lock"),
        ("dvc.lock", "schema: '2.0'\nstages:\n  fetch:\n    cm", "git checkout dvc.lock"),
        (".dvc/tmp/rwlock", '{"write": {"/a', "rm .dvc/tmp/rwlock"),
    ],
)
def test_what_dvc_needs_after_a_kill_in_its_own_writing(world, file, content, step):
    """DVC writes these two in place; its message names the file, and one step mends it."""
    repository = world.start()
    (repository.root / file).parent.mkdir(exist_ok=True)
    (repository.root / file).write_text(content)
    done = repository.dvc("repro", check=False)
    assert done.returncode != 0
    assert STEPS[step].search(done.stdout + done.stderr), done.stderr
    repository.run(*step.split())
    repository.dvc("repro")
    assert worlds.describe(repository, world.expected) == ""
