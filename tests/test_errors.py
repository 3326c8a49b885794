"""Messages: what, where, and what was perhaps meant."""

import pytest

from maskbench.errors import (
    SHOWN_CAUSES,
    DataError,
    MaskbenchError,
    ParamsError,
    Problem,
    SourceError,
    count_problems,
    did_you_mean,
)
from maskbench.params import FetchParams


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


def where(number, **more):
    return Problem("it broke", "a.json", number, number, "r1", **more)


def test_problems_of_one_cause_are_one_line_with_counts():
    problems = [where(n) for n in range(1, 8)] + [Problem("alone", task=9)]
    problems += [Problem("set it", task=n, param="split.x") for n in (1, 2)]
    error = DataError("3 problems", problems)
    assert str(error).splitlines()[1:] == [
        "  - a.json: it broke (7 regions: task 1, annotation 1, region r1; task 2, annotation 2, "
        "region r1; task 3, annotation 3, region r1; task 4, annotation 4, region r1; task 5, "
        "annotation 5, region r1 and 2 more)",
        "  - task 9: alone",
        "  - params.yaml: split.x: set it (2 tasks: 1, 2)",
    ]
    assert count_problems(problems) == "3 problems"
    assert count_problems(problems[:7]) == "1 problem"


def test_a_list_that_is_cut_says_how_to_see_it_all():
    error = DataError("1 problem", [Problem("it broke", task=n) for n in range(1, 8)])
    assert error.describe(more="ask for all").splitlines()[1:] == [
        "  - it broke (7 tasks: 1, 2, 3, 4, 5 and 2 more)",
        "  (ask for all)",
    ]
    assert error.describe(is_all=True, more="ask for all").splitlines()[1:] == [
        "  - it broke (7 tasks: 1, 2, 3, 4, 5, 6, 7)"
    ]
    whole = DataError("7 problems", [Problem(f"{n} broke") for n in range(7)])
    assert "ask for all" not in whole.describe(more="ask for all")


def test_lines_to_paste_come_last():
    error = DataError("1 problem", [Problem("it broke")], "Paste this:\n\na: 1")
    assert error.describe(hint="see also").splitlines()[1:] == [
        "  - it broke", "  (see also)", "", "Paste this:", "", "a: 1",
    ]  # fmt: skip


def test_tasks_are_linked_where_the_server_is_known():
    fetched = FetchParams("http://host", (4,), "", "")
    problems = [where(7), Problem("it is odd", task=8, project=5), Problem("no task")]
    lines = DataError("3 problems", problems).describe(link=fetched.task_link).splitlines()
    assert lines[1].endswith("it broke; see http://host/projects/4/data?task=7")
    assert lines[2].endswith("it is odd; see http://host/projects/5/data?task=8")
    assert lines[3] == "  - no task"
    assert "see" not in DataError("", problems).describe(
        link=FetchParams(None, (), "", "").task_link
    )


def test_files_with_the_same_fault_keep_a_line_each():
    problems = [Problem("is damaged", name) for name in ("a.png", "b.png")]
    assert str(DataError("2", problems)).splitlines()[1:] == [
        "  - a.png: is damaged",
        "  - b.png: is damaged",
    ]
