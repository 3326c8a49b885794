"""Find the sample's images, and the scene that an image of the export shows."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from .catalogue import scenes
from .scene import Scene

_ROOT = Path(__file__).resolve().parents[2]
SAMPLE = _ROOT / "tests/sample/data/sample"
SHIPPED = _ROOT / "data/sample"
"""The copy that a new repository starts with, until its team puts labels of its own there."""
IMAGES = SAMPLE / "images"
EXPORT = SAMPLE / "export.json"
_LOCAL = "/data/local-files/?d="
_PREFIX = re.compile(r"^[0-9a-f]{8}-")


def clean_name(name: str) -> str:
    """Return an uploaded file's name as Label Studio stores it, without the random prefix."""
    return re.sub(r"[^-\w.]", "", name.strip().replace(" ", "_"))


def image_path(reference: str) -> str:
    """Return the path below `images/` of a task's `data.image`."""
    if reference.startswith(_LOCAL):
        return unquote(reference.removeprefix(_LOCAL))
    return unquote(reference).removeprefix("/data/")


def scene_for(reference: str) -> Scene:
    """Return the scene that a task's `data.image` shows.

    Raises:
        KeyError: the image is not of this sample.
    """
    path = image_path(reference)
    if path.startswith("upload/"):
        path = _PREFIX.sub("", path.rpartition("/")[2])
    return _by_stored_name()[path]


@cache
def _by_stored_name() -> dict[str, Scene]:
    return {scene.file if scene.local else clean_name(scene.file): scene for scene in scenes()}


def stored(scene: Scene, images: Path = IMAGES) -> Path:
    """Return where the scene's image is, or belongs if it is not there yet.

    An uploaded image lies under the name that Label Studio gave it, which has a random prefix.
    """
    if scene.local:
        return images / scene.file
    name = clean_name(scene.file)
    uploads = sorted((images / "upload").glob("*/*"))
    found = [path for path in uploads if _PREFIX.sub("", path.name) == name]
    return found[0] if found else images / name
