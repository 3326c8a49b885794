"""The skeleton of a page: one HTML file that loads nothing from a network."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib import resources

from maskbench.pages.palette import MARKS, hex_color


def page(title: str, styles: Iterable[str], body: Iterable[str]) -> Iterator[str]:
    """Yield an HTML document in pieces, so that a long body is never whole in memory.

    Args:
        title: The window's title, as plain text.
        styles: Style sheets of this page, which follow the one that all pages share.
        body: Markup of the body in pieces.
    """
    colours = "".join(f" --{name}: {hex_color(colour)};" for name, colour in MARKS.items())
    style = "\n".join([f":root {{{colours} }}", asset("pages", "style.css"), *styles])
    skeleton = asset("pages", "page.html")
    head, _, end = skeleton.partition("@@BODY@@")
    yield fill(head, {"TITLE": escape(title), "STYLE": style})
    yield from body
    yield end


def fill(template: str, parts: Mapping[str, str]) -> str:
    """Return a template with markup put in for each ``@@NAME@@``; the markup is not filled."""
    pieces = template.split("@@")  # text, name, text, name …
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(pieces))


def asset(room: str, name: str) -> str:
    """Return the text of a file in a room's folder ``assets``, such as ``diff.page``."""
    folder = resources.files(f"maskbench.{room}") / "assets"
    return (folder / name).read_text(encoding="utf-8")
