"""Write a comparison as a pull-request comment: GitHub's Markdown, within GitHub's size."""

import re

from maskbench.diff.gates import Failure
from maskbench.diff.model import Differences
from maskbench.diff.report.sections import LINKS, Section, column, heading, sections
from maskbench.diff.report.verdict import verdict
from maskbench.text import escape_markdown

LIMIT = 65_000
"""Bytes; GitHub refuses comments of more than 65,536 characters."""

_STEPS = (1000, 300, 100, 50, 25, 10, 5, 2, 1)
_OPEN = 12  # rows of a table that is shown without a click
_NUMBER = re.compile(r"[+-]?[\d,.]+( %)?")


def as_markdown(found: Differences, failures: tuple[Failure, ...] = ()) -> str:
    """Return the report as Markdown of at most :data:`LIMIT` bytes; tables that are cut say so."""
    for most in _STEPS:
        whole = _render(found, failures, most)
        if len(whole.encode()) <= LIMIT:
            return whole
    head = _head(found, failures)
    return head + "\n\nThe tables do not fit into a comment: see the page or the JSON report.\n"


def _render(found: Differences, failures: tuple[Failure, ...], most: int) -> str:
    blocks = [_head(found, failures), *(_block(section, most) for section in sections(found))]
    return "\n\n".join(blocks) + "\n"


def _head(found: Differences, failures: tuple[Failure, ...]) -> str:
    sign = "🔴" if failures or found.unexplained else "🟡" if not found.is_empty else "🟢"
    lines = [
        "<!-- maskbench diff -->",
        "## What changed in the benchmark",
        "",
        f"{sign} **{verdict(found)}**",
        "",
        f"{escape_markdown(heading(found), 300)}",
    ]
    lines += [f"- ❌ {escape_markdown(str(failure), 300)}" for failure in failures]
    return "\n".join(lines)


def _block(section: Section, most: int) -> str:
    used = [i for i in range(len(section.columns)) if any(row[i] for row in section.rows)]
    right = [section.columns[i].startswith(">") for i in used]
    shown = section.rows[:most]
    lines = [
        "| " + " | ".join(column(section.columns[i]) for i in used) + " |",
        "|" + "|".join("--:" if to_right else "---" for to_right in right) + "|",
    ]
    lines += [
        "| " + " | ".join(_cell(row[i], section.columns[i]) for i in used)
        + " |"
        for row in shown
    ]  # fmt: skip
    more = len(section.rows) - len(shown)
    if more:
        lines += ["", f"… and {more:,} more: see the page or the JSON report."]
    title = ("⚠️ " if section.alarm else "") + section.title
    title += f" ({len(section.rows):,})" if section.keys else ""
    if len(section.rows) <= _OPEN or section.alarm:
        return "\n".join([f"### {title}", "", *lines])
    body = "\n".join(lines)
    return f"<details><summary><b>{title}</b></summary>\n\n{body}\n\n</details>"


def _cell(text: str, kind: str) -> str:
    address = kind == LINKS and text.startswith(("http://", "https://"))
    if address and not set(text) & set(" <>|\"'`\\()[]"):
        return f"[task]({text})"
    if kind.startswith("`") and text:
        return f"<code>{escape_markdown(text)}</code>"
    return text if _NUMBER.fullmatch(text) else escape_markdown(text)
