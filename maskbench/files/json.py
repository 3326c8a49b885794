"""Write and read JSON: equal values give equal bytes."""

import json
from typing import Any, NoReturn


def json_text(value: Any) -> str:
    """Return a value as readable JSON with sorted keys and a final newline.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


_SHAPES = bytes.maketrans(b"123456789:,[-\t\r\n", b"000000000       ")
_LONG_NUMBER = b" " + b"0" * 19  # in those shapes: 19 digits that are no decimal places


def parse_json(content: bytes) -> Any:
    """Parse JSON as the standard library does, by orjson where that gives the same.

    orjson rounds whole numbers beyond 64 bits (19 digits), and refuses lone surrogates and other
    encodings than UTF-8: such content is left to the standard library.

    Raises:
        ValueError: It is not JSON; ``NaN`` and ``Infinity`` are not either.
        RecursionError: It is nested too deeply.
    """
    import orjson

    if _LONG_NUMBER not in b" " + content.translate(_SHAPES):
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            pass
    return json.loads(content, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def compact_json(value: Any) -> bytes:
    """Return a value as JSON without spaces, for digests and for maskbench's own files."""
    import orjson

    try:
        return orjson.dumps(value)
    except TypeError:  # lone surrogates, whole numbers beyond 64 bits
        return json.dumps(value, separators=(",", ":")).encode("ascii")
