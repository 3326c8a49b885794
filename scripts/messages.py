"""Write docs/messages.md: each message of maskbench with its cause and its cure.

The messages are collected from the code: what errors, warnings, problems, notes and findings are
made of, with ``…`` for what changes. A message that goes on with what to do, after a semicolon or
colon, explains itself; cause and cure of others come from ``docs/messages.toml``, where an entry's
``text`` is a part of the messages that it explains. A test fails if a message is not explained, or
an entry has no message.

  python scripts/messages.py             write docs/messages.md
  python scripts/messages.py --check     list what is not explained, and entries without a message
"""

import argparse
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from collect_messages import Message, collect, is_sentence

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "docs/messages.toml"
DOCUMENT = ROOT / "docs/messages.md"


class Entry(NamedTuple):
    """Why some messages are said.

    Attributes:
        text: A part of the messages.
        cause: Why they are said.
        cure: What to do.
    """

    text: str
    cause: str
    cure: str


def read_catalogue() -> list[Entry]:
    """Read the entries, in the file's order."""
    content = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return [Entry(**entry) for entry in content["message"]]


def explain(messages: Iterable[Message], entries: Iterable[Entry]) -> dict[Message, Entry | None]:
    """Find the entry of each message: of those whose text is in it, the longest.

    A message that says itself what to do, after a semicolon or colon, needs none.
    """
    entries = sorted(entries, key=lambda entry: -len(entry.text))
    return {
        message: next((entry for entry in entries if entry.text in message.text), _own(message))
        for message in messages
    }


def _own(message: Message) -> Entry | None:
    cause, semicolon, cure = message.text.partition("; ")
    says_both = semicolon and cause.strip("… ") and any(map(str.isalpha, cure))
    if not says_both:
        cause, _, cure = message.text.rpartition(": ")
        says_both = is_sentence(cause) and is_sentence(cure)
    if not says_both:
        return None
    return Entry(message.text, *(f"{half[:1].upper()}{half[1:]}." for half in (cause, cure)))


def faults(explained: Mapping[Message, Entry | None], entries: Iterable[Entry]) -> list[str]:
    """Return what is missing in the catalogue, and what is too much."""
    lacking = [f"{m.module}: no entry explains: {m.text}" for m, e in explained.items() if not e]
    idle = [f"no message has the text: {e.text}" for e in entries if e not in explained.values()]
    return lacking + idle


_SECTIONS = {
    "params.yaml": ("params", "files/yaml", "diff/gates.py"),
    "Label Studio's server": ("labelstudio/server", "labelstudio/labeling.py"),
    "Exports, tasks and images": ("labelstudio", "pipeline/fetch", "files/images.py"),
    "Rules": ("regions/rules.py", "regions/proposals.py", "pipeline/combine.py"),
    "Regions": ("regions", "pipeline/rasterize.py"),
    "Split": ("pipeline/split.py", "pipeline/grouping.py", "pipeline/published.py"),
    "maskbench doctor": ("doctor",),
    "Workers": ("parallel",),
    "Loading a benchmark": ("dataset.py", "fastai.py", "torch.py", "files"),
    "Scoring": ("evaluation", "evaluate.py"),
    "maskbench verify": ("verification",),
    "maskbench export": ("export",),
    "maskbench show": ("show",),
    "maskbench init": ("init", "commands/init.py"),
    "Versions": ("versions", "diff", "commands/merge.py"),
    "Elsewhere": ("",),
}
"""Headings, and the modules whose messages stand below them: the first one that fits."""

_HEAD = """# Messages

Each error and warning of maskbench, why it is said, and what to do. `…` stands for names and
numbers. Search this page for a few words of what you read.

An error's exit status is 2 where params.yaml is wrong, 3 where a source cannot be read, 4 where
annotations, images or masks break a rule, and 1 otherwise. `maskbench doctor` looks for all that
would stop a build, and changes nothing; with `--all` it cuts no list short.

This page is made from the code and from `docs/messages.toml`, by `make messages`.
"""


def document(explained: Mapping[Message, Entry | None]) -> str:
    """Return the page."""
    sections: dict[str, dict[Entry, list[Message]]] = {name: {} for name in _SECTIONS}
    for message, entry in explained.items():
        if entry is not None:
            sections[_section(message)].setdefault(entry, []).append(message)
    lines = [_HEAD]
    for name, said in sections.items():
        lines += [f"## {name}\n"] if said else []
        for entry, messages in said.items():
            lines += [f"- {_code(text)}" for text in dict.fromkeys(m.text for m in messages)]
            modules = dict.fromkeys(message.module for message in messages)
            links = ", ".join(f"[{m.removeprefix('maskbench/')}](../{m})" for m in modules)
            lines.append(f"\n  Cause: {entry.cause}  \n  Cure: {entry.cure}  \n  In {links}\n")
    return "\n".join(lines)


def _section(message: Message) -> str:
    module = message.module.removeprefix("maskbench/")
    return next(name for name, starts in _SECTIONS.items() if module.startswith(starts))


def _code(text: str) -> str:
    """Return text as code, on one line."""
    line = " ".join(text.split())
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def main() -> int:
    """Write the page, or list what is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    args = parser.parse_args()
    entries = read_catalogue()
    explained = explain(collect(), entries)
    found = faults(explained, entries)
    print("\n".join(found) or f"{len(explained)} messages")
    if not args.check:
        DOCUMENT.write_text(document(explained), encoding="utf-8")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
