"""docs/messages.md explains each message of the code, and nothing else."""

import ast

import pytest

from scripts.messages import (
    CATALOGUE,
    DOCUMENT,
    Entry,
    Message,
    _messages,
    collect,
    document,
    explain,
    faults,
    read_catalogue,
)


def test_every_message_is_explained_and_the_page_is_up_to_date():
    entries = read_catalogue(CATALOGUE)
    explained = explain(collect(), entries)
    assert faults(explained, entries) == []
    assert DOCUMENT.read_text(encoding="utf-8") == document(explained), "run `make messages`"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise DataError(f'{n} of them are odd')", ["… of them are odd"]),
        ("yield Problem(what, 'file')", ["one or another thing", "or something else"]),
        ("problems.append(f'holds the value {n}')", ["holds the value …"]),
        ("check.add('a.b', f'{counted(n, \"line\")} too many here')", ["… line too many here"]),
        ("return Finding(ERROR, 'the key is old', 'make one')", ["the key is old"]),
        ("raise ValueError(f'is damaged here; {CURE}')", ["is damaged here; run `it` again"]),
        ("print('no message at all')", []),
        ("raise ValueError(f'{n}; run it')", []),
    ],
)
def test_what_counts_as_a_message(code, expected):
    module = f"""
CURE = "run `it` again"

def function(n):
    what = "one or another thing" if n else "or something else"
    {code}
"""
    assert sorted(set(_messages(ast.parse(module)))) == expected


def test_which_entry_explains_a_message():
    short, long, idle = Entry("odd", "a", "b"), Entry("odd thing", "c", "d"), Entry("zzz", "e", "f")
    messages = [
        Message("a.py", "an odd thing here"),
        Message("a.py", "an odd one here"),
        Message("a.py", "is missing here; run `dvc pull`"),
        Message("a.py", "nobody explains this"),
    ]
    explained = explain(messages, [short, long, idle])
    own = Entry(messages[2].text, "Is missing here.", "Run `dvc pull`.")
    assert list(explained.values()) == [long, short, own, None]
    assert faults(explained, [short, long, idle]) == [
        "a.py: no entry explains: nobody explains this",
        "no message has the text: zzz",
    ]
