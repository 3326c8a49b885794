"""Numbers with their nouns: singular and plural, in every text of the package."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import maskbench
from maskbench.text import counted, some

MODULES = sorted(Path(maskbench.__file__).parent.rglob("*.py"))
ALWAYS_SEVERAL = {
    "files/masks.py": "channels", "files/yaml.py": "digits", "init/summary.py": "classes",
    "labelstudio/shown_image.py": "images", "labelstudio/server/images.py": "bytes",
    "regions/strokes.py": "pixels",
}  # fmt: skip
"""What is only said of two or more."""


@pytest.mark.parametrize(
    ("number", "image", "class_", "task"),
    [
        (0, "0 images", "0 classes", "0 tasks are"),
        (1, "1 image", "1 class", "1 task is"),
        (2, "2 images", "2 classes", "2 tasks are"),
        (1234, "1,234 images", "1,234 classes", "1,234 tasks are"),
    ],
)
def test_singular_and_plural(number, image, class_, task):
    assert counted(number, "image") == image
    assert counted(number, "class", "classes") == class_
    assert counted(number, "task is", "tasks are") == task


@given(st.lists(st.integers()), st.none() | st.integers(1, 9))
def test_some_counts_what_it_leaves_out(entries, most):
    text = some(entries, most)
    rest = re.search(r" and (\d+) more$", text)
    shown = re.sub(r" and \d+ more$", "", text).split(", ") if entries else []
    assert len(shown) + (int(rest[1]) if rest else 0) == len(entries)


def nodes(kind):
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield path.relative_to(MODULES[0].parent).as_posix(), node


def test_every_noun_has_a_right_plural():
    """Without one of its own, a noun gets an ``s``: not a verb, nor ``class`` or ``entry``."""
    calls = [n for _, n in nodes(ast.Call) if getattr(n.func, "id", "") == "counted"]
    assert len(calls) > 100
    nouns = {
        call.args[1].value
        for call in calls
        if len(call.args) == 2 and isinstance(call.args[1], ast.Constant)
    }
    assert [noun for noun in nouns if re.search(r"(s|x|ch|sh|[^aeiou]y)$", noun)] == []


def is_whole(spec):
    """Whether a format writes no decimals: ``1.0 pixels`` is plural."""
    return spec is not None and ".1f" not in ast.unparse(spec)


def test_no_number_has_a_plural_without_asking_whether_it_is_one():
    """Where a count goes into a text, ``counted`` puts its noun there."""
    found = [
        (module, word[1])
        for module, text in nodes(ast.JoinedStr)
        for value, after in zip(text.values, text.values[1:], strict=False)
        if isinstance(value, ast.FormattedValue)
        and isinstance(after, ast.Constant)
        and (ast.unparse(value.value).startswith("len(") or is_whole(value.format_spec))
        and (word := re.match(r" (?:more )?(?!is\b)([a-z]+s)\b", after.value))
    ]
    assert [hit for hit in found if ALWAYS_SEVERAL.get(hit[0]) != hit[1]] == []
