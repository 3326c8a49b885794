"""A room imports only from rooms at or below its own floor.

That nothing goes round in circles is seen where the picture is drawn (test_architecture.py).
"""

import ast
from pathlib import Path

import pytest

from architecture_picture import FLOORS

PACKAGE = Path(__file__).resolve().parents[2] / "maskbench"
FILES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem[0] != "_"
)


def room(module):
    return module.split(".")[1]


def module_name(path):
    return ".".join(["maskbench", *path.relative_to(PACKAGE).with_suffix("").parts])


def imported(path):
    """The maskbench modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("maskbench."):
            yield node.module
        elif isinstance(node, ast.ImportFrom) and node.module == "maskbench":
            yield from (f"maskbench.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (n.name for n in node.names if n.name.startswith("maskbench."))


def height(name):
    """How high a room's floor is."""
    floors = [{module for room in floor for module in room.modules} for floor in FLOORS[::-1]]
    found = [i for i, modules in enumerate(floors) if name in modules]
    assert found, f"maskbench/{name} stands on no floor: give it one in architecture_picture.py"
    return found[0]


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_go_down(path):
    here = room(module_name(path))
    for module in imported(path):
        assert room(module) == here or height(room(module)) <= height(here), module
