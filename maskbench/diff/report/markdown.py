"""Write a comparison as a pull-request comment: Markdown by cause, short enough to be read."""

import re
from collections.abc import Iterable, Sequence

from maskbench.diff.gates import Failure
from maskbench.diff.model import CAUSE_TITLES, UNEXPLAINED, Differences, MaskChange
from maskbench.diff.report.by_cause import CauseGroup, by_cause
from maskbench.diff.report.sections import LINKS, Section, column, heading, number, sections
from maskbench.diff.report.verdict import verdict
from maskbench.text import counted, escape_markdown

LIMIT = 9_000
"""Bytes; GitHub takes 65,536 characters, but nobody reads them."""

_STEPS = (8, 5, 3, 2, 1)
"""Rows of a table, the most that fit."""

_EXAMPLES = 3  # masks shown for a cause
_LONGEST = 300  # characters of a sentence
_NUMBER = re.compile(r"[+-]?[\d,.]+( %)?")

_BY_CAUSE = {"Causes", "Masks changed, worst first"}
"""Tables that the table of causes replaces."""

_OPEN = {"Parameters", "Classes", "Splits"}
"""Tables that are shown without a click; so are alarms."""


def as_markdown(found: Differences, failures: tuple[Failure, ...] = ()) -> str:
    """Return the report as Markdown of at most :data:`LIMIT` bytes; tables that are cut say so."""
    for most in _STEPS:
        whole = _render(found, failures, most)
        if len(whole.encode()) <= LIMIT:
            return whole
    head = _head(found, failures, most)
    return head + "\n\nThe tables do not fit into a comment: see the page or the JSON report.\n"


def _render(found: Differences, failures: Sequence[Failure], most: int) -> str:
    tables = [section for section in sections(found) if section.title not in _BY_CAUSE]
    blocks = [_head(found, failures, most)]
    blocks += [_block(section, most) for section in tables if section.alarm]
    blocks += _causes(by_cause(found), most)
    blocks += [_block(section, most) for section in tables if not section.alarm]
    return "\n\n".join(blocks) + "\n"


def _head(found: Differences, failures: Sequence[Failure], most: int) -> str:
    sign = "🔴" if failures or found.unexplained else "🟡" if not found.is_empty else "🟢"
    lines = [
        "<!-- maskbench diff -->",
        "## What changed in the benchmark",
        "",
        f"{sign} **{verdict(found)}**",
        "",
        f"{escape_markdown(heading(found), _LONGEST)}",
    ]
    lines += [f"- ❌ {escape_markdown(str(failure), _LONGEST)}" for failure in failures[:most]]
    if len(failures) > most:
        lines.append(f"- ❌ … and {counted(len(failures) - most, 'more gate')}")
    return "\n".join(lines)


def _causes(groups: Sequence[CauseGroup], most: int) -> list[str]:
    """Return the table of causes: each with its title, pixels and largest changes."""
    if not groups:
        return []
    columns = ("cause", "what", ">masks", ">pixels", "largest changes")
    return [
        "\n".join(
            [
                "### Why",
                "",
                *table(columns, map(_cause, groups[:most])),
                *_more(len(groups) - most),
            ]
        )
    ]


def _cause(group: CauseGroup) -> Sequence[str]:
    name = f" <code>{escape_markdown(group.name)}</code>" if group.name else ""
    alarm = "⚠️ " if group.kind == UNEXPLAINED else ""
    return (
        f"{alarm}{CAUSE_TITLES[group.kind]}{name}",
        escape_markdown(group.sentence, _LONGEST),
        number(len(group.changes)),
        number(sum(group.pixels)),
        ", ".join(map(_example, group.changes[:_EXAMPLES])),
    )


def _example(change: MaskChange) -> str:
    name = f"<code>{escape_markdown(change.key)}</code>"
    return f"{name} ({_task(change.link)})" if change.link and _task(change.link) else name


def _block(section: Section, most: int) -> str:
    used = [i for i in range(len(section.columns)) if any(row[i] for row in section.rows)]
    columns = [section.columns[i] for i in used]
    rows = ([_cell(row[i], section.columns[i]) for i in used] for row in section.rows[:most])
    lines = [*table(columns, rows), *_more(len(section.rows) - most)]
    title = ("⚠️ " if section.alarm else "") + section.title
    title += f" ({len(section.rows):,})" if section.keys else ""
    if section.alarm or section.title in _OPEN:
        return "\n".join([f"### {title}", "", *lines])
    body = "\n".join(lines)
    return f"<details><summary><b>{title}</b></summary>\n\n{body}\n\n</details>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose cells are Markdown."""
    return [
        "| " + " | ".join(map(column, columns)) + " |",
        "|" + "|".join("--:" if name.startswith(">") else "---" for name in columns) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _more(rows: int) -> list[str]:
    return ["", f"… and {rows:,} more: see the page or the JSON report."] if rows > 0 else []


def _cell(text: str, kind: str) -> str:
    if kind == LINKS and (link := _task(text)):
        return link
    if kind.startswith("`") and text:
        return f"<code>{escape_markdown(text)}</code>"
    return text if _NUMBER.fullmatch(text) else escape_markdown(text)


def _task(address: str) -> str:
    """Return a link to a task; empty if the text is not an address that Markdown can hold."""
    is_address = address.startswith(("http://", "https://"))
    fits = is_address and not set(address) & set(" <>|\"'`\\()[]")
    return f"[task]({address})" if fits else ""
