"""Messages: what, where, and what was perhaps meant."""

import pytest

from maskbench.errors import (
    SHOWN_CAUSES,
    DataError,
    MaskbenchError,
    ParamsError,
    Problem,
    SourceError,
    did_you_mean,
)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("it broke"), "it broke"),
        (Problem("it broke", "a.json"), "a.json: it broke"),
        (Problem("it broke", "a.json", 3), "a.json, task 3: it broke"),
        (Problem("it broke", task=0, annotation=0), "task 0, annotation 0: it broke"),
        (
            Problem("it broke", "a.json", 3, 4, "r 5"),
            "a.json, task 3, annotation 4, region r 5: it broke",
        ),
        (Problem("it broke", param="split.salt"), "params.yaml: split.salt: it broke"),
        (Problem("it broke", task=3, param="split.x"), "task 3, params.yaml: split.x: it broke"),
        (Problem("Ä\x1b[2J\u202e", region="a\nb"), r"region a\nb: Ä\x1b[2J\u202e"),
    ],
)
def test_a_problem_says_where(problem, text):
    assert str(problem) == text


def test_problems_are_listed_below_the_message():
    error = DataError("fetch: 2 problems", [Problem("one", task=1), Problem("two", task=2)])
    assert str(error) == "fetch: 2 problems\n  - task 1: one\n  - task 2: two"
    assert str(DataError("alone")) == "alone"
    assert str(SourceError("git says:\n\x1b[31mno")) == "git says:\n\\x1b[31mno"


def test_a_flood_of_problems_is_counted():
    error = DataError("many", [Problem(str(i)) for i in range(SHOWN_CAUSES + 7)])
    lines = str(error).splitlines()
    assert lines[-2:] == [f"  - {SHOWN_CAUSES - 1}", "  … and 7 more"]
    assert len(error.problems) == SHOWN_CAUSES + 7


def test_each_kind_has_its_own_exit_status():
    kinds = (MaskbenchError, ParamsError, SourceError, DataError)
    assert [kind.exit_code for kind in kinds] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("Canvass", ["Plant", "Canvas"], "did you mean 'Canvas'? known: Canvas, Plant"),
        ("canvas", ["Plant", "Canvas"], "did you mean 'Canvas'? known: Canvas, Plant"),
        ("Lamp", ["Canvas", "Wall"], "known: Canvas, Wall"),
        ("Lamp", [], "known: none"),
        ("", ["Wall"], "known: Wall"),
    ],
)
def test_hints(word, known, hint):
    assert did_you_mean(word, known) == hint
