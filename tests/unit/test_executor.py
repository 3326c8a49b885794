"""Per-image work on several processes: same results, same order, clear failures."""

import os
import time

import pytest

from maskbench.errors import MaskbenchError
from maskbench.executor import FEW, MOST, _next_size, run_all
from maskbench.pool import Pool
from maskbench.processes import workers

ITEMS = range(FEW + 15)


def square_slowly(number):
    time.sleep(0.02 if number % 5 == 0 else 0)  # so that later items are ready first
    return number * number


def fail_on_nine(number):
    if number == 9:
        raise ValueError("nine")
    return number


def die_on_nine(number):
    if number == 9:
        os._exit(1)
    return number


@pytest.mark.parametrize("count", ["1", "2", "3"])
@pytest.mark.parametrize("items", [ITEMS, range(2), range(0)], ids=["many", "few", "none"])
def test_results_come_in_the_items_order(monkeypatch, count, items):
    monkeypatch.setenv("MASKBENCH_WORKERS", count)
    assert list(run_all(square_slowly, items, "test")) == [i * i for i in items]


def test_a_generator_is_read_as_results_are_taken(monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "2")
    read = []

    def source():
        for i in range(1000):
            read.append(i)
            yield i

    results = run_all(square_slowly, source(), "test")
    assert next(results) == 0
    assert len(read) < 100  # only a few are in flight, so that memory is bounded
    results.close()


@pytest.mark.parametrize("count", ["1", "2"])
def test_an_error_of_the_function_reaches_the_caller(monkeypatch, count):
    monkeypatch.setenv("MASKBENCH_WORKERS", count)
    with pytest.raises(ValueError, match="nine"):
        list(run_all(fail_on_nine, ITEMS, "test"))


def test_a_worker_that_dies_is_a_clear_error(monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "2")
    with pytest.raises(MaskbenchError, match="rasterize: a worker process died"):
        list(run_all(die_on_nine, ITEMS, "rasterize"))


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", " ", "²"])
def test_a_wrong_number_of_workers_is_refused(monkeypatch, text):
    monkeypatch.setenv("MASKBENCH_WORKERS", text)
    with pytest.raises(MaskbenchError, match=r"MASKBENCH_WORKERS is .*, not a number of processes"):
        workers()


def test_without_the_variable_all_cores_work(monkeypatch):
    monkeypatch.delenv("MASKBENCH_WORKERS", raising=False)
    assert workers() == len(os.sched_getaffinity(0))


def test_chunks_grow_while_items_are_quick_and_shrink_when_they_are_not():
    sizes = [1]
    for seconds in (0.0, 0.0, 0.0, 0.001, 0.001, 0.02, 1.0):  # an item
        sizes.append(_next_size(sizes[-1], 0.05 / max(seconds, 1e-9)))
    assert sizes == [1, 2, 4, 8, 16, 32, 2, 1]
    assert _next_size(MOST, 1e9) == MOST


def test_quick_items_travel_together(monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "2")
    calls = []
    submit = Pool.submit
    monkeypatch.setattr(Pool, "submit", lambda *args: calls.append(args[2]) or submit(*args))
    assert list(run_all(abs, iter(range(2000)), "test")) == list(range(2000))
    assert [len(chunk) for chunk in calls[:4]] == [1, 1, 1, 1]
    assert len(calls) < 200


def test_one_item_starts_no_process(monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "2")
    assert list(run_all(lambda _: os.getpid(), iter([1]), "test")) == [os.getpid()]
