"""Collect what maskbench says from its code: for scripts/messages.py.

A message is what an error, a problem, a finding, a note or a warning is made of, with ``…`` for
what changes.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "maskbench"

_WARNING = "warning: "
_WORDS = ("str", "str | None", "list[str]", "tuple[str, str] | None")
"""What functions return that say something."""
_LEAST_WORDS = 3  # less is a piece of a message, or a name
_SUMMARIES = (
    "fetch", "rasterize", "combine", "split", "quality", "write", "lines", "_summary", "decisions",
    "describe_votes", "preview",
)  # fmt: skip  # no message of trouble
_REPORTS = (
    "diff/report", "diff/model.py", "diff/blame", "diff/page", "evaluation/page.py",
    "export/formats", "init/params_text.py", "init/summary.py", "quality/listing.py",
    "quality/report.py", "ranking/page.py", "show/draw.py", "show/rules.py",
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


def collect() -> list[Message]:
    """Return the messages of all modules, sorted."""
    found = {
        Message(path.relative_to(ROOT).as_posix(), text)
        for path in PACKAGE.rglob("*.py")
        if not path.relative_to(PACKAGE).as_posix().startswith(_REPORTS)
        for text in messages_in(ast.parse(path.read_text(encoding="utf-8")))
    }
    return sorted(found)


class _WithTexts(ast.NodeTransformer):
    """Puts texts into the messages that name them: the module's constants, a function's parts."""

    def __init__(self, statements: Iterable[ast.AST]) -> None:
        found = [node for node in statements if isinstance(node, ast.Assign)]
        counts = Counter(map(_name, found))
        self.texts = {
            _name(node): node.value
            for node in found
            if counts[_name(node)] == 1 and _is_text(node.value)
        }

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:  # ast's name
        return self.texts.get(getattr(node.value, "id", ""), node)


def _is_text(node: ast.expr) -> bool:
    is_constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_constant or isinstance(node, ast.JoinedStr)


def messages_in(tree: ast.Module) -> Iterator[str]:
    """Yield the messages of a module."""
    tree = _WithTexts(tree.body).visit(tree)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name in _SUMMARIES:
            continue
        _WithTexts(ast.walk(function)).visit(function)
        for node in ast.walk(function):
            for spoken in _spoken(node, function):
                yield from filter(is_sentence, _texts(spoken, function))
    for node in tree.body:  # tables of causes and remedies
        if not isinstance(node, ast.Assign | ast.AnnAssign) or _name(node) == "EXIT_STATUS":
            continue
        if isinstance(node.value, ast.Dict):
            yield from filter(is_sentence, (_template(value) for value in node.value.values))


def _spoken(node: ast.AST, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield the expressions that a node says to the user."""
    if isinstance(node, ast.Call) and node.args:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name == "Problem" or name.endswith(("Error", "_problem")):
            yield node.args[0]
        elif name in ("Finding", "add", "_of_tasks"):
            yield from node.args[1:2]
        elif name == "warn" or (name == "print" and _template(node.args[0]).startswith(_WARNING)):
            yield node.args[0]
        elif name == "append":
            yield node.args[0]
    elif isinstance(node, ast.Yield) and node.value is not None:
        yield node.value
    elif isinstance(node, ast.Return) and node.value is not None:
        if function.returns is not None and ast.unparse(function.returns) in _WORDS:
            yield node.value
    elif isinstance(node, ast.Assign) and _name(node) == "notes":  # they become warnings
        yield node.value
    elif isinstance(node, ast.AugAssign) and isinstance(node.value, ast.List):
        yield from node.value.elts


def _name(node: ast.Assign | ast.AnnAssign) -> str:
    """Return the name, or the attribute's, to which something is assigned."""
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    return str(getattr(target, "id", getattr(target, "attr", "")))


def _texts(node: ast.AST, function: ast.FunctionDef) -> Iterator[str]:
    """Yield the texts that an expression may be; a name stands for all that is assigned to it."""
    if isinstance(node, ast.Name):
        for statement in ast.walk(function):
            if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = getattr(statement, "targets", [getattr(statement, "target", None)])
                is_it = any(getattr(target, "id", None) == node.id for target in targets)
                if is_it and statement.value is not None:
                    yield from _texts_of_value(statement.value)
    elif isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name):
        yield from (text + _template(node.right) for text in _texts(node.left, function))
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
    elif isinstance(node, ast.ListComp):
        yield from _texts_of_value(node.elt)
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "next":
        yield from map(_template, node.args[1:])
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _texts_of_value(value)
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


def is_sentence(text: str) -> bool:
    """Tell whether a text is a message, not a name or a piece of one."""
    if text.startswith(("…;", ";", ",", "\n", " ")):  # the end of a message
        return False
    words = [word for word in text.replace("…", " ").split() if any(map(str.isalpha, word))]
    return len(words) >= _LEAST_WORDS and "<" not in text.replace("<Image", "")
