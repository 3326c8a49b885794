"""Read references to images, and make the keys under which tasks are stored."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from maskbench.text import some

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".jfif", ".png", ".tif", ".tiff", ".webp"}
)
_RAW_FORMATS = {
    ".arw": "raw data",
    ".cr2": "raw data",
    ".dcm": "DICOM",
    ".dng": "raw data",
    ".exr": "OpenEXR",
    ".jp2": "JPEG 2000",
    ".nef": "raw data",
    ".psd": "Photoshop",
}
UNREAD_FORMATS = _RAW_FORMATS | {
    ".avif": "AVIF",
    ".heic": "HEIC",
    ".heif": "HEIF",
    ".jxl": "JPEG XL",
    ".pdf": "PDF",
    ".svg": "SVG",
}
"""Formats of pictures that cannot be read, by the endings of their files."""
_SAME_FORMAT = ({".jpg", ".jpeg", ".jfif"}, {".tif", ".tiff"})
_OTHER_SUFFIXES = frozenset(
    {".aac", ".avi", ".csv", ".flac", ".htm", ".html", ".json", ".m4a", ".mkv", ".mov", ".mp3"}
    | {".mp4", ".ogg", ".pdf", ".txt", ".wav", ".webm", ".xml"}
    | _RAW_FORMATS.keys()
)
"""Files that stand beside an image in a task's data: sound, film, text, its source."""
_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-(?![0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)")
"""Not the first part of a UUID, which many cameras and stores use as file names."""
_HEX_PREFIX = re.compile(r"([0-9a-f]{6}|[0-9a-f]{8})-")
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])-")
_SCHEMES = ("http://", "https://", "s3://", "gs://", "azure-blob://", "file://")
_STEM_LENGTH = 60


class ShownImage(NamedTuple):
    """The image of a task.

    Attributes:
        reference: The text by which the task's data names it.
        tags: The image tags that show it; None: all of the task's regions lie on it.
    """

    reference: str
    tags: frozenset[str] | None = None


class UnknownImageError(ValueError):
    """A task has several images, and only ``fetch.image_field`` can say which one is labelled."""


def shown_image(
    data: Mapping[str, Any],
    to_names: Iterable[str | None],
    setup: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> ShownImage:
    """Find the image of a task.

    The only image in the data is taken. Of several, the one that the image tag under
    the regions shows: by the choice, else by the labelling setup, else by the tag's name.

    Args:
        data: The task's data.
        to_names: The image tags on which its regions lie; None for a region that names no tag.
        setup: The data field behind each image tag, from the labelling setup, where it is known.
        chosen: The same from ``fetch.image_field``; regions on other tags are not of this image.

    Raises:
        UnknownImageError: There are several images, and nothing says which one the regions are on.
        ValueError: No field looks like an image, or the field lists several images.
    """
    found = {name: value for name, value in data.items() if looks_like_image(value)}
    if len(found) > 1:
        found = {name: v for name, v in found.items() if not _is_other_media(v)} or found
    if not found:
        raise ValueError(
            f"no field of the task's data ({some(data)}) names an image, such as "
            "photo.jpg or https://host/photo"
        )
    if len(set(map(str, found.values()))) == 1:
        return ShownImage(_only(next(iter(found.items()))))
    known = chosen or setup or {name: name for name in found}
    fields = {tag: name if name in found else name.removeprefix("$") for tag, name in known.items()}
    field = _field(sorted(found), set(to_names), fields, is_choice=bool(chosen))
    tags = frozenset(tag for tag, name in fields.items() if name == field) if chosen else None
    return ShownImage(_only((field, found[field])), tags)


def _field(
    found: list[str], to_names: set[str | None], fields: Mapping[str, str], is_choice: bool
) -> str:
    """Return the field, of several found, whose image the regions lie on."""
    if is_choice and len(set(fields.values())) == 1:
        to_names = to_names - {None}  # a region that names no tag lies on the only image chosen
    shown = {name for tag, name in fields.items() if tag in to_names} & set(found)
    offered = set(fields.values()) & set(found)
    if len(shown) == 1 and (to_names <= fields.keys() or (is_choice and None not in to_names)):
        return shown.pop()
    if not shown and len(offered) == 1 and (is_choice or not to_names):
        return offered.pop()
    if not to_names and "image" in offered:
        return "image"  # all that the annotator saw is background
    raise UnknownImageError(_unknown(found, to_names, is_named=bool(offered)))


def _unknown(found: list[str], to_names: set[str | None], is_named: bool) -> str:
    """Say why it is unknown which image the regions are on, and what to set."""
    tags = sorted(tag for tag in to_names if tag)
    drawn = tags + ["no image tag (to_name is missing)"] * (None in to_names)
    lie = f"regions lie on {' and '.join(drawn)}" if drawn else "there are no regions"
    what = f"the data has several images ({', '.join(found)}) and {lie}; "
    if len(tags) > 1:
        choices = " or ".join(f"{{{tag}: …}}" for tag in tags)
        return (
            f"{what}a task has one image in a benchmark: choose it by {choices} with the field "
            "that the tag shows in the labelling setup, or import the images as tasks of their own"
        )
    if not is_named:
        what += "none of them is a field that fetch.image_field or the labelling setup names; "
    tag = tags[0] if tags else "image"
    choices = " or ".join(f"{{{tag}: {name}}}" for name in found)
    return (
        f"{what}nothing here tells which of them that tag shows: look it up in the labelling "
        f'setup (<Image name="{tag}" value="$…">) and set {choices}'
    )


def _only(field: tuple[str, Any]) -> str:
    name, value = field
    if not isinstance(value, list):
        return str(value)
    if len(value) > 1:
        raise ValueError(
            f"data.{name} lists {len(value)} images; a task must have one: import the images "
            "as tasks of their own"
        )
    return str(value[0])


def looks_like_image(value: Any) -> bool:
    """Return whether a value of a task's data names an image, or several."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(v, str) and looks_like_image(v) for v in value)
    if not isinstance(value, str):
        return False
    if value.startswith(("/data/", "data:image/", *_SCHEMES)):
        return True
    names = (value, re.split("[?#]", value)[0])  # a plain name with a '#', or a URL with a query
    endings = IMAGE_SUFFIXES | UNREAD_FORMATS.keys() - {".pdf"}  # a text goes with many an image
    return any(PurePosixPath(name.lower()).suffix in endings for name in names)


def _is_other_media(value: Any) -> bool:
    """Return whether a reference names sound, film or text, by the ending of its path."""
    try:
        name = reference_parts(value)[-1] if isinstance(value, str) else ""
    except ValueError:
        return False
    return PurePosixPath(name.lower()).suffix in _OTHER_SUFFIXES


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
    pieces = _pieces(path)
    if ".." in pieces:
        raise ValueError(f"the image reference {reference!r} climbs out of its folder ('..')")
    if not pieces or "\0" in path:
        raise ValueError(f"the image reference {reference!r} names no file")
    return pieces


def is_upload(name: str) -> bool:
    """Return whether a file's name begins with the random digits that an upload gets."""
    return _UPLOAD_PREFIX.match(name) is not None


def without_upload_prefix(name: str) -> str:
    """Remove the eight hex digits that Label Studio puts before an upload's file name.

    >>> without_upload_prefix("43fa2d60-leaf.png")
    'leaf.png'
    >>> without_upload_prefix("89abcdef-0123-4567-89ab-cdef01234567.jpg")
    '89abcdef-0123-4567-89ab-cdef01234567.jpg'
    """
    return _UPLOAD_PREFIX.sub("", name)


def candidate_paths(reference: str) -> Iterator[list[str]]:
    """Yield the paths that an image reference may mean, the likeliest first.

    Each is a list of names, the file's last. The reference is decoded as its kind demands, then
    taken as it is written, since older versions of Label Studio and people's own scripts do not
    encode names, then as encoded twice; each with and without an upload's prefix. The last are the
    names under which Label Studio's converter stores what it downloads.

    Raises:
        ValueError: As :func:`reference_parts` does.
    """
    decoded = reference_parts(reference)
    is_plain = not reference.startswith("/") and "://" not in reference
    if is_plain and "%" in reference:
        yield _pieces(reference)
    yield decoded
    if (name := original_name(decoded)) != decoded[-1]:
        yield [*decoded[:-1], name]
    written = _as_written(reference)
    spellings = [written, unquote(written), unquote(unquote(written))]
    others = [_pieces(path) for path in spellings if "\0" not in path]
    others = [path for path in others if path and ".." not in path]
    yield from others
    for path in others:
        if (name := original_name(path)) != path[-1]:
            yield [*path[:-1], name]
    url_hash = hashlib.md5(reference.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    for length in (8, 6):
        yield [f"{url_hash[:length]}__{decoded[-1]}"]


def _pieces(path: str) -> list[str]:
    return [piece for piece in path.replace("\\", "/").split("/") if piece not in ("", ".")]


def _as_written(reference: str) -> str:
    """Return the path in a reference without decoding it; ``?``, ``#`` and ``&`` may be in a name.

    What follows one of them is no part of the name if it holds a path itself.
    """
    path = reference.partition("://")[2].partition("/")[2] or reference
    _, is_local, query = path.partition("data/local-files")
    if is_local:
        query = query.lstrip("/?")
        path = query[2:] if query.startswith("d=") else query.partition("&d=")[2]
    name = re.split("[?#&]", path, maxsplit=1)[0]
    rest = unquote(path[len(name) :])
    return name if "/" in rest or "\\" in rest else path


def original_name(path: Sequence[str]) -> str:
    """Return the name of a file before its upload: without the prefix of any Label Studio version.

    The prefix has six or eight hex digits. Outside Label Studio's upload folder, a date or a word
    may look like one and stays.

    >>> original_name(["f78f75-IMG_7224.jpg"])
    'IMG_7224.jpg'
    >>> original_name(["facade-01.jpg"])
    'facade-01.jpg'
    """
    name = path[-1]
    prefix = _HEX_PREFIX.match(name)
    if prefix is None:
        return name
    digits = prefix[1]
    is_mixed = not digits.isdigit() and not digits.isalpha()
    is_likely = is_mixed if len(digits) == 6 else not _DATE.match(name)
    return name[prefix.end() :] if is_likely or "upload" in path[:-1] else name


def other_endings(suffix: str) -> frozenset[str]:
    """Return the endings that a file may have in place of the one in its task, in lower case.

    These are the endings of the same format; all if the task names none, or one that is not read.

    >>> sorted(other_endings(".jpg"))
    ['.jfif', '.jpeg', '.jpg']
    """
    if suffix not in IMAGE_SUFFIXES:
        return IMAGE_SUFFIXES
    return next((frozenset(same) for same in _SAME_FORMAT if suffix in same), frozenset())


def caseless(name: str) -> str:
    """Return a name in a form that is the same for all letter cases and Unicode forms."""
    folded = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFD", folded)


def upload_names(name: str) -> list[str]:
    """Return the names that Label Studio gives to an uploaded file, without the prefix.

    Spaces become underscores; of other characters, letters, digits, ``_``, ``.`` and ``-`` stay.
    Accents that are characters of their own, as on macOS, are lost.

    >>> upload_names("leaf 1 (a)+b.png")
    ['leaf_1_ab.png']
    """
    forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return list(dict.fromkeys(re.sub(r"[^-\w.]", "", f.strip().replace(" ", "_")) for f in forms))


def task_key(task_id: int, reference: str | None, qualifier: str = "") -> str:
    """Return the key of a task: its id and its image's name, reduced to safe characters.

    It is unique because the id is, and stable because it depends on nothing else in the project. If
    tasks of several projects share id and name, a qualifier tells them apart.

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
    return "_".join(part for part in (f"{task_id:06d}", readable, qualifier) if part)
