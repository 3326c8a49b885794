"""Read references to images, and make the keys under which tasks are stored."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

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
OTHER_SUFFIXES = frozenset(
    {".aac", ".avi", ".csv", ".flac", ".htm", ".html", ".json", ".m4a", ".mkv", ".mov", ".mp3"}
    | {".mp4", ".ogg", ".pdf", ".txt", ".wav", ".webm", ".xml"}
    | _RAW_FORMATS.keys()
)
"""Files that stand beside an image in a task's data: sound, film, text, its source."""
_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-(?![0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)")
"""Not the first part of a UUID, which many a camera or store names its files by."""
_HEX_PREFIX = re.compile(r"([0-9a-f]{6}|[0-9a-f]{8})-")
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])-")
_STEM_LENGTH = 60


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
        raise ValueError(
            f"the image reference {public_form(reference)!r} climbs out of its folder ('..')"
        )
    if not pieces or "\0" in path:
        raise ValueError(f"the image reference {public_form(reference)!r} names no file")
    return pieces


def is_upload(name: str) -> bool:
    """Tell whether a file's name begins with the random digits that an upload gets."""
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
    if "?" in reference and not _has_image_ending(decoded[-1]):
        yield from _named_in_query(reference)
    url_hash = hashlib.md5(reference.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    for length in (8, 6):
        yield [f"{url_hash[:length]}__{decoded[-1]}"]


def _named_in_query(reference: str) -> Iterator[list[str]]:
    """Yield the paths that a URL's query names, as in ``?file=a.png`` or ``?fileuri=`` (base64)."""
    for name, value in parse_qsl(urlsplit(reference).query):
        path = value
        if name == "fileuri":
            with suppress(ValueError):
                path = base64.urlsafe_b64decode(value).decode()
        pieces = _pieces(urlsplit(path).path)
        if pieces and ".." not in pieces and "\0" not in path and _has_image_ending(pieces[-1]):
            yield pieces


def _has_image_ending(name: str) -> bool:
    return PurePosixPath(name.lower()).suffix in IMAGE_SUFFIXES | UNREAD_FORMATS.keys()


_SECRET = re.compile(r"(?i)(^|[&?])(x-[a-z]+-)?(signature|sig|token|credential|key)=")


def public_form(reference: str) -> str:
    """Return a reference as messages show it: shortened, and without a signed URL's query.

    >>> public_form("https://host/a.png?X-Amz-Signature=0f")
    'https://host/a.png?…'
    """
    path, _, query = reference.partition("?")
    text = f"{path}?…" if _SECRET.search(query) else reference
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_SHOWN = 200  # characters of a reference: the whole image may be in it


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

    Those of the same format; all, where the task names none, or a format that is not read.

    >>> sorted(other_endings(".jpg"))
    ['.jfif', '.jpeg', '.jpg']
    """
    if suffix not in IMAGE_SUFFIXES:
        return IMAGE_SUFFIXES
    return next((frozenset(same) for same in _SAME_FORMAT if suffix in same), frozenset())


def is_hidden(name: str) -> bool:
    """Tell whether a folder is one that systems make and people do not see."""
    return name.startswith((".", "@eaDir")) or name == "__MACOSX"


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

    It is unique because the id is, and stable because nothing else of the project enters. Where
    tasks of several projects have one id and one name, a qualifier tells them apart.

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
