"""Read YAML as DVC reads it: YAML 1.2 scalars, no tags, no duplicate keys.

PyYAML resolves YAML 1.1 (``No`` is False, ``010`` is 8, ``1e-3`` a string); DVC reads with
ruamel.yaml, which resolves YAML 1.2. A stage that read the 1.1 values would not use what DVC
tracks. This loader resolves what ruamel resolves (https://yaml.org/spec/1.2.2/#103-core-schema,
with ruamel's underscores, octals and binaries).
"""

import re
from collections.abc import Hashable
from typing import Any

import yaml

_BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_INT = re.compile(r"^(?:[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)$")
_FLOAT = re.compile(
    r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_DATE = re.compile(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
    r"|^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?$"
)


_MERGE = "tag:yaml.org,2002:merge"

MAX_LENGTH = 100_000
"""Values in a document, its aliases written out, beyond which it is refused."""

DEEPEST = 100
"""Depth of nested brackets beyond which it is refused: PyYAML's time grows with their square."""

LONGEST = 1000
"""Digits of a whole number beyond which it is refused."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2's scalars."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def get_single_data(self) -> Any:
        node = self.get_single_node()
        if node is None:
            return None
        _size(node, {})
        return self.construct_document(node)

    def fetch_flow_collection_start(self, token: Any) -> None:
        if self.flow_level >= DEEPEST:
            raise yaml.scanner.ScannerError(None, None, "is nested too deeply", self.get_mark())
        super().fetch_flow_collection_start(token)

    def scan_plain(self) -> yaml.ScalarToken:
        token = super().scan_plain()
        if self.flow_level and ":" in token.value:  # libyaml, with which DVC reads, refuses it
            what = f"{token.value} has to stand in quotes between brackets: '{token.value}'"
            raise yaml.scanner.ScannerError(None, None, what, token.start_mark)
        return token

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: dict[Any, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:  # "<<" is not a key: the mapping it names is copied in
                continue
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, Hashable) and key in seen:
                what = _twice(key, seen[key], line, value_node)
                raise yaml.constructor.ConstructorError(None, None, what, key_node.start_mark)
            seen[key if isinstance(key, Hashable) else id(key)] = line
        return super().construct_mapping(node, deep)


def node_end(node: yaml.Node) -> yaml.Mark:
    """Return where a node's text ends; PyYAML ends one in block style after the comments below."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return node_end(last[1] if isinstance(last, tuple) else last)
    return node.end_mark


def _twice(key: Hashable, first: int, line: int, value: yaml.Node) -> str:
    """Say which lines to move where if a key stands in two lines, such as a section's head."""
    what = f"found the key {key!r} twice"
    if line == first:
        return what
    start, last = value.start_mark.line + 1, node_end(value).line + 1
    if start == line:  # all on one line
        return f"{what}: lines {first} and {line}; delete one of them"
    moved = f"line {start}" if last == start else f"lines {start} to {last}"
    return f"{what}: move {moved} below line {first}, then delete line {line}"


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the values that a node stands for with its aliases, few lines only, written out.

    Raises:
        ValueError: Too many, or an alias that is part of itself.
    """
    if id(node) in known:
        if not known[id(node)]:
            raise ValueError(f"line {node.start_mark.line + 1}: an alias is part of itself")
        return known[id(node)]
    known[id(node)] = 0
    parts: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        parts = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        parts = node.value
    size = 1 + sum(_size(part, known) for part in parts)
    if size > MAX_LENGTH:
        raise ValueError(f"line {node.start_mark.line + 1}: aliases stand for too many values")
    known[id(node)] = size
    return size


def _construct_bool(loader: _Loader, node: yaml.ScalarNode) -> bool:
    return str(node.value).lower() == "true"


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(node.value).replace("_", "")
    body = text.lstrip("+-")
    base = {"0b": 2, "0o": 8, "0x": 16}.get(body[:2], 10)
    if len(body) > LONGEST:  # Python refuses to show those that it reads: 0xff…
        raise ValueError(f"line {node.start_mark.line + 1}: a number of {len(body)} digits")
    return int(body, base) * (-1 if text.startswith("-") else 1)


def _construct_float(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = str(node.value).replace("_", "").lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _construct_date(loader: _Loader, node: yaml.ScalarNode) -> str:
    raise yaml.constructor.ConstructorError(
        None, None, f"the date {node.value} has to stand in quotes: '{node.value}'", node.start_mark
    )


IMPLICIT = (
    ("tag:yaml.org,2002:bool", _BOOL, list("tTfF")),
    ("tag:yaml.org,2002:int", _INT, list("-+0123456789")),
    ("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789.")),
    ("tag:yaml.org,2002:timestamp", _DATE, list("0123456789")),
    ("tag:yaml.org,2002:null", _NULL, ["~", "n", "N", ""]),
    (_MERGE, re.compile(r"^<<$"), ["<"]),
)
"""What plain scalars mean in YAML 1.2: tag, pattern, first characters."""

for _tag, _pattern, _first in IMPLICIT:
    _Loader.add_implicit_resolver(_tag, _pattern, _first)
_Loader.add_constructor("tag:yaml.org,2002:bool", _construct_bool)
_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _construct_date)


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML 1.2 document, as DVC sees it.

    Raises:
        ValueError: The text is not YAML, names a key twice, uses a tag, or holds a bare date (on
            which every DVC command fails). The message names line and column.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        if mark is None:
            raise ValueError(what) from None
        *above, line = text.splitlines()[: mark.line + 1] or [""]
        if what.startswith("expected <block end>") and not line[: mark.column].strip():
            what = _misplaced(above)
        raise ValueError(f"line {mark.line + 1}, column {mark.column + 1}: {what}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _misplaced(above: list[str]) -> str:
    """Say why a line cannot stand below these lines."""
    texts = [line.partition("#")[0].strip() for line in above]
    number = max((i for i, text in enumerate(texts, 1) if text), default=0)
    end = texts[number - 1][-2:] if number else ""
    if end in ("{}", "[]"):
        return (
            f"entries stand below line {number}, which says that there are none: delete its {end}"
        )
    return "is indented in another way than the lines above it"
