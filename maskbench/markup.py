"""Text of others in Markdown: names of labels, images and people, shown as they are."""

_LONGEST = 120  # characters of a cell
_SPECIAL = frozenset("\\`*_[]<>#!|&~@:$.")
_CALLING = frozenset("@#")  # would mention people and issues even so


def escaped(text: str, most: int = _LONGEST) -> str:
    """Text that Markdown shows as it is, on one line: no markup, HTML, links or mentions."""
    line = " ".join(text.split())
    line = line if len(line) <= most else f"{line[: most - 1]}…"
    return "".join(_entity(c) if c in _SPECIAL else c for c in line)


def _entity(character: str) -> str:
    return f"&#{ord(character)};" + "&#8203;" * (character in _CALLING)
