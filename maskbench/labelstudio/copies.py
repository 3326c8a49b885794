"""Unite several exports: choose the copy of a task that counts, and tell apart equal ids.

If several exports have a task, the copy in the newest export counts. Tasks that share an id but are
from different projects, or show different images, are different tasks: all of them count.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from maskbench.errors import Problem
from maskbench.files.hashing import digest
from maskbench.labelstudio.export import RawTask, essential
from maskbench.labelstudio.image_names import is_upload, reference_parts, task_key
from maskbench.labelstudio.results import is_id
from maskbench.labelstudio.shown_image import looks_like_image
from maskbench.regions.task import NEVER, moment
from maskbench.text import SHOWN, counted

_TIME_IN_NAME = re.compile(r"20\d\d-\d\d-\d\d(-\d\d-\d\d)?")  # project-7-at-2026-11-27-09-30-….json


class Export:
    """The tasks of one export.

    Args:
        name: Its file, or the folder of an export of one file a task.
        tasks: Its tasks, in order; each has an id.
        is_in_pieces: Each has some of its task's annotations, which are united.

    Attributes:
        name: The argument ``name``.
        tasks: Its tasks by id.
        twice: Ids of tasks that it has more than once; the copy that was saved last is kept.
        problems: Tasks with copies that do not say which was saved last.
    """

    def __init__(self, name: str, tasks: Iterable[RawTask], is_in_pieces: bool) -> None:
        self.name = name
        self.tasks: dict[int, RawTask] = {}
        self.twice: list[int] = []
        self.problems: list[Problem] = []
        unite = self._united if is_in_pieces else self._newer
        for task in tasks:
            number = task.value["id"]
            known = self.tasks.get(number)
            self.tasks[number] = task if known is None else unite(known, task)

    def _united(self, one: RawTask, other: RawTask) -> RawTask:
        found = [*_annotations(one.value), *_annotations(other.value)]
        return one._replace(value={**one.value, "annotations": found})

    def _newer(self, one: RawTask, other: RawTask) -> RawTask:
        self.twice.append(other.value["id"])
        if _are_equal(one, other):
            return one
        times = _saved(one.value), _saved(other.value)
        if times[0] == times[1]:
            first = f" (first in {one.origin})" if one.origin != other.origin else ""
            what = f"is there twice{first}, and which one is newer is not told; remove one"
            self.problems.append(Problem(what, other.origin, other.value["id"]))
        return one if times[0] >= times[1] else other

    @cached_property
    def saved(self) -> datetime:
        """When something in it was saved last."""
        return max((_saved(task.value) for task in self.tasks.values()), default=NEVER)

    @property
    def time_in_name(self) -> str:
        """The time that Label Studio writes into an export's name; empty where there is none."""
        found = _TIME_IN_NAME.search(self.name)
        return found[0] if found else ""


def exports_of(name: str, tasks: Iterable[RawTask], is_in_pieces: bool = False) -> list[Export]:
    """Return the exports in a file: more than one if somebody put several projects together.

    Args:
        name: The file, or the folder of an export of one file a task.
        tasks: Its tasks, in order; each has an id.
        is_in_pieces: Each has some of its task's annotations.
    """
    parts: list[list[RawTask]] = []
    firsts: list[dict[int, RawTask]] = []  # by id, for each part
    for task in tasks:
        number = task.value["id"]
        for part, first in zip(parts, firsts, strict=True):
            if is_same_task(first.setdefault(number, task).value, task.value):
                part.append(task)
                break
        else:
            parts.append([task])
            firsts.append({number: task})
    names = [name, *(f"{name} (part {n})" for n in range(2, len(parts) + 1))]
    return [
        Export(name, part, is_in_pieces) for name, part in zip(names, parts or [[]], strict=True)
    ]


class Union:
    """The tasks of several exports.

    An export is newer than another if the times in their names say so, where all have one, else if
    something in it was saved later.

    Attributes:
        tasks: Each task once, in the order of the exports.
        notes: What was decided, a line for each two exports.
        problems: Tasks with copies that do not say which is newer.
    """

    def __init__(self, exports: Iterable[Export]) -> None:
        exports = list(exports)
        self.notes = [
            f"{counted(len(e.twice), 'task')} of {e.name} ({_some(e.twice)}) "
            f"{'is' if len(e.twice) == 1 else 'are'} in it more than once: the last saved counts"
            for e in exports
            if e.twice
        ]
        self.problems = [problem for export in exports for problem in export.problems]
        self._named = all(export.time_in_name for export in exports)
        self._kept: dict[int, dict[str, RawTask]] = {}  # by id and name of the export
        by_name = {export.name: export for export in exports}
        ordered = sorted(exports, key=self._age, reverse=True) if len(exports) > 1 else exports
        for export in ordered:
            self._add(export, by_name)
        qualifiers = dict(self._qualifiers())
        self.tasks = [
            task._replace(qualifier=qualifiers.get((export.name, number), ""))
            for export in exports
            for number, task in export.tasks.items()
            if export.name in self._kept[number]
        ]

    def _age(self, export: Export) -> tuple[str, datetime]:
        """Return the key to sort exports by, the oldest first."""
        return (export.time_in_name if self._named else ""), export.saved

    def _add(self, export: Export, exports: Mapping[str, Export]) -> None:
        """Keep the tasks of an export that no newer export has."""
        copies: dict[str, list[int]] = {}
        strangers: dict[str, list[int]] = {}
        for number, task in export.tasks.items():
            known = self._kept.setdefault(number, {})
            same = [name for name, t in known.items() if is_same_task(task.value, t.value)]
            if same:
                copies.setdefault(same[0], []).append(number)
                continue
            if known:
                strangers.setdefault(next(iter(known)), []).append(number)
            known[export.name] = task
        for name, numbers in strangers.items():
            self._note_strangers(export.name, name, numbers)
        only = len(export.tasks) - sum(map(len, (*copies.values(), *strangers.values())))
        for name, numbers in copies.items():
            self._choose(export, exports[name], numbers, only)

    def _note_strangers(self, one: str, other: str, numbers: list[int]) -> None:
        names = " and ".join(sorted((one, other)))
        self.notes.append(
            f"{counted(len(numbers), 'task id')} ({_some(numbers)}) in both {names} "
            f"{'means' if len(numbers) == 1 else 'mean'} different tasks, of another project or "
            "with another image; all of them count"
        )

    def _choose(self, old: Export, new: Export, numbers: list[int], only: int) -> None:
        """Note that the copies in the newer export count, or that neither is known to be newer."""
        are_equal = all(_are_equal(old.tasks[n], new.tasks[n]) for n in numbers)
        names = " and ".join(sorted((old.name, new.name)))
        what = f"{names} have {counted(len(numbers), 'task')} in common ({_some(numbers)})"
        if self._age(old) == self._age(new) and not are_equal:
            advice = "nothing tells which of them is newer: remove the older one"
            self.problems.append(Problem(f"{what}; {advice}"))
            return
        counts = "they are the same in both" if are_equal else f"{new.name} is newer and counts"
        only_in = (f"task only in {old.name} counts", f"tasks only in {old.name} count")
        gone = "it is" if only == 1 else "they are"
        left = f"; {counted(only, *only_in)}, too (remove that file if {gone} gone in Label Studio)"
        self.notes.append(f"{what}: {counts}{left if only else ''}")

    def _qualifiers(self) -> Iterator[tuple[tuple[str, int], str]]:
        """Return qualifiers for tasks that would share a key: their projects, else a digest."""
        for number, kept in self._kept.items():
            if len(kept) == 1:
                continue
            keys = {name: _keys(task.value) for name, task in kept.items()}
            rivals = [
                name
                for name in kept
                if any(keys[name] & keys[other] for other in kept if other != name)
            ]
            projects = [kept[name].value.get("project") for name in rivals]
            for name, project in zip(rivals, projects, strict=True):
                is_told = is_id(project) and projects.count(project) == 1
                mark = f"project{project}" if is_told else _mark(kept[name].value)
                yield (name, number), mark


def is_same_task(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two raw tasks with one id are copies of one task.

    They are not if their projects or times of creation differ; without those, their images decide.
    """
    if one is other:
        return True
    told = []
    for name in ("project", "created_at"):
        values = one.get(name), other.get(name)
        if None not in values and values[0] != values[1]:
            return False
        told.append(None not in values)
    if all(told):
        return True
    pictures = _pictures(one), _pictures(other)
    return bool(pictures[0] & pictures[1]) or not any(pictures)


def _are_equal(one: RawTask, other: RawTask) -> bool:
    """Return whether two copies are equal in everything that is read."""
    try:
        return one.value == other.value or essential(one.value) == essential(other.value)
    except RecursionError:  # nested too deeply to be a task
        return False


def _annotations(task: Mapping[str, Any]) -> list[Any]:
    found = task.get("annotations")
    return found if isinstance(found, list) else []


def _pictures(task: Mapping[str, Any]) -> set[str]:
    """Return the references to images in a task's data; of an upload its name, which is random."""
    found = set()
    for reference in _references(task):
        try:
            name = reference_parts(reference)[-1]
        except ValueError:
            name = ""
        found.add(name if is_upload(name) else reference)
    return found


def _references(task: Mapping[str, Any]) -> list[str]:
    data = task.get("data")
    values = data.values() if isinstance(data, dict) else ()
    return sorted(v for v in values if isinstance(v, str) and looks_like_image(v))


def _keys(task: Mapping[str, Any]) -> set[str]:
    """Return the keys that a task may get."""
    return {task_key(task["id"], reference) for reference in _references(task)}


def _mark(task: Mapping[str, Any]) -> str:
    """Return a few letters that are the same for a task in all exports, and differ from others."""
    return digest([task.get("project"), task.get("created_at"), _references(task)])[:8]


def _saved(task: Mapping[str, Any]) -> datetime:
    """Return when a raw task was saved last."""
    parts = [task, *_annotations(task)]
    texts = [part.get(n) for part in parts if isinstance(part, dict) for n in _TIMES]
    return max((moment(text) for text in texts if isinstance(text, str)), default=NEVER)


_TIMES = ("created_at", "updated_at")


def _some(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:SHOWN])) + (", …" if len(numbers) > SHOWN else "")
