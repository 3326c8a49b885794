"""Worker processes: what they answer, how they end, and that they can be started ahead."""

import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from maskbench.errors import DataError, Problem
from maskbench.pool import ProcessExecutor
from maskbench.processes import GoneError, Processes, processes, start_ahead


@contextmanager
def executor(count, load=None):
    made = ProcessExecutor(Processes(count, load))
    try:
        yield made
    finally:
        made.shutdown(cancel_futures=True)


def ask(line, function, *args):
    return line.ask(pickle.dumps((function, args, {})))


def fail(error):
    raise error


class OddError(Exception):
    """Can be packed, but not unpacked: its pickled form lacks the second argument."""

    def __init__(self, one, two):
        super().__init__(one)
        self.two = two


def die():
    os._exit(3)


def make_odd():
    raise OddError(1, 2)


def ended(pid):
    """Whether a process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_each_process_answers_its_own_line():
    made = Processes(3)
    pids = [ask(line, os.getpid) for line in made.lines]
    again = [ask(line, os.getpid) for line in reversed(made.lines)]
    made.end()
    assert all(good for good, _ in pids)
    assert len({pid for _, pid in pids} | {os.getpid()}) == 4
    assert again == pids[::-1]
    wait_until(lambda: all(ended(pid) for _, pid in pids))


def test_large_calls_and_answers_pass():
    text = "x" * 3_000_000  # more than a pipe holds
    with executor(2) as pool:
        assert pool.submit(str.upper, text).result(30) == text.upper()


def test_an_error_arrives_as_it_was_and_says_where_it_came_from():
    problem = Problem("is bent", task=7, region="abc")
    with executor(1) as pool:
        error = pool.submit(fail, DataError("rasterize: 1 problem", [problem])).exception(30)
        assert isinstance(error, DataError)
        assert error.problems == (problem,)
        assert "in fail" in error.__notes__[0]
        assert pool.submit(abs, -2).result(30) == 2  # it goes on


def test_an_error_that_cannot_travel_is_told():
    with executor(1) as pool:
        error = pool.submit(make_odd).exception(30)
        assert isinstance(error, RuntimeError)
        assert "OddError: 1" in str(error)


def test_an_answer_that_cannot_travel_is_an_error():
    with executor(1) as pool:
        assert pool.submit(open, os.devnull).exception(30) is not None
        assert pool.submit(abs, -2).result(30) == 2


def test_who_asks_one_that_dies_is_told():
    made = Processes(2)
    with pytest.raises(GoneError):
        ask(made.lines[1], die)
    with pytest.raises(GoneError):
        ask(made.lines[1], abs, 1)
    assert ask(made.lines[0], abs, -1) == (True, 1)
    made.end()


def test_a_process_that_dies_breaks_the_executor():
    with executor(1) as pool:
        assert isinstance(pool.submit(die).exception(30), BrokenExecutor)


def test_what_waits_is_cancelled_and_what_runs_is_finished(tmp_path):
    with executor(1) as pool:
        running = pool.submit(time.sleep, 0.3)
        waiting = pool.submit((tmp_path / "made").mkdir)
        wait_until(running.running)
    assert running.result(0) is None
    assert waiting.cancelled()
    assert not (tmp_path / "made").exists()


def test_without_cancelling_all_is_done(tmp_path):
    pool = ProcessExecutor(Processes(2))
    for i in range(20):
        pool.submit((tmp_path / str(i)).mkdir)
    pool.shutdown()
    assert len(list(tmp_path.iterdir())) == 20


def test_loading_happens_once_for_all(tmp_path):
    def load():
        (tmp_path / str(os.getpid())).mkdir()
        os.environ["LOADED_BY"] = str(os.getpid())

    made = Processes(3, load)
    seen = [ask(line, os.getenv, "LOADED_BY")[1] for line in made.lines]
    made.end()
    assert len(set(seen)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [seen[0]]
    assert "LOADED_BY" not in os.environ


def test_loading_that_fails_leaves_working_processes():
    made = Processes(2, lambda: fail(ImportError("no numpy")))
    assert [ask(line, abs, -1) for line in made.lines] == [(True, 1)] * 2
    made.end()


def test_those_that_were_started_ahead_are_used_once():
    start_ahead(2, lambda: os.environ.update(STARTED="ahead"))
    first, second = processes(2), processes(2)
    assert [ask(line, os.getenv, "STARTED") for line in first.lines] == [(True, "ahead")] * 2
    assert [ask(line, os.getenv, "STARTED") for line in second.lines] == [(True, None)] * 2
    first.end()
    second.end()


def test_nothing_is_printed_twice():
    code = (
        "import sys; from maskbench.processes import Processes\n"
        "sys.stdout.write('once'); made = Processes(3); made.end()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "once"


_BUSY = """
import os, sys, time
from pathlib import Path
from maskbench.executor import run_all

def work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(300)

list(run_all(work, [sys.argv[1]] * 20, "test"))
"""


@pytest.mark.parametrize("how", ["killed", "interrupted"])
def test_busy_processes_end_with_the_one_that_started_them(tmp_path, how):
    words = [sys.executable, "-c", _BUSY, str(tmp_path)]
    environment = {**os.environ, "MASKBENCH_WORKERS": "3"}
    parent = subprocess.Popen(
        words, env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: len(list(tmp_path.iterdir())) == 3)
    if how == "killed":
        parent.kill()
    else:
        os.killpg(parent.pid, signal.SIGINT)  # as Ctrl-C does
    error = parent.communicate(timeout=30)[1]  # until all have closed it
    assert error.count("Traceback") == (how == "interrupted")  # this script's own, no worker's
    wait_until(lambda: all(ended(int(path.name)) for path in tmp_path.iterdir()))
