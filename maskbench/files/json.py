"""Write and read JSON: equal values give equal bytes."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain
from typing import Any, Generic, NoReturn, TypeVar

Value = TypeVar("Value")
Other = TypeVar("Other")


def json_text(value: Any) -> str:
    """Return a value as readable JSON with sorted keys and a final newline.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def parse_json(content: bytes) -> Any:
    """Parse JSON as the standard library does, by orjson where that gives the same.

    orjson rounds whole numbers beyond 64 bits (19 digits), and refuses lone surrogates and other
    encodings than UTF-8: such content is left to the standard library. So are 19 decimal places,
    which takes longer and gives the same.

    Raises:
        ValueError: It is not JSON; ``NaN`` and ``Infinity`` are not either.
        RecursionError: It is nested too deeply.
    """
    import orjson

    if b"0" * 19 not in content.translate(_DIGITS_AS_ZEROS):
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


class PackedJson(Mapping[str, Value], Generic[Value]):
    """JSON values by key, kept as text: that takes a fraction of the memory of Python's objects.

    A value is parsed whenever it is asked for, so a loop over millions holds one at a time.

    Args:
        read: Makes a value of what was parsed; by default it is left as it is.

    >>> sizes = PackedJson()
    >>> sizes.pack("wall", {"size": (640, 480)})
    >>> sizes["wall"]
    {'size': [640, 480]}
    >>> dict(sizes.view(lambda image: image["size"][0]))
    {'wall': 640}
    """

    def __init__(self, read: Callable[[Any], Value] = lambda value: value) -> None:
        self._texts: dict[str, str] = {}
        self._read = read

    def __getitem__(self, key: str) -> Value:
        return self._read(parse_json(self._texts[key].encode()))

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "PackedJson[Any]":
        """Pack the values of a mapping."""
        packed: PackedJson[Any] = PackedJson()
        for key, value in values.items():
            packed.pack(key, value)
        return packed

    def pack(self, key: str, value: Any) -> None:
        """Add a value, or replace it."""
        self._texts[key] = compact_json(value).decode()

    def copy(self, key: str, source: "PackedJson[Any]") -> None:
        """Add the value that another one has, without parsing it."""
        self._texts[key] = source._texts[key]

    def view(self, read: Callable[[Value], Other]) -> "PackedJson[Other]":
        """Return the same texts with other values: what a function makes of the values here."""
        own = self._read
        return self._sharing(self._texts, lambda parsed: read(own(parsed)))

    def only(self, keys: Collection[str]) -> "PackedJson[Value]":
        """Return the same with these keys only, in their order."""
        return self._sharing({key: self._texts[key] for key in keys}, self._read)

    def to_lines(self, head: str) -> Iterator[bytes]:
        """Yield a file's lines: the head, the values, and a digest of these.

        Args:
            head: What the values hold for, such as the digest of the code that made them.
        """
        digest = hashlib.sha256()
        values = (b"%b\t%b" % (compact_json(k), text.encode()) for k, text in self._texts.items())
        for line in chain([compact_json(head)], values):
            digest.update(line + b"\n")
            yield line + b"\n"
        yield digest.hexdigest().encode()

    @classmethod
    def from_bytes(cls, content: bytes, head: str) -> "PackedJson[Any]":
        """Return the values in what :meth:`to_lines` gave; none if it has another head.

        Raises:
            ValueError: It is damaged.
        """
        *lines, digest = content.split(b"\n")
        found = hashlib.sha256()
        for line in lines:
            found.update(line + b"\n")
        if found.hexdigest().encode() != digest:
            raise ValueError("its digest is another one")
        packed: PackedJson[Any] = PackedJson()
        for line in lines[1:] if parse_json(lines[0]) == head else ():
            key, _, text = line.partition(b"\t")
            packed._texts[parse_json(key)] = text.decode()
        return packed

    @staticmethod
    def _sharing(texts: dict[str, str], read: Callable[[Any], Other]) -> "PackedJson[Other]":
        shared = PackedJson(read)
        shared._texts = texts
        return shared
