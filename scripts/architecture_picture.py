"""Draw which room of the package imports which; write docs/images/architecture.svg.

Run ``python scripts/architecture_picture.py`` (or ``make picture``). A room is a folder of
``maskbench/``, or a few files of its root that belong together. It is drawn one floor below the
lowest room that imports it, so every arrow points down. An arrow is left out where a chain of
others implies it. Equal code gives equal bytes.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs/images/architecture.svg"


class Room(NamedTuple):
    """Modules that belong together.

    Attributes:
        name: What the box says.
        modules: Names of modules or folders in the root of the package.
        purpose: What the room is for, in at most two short lines.
        kind: Its colour: ``public``, ``heart`` or ``plain``.
    """

    name: str
    modules: tuple[str, ...]
    purpose: tuple[str, ...]
    kind: str = "plain"


FLOORS = (
    (
        Room(
            "cli.py, commands/",
            ("__main__", "cli", "commands"),
            ("one file", "for each subcommand"),
        ),
    ),
    (Room("init/", ("init",), ("a new repository", "of a team's own")),),
    (Room("quality_page/", ("quality_page",), ("the page of", "label quality")),),
    (Room("doctor/", ("doctor",), ("will the next", "build work?")),),
    (Room("ranking/", ("ranking",), ("what to label next,", "or look at again")),),
    (
        Room("diff/", ("diff",), ("what changed between", "two versions, and why")),
        Room("quality/", ("quality",), ("how far annotators", "agree")),
        Room("predictions/", ("predictions",), ("a model's masks,", "to Label Studio")),
        Room("show/", ("show",), ("pages to look at", "a version and its rules")),
        Room("verification/", ("verification",), ("recomputes every digest", "and invariant")),
    ),
    (
        Room("export/", ("export",), ("COCO, YOLO, VOC,", "Hugging Face, WebDataset")),
        Room(
            "evaluate.py, evaluation/",
            ("evaluate", "evaluation"),
            ("scores of", "predicted masks"),
            "public",
        ),
        Room("torch.py, fastai.py", ("torch", "fastai"), ("loaders for", "training"), "public"),
    ),
    (Room("dataset.py", ("dataset",), ("a built benchmark", "as numpy arrays"), "public"),),
    (
        Room("pages/", ("pages",), ("what every HTML", "page shares")),
        Room("versions/", ("versions",), ("git and DVC: old versions,", "downloads, refresh")),
    ),
    (Room("pipeline/", ("pipeline",), ("fetch → rasterize →", "combine → split")),),
    (Room("parallel/", ("parallel",), ("processes on this", "machine, or Dask")),),
    (Room("labelstudio/", ("labelstudio",), ("exports, stored tasks,", "the server")),),
    (Room("regions/", ("regions",), ("an annotation", "becomes a mask"), "heart"),),
    (Room("params/", ("params",), ("params.yaml, checked", "and typed")),),
    (Room("files/", ("files",), ("one module for each", "file format")),),
    (Room("errors.py, text.py", ("errors", "text"), ("error classes,", "escaping")),),
)
"""The rooms, those on top first: a room may import those of its own floor and of floors below.

tests/repository/test_rooms.py holds the package to this.
"""

ROOMS = tuple(room for floor in FLOORS for room in floor)

COLOURS = {
    "plain": ("#f6f8fa", "#8c959f"),
    "public": ("#ddf4ff", "#0969da"),
    "heart": ("#fff1e5", "#bc4c00"),
}
LEGEND = (
    ("heart", "decides every pixel"),
    ("public", "imported on training machines"),
    ("plain", "the rest"),
)
BOX_WIDTH, BOX_HEIGHT, LANE_WIDTH, GAP, FLOOR, MARGIN = 168, 66, 8, 20, 108, 24
INK, GREY, LINE = "#1f2328", "#57606a", "#8c959f"

Imports = Mapping[str, frozenset[str]]
"""The rooms that each room imports, by name."""


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(picture(imports(ROOT / "maskbench")), encoding="utf-8")


def imports(package: Path) -> Imports:
    """Return which rooms each room of a package imports, from its source.

    Raises:
        ValueError: A module is in no room.
    """
    room_of = {module: room.name for room in ROOMS for module in room.modules}
    found: dict[str, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        module = path.relative_to(package).with_suffix("").parts[0]
        if module == "__init__":
            continue
        if module not in room_of:
            raise ValueError(f"{path}: name its room in FLOORS ({Path(__file__).name})")
        used = set(_imported(ast.parse(path.read_text(encoding="utf-8")), package.name))
        others = {room_of[name] for name in used if name in room_of} - {room_of[module]}
        found.setdefault(room_of[module], set()).update(others)
    return {room: frozenset(others) for room, others in found.items()}


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield the modules and folders of the package's root that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            root, *rest = name.split(".")
            if root == package and rest:
                yield rest[0]


def floors(rooms: Imports) -> list[list[str]]:
    """Return the rooms by floor, the lowest floor first, each in the order of ROOMS.

    Raises:
        ValueError: Rooms import each other in a circle.
    """
    levels: dict[str, int] = {}
    while len(levels) < len(rooms):
        ready = [name for name in rooms if name not in levels and rooms[name] <= levels.keys()]
        if not ready:
            raise ValueError(
                f"a circle of imports: {', '.join(sorted(rooms.keys() - levels.keys()))}"
            )
        for name in ready:
            levels[name] = max((levels[other] + 1 for other in rooms[name]), default=0)
    for name in sorted(rooms, key=lambda n: -levels[n]):
        above = [levels[other] for other in rooms if name in rooms[other]]
        levels[name] = min(above) - 1 if above else levels[name]
    order = [room.name for room in ROOMS if room.name in levels]
    return [[n for n in order if levels[n] == floor] for floor in range(max(levels.values()) + 1)]


def direct(rooms: Imports) -> list[tuple[str, str]]:
    """Return the imports that no chain of other imports implies, as (room, imported room)."""
    below: dict[str, frozenset[str]] = {}
    for name in (name for floor in floors(rooms) for name in floor):
        below[name] = rooms[name].union(*(below[other] for other in rooms[name]))
    return [
        (name, other)
        for name in rooms
        for other in sorted(rooms[name])
        if not any(other in below[middle] for middle in rooms[name])
    ]


def _chains(rooms: Imports) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Return floors with lanes in them, and the pieces of the arrows from floor to floor.

    An arrow that skips floors passes each in a lane, which arrows to the same room share. A lane
    is named ``room@floor``.
    """
    places = floors(rooms)
    level = {name: i for i, floor in enumerate(places) for name in floor}
    pieces: dict[tuple[str, str], None] = {}
    for name, other in direct(rooms):
        lanes = [f"{other}@{i}" for i in range(level[name] - 1, level[other], -1)]
        for lane in lanes:
            floor = places[int(lane.partition("@")[2])]
            if lane not in floor:
                floor.append(lane)
        pieces.update(dict.fromkeys(pairwise([name, *lanes, other])))
    return places, list(pieces)


def _positions(places: Sequence[list[str]], pieces: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Return the horizontal centre of each room and lane; 0 is the middle of the picture.

    Each floor is sorted, a few times over, by where the neighbours above and below stand.
    """
    neighbours: dict[str, list[str]] = {}
    for upper, lower in pieces:
        neighbours.setdefault(upper, []).append(lower)
        neighbours.setdefault(lower, []).append(upper)
    centre = {name: x for floor in places for name, x in _packed(floor).items()}
    for _ in range(24):
        for floor in [*places, *reversed(places)]:
            wanted = {}
            for name in floor:
                near = neighbours.get(name, [name])
                wanted[name] = sum(centre[other] for other in near) / len(near)
            centre.update(_packed(sorted(floor, key=lambda name: (wanted[name], name))))
    return centre


def _packed(names: Sequence[str]) -> dict[str, float]:
    """Place a floor's rooms and lanes side by side about the middle; return their centres."""
    left = -sum(_width(name) + GAP for name in names) / 2
    centres = {}
    for name in names:
        centres[name] = left + (_width(name) + GAP) / 2
        left += _width(name) + GAP
    return centres


def _width(name: str) -> int:
    return LANE_WIDTH if "@" in name else BOX_WIDTH


def picture(rooms: Imports) -> str:
    """Return the picture as SVG.

    Args:
        rooms: The rooms that each room imports, by name.
    """
    places, pieces = _chains(rooms)
    centre = _positions(places, pieces)
    left = min(x - _width(name) / 2 for name, x in centre.items()) - MARGIN
    x = {name: round(place - left, 1) for name, place in centre.items()}
    width = round(max(x[name] + _width(name) / 2 for name in x) + MARGIN)
    top = {
        n: MARGIN + FLOOR * (len(places) - 1 - i) for i, floor in enumerate(places) for n in floor
    }
    height = MARGIN + FLOOR * len(places) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="Helvetica, Arial, sans-serif" '
        f'text-anchor="middle" fill="{INK}">',
        "<title>Which room of maskbench imports which</title>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0.5 L8 4 L0 7.5 z" fill="{LINE}"/></marker>'
        "</defs>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<g fill="none" stroke="{LINE}" stroke-width="1.5">',
        *(_arrow(x, top, upper, lower) for upper, lower in pieces),
        "</g>",
    ]
    for room in ROOMS:
        if room.name in x:
            lines += _box(room, x[room.name], top[room.name])
    return "\n".join([*lines, *_legend(height - 20), "</svg>", ""])


def _arrow(x: Mapping[str, float], top: Mapping[str, int], upper: str, lower: str) -> str:
    """Return one floor's piece of an arrow; it goes straight through the lane at its lower end."""
    start, end = top[upper] + BOX_HEIGHT, top[lower]
    middle = (start + end) / 2
    curve = f"M{x[upper]} {start} C{x[upper]} {middle} {x[lower]} {middle} {x[lower]} {end}"
    if "@" in lower:
        return f'<path d="{curve} V{end + BOX_HEIGHT}"/>'
    return f'<path d="{curve}" marker-end="url(#arrow)"/>'


def _box(room: Room, x: float, top: int) -> Iterable[str]:
    fill, border = COLOURS[room.kind]
    yield (
        f'<rect x="{x - BOX_WIDTH / 2}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" '
        f'rx="6" fill="{fill}" stroke="{border}"/>'
    )
    yield f'<text x="{x}" y="{top + 20}" font-size="13" font-weight="bold">{room.name}</text>'
    for i, line in enumerate(room.purpose):
        yield f'<text x="{x}" y="{top + 38 + 16 * i}" font-size="12" fill="{GREY}">{line}</text>'


def _legend(y: int) -> Iterable[str]:
    x = MARGIN
    for kind, text in LEGEND:
        fill, border = COLOURS[kind]
        yield (
            f'<rect x="{x}" y="{y - 11}" width="14" height="14" rx="3" fill="{fill}" '
            f'stroke="{border}"/>'
        )
        yield (
            f'<text x="{x + 20}" y="{y}" font-size="12" fill="{GREY}" '
            f'text-anchor="start">{text}</text>'
        )
        x += 40 + 7 * len(text)


if __name__ == "__main__":
    main()
