"""docs/architecture.md names functions that exist; its picture is drawn from today's imports."""

import ast
import re
from pathlib import Path

import pytest

import architecture_picture

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/architecture.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
LINKS = re.findall(r"\[`(\w+)`\]\((\.\./[\w/.]+\.py)\)", TEXT)


def names_of(file):
    """Functions, classes and constants that a module defines at its top level."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


@pytest.mark.parametrize(("name", "file"), LINKS)
def test_a_linked_function_is_defined_there(name, file):
    assert name in set(names_of(DOCUMENT.parent / file))


def test_the_journey_has_ten_steps_and_each_links_to_a_function():
    journey = TEXT.split("## The journey of a polygon")[1].split("\n## ")[0]
    steps = re.split(r"\n(?=\d+\. \*\*)", journey)[1:]
    assert [int(step.partition(".")[0]) for step in steps] == list(range(1, 11))
    assert all(re.search(r"\[`\w+`\]\(\.\./maskbench/", step) for step in steps)


def test_named_files_exist():
    for name in re.findall(r"`(maskbench/[\w/.]+)`", TEXT):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", ["architecture.md", "index.md", "../CONTRIBUTING.md"])
def test_links_lead_somewhere(page):
    document = ROOT / "docs" / page
    for target in re.findall(r"\]\((?!http)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_the_picture_is_what_the_command_draws_today():
    drawn = architecture_picture.picture(architecture_picture.imports(ROOT / "maskbench"))
    assert architecture_picture.PICTURE.read_text(encoding="utf-8") == drawn, "run `make picture`"


def test_rooms_stand_above_what_they_import():
    rooms = {"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": {"c"}}
    rooms = {architecture_picture.ROOMS["abcd".index(name)].name: {
        architecture_picture.ROOMS["abcd".index(other)].name for other in others
    } for name, others in rooms.items()}  # fmt: skip
    a, b, c, d = rooms
    assert architecture_picture.floors(rooms) == [[c], [b, d], [a]]
    assert architecture_picture.direct(rooms) == [(a, b), (b, c), (d, c)]


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match=r"a circle of imports: a, b"):
        architecture_picture.floors({"a": frozenset("b"), "b": frozenset("a")})


def test_a_module_in_no_room_is_refused(tmp_path):
    (tmp_path / "utils.py").write_text("")
    with pytest.raises(ValueError, match=r"utils\.py: name its room"):
        architecture_picture.imports(tmp_path)
