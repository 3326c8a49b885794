"""Read references to images, and make the keys under which tasks are stored."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".jfif", ".png", ".tif", ".tiff", ".webp"}
)
_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")
_SCHEMES = ("http://", "https://", "s3://", "gs://", "azure-blob://", "file://")
_STEM_LENGTH = 60


def image_reference(
    data: Mapping[str, Any],
    to_names: Iterable[str | None],
    fields: Mapping[str, str] | None = None,
) -> str:
    """Return the text by which a task's data names its image.

    Args:
        data: The task's data.
        to_names: The image tags on which its regions lie.
        fields: The data field behind each image tag, from the labelling setup. Without it, the
            only field that looks like an image is taken; of several, the one that the regions'
            ``to_name`` names, or ``image``.

    Raises:
        ValueError: No field fits, several do, or the task has several images.
    """
    tags = sorted({name for name in to_names if name})
    found = {name: value for name, value in data.items() if _looks_like_image(value)}
    for name, value in found.items():
        if isinstance(value, list) and len(value) > 1:
            raise ValueError(
                f"data.{name} lists {len(value)} images; a task must have one: import the images "
                "as tasks of their own"
            )
    if fields:
        shown = {fields[tag] for tag in tags if tag in fields} or set(fields.values())
        found = {name: value for name, value in found.items() if name in shown} or found
    if len(found) > 1 and len(tags) > 1:
        raise ValueError(
            f"its regions lie on several images ({', '.join(tags)}); a task must have one: import "
            "the images as tasks of their own"
        )
    wanted = [name for name in (*tags, "image") if name in found]
    chosen = list(found) if len(found) == 1 else wanted[:1]
    if not chosen:
        what = f"several image fields ({', '.join(found)})" if found else "no image field"
        raise ValueError(f"the task's data has {what}; its fields: {', '.join(map(str, data))}")
    value = found[chosen[0]]
    return str(value[0] if isinstance(value, list) else value)


def _looks_like_image(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(v, str) and _looks_like_image(v) for v in value)
    if not isinstance(value, str):
        return False
    if value.startswith(("/data/", "data:image/", *_SCHEMES)):
        return True
    names = (value, re.split("[?#]", value)[0])  # a plain name with a '#', or a URL with a query
    return any(PurePosixPath(name.lower()).suffix in IMAGE_SUFFIXES for name in names)


def reference_parts(reference: str) -> list[str]:
    """Split the path in an image reference into its decoded names, the file's last.

    >>> reference_parts("/data/local-files/?d=hall%5Cwall.jpg")
    ['hall', 'wall.jpg']

    Raises:
        ValueError: The path climbs out of its folder (``..``) or names nothing, or the reference
            is the image itself (``data:``).
    """
    if reference.startswith("data:"):
        raise ValueError("the image stands in the task's data itself (data:…); import it as a file")
    parts = urlsplit(reference)
    if parts.path.rstrip("/").endswith("/data/local-files"):
        path = "".join(parse_qs(parts.query).get("d", [""])[:1])
    elif parts.scheme or reference.startswith("/"):
        path = unquote(parts.path)
    else:
        path = unquote(reference)
    path = path.replace("\\", "/")
    pieces = [piece for piece in path.split("/") if piece not in ("", ".")]
    if ".." in pieces:
        raise ValueError(f"the image reference {reference!r} climbs out of its folder ('..')")
    if not pieces or "\0" in path:
        raise ValueError(f"the image reference {reference!r} names no file")
    return pieces


def without_upload_prefix(name: str) -> str:
    """Remove the eight hex digits that Label Studio puts before an upload's file name."""
    return _UPLOAD_PREFIX.sub("", name)


def task_key(task_id: int, reference: str | None) -> str:
    """Return the key of a task: its id and its image's name, reduced to safe characters.

    It is unique because the id is, and stable because nothing else of the project enters.

    >>> task_key(12, "/data/upload/1/43fa2d60-leaf_1_%C3%A9t%C3%A9.png")
    '000012_leaf_1_ete'
    """
    try:
        name = without_upload_prefix(reference_parts(reference or "")[-1])
    except ValueError:
        name = ""
    stem = name.rpartition(".")[0] or name
    ascii_stem = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9]+", "_", ascii_stem).strip("_")[:_STEM_LENGTH].strip("_")
    return f"{task_id:06d}_{readable}" if readable else f"{task_id:06d}"
