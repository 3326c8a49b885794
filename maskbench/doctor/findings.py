"""Say what a check found, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from maskbench.errors import Problem, TaskLink, group_by_cause
from maskbench.text import SHOWN, escape_terminal

OK, WARNING, ERROR = "ok", "warning", "error"
"""Levels: fine; worth knowing; the next ``dvc repro`` will stop."""

_INDENT = " " * 9


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        level: ``ok``, ``warning`` or ``error``.
        what: What was found, one line; empty where the problems say it.
        advice: What to do, perhaps several lines; empty where there is nothing to do.
        problems: The single problems behind it.
    """

    level: str
    what: str
    advice: str = ""
    problems: Sequence[Problem] = ()

    def __str__(self) -> str:
        return self.describe()

    def describe(self, is_all: bool = False, link: TaskLink | None = None) -> str:
        """Return it as lines: what was found, a line for each cause, and what to do.

        Args:
            is_all: Cut no list.
            link: Finds the addresses of tasks.
        """
        causes = group_by_cause(self.problems, None if is_all else SHOWN, link)
        shown = causes if is_all else causes[:SHOWN]
        if self.what:
            lines = [f"{self.level:<8} {escape_terminal(self.what)}"]
            lines += [f"{_INDENT}- {problem}" for problem in shown]
        else:
            lines = [f"{self.level:<8} {problem}" for problem in shown]
        if len(causes) > len(shown):
            rest = f"… and {len(causes) - len(shown)} more; `maskbench doctor --all` lists them"
            lines.append(f"{_INDENT}{rest}")
        if self.advice:
            advice = [escape_terminal(line) for line in self.advice.split("\n")]
            lines += [f"{_INDENT}→ {advice[0]}", *advice[1:]]  # what is to be pasted has no indent
        return "\n".join(lines)
