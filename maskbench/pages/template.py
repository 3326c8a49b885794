"""Make a page: one HTML file with its style, data and scripts, which loads nothing from a network.

A page is a Jinja2 template in the ``assets`` of its room that extends ``pages/page.html``. Scripts
are ES modules. A page that is opened from a file may not import a file, so the modules are put into
the page's import map as data: ``import … from "pages/viewer.js"`` finds them there.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from maskbench.pages.palette import MARKS, hex_color


def render(
    template: str, title: str, data: Mapping[str, Any], main: str = "main.js", **values: Any
) -> str:
    """Return an HTML document.

    Args:
        template: Room and file, such as ``diff/page.html``.
        title: The window's title, as plain text.
        data: What the scripts find in the element ``#data``, as JSON.
        main: The room's module that is started.
        values: What the template shows; text is escaped.
    """
    room = template.partition("/")[0]
    rooms = dict.fromkeys(["pages", room])
    style = [_colors(), *(text for each in rooms for text in assets(each, ".css").values())]
    return (
        _environment()
        .get_template(template)
        .render(
            title=title,
            style="\n".join(style),
            modules=_json({"imports": modules(rooms)}),
            main=f"{room}/{main}",
            data=_json(data),
            **values,
        )
    )


def modules(rooms: Iterable[str]) -> dict[str, str]:
    """Return the packages' scripts as data URLs, by the name under which they are imported."""
    return {
        f"{room}/{name}": _data_url(f"{text}\n//# sourceURL={room}/{name}\n")
        for room in rooms
        for name, text in assets(room, ".js").items()
    }


@cache
def assets(room: str, ending: str) -> dict[str, str]:
    """Return the text of the files with this ending in a package's folder ``assets``, by name."""
    folder = resources.files(f"maskbench.{room}") / "assets"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {f.name: f.read_text(encoding="utf-8") for f in files if f.name.endswith(ending)}


@cache
def _environment() -> jinja2.Environment:
    def load(name: str) -> str | None:
        room, _, file = name.partition("/")
        return assets(room, ".html").get(file)

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _colors() -> str:
    colors = "".join(f" --{name}: {hex_color(color)};" for name, color in MARKS.items())
    return f":root {{{colors} }}"


def _data_url(script: str) -> str:
    text = base64.b64encode(script.encode("utf-8")).decode("ascii")
    return f"data:text/javascript;charset=utf-8;base64,{text}"


def _json(value: Any) -> str:
    """Return JSON that is safe in a script element: it holds no ``<``."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
