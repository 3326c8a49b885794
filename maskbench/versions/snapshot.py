"""Choose the next ``fetch.snapshot`` and write it into ``params.yaml``.

Only the value's own characters are replaced: comments, order and every other byte stay.
"""

import yaml


def next_snapshot(current: str, today: str) -> str:
    """Return a snapshot name for today that differs from the current one.

    >>> next_snapshot("2026-11-21", "2026-11-22")
    '2026-11-22'
    >>> next_snapshot("2026-11-22", "2026-11-22"), next_snapshot("2026-11-22.2", "2026-11-22")
    ('2026-11-22.2', '2026-11-22.3')
    """
    day, _, number = current.partition(".")
    if day != today:
        return today
    return f"{today}.{int(number) + 1 if number.isdecimal() else 2}"


def with_snapshot(text: str, name: str) -> str:
    """Return the text of ``params.yaml`` with another ``fetch.snapshot``, in quotes.

    Raises:
        ValueError: The text has no mapping ``fetch``.
    """
    quoted = "'" + name.replace("'", "''") + "'"
    fetch = _value(yaml.compose(text, Loader=yaml.SafeLoader), "fetch")
    if not isinstance(fetch, yaml.MappingNode) or not fetch.value:
        raise ValueError("params.yaml has no section fetch")
    node = _value(fetch, "snapshot")
    if node is not None:
        start, end = node.start_mark.index, node.end_mark.index
        space = " " if text[start - 1] == ":" else ""
        return f"{text[:start]}{space}{quoted}{text[end:]}"
    mark = fetch.value[0][0].start_mark
    rest = ", " if fetch.flow_style else "\n" + " " * mark.column
    return f"{text[: mark.index]}snapshot: {quoted}{rest}{text[mark.index :]}"


def _value(node: yaml.Node | None, name: str) -> yaml.Node | None:
    """Return the value of a key of a mapping node."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)
