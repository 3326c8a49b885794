"""Read YAML as DVC reads it: YAML 1.2 by ruamel.yaml, without tags and duplicate keys.

YAML 1.1, which other readers resolve, has other values (``No`` is False, ``010`` is 8, ``1e-3`` a
text): a stage that read those would use something else than DVC tracks.
"""

from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scanner import Scanner, ScannerError

MAX_VALUES = 100_000
"""Values in a document, its aliases written out, beyond which it is refused."""

MAX_DEPTH = 100
"""Brackets within brackets beyond which it is refused: reading time grows with their square."""

MAX_DIGITS = 1000
"""Digits of a whole number beyond which it is refused."""


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML 1.2 document, as DVC sees it.

    Raises:
        ValueError: The text is not YAML, names a key twice, uses a tag, or holds a bare date (on
            which every DVC command fails). The message tells line and column.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner, yaml.Constructor = _Scanner, _Constructor
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(f"{where}{error.problem}") from None
    except (YAMLError, ValueError, LookupError, RecursionError) as error:
        raise ValueError(str(error)) from None


class _Scanner(Scanner):
    """ruamel's scanner, which refuses brackets that are nested too deeply."""

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:
        if len(self.flow_context) >= MAX_DEPTH:
            raise ScannerError(None, None, "is nested too deeply", self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


class _Constructor(SafeConstructor):
    """ruamel's safe constructor, which refuses what is too large, and dates."""

    def construct_document(self, node: Node) -> Any:
        _count_values(node, {})
        return super().construct_document(node)

    def check_mapping_key(
        self, node: Node, key_node: Node, mapping: Any, key: Any, value: Any
    ) -> bool:
        if key in mapping:
            raise ConstructorError(None, None, f"found the key {key!r} twice", key_node.start_mark)
        return True

    def construct_yaml_int(self, node: ScalarNode) -> int:
        digits = str(node.value).replace("_", "").lstrip("+-")
        if len(digits) > MAX_DIGITS:  # Python reads 0xff… but refuses to show it
            raise ValueError(f"line {node.start_mark.line + 1}: a number of {len(digits)} digits")
        return int(super().construct_yaml_int(node))

    def refuse_date(self, node: ScalarNode) -> NoReturn:
        what = f"the date {node.value} has to stand in quotes: '{node.value}'"
        raise ConstructorError(None, None, what, node.start_mark)


_Constructor.add_constructor("tag:yaml.org,2002:int", _Constructor.construct_yaml_int)
_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.refuse_date)


def _count_values(node: Node, counts: dict[int, int]) -> int:
    """Return how many values a node stands for when its aliases are written out.

    Args:
        node: The node.
        counts: The counts that are known already, by the node's id; 0 while one is counted.

    Raises:
        ValueError: Too many, or an alias that is part of itself.
    """
    line = node.start_mark.line + 1
    if id(node) not in counts:
        counts[id(node)] = 0
        parts: list[Node] = []
        if isinstance(node, MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, SequenceNode):
            parts = node.value
        counts[id(node)] = 1 + sum(_count_values(part, counts) for part in parts)
    elif not counts[id(node)]:
        raise ValueError(f"line {line}: an alias is part of itself")
    if counts[id(node)] > MAX_VALUES:
        raise ValueError(f"line {line}: aliases stand for too many values")
    return counts[id(node)]
