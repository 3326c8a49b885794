"""Write docs/messages.md: each message of maskbench with its cause and its cure.

The messages are collected from the code: what errors, problems and findings are made of, with
``…`` for what changes. A message that goes on with what to do, after a semicolon or colon, explains
itself; cause and cure of others come from ``docs/messages.toml``, where an entry's ``text`` is a
part of the messages that it explains. A test fails if a message is not explained, or an entry has
no message.

  python scripts/messages.py             write docs/messages.md
  python scripts/messages.py --check     list what is not explained, and entries without a message
"""

import argparse
import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "maskbench"
CATALOGUE = ROOT / "docs/messages.toml"
DOCUMENT = ROOT / "docs/messages.md"

_LEAST_WORDS = 3  # less is a piece of a message, or a name
_SUMMARIES = (
    "fetch", "rasterize", "combine", "split", "quality", "write", "lines", "_summary",
)  # fmt: skip  # no message of trouble
_REPORTS = (
    "diff/report", "diff/model.py", "diff/blame.py", "diff/page", "export/formats",
    "init/params_text.py", "init/summary.py", "quality/report.py",
    "ranking/page.py", "show/draw.py", "show/rules.py",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Message:
    """A message in the code.

    Attributes:
        module: The file that says it, from the repository's folder.
        text: Its text, with ``…`` for what changes.
    """

    module: str
    text: str


def collect(package: Path = PACKAGE) -> list[Message]:
    """Return the messages of all modules, sorted."""
    found = {
        Message(path.relative_to(package.parent).as_posix(), text)
        for path in package.rglob("*.py")
        if not path.relative_to(package).as_posix().startswith(_REPORTS)
        for text in _messages(ast.parse(path.read_text(encoding="utf-8")))
    }
    return sorted(found)


class _WithConstants(ast.NodeTransformer):
    """Puts the module's own texts into the messages that name them."""

    def __init__(self, tree: ast.Module) -> None:
        self.texts = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value.value, str)
        }

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:  # ast's name
        return self.texts.get(getattr(node.value, "id", ""), node)


def _messages(tree: ast.Module) -> Iterator[str]:
    tree = _WithConstants(tree).visit(tree)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name in _SUMMARIES:
            continue
        for node in ast.walk(function):
            for spoken in _spoken(node, function):
                yield from filter(_is_sentence, _texts(spoken, function))
    for node in tree.body:  # tables of causes and remedies
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            yield from filter(_is_sentence, (_template(value) for value in node.value.values))


def _spoken(node: ast.AST, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield the expressions that a node says to the user."""
    if isinstance(node, ast.Call) and node.args:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name == "Problem" or name.endswith(("Error", "_problem")):
            yield node.args[0]
        elif name in ("Finding", "add"):
            yield from node.args[1:2]
        elif name == "append":
            yield node.args[0]
    elif isinstance(node, ast.Yield) and node.value is not None:
        yield node.value
    elif isinstance(node, ast.Return) and getattr(function.returns, "id", "") == "str":
        yield from [node.value] if node.value is not None else []
    elif isinstance(node, ast.AugAssign) and isinstance(node.value, ast.List):
        yield from node.value.elts


def _texts(node: ast.AST, function: ast.FunctionDef) -> Iterator[str]:
    """Yield the texts that an expression may be; a name stands for all that is assigned to it."""
    if isinstance(node, ast.Name):
        for statement in ast.walk(function):
            if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = getattr(statement, "targets", [getattr(statement, "target", None)])
                is_it = any(getattr(target, "id", None) == node.id for target in targets)
                if is_it and statement.value is not None:
                    yield from _texts_of_value(statement.value)
    else:
        yield from _texts_of_value(node)


def _texts_of_value(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _texts_of_value(node.body)
        yield from _texts_of_value(node.orelse)
    elif isinstance(node, ast.Tuple | ast.List):
        for element in node.elts:
            yield from _texts_of_value(element)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts_of_value(value)
    elif isinstance(node, ast.Subscript):
        yield from _texts_of_value(node.value)
    else:
        yield _template(node)


def _template(node: ast.AST) -> str:
    """Return a text with ``…`` for what is not known before it is said."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else "…"
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_template, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _template(node.left) + _template(node.right)
    if isinstance(node, ast.FormattedValue) and getattr(node.value, "func", None) is not None:
        call = node.value
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "counted":
            return f"… {_template(call.args[-1])}"
    return "…"


def _is_sentence(text: str) -> bool:
    if text.startswith(("…;", ";", ",", "\n", " ")):  # the end of a message
        return False
    words = [word for word in text.replace("…", " ").split() if any(map(str.isalpha, word))]
    return len(words) >= _LEAST_WORDS and "<" not in text.replace("<Image", "")


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


def read_catalogue(path: Path = CATALOGUE) -> list[Entry]:
    """Read the entries, in the file's order."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
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
        says_both = _is_sentence(cause) and _is_sentence(cure)
    if not says_both:
        return None
    return Entry(message.text, *(f"{half[:1].upper()}{half[1:]}." for half in (cause, cure)))


def faults(explained: Mapping[Message, Entry | None], entries: Iterable[Entry]) -> list[str]:
    """Return what is missing in the catalogue, and what is too much."""
    lacking = [f"{m.module}: no entry explains: {m.text}" for m, e in explained.items() if not e]
    idle = [f"no message has the text: {e.text}" for e in entries if e not in explained.values()]
    return lacking + idle


_SECTIONS = {
    "params.yaml": ("params", "files/yaml", "diff/gates.py", "versions/snapshot.py"),
    "Label Studio's server": ("labelstudio/server",),
    "Exports, tasks and images": ("labelstudio", "pipeline/fetch.py", "files/images.py"),
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

Each message of maskbench, why it is said, and what to do. `…` stands for names and numbers. Search
this page for a few words of what you read.

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
