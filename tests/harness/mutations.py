"""Structure-aware damage: to the values of an export, to its text, and to ``params.yaml``.

What is too large to keep (deep nesting, long lists, huge numbers) is written as a placeholder such
as ``"@deep:900@"`` and spelt out by :func:`expand` when the input is run; so corpus files stay
small.
"""

import base64
import copy
import re
from contextlib import suppress

SURROGATES = ("\ud800", "a\udfff", "\udc80.png", "x\ud83d")
TEXTS = (
    "", " ", "\0", "\n", "a\r\nb", "../x", "..\\x", "/etc/passwd", "C:\\x.png", "http://[", "data:",
    "data:image/png;base64,", "s3://", "\u202e", "\ufeff", "é\u0301", "İ", "\u2028", "\U0001d49e",
    "=1+1", "<script>", "%00", "%ff%fe.png", "?d=", "/data/local-files/?d=", "a" * 300 + ".png",
    "{}", "1", "Canvas", "Canvass", "image", "r1", "a,b\"c", "2026-13-45",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "none", "polygonlabels", "vectorlabels", "bitmasklabels", "labels",
    "relation", "null", "@text:200000@", *SURROGATES,
)  # fmt: skip
NUMBERS = (
    0, -0.0, -1, 1, 2, 0.5, 50, 99.999, 100, 255, 256, 1e-320, 1e308, -1e308, 1e18, 2**31, 2**32,
    2**53, 2**63, 10**15, 10**40, 9999.9, -9999.9, 10000.1, float("nan"), float("inf"),
    float("-inf"), "@big:400@", "@big:5000@", "@number:1e999@",
)  # fmt: skip
OTHERS = (
    None, True, False, [], {}, [[]], [{}], [None], {"": None}, {"id": []}, [1, 2], [[1, 2]],
    {"x": 1}, "@deep:100@", "@deep:480@", "@deep:900@", "@deep:940@", "@deep:980@", "@maps:900@",
    "@many:5000@", "@points:5000@", "@vertices:20000@",
)  # fmt: skip
KEYS = (
    "id", "value", "type", "result", "points", "x", "y", "width", "height", "rotation", "radiusX",
    "radiusY", "rle", "imageDataURL", "vertices", "sequence", "closed", "prevPointId", "isBezier",
    "controlPoint1", "controlPoint2", "labels", "polygonlabels", "original_width",
    "original_height", "annotations", "data", "image", "completed_by", "ground_truth",
    "was_cancelled", "updated_at", "to_name", "from_name", "project", "\ud800", "",
)  # fmt: skip


def junk(random):
    """Any value, of a random kind."""
    return copy.deepcopy(random.choice(random.choice((TEXTS, NUMBERS, OTHERS))))


def _places(value):
    """A random walk's choices: (container, key) of everything within a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    return [(value, key) for key, _ in entries]


def _pick(random, value):
    """A random place in a value, by descent, so that long lists of points do not drown the rest."""
    place = None
    while isinstance(value, dict | list) and value and (place is None or random.random() < 0.85):
        place = random.choice(_places(value))
        value = place[0][place[1]]
    return place


def _all(value, name):
    """Every dict within a value that has the key ``name``."""
    if isinstance(value, dict):
        if name in value:
            yield value
        value = list(value.values())
    for entry in value if isinstance(value, list) else ():
        yield from _all(entry, name)


def _replaced(random, tasks):
    place, key = _pick(random, tasks)
    place[key] = junk(random)


def _removed(random, tasks):
    place, key = _pick(random, tasks)
    del place[key]


def _added(random, tasks):
    place, _ = _pick(random, tasks)
    if isinstance(place, dict):
        place[random.choice(KEYS)] = junk(random)
    else:
        place.insert(random.randrange(len(place) + 1), junk(random))


def _moved(random, tasks):
    """A value of one place put at another: types and ids that belong elsewhere."""
    (place, key), (other, name) = _pick(random, tasks), _pick(random, tasks)
    place[key] = copy.deepcopy(other[name])


def _turned(random, tasks):
    """A list as a mapping, a mapping as a list, a number as text, text as a list."""
    place, key = _pick(random, tasks)
    value = place[key]
    if isinstance(value, dict):
        place[key] = list(value.values())
    elif isinstance(value, list):
        place[key] = {str(i): entry for i, entry in enumerate(value)}
    else:
        place[key] = random.choice(([value], {"id": value}, str(value)))


def _repeated(random, tasks):
    place, key = _pick(random, tasks)
    if isinstance(place, list):
        place.extend(copy.deepcopy(place[key]) for _ in range(random.choice((1, 1, 1, 40))))


def _same_id(random, tasks):
    holders = list(_all(tasks, "id"))
    if len(holders) > 1:
        first, second = random.sample(holders, 2)
        first["id"] = copy.deepcopy(second["id"])  # it may hold the first


def _sized(random, tasks):
    for holder in list(_all(tasks, "original_width"))[: random.choice((1, 99))]:
        name = random.choice(("original_width", "original_height"))
        holder[name] = random.choice((0, 1, 30, 39, 41, 10**9, 40.0, "40", None, True))


def _coded(random, tasks):
    """RLE cut off, lying about its length, with flipped bits or foreign values."""
    for holder in _all(tasks, "rle"):
        rle = holder["rle"]
        if not isinstance(rle, list) or len(rle) < 8:
            continue
        i = random.randrange(len(rle))
        how = random.randrange(5)
        if how == 0:
            del rle[i:]
        elif how == 1:
            rle[:4] = random.choice(([255] * 4, [0] * 4, [0, 0, 18, 193], [127, 255, 255, 252]))
        elif how == 2:
            rle[i] = random.choice((*range(256), -1, 256, 1.5, "7", None, True, [7]))
        elif how == 3:
            rle[i:] = [random.randrange(256) for _ in range(random.choice((1, 9, 3000)))]
        else:
            rle.extend([random.randrange(256)] * random.choice((1, 5, 100_000)))


def _masked(random, tasks):
    """A bit mask's PNG with a changed, missing or repeated part."""
    for holder in _all(tasks, "imageDataURL"):
        head, _, code = str(holder["imageDataURL"]).partition(",")
        try:
            png = bytearray(base64.b64decode(code))
        except ValueError:
            continue
        for _ in range(random.choice((1, 1, 4))):
            i = random.randrange(len(png) + 1)
            png[i : i + random.choice((0, 1, 1, 4, 99))] = random.randbytes(
                random.choice((0, 1, 4))
            )
        holder["imageDataURL"] = f"{head},{base64.b64encode(png).decode()}"


def _named(random, tasks):
    for holder in _all(tasks, "image"):
        holder["image"] = random.choice((*TEXTS, [], ["a.png", "b.png"], ["a.png"], {}, None))


VALUES = (
    _replaced, _replaced, _replaced, _removed, _removed, _added, _moved, _moved, _turned, _repeated,
    _same_id, _sized, _coded, _coded, _masked, _named,
)  # fmt: skip
"""Changes of an export's value in place; the frequent ones stand more than once."""


def mutate_tasks(random, tasks):
    """Some changes to an export, in place; returns their names."""
    names = []
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        if tasks:
            change = random.choice(VALUES)
            with suppress(RecursionError):  # what was moved into itself again and again
                change(random, tasks)
            names.append(change.__name__.strip("_"))
    return names


_TEXT_PARTS = (
    "NaN", "Infinity", "-Infinity", "1e999", "-", "[", "]", "{", "}", ",", ":", '"', "\\", "\\u",
    "\\ud800", "\0", "\ufeff", "\udcff", "\udcc3", "//", "01", "0x1", "'", "é", "\u2028",
)  # fmt: skip


def mutate_text(random, text):
    """An export's text cut off, with foreign parts, or in another encoding."""
    how = random.randrange(8)
    i, j = sorted(random.randrange(len(text) + 1) for _ in range(2))
    if how == 0:
        return text[:i]
    if how == 1:
        return text[:i] + text[j:]
    if how == 2:
        return "\ufeff" + text
    if how == 3:
        return random.choice(("", "{}", "null", "[null]", "5", "[[]]", "@deep:100000@", "[{}]"))
    return text[:i] + random.choice(_TEXT_PARTS) + text[i if how < 6 else i + 1 :]


_YAML = (
    "~", "No", "010", "1e-3", "1e999", ".nan", "-.inf", "0", "-1", "255", "256", "1_0", "_", "0b",
    "0o9", "0x_", "[]", "{}", "[[]]", "{a: {b: c}}", "'", '"\\ud800"', '"\\0"', "!!python/none x",
    "!!binary eA==", "!x y", "&a [*a]", "*a", "<<: 5", "2026-11-22", "'2026-11-22'", "@bomb@",
    "@yamldeep:300@", "@yamldeep:3000@", "@digits:5000@", "annotator:@digits:5000@", "annotator:٣",
    "annotator:²", "Canvas", "Canvass", "[Canvas, Canvas]", "[Canvas]", "priority", "error", "top",
    "smallest", "tif", "true", "{train: 1}", "{train: 0.5, test: .5}", "room", "image", "light",
    "\t", "|\n  x", "? x", "- x", "{? [1]: 2}", "{1: 2}", "é\u0301", "\u2028", "\u0085", "\x07",
    "a\\nb", "Obstruction", "keep", "9" * 40,
)  # fmt: skip


def mutate_params(random, text):
    """A params file with changed, doubled, lost, moved or re-indented lines."""
    lines = [line for line in text.splitlines() if line.strip() and "#" not in line]
    for _ in range(random.choice((1, 1, 2, 4))):
        i, j = random.randrange(len(lines)), random.randrange(len(lines))
        how = random.randrange(9)
        if how < 4:
            name, colon, _ = lines[i].partition(":")
            head = f"{name}:" if colon else name.partition("-")[0] + "-"
            lines[i] = f"{head} {random.choice(_YAML)}"
        elif how == 4:
            lines.insert(j, lines[i])
        elif how == 5 and len(lines) > 1:
            del lines[i]
        elif how == 6:
            lines[i], lines[j] = lines[j], lines[i]
        elif how == 7:
            lines[i] = random.choice(("  ", " ", "- ", "? ", "\t")) + lines[i]
        else:
            lines[i] = lines[i].replace(random.choice(lines[i]), random.choice(_YAML), 1)
    return "\n".join(lines) + "\n"


_BOMB = "[&b0 [x,x,x,x,x,x,x,x,x]" + "".join(
    f",&b{i} [{','.join([f'*b{i - 1}'] * 9)}]" for i in range(1, 12)
) + "]"  # fmt: skip

_SPELT = {
    "deep": lambda n: "[" * n + "]" * n,
    "maps": lambda n: '{"a":' * n + "1" + "}" * n,
    "big": lambda n: "1" + "0" * n,
    "many": lambda n: "[" + ",".join(["1"] * n) + "]",
    "points": lambda n: "[" + ",".join(f"[{i * 37 % 101},{i * 61 % 103}]" for i in range(n)) + "]",
    "vertices": lambda n: (
        "["
        + ",".join(
            f'{{"id":"{i}","prevPointId":"{i - 1}","x":{i % 97},"y":{i % 89}}}' for i in range(n)
        )
        + "]"
    ),
}


def expand(text):
    """The text with its placeholders spelt out."""
    text = re.sub(r'"@number:(.*?)@"', r"\1", text)
    text = re.sub(r"@text:(\d+)@", lambda m: "x" * int(m[1]), text)
    text = re.sub(r"@digits:(\d+)@", lambda m: "9" * int(m[1]), text)
    text = re.sub(r"@yamldeep:(\d+)@", lambda m: _SPELT["deep"](int(m[1])), text)
    text = text.replace("@bomb@", _BOMB)
    return re.sub(rf'"?@({"|".join(_SPELT)}):(\d+)@"?', lambda m: _SPELT[m[1]](int(m[2])), text)
