"""Per-image work on several processes: same results in order, clear failures, none left."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from maskbench.errors import DataError, MaskbenchError, Problem
from maskbench.parallel.run import FEW, LARGEST_CHUNK, _chunk_size, run_all, worker_count

ITEMS = range(FEW + 15)
METHODS = multiprocessing.get_all_start_methods() if hasattr(os, "fork") else ["spawn"]
LONG = 600  # seconds that no test waits for

BUSY = """
import multiprocessing, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
from maskbench.parallel.run import run_all
from tests.parallel.test_run import busy
multiprocessing.set_start_method("METHOD")
try:
    list(run_all(busy, [SECONDS] * 9, "test"))
except KeyboardInterrupt:
    sys.exit("interrupted")
except Exception as error:
    sys.exit(str(error))
"""


class NotPickled(Exception):
    """An error that cannot be made again from what it says."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def square_slowly(number):
    time.sleep(0.02 if number % 5 == 0 else 0)  # so that later items are ready first
    return number * number


def same(value):
    return value


def own_process(_):
    time.sleep(0.01)  # so that each process gets some
    return os.getpid()


def fail_on_nine(number):
    if number == 9:
        raise ValueError("nine")
    return number


def data_error(number):
    raise DataError(f"{number} is wrong", [Problem("what", task=number)])


def die_on_nine(number):
    if number == 9:
        os._exit(1)
    return number


def fail_oddly(number):
    raise NotPickled("this", "that")


def give_what_cannot_travel(number):
    return lambda: number


def busy(seconds):
    """Say that this process has begun, in the current folder, and take so long."""
    Path(f"{os.getpid()}.begun").touch()
    time.sleep(seconds)


@pytest.fixture(autouse=True)
def three(monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "3")
    monkeypatch.delenv("MASKBENCH_SCHEDULER", raising=False)


@pytest.fixture(params=METHODS)
def method(request):
    """Each way to start a process that this system has."""
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method(request.param, force=True)
    yield request.param
    multiprocessing.set_start_method(before, force=True)


@pytest.fixture
def others():
    """Child processes that are none of ours, such as another test file's server."""
    return children()


def children():
    psutil = pytest.importorskip("psutil", exc_type=ImportError)  # itself needs `resource` on Linux
    return set(psutil.Process().children(recursive=True))


@contextmanager
def busy_run(folder, method, seconds=LONG, **options):
    """A process with three busy workers: (it, the workers); all have ended by the block's end."""
    psutil = pytest.importorskip("psutil", exc_type=ImportError)
    code = BUSY.replace("METHOD", method).replace("SECONDS", str(seconds))
    root = str(Path(__file__).resolve().parents[2])
    options = {"env": {**os.environ, "PYTHONPATH": root}, "cwd": folder, **options}
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stderr=subprocess.PIPE, **options) as process:
        while len(begun := list(folder.glob("*.begun"))) < 3:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        found = psutil.Process(process.pid).children(recursive=True)
        yield process, [psutil.Process(int(path.stem)) for path in sorted(begun)]
        _, alive = psutil.wait_procs(found, timeout=LONG / 2)
        for left in [*alive, process]:
            left.kill()
        assert alive == []


@pytest.mark.parametrize("count", ["1", "2", "3"])
@pytest.mark.parametrize("items", [ITEMS, range(2), range(0)], ids=["many", "few", "none"])
def test_results_come_in_the_items_order(monkeypatch, count, items):
    monkeypatch.setenv("MASKBENCH_WORKERS", count)
    assert list(run_all(square_slowly, items, "test")) == [i * i for i in items]


def test_however_processes_are_started_results_are_the_same(method):
    assert list(run_all(square_slowly, ITEMS, "test")) == [i * i for i in ITEMS]


def test_several_processes_work_and_not_this_one():
    found = set(run_all(own_process, range(60), "test"))
    assert len(found) == 3
    assert os.getpid() not in found


def test_a_few_items_start_no_process():
    for items in (range(FEW), iter(range(FEW)), [1]):
        assert set(run_all(own_process, items, "test")) == {os.getpid()}


def test_a_generator_is_read_as_results_are_taken():
    read = []

    def source():
        for i in range(1000):
            read.append(i)
            yield i

    results = run_all(square_slowly, source(), "test")
    assert next(results) == 0
    assert len(read) < 100  # only a few are in flight, so that memory is bounded
    results.close()


def test_small_items_travel_together(monkeypatch):
    calls = []
    submit = ProcessPoolExecutor.submit
    monkeypatch.setattr(
        ProcessPoolExecutor, "submit", lambda *args: calls.append(args) or submit(*args)
    )
    assert list(run_all(abs, iter(range(2000)), "test")) == list(range(2000))
    assert len(calls) < 300


def test_a_chunk_is_at_most_an_eighth_of_what_each_worker_has_had():
    assert [_chunk_size(submitted, 2) for submitted in (0, 15, 16, 47, 48)] == [1, 1, 2, 3, 4]
    assert _chunk_size(10**6, 2) == LARGEST_CHUNK
    assert _chunk_size(1000, 128) == 1


def test_what_is_larger_than_a_pipe_travels_both_ways():
    items = [bytes([i]) * (1 << 20) for i in range(12)]
    assert list(run_all(same, items, "test")) == items


@pytest.mark.parametrize("count", ["1", "2"])
def test_an_error_of_the_function_reaches_the_caller(monkeypatch, count):
    monkeypatch.setenv("MASKBENCH_WORKERS", count)
    with pytest.raises(ValueError, match="nine") as caught:
        list(run_all(fail_on_nine, ITEMS, "test"))
    assert "in fail_on_nine\n" in "".join(traceback.format_exception(caught.value))


def test_an_error_keeps_its_problems(method):
    with pytest.raises(DataError, match="0 is wrong") as caught:
        list(run_all(data_error, ITEMS, "test"))
    assert caught.value.problems == (Problem("what", task=0),)


def test_a_worker_that_dies_is_a_clear_error(method):
    with pytest.raises(MaskbenchError, match="rasterize: a worker process died"):
        list(run_all(die_on_nine, ITEMS, "rasterize"))


def test_an_error_that_cannot_travel_is_told_in_words():
    with pytest.raises(RuntimeError, match=r"in fail_oddly(.|\n)*NotPickled: this and that"):
        list(run_all(fail_oddly, ITEMS, "test"))


def test_a_result_that_cannot_travel_is_an_error():
    with pytest.raises(Exception, match=r"[Cc]an't (pickle|get) .*<lambda>"):
        list(run_all(give_what_cannot_travel, ITEMS, "test"))


def test_a_call_that_cannot_travel_is_an_error():
    with pytest.raises(Exception, match=r"[Cc]an't (pickle|get) .*<lambda>"):
        list(run_all(lambda i: i, ITEMS, "test"))


def test_a_closed_run_leaves_what_nobody_has_begun(others):
    results = run_all(own_process, range(10_000), "test")
    next(results)
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 20  # of 33 for all
    assert children() <= others


@pytest.mark.slow
def test_no_process_is_left_behind(others):
    for _ in range(10):
        assert list(run_all(abs, range(100), "test")) == list(range(100))
    assert children() <= others


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_no_pipe_is_left_open():
    list(run_all(abs, range(100), "test"))
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(10):
        list(run_all(abs, range(100), "test"))
    assert len(set(Path("/proc/self/fd").iterdir()) - before) < 5  # of 100 that were opened


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_workers_end_with_the_process_that_started_them(tmp_path, method):
    """However that ends; else they would wait for work for ever, or finish what nobody takes."""
    with busy_run(tmp_path, method) as (main, _):
        main.kill()


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_one_that_is_killed_is_a_clear_error(tmp_path, victim):
    with busy_run(tmp_path, METHODS[0]) as (main, workers):
        workers[victim].kill()
        assert b"test: a worker process died" in main.communicate(timeout=LONG / 2)[1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no process groups with SIGINT")
@pytest.mark.parametrize("method", METHODS)
def test_an_interrupted_run_says_so_once(tmp_path, method):
    """Control-C goes to all processes of a terminal's foreground."""
    with busy_run(tmp_path, method, start_new_session=True) as (main, _):
        os.killpg(main.pid, signal.SIGINT)
        assert main.communicate(timeout=LONG / 2)[1] == b"interrupted\n"


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", " ", "²"])
def test_a_wrong_number_of_workers_is_refused(monkeypatch, text):
    monkeypatch.setenv("MASKBENCH_WORKERS", text)
    for ask in (worker_count, lambda: list(run_all(abs, range(100), "test"))):
        with pytest.raises(MaskbenchError, match=r"MASKBENCH_WORKERS is .*, not a number of proc"):
            ask()


def test_without_the_variable_all_cores_work(monkeypatch):
    monkeypatch.delenv("MASKBENCH_WORKERS")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert worker_count() == 3
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS and Windows
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert worker_count() == 7


def test_windows_waits_for_61_processes_at_most(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("MASKBENCH_WORKERS", "64")
    assert worker_count() == 61
