"""Tasks with their outlines' points as arrays, straight from the stored form.

An outline of 50 points as Python values is a list of 50 lists of two numbers: making these, looking
at each and throwing them away takes longer than filling the outline. Here the points of all regions
become one flat list and then an array. Only JSON whose points are beyond doubt is read so.
"""

import os
import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from maskbench.geometry import FARTHEST
from maskbench.labelstudio.canonical import stored_value, task_of
from maskbench.labelstudio.model import Task
from maskbench.quickjson import load_json, plain_json

_Points = npt.NDArray[np.float64]

_KEY, _OPEN, _CLOSE, _NEXT = b'"points": ', b"[[", b"]]", b"], ["
_NUMBER = b"0123456789+-.eE"
_MARK = int.from_bytes(os.urandom(6), "big")  # stands for points; nobody can have written it


def task_with_arrays(content: bytes, name: str) -> Task:
    """A task from its stored form, where ``value["points"]`` of a region may be an array.

    An array has shape (N, 2), float64, N at least 3: (x, y) in percent of the image. Points that
    are anything else than a list of pairs of numbers stay as they are, to be judged by others.

    Args:
        content: The bytes of the stored form.
        name: The file's name, for messages.

    Raises:
        DataError: The file is damaged or of another version of maskbench.
    """
    return task_of(content, name, _value)


def _value(content: bytes) -> Any:
    found = _split(content)
    if found is not None:
        rest, points = found
        value = plain_json(rest)
        if _put(value, points):
            return value
    return stored_value(content)


def _split(content: bytes) -> tuple[bytes, list[_Points]] | None:
    """The JSON with a mark for each list of points, and these; None if in doubt.

    The key cannot be part of a text, in which its quotes would be escaped.
    """
    head, *parts = content.split(_KEY)
    ends = [part.find(_CLOSE) for part in parts]
    if not parts or min(ends) < 0 or not all(part.startswith(_OPEN) for part in parts):
        return None
    texts = [part[2:end] for part, end in zip(parts, ends, strict=True)]
    points = _points(texts)
    if points is None:
        return None
    rests = [part[end + 2 :] for part, end in zip(parts, ends, strict=True)]
    return (_KEY + b"%d" % _MARK).join([head, *rests]), points


def _points(texts: Sequence[bytes]) -> list[_Points] | None:
    """Arrays of texts such as ``1.5, 2], [3, 4], [5, 6``; None if one is not like that."""
    counts = [text.count(b"]") + 1 for text in texts]
    joined = _NEXT.join(texts)
    # What is left without numbers must be commas within pairs and brackets between them.
    if min(counts) < 3 or joined.translate(None, _NUMBER) != b", " + b"], [, " * (sum(counts) - 1):
        return None
    try:
        flat = load_json(b"[" + joined.translate(None, b"[]") + b"]")
        packed = struct.pack(f"{len(flat)}d", *flat)  # a third of numpy's time for a list
    except (ValueError, OverflowError, struct.error):
        return None
    pairs = np.frombuffer(packed, dtype=np.float64).reshape(-1, 2)
    if not np.abs(pairs).max() <= FARTHEST:
        return None
    stops = [0, *accumulate(counts)]
    return [pairs[begin:end] for begin, end in pairwise(stops)]


def _put(value: Any, points: Sequence[_Points]) -> bool:
    """Put the points in for the marks, if each mark stands for the points of a region."""
    try:
        values = [r["value"] for a in value["annotations"] for r in a["regions"]]
        marked = [v for v in values if v.get("points") == _MARK]
    except (AttributeError, KeyError, TypeError):
        return False
    if len(marked) != len(points):
        return False
    for geometry, pairs in zip(marked, points, strict=True):
        geometry["points"] = pairs
    return True
