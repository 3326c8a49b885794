"""Merge two edited versions of a Label Studio export, task by task. Pure functions on bytes.

A text merge of JSON is no use: an export is one line, or two people's regions mix in one task.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from maskbench.files.json import compact_json
from maskbench.labelstudio.export import TaskError, essential, parse_task
from maskbench.labelstudio.forms import parse_values
from maskbench.labelstudio.results import is_id
from maskbench.labelstudio.stored import task_json


class MergedExport(NamedTuple):
    """The result of a merge.

    Attributes:
        content: The file.
        both: Ids of the tasks that both sides changed in different ways.
    """

    content: bytes
    both: tuple[int, ...]


def merge_export(
    base: bytes | None, ours: bytes, theirs: bytes, prefer: str = "ours"
) -> MergedExport:
    """Take each task from the side that changed it.

    Args:
        base: The file before both changed it, JSON or JSON lines; None if it was not there.
        ours: Our version, in whose order and layout the result is written.
        theirs: The other version.
        prefer: Whose version of a task counts that both changed: ``ours`` or ``theirs``.

    Raises:
        ValueError: One of them is not a list of tasks with ids.
    """
    old, our, their = (_tasks(content or b"[]") for content in (base, ours, theirs))
    merged, both = [], []
    for number in dict.fromkeys([*our, *their]):
        one, other, before = (_meaning(side.get(number)) for side in (our, their, old))
        chosen = our if one != before or other == before else their
        if one != before != other != one:
            both.append(number)
            chosen = our if prefer == "ours" else their
        if number in chosen:
            merged.append(chosen[number])
    return MergedExport(_written(merged, ours), tuple(sorted(both)))


def renamed(gone: Mapping[str, bytes], new: Mapping[str, bytes]) -> dict[str, str]:
    """Find the new exports that are old ones under another name: most of their tasks are the same.

    git compares texts, and an export on one line looks like another one after its first change.

    Args:
        gone: Content by name of the exports that are there no more.
        new: Content by name of those that were added.
    """
    found: dict[str, str] = {}
    left = {name: _identities(content) for name, content in new.items()}
    for old, content in gone.items():
        tasks = _identities(content)
        shared = {name: len(tasks & other) for name, other in left.items()}
        best = max(shared, key=lambda name: shared[name], default=None)
        if best is not None and shared[best] * 2 > len(tasks):
            found[old] = best
            del left[best]
    return found


def _identities(content: bytes) -> set[bytes]:
    """Return the parts of each task that annotating does not change: its id and its data."""
    with suppress(ValueError):
        return {compact_json([n, task.get("data")]) for n, task in _tasks(content).items()}
    return set()


def _tasks(content: bytes) -> dict[int, dict[str, Any]]:
    """Return the tasks of an export by id."""
    try:
        value = parse_values(content)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, dict) and is_id(entry.get("id")) for entry in entries):
        raise ValueError("is not a list of tasks with ids")
    tasks = {entry["id"]: entry for entry in entries}
    if len(tasks) != len(entries):
        raise ValueError("holds an id twice")
    return tasks


def _meaning(raw: dict[str, Any] | None) -> Any:
    """Return the meaning of a task, without what every export rewrites."""
    if raw is None:
        return None
    try:
        return task_json(parse_task(raw))
    except TaskError:
        return essential(raw)


def _written(tasks: list[dict[str, Any]], like: bytes) -> bytes:
    """Return tasks as JSON in the layout of another file.

    The layout is JSON lines, a list with one task a line, indented, or all on one line.
    """
    text = like.decode("utf-8-sig", "replace")
    lines = text.strip().splitlines()
    end = "\n" if text.endswith("\n") else ""
    separators = None if '": ' in text[:200] else (",", ":")
    dump = partial(json.dumps, ensure_ascii=text.isascii(), separators=separators)
    is_list = lines[0].startswith("[")
    if not is_list and (len(tasks) != 1 or lines[0].endswith("}")):
        return ("\n".join(map(dump, tasks)) + end).encode()
    if len(lines) > 1 and lines[1].startswith("{") and lines[1] != "{":
        return ("[\n" + ",\n".join(map(dump, tasks)) + "\n]" + end).encode()
    indent = len(lines[1]) - len(lines[1].lstrip()) if len(lines) > 1 else None
    value = tasks if is_list else tasks[0]
    if indent is not None:
        dump = partial(json.dumps, ensure_ascii=text.isascii(), indent=indent)
    return (dump(value) + end).encode()


def changed_in_both(
    base: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]
) -> list[str]:
    """Return the keys that two sides changed in different ways, given digests by key.

    >>> changed_in_both({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, {"a": "3", "b": "1"})
    ['a']
    """

    def differ(key: str) -> bool:
        return len({side.get(key) for side in (base, ours, theirs)}) == 3

    return sorted(key for key in base.keys() | ours.keys() | theirs.keys() if differ(key))
