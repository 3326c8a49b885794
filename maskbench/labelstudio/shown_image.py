"""Find the image of a task: which field of its data the image tag under the regions shows."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from maskbench.labelstudio.image_names import (
    IMAGE_SUFFIXES,
    OTHER_SUFFIXES,
    UNREAD_FORMATS,
    reference_parts,
)
from maskbench.text import some

_SCHEMES = ("http://", "https://", "s3://", "gs://", "azure-blob://", "file://")
_RESOLVED = re.compile(r"/tasks/\d+/(resolve|presign)/\?fileuri=")
"""How Label Studio's API names an image in the cloud."""


class ShownImage(NamedTuple):
    """The image of a task.

    Attributes:
        reference: The text by which the task's data names it.
        tags: The image tags that show it; None: all of the task's regions lie on it.
    """

    reference: str
    tags: frozenset[str] | None = None


class UnknownImageError(ValueError):
    """Nothing tells on which of a task's images its regions lie; ``fetch.image_field`` can."""


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
        UnknownImageError: There are several images, and nothing tells which one the regions show.
        ValueError: No field looks like an image, or the field lists several images.
    """
    found = {name: value for name, value in data.items() if looks_like_image(value)}
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
    """Say why nothing tells which image the regions lie on, and what to set."""
    tags = sorted(tag for tag in to_names if tag)
    drawn = [*tags, "no image tag (to_name is missing)"] if None in to_names else tags
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
        return str(value).strip()
    if len(value) > 1:
        raise ValueError(
            f"data.{name} lists {len(value)} images; a task must have one: import the images "
            "as tasks of their own"
        )
    return str(value[0]).strip()


def looks_like_image(value: Any) -> bool:
    """Tell whether a value of a task's data names an image, or several."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(v, str) and looks_like_image(v) for v in value)
    if not isinstance(value, str):
        return False
    value = value.strip()
    if value.startswith(("/data/", "data:image/", *_SCHEMES)) or _RESOLVED.match(value):
        return True
    names = (value, re.split("[?#]", value)[0])  # a plain name with a '#', or a URL with a query
    endings = IMAGE_SUFFIXES | UNREAD_FORMATS.keys() - {".pdf"}  # a text goes with many an image
    return any(PurePosixPath(name.lower()).suffix in endings for name in names)


def _is_other_media(value: Any) -> bool:
    """Tell whether a reference names sound, film or text, by the ending of its path."""
    try:
        name = reference_parts(value)[-1] if isinstance(value, str) else ""
    except ValueError:
        return False
    return PurePosixPath(name.lower()).suffix in OTHER_SUFFIXES
