"""Worker processes: what they load and when, how they fail, and that none is left behind."""

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from maskbench import processes
from maskbench.errors import MaskbenchError
from maskbench.executor import run_all
from maskbench.pool import Pool
from maskbench.processes import Deferred, hired, start_ahead

LONG = 60  # seconds that no test waits for

SLEEPER = """
import sys, time
from maskbench import processes
from maskbench.executor import run_all
WAY
print("there", flush=True)
try:
    list(run_all(time.sleep, [SECONDS] * 9, "test"))
except KeyboardInterrupt:
    sys.exit("interrupted")
except Exception as error:
    sys.exit(str(error))
"""
WAYS = {
    "asked for": "",
    "working, started ahead": "processes.start_ahead(3, 'json')",
    "idle, started ahead": "processes.start_ahead(3, 'json'); print('there', flush=True); "
    f"time.sleep({LONG})",
    "loading": "processes._load = lambda module: time.sleep(2); processes.start_ahead(3, ''); "
    f"print('there', flush=True); time.sleep({LONG})",
}


class NotPickled(Exception):
    """An error that cannot be made again from what it says."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class NotMadeAgain:
    """A result that is pickled, but not unpickled."""

    def __reduce__(self):
        return int, ("none",)


def same(value):
    return value


def parent(_):
    time.sleep(0.01)  # so that each process gets some
    return os.getppid()


def fail(number):
    if number == 3:
        raise ValueError("three")


def fail_oddly(number):
    raise NotPickled("this", "that")


def give_what_cannot_travel(number):
    return lambda: number


def give_what_does_not_arrive(number):
    return NotMadeAgain()


@pytest.fixture(autouse=True)
def three(monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "3")


@pytest.fixture
def others():
    """Child processes that are none of ours, such as another test file's server."""
    return children()


@contextmanager
def sleeper(way, count, seconds=LONG, **options):
    """A process with busy workers, and these; they have ended by the end of the block."""
    code = SLEEPER.replace("WAY", WAYS[way]).replace("SECONDS", str(seconds))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes, **options) as process:
        process.stdout.readline()
        main, found = psutil.Process(process.pid), []
        while len(found) < count:
            assert process.poll() is None
            time.sleep(0.01)
            found = main.children(recursive=True)
        time.sleep(0.3)  # so that they have begun
        yield process, found
        _, alive = psutil.wait_procs(found, timeout=LONG / 2)
        for left in [*alive, process]:
            left.kill()
        assert alive == []


def children():
    return set(psutil.Process().children(recursive=True))


def test_what_is_larger_than_a_pipe_travels_both_ways():
    items = [bytes([i]) * (1 << 20) for i in range(12)]
    assert list(run_all(same, items, "test")) == items


def test_the_first_process_is_the_parent_of_the_others():
    """Its memory, with all that it has loaded, is theirs."""
    parents = set(run_all(parent, range(60), "test"))
    assert len(parents) == 2
    assert os.getpid() in parents


def test_only_workers_load_what_is_deferred():
    code = (
        "import sys; from maskbench.executor import run_all; "
        "from maskbench.processes import Deferred; "
        "print(list(run_all(Deferred('html', 'escape'), '<' * 20, ''))); "
        "print('html' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{['&lt;'] * 20}\nFalse\n"


def test_an_error_tells_where_it_came_from():
    with pytest.raises(ValueError, match="three") as caught:
        list(run_all(fail, range(20), "test"))
    assert "in fail\n" in "".join(caught.value.__notes__)


def test_an_error_that_cannot_travel_is_told_in_words():
    with pytest.raises(RuntimeError, match=r"in fail_oddly(.|\n)*NotPickled: this and that"):
        list(run_all(fail_oddly, range(20), "test"))


def test_a_result_that_cannot_travel_is_an_error():
    with pytest.raises(Exception, match=r"[Cc]an't (pickle|get) .*<lambda>"):
        list(run_all(give_what_cannot_travel, range(20), "test"))


def test_a_result_that_does_not_arrive_is_an_error():
    with pytest.raises(ValueError, match="invalid literal"):
        list(run_all(give_what_does_not_arrive, range(20), "test"))


def test_a_call_that_cannot_travel_is_an_error():
    with pytest.raises(Exception, match=r"[Cc]an't (pickle|get) .*<lambda>"):
        list(run_all(lambda i: i, range(20), "test"))


def test_a_module_that_cannot_be_loaded_is_told_by_its_own_error():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        list(run_all(Deferred("no_such_module", "function"), range(20), "test"))


def test_a_closed_run_leaves_what_nobody_has_begun(others):
    results = run_all(parent, range(10_000), "test")
    next(results)
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 10  # of 33 for all
    assert children() <= others


def test_no_process_is_left_behind(others):
    for _ in range(20):
        assert list(run_all(abs, range(100), "test")) == list(range(100))
    assert children() <= others


def test_no_pipe_is_left_open(others):
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(20):
        list(run_all(abs, range(100), "test"))
    assert children() <= others
    assert len(set(Path("/proc/self/fd").iterdir()) - before) < 5  # of 140 that were opened


def test_their_time_counts_as_that_of_the_process_that_started_them():
    """For whoever measures, such as ``time dvc repro``."""
    code = (
        "import os; from maskbench.executor import run_all; "
        "list(run_all(sum, [range(10 ** 6)] * 60, '')); os._exit(0)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([sys.executable, "-c", code], check=True)
    together = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    began = time.process_time()
    for _ in range(60):
        sum(range(10**6))
    assert together > 0.6 * (time.process_time() - began)


def test_processes_started_ahead_are_taken_once(monkeypatch):
    monkeypatch.setattr(processes, "_ahead", [])
    start_ahead(2, "json")
    ahead = processes._ahead[0]
    assert hired(2, None) is ahead
    other = hired(2, None)
    assert other.first != ahead.first
    for pool in map(Pool, (ahead, other)):  # neither keeps the other's pipes open
        pool.shutdown()


@pytest.mark.parametrize("way", WAYS)
def test_they_end_with_the_process_that_started_them(way):
    """However that ends; else they would wait for work for ever, or finish what nobody takes."""
    with sleeper(way, 1 if way == "loading" else 3) as (main, _):
        main.kill()


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_one_that_is_killed_is_a_clear_error(victim):
    """The others finish what they are at, and end."""
    with sleeper("asked for", 3, seconds=1) as (main, found):
        found[victim].kill()
        assert b"test: a worker process died" in main.communicate(timeout=LONG / 2)[1]


def test_an_interrupted_run_says_so_once():
    """Control-C goes to all processes of a terminal's foreground."""
    with sleeper("asked for", 3, start_new_session=True) as (main, _):
        os.killpg(main.pid, signal.SIGINT)
        assert main.communicate(timeout=LONG / 2)[1] == b"interrupted\n"


def test_a_number_of_processes_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "many")
    with pytest.raises(MaskbenchError, match="MASKBENCH_WORKERS is 'many'"):
        list(run_all(abs, range(100), "test"))
