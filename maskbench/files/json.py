"""Write and read JSON: equal values give equal bytes."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Generic, NoReturn, TypeVar

Value = TypeVar("Value")
Other = TypeVar("Other")


def json_text(value: Any) -> str:
    """Return a value as readable JSON with sorted keys and a final newline.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


_LONG_NUMBER = re.compile(rb"(?:\A|[:,\[\s-])\d{19}")  # not decimal places: they follow a dot


def parse_json(content: bytes) -> Any:
    """Parse JSON as the standard library does, by orjson where that gives the same.

    orjson rounds whole numbers beyond 64 bits (19 digits), and refuses lone surrogates and other
    encodings than UTF-8: such content is left to the standard library.

    Raises:
        ValueError: It is not JSON; ``NaN`` and ``Infinity`` are not either.
        RecursionError: It is nested too deeply.
    """
    import orjson

    if not _LONG_NUMBER.search(content):
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

    def to_bytes(self, head: str) -> bytes:
        """Return a file's content: a line each for the head, the values, and a digest of these.

        Args:
            head: What the values hold for, such as the digest of the code that made them.
        """
        lines = (b"%b\t%b" % (compact_json(k), text.encode()) for k, text in self._texts.items())
        body = b"\n".join([compact_json(head), *lines])
        return b"%b\n%b" % (body, hashlib.sha256(body).hexdigest().encode())

    @classmethod
    def from_bytes(cls, content: bytes, head: str) -> "PackedJson[Any]":
        """Return the values in what :meth:`to_bytes` gave; none if it has another head.

        Raises:
            ValueError: It is damaged.
        """
        body, _, digest = content.rpartition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            raise ValueError("its digest is another one")
        packed: PackedJson[Any] = PackedJson()
        first, *lines = body.split(b"\n")
        for line in lines if parse_json(first) == head else ():
            key, _, text = line.partition(b"\t")
            packed._texts[parse_json(key)] = text.decode()
        return packed

    @staticmethod
    def _sharing(texts: dict[str, str], read: Callable[[Any], Other]) -> "PackedJson[Other]":
        shared = PackedJson(read)
        shared._texts = texts
        return shared
