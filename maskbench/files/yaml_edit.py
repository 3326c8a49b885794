"""Write YAML, and edit the text of a YAML file: comments, order and every other line stay.

What is written means the same to YAML 1.1 and 1.2 readers: text that one of them would take for a
number, a truth value or a date is quoted, and what a terminal cannot show is escaped.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from maskbench.files.atomic import write_text
from maskbench.files.yaml import IMPLICIT, node_end, parse_yaml
from maskbench.text import escape_terminal


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which quotes what YAML 1.2 would not read as text either."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)
for _tag, _pattern, _first in IMPLICIT:
    _Dumper.add_implicit_resolver(_tag, _pattern, _first)


def yaml_text(value: Any, flow: bool = False) -> str:
    """Return a value as YAML: in block style, as DVC writes it, or on one line.

    >>> print(yaml_text({"when": ["No", "010"]}), end="")
    when:
    - 'No'
    - '010'
    """
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=flow,
        allow_unicode=True,
        sort_keys=False,
        width=1 << 20,
    )
    text = text.removesuffix("...\n")
    return "\n".join(escape_terminal(line) for line in text.split("\n"))


def edit_file(path: Path, edit: Callable[[str], str]) -> None:
    """Replace a text file by its edited text, with the line ends that it has."""
    before = path.read_bytes().decode("utf-8")
    after = edit(before.replace("\r\n", "\n"))
    write_text(path, after.replace("\n", "\r\n") if "\r\n" in before else after)


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """Return the text of a YAML file with another value at a path, such as ``fetch.snapshot``.

    Args:
        text: A YAML document whose value is a mapping.
        path: The keys that lead to the value; those that are missing are added.
        value: The new value.

    Raises:
        ValueError: The text is written in a way that this cannot edit.
    """
    *parents, name = path
    parent = _find(text, parents)
    found = _entry(parent, name)
    if found is None:
        return with_entries(text, parents, {name: value})
    key, node = found
    start = text.index(":", key.end_mark.index) + 1
    comment = text[start : node.start_mark.index].partition("\n")[0].rstrip()
    if isinstance(value, dict | list) and value and not parent.flow_style:
        column = key.start_mark.column + 2 * isinstance(value, dict)
        new = f"{comment}\n{_indented(value, column)}"
    else:
        new = f" {yaml_text(value, flow=True).strip()}{comment}"
    return _checked(text[:start] + new + text[node_end(node).index :], text, path, value)


def with_entries(text: str, path: Sequence[str], entries: Mapping[str, Any]) -> str:
    """Return the text of a YAML file with more entries at the end of the mapping at a path.

    Args:
        text: A YAML document whose value is a mapping.
        path: The keys that lead to the mapping; empty for the whole document.
        entries: Names that the mapping does not have, and their values.

    Raises:
        ValueError: The text is written in a way that this cannot edit.
    """
    node = _find(text, path)
    old = node.value if isinstance(node, yaml.MappingNode) else []
    if path and not old:
        return with_value(text, path, dict(entries))
    at = node_end(old[-1][1]).index if old else len(text)
    if node is not None and node.flow_style:
        new = ", " + yaml_text(dict(entries), flow=True).strip()[1:-1]
    else:
        at += len(text[at:].partition("\n")[0])  # a comment on the same line stays there
        column = old[0][0].start_mark.column if old else 0
        lines = _indented(dict(entries), column)
        new = f"\n{lines}" if old else f"{lines}\n"
    before = _value(parse_yaml(text), path) or {}
    return _checked(text[:at] + new + text[at:], text, path, {**before, **entries})


def with_copies(
    text: str, path: Sequence[str], source: str, is_wanted: Callable[[Any], bool]
) -> str:
    """Return the text of a YAML file with entries of another file, as they are written there.

    They come to the end of the mapping or list at the path, with the comments right above them.

    Args:
        text: A YAML document whose value is a mapping.
        path: The keys that lead to the mapping or list, in both documents; empty for the whole.
        source: The other document.
        is_wanted: Tells by a mapping's key, or a list's item, whether to copy the entry.

    Raises:
        ValueError: One of the two is written in a way that this cannot edit.
    """
    here, there = (_value(parse_yaml(document), path) for document in (text, source))
    entries = there if isinstance(there, dict | list) else ()
    wanted = [number for number, entry in enumerate(entries) if is_wanted(entry)]
    if not wanted:
        return text
    target, origin = _find(text, path), _find(source, path)
    if type(here) is not type(there) or not here or target.flow_style or origin.flow_style:
        raise ValueError(_not_editable(path))
    lines, column = source.split("\n"), origin.start_mark.column
    blocks = (_lines_of(origin.value[number], lines) for number in wanted)
    margin = " " * target.start_mark.column
    new = [line and margin + line[column:] for block in blocks for line in block]
    before = text.split("\n")
    at = _end(target, before)
    if isinstance(here, dict):
        value = here | {key: there[key] for i, key in enumerate(there) if i in wanted}
    else:
        value = here + [there[i] for i in wanted]
    return _checked("\n".join(before[:at] + new + before[at:]), text, path, value)


def _lines_of(entry: Any, lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of a mapping's or list's entry, the comments above and a blank line."""
    first, last = entry if isinstance(entry, tuple) else (entry, entry)
    start = first.start_mark.line
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    if start and not lines[start - 1].strip():
        start -= 1
    return lines[start : _end(last, lines)]


def _end(node: yaml.Node, lines: Sequence[str]) -> int:
    """Return the number of the line after a node; a block of text ends before blank lines."""
    mark = node_end(node)
    end = mark.line + (mark.column > 0)
    while not lines[end - 1].strip():
        end -= 1
    return int(end)


def _value(tree: Any, path: Sequence[str]) -> Any:
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _find(text: str, path: Sequence[str]) -> Any:
    """Return the node at a path; None if there is none."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for name in path:
        node = (_entry(node, name) or (None, None))[1]
    return node


def _entry(node: Any, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the key and the value of an entry of a mapping node."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((pair for pair in pairs if pair[0].value == name), None)


def _indented(value: Any, column: int) -> str:
    return textwrap.indent(yaml_text(value), " " * column).removesuffix("\n")


def _checked(changed: str, text: str, path: Sequence[str], value: Any) -> str:
    """Return the changed text, if it says what the text before says with this value at the path."""
    if parse_yaml(changed) != _with(parse_yaml(text), path, value):
        raise ValueError(_not_editable(path))
    return changed


def _not_editable(path: Sequence[str]) -> str:
    return f"{'.'.join(path) or 'the file'} is written in a way that cannot be edited here"


def _with(tree: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    entries = tree if isinstance(tree, dict) else {}
    return {**entries, path[0]: _with(entries.get(path[0]), path[1:], value)}
