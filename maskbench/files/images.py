"""Inspect image files, read their pixels, and write them upright. Needs numpy and Pillow only.

Files are opened for reading only: in a workspace of links, writing would change DVC's cache.
"""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from maskbench.files.atomic import link_or_copy, replacing
from maskbench.files.hashing import sha256_file
from maskbench.files.impostors import impostor
from maskbench.files.levels import (
    Levels,
    Scaling,
    is_wide,
    is_wide_colour,
    levels_of,
    scaling_of,
    to_8_bits,
)
from maskbench.files.orientation import orientation_of, turned_upright

MOST_PIXELS = 1 << 29
"""Pixels beyond which an image is refused (a file of a few kilobytes can claim billions), unless
``fetch.max_pixels`` says otherwise."""

MOST_LOADED = 1 << 31
"""Pixels beyond which no image is loaded; ``fetch.max_pixels`` goes that far."""

Image.MAX_IMAGE_PIXELS = None  # these are checked instead: Pillow's limit only warns

SUFFIXES = {
    "BMP": ".bmp", "GIF": ".gif", "JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "TIFF": ".tif",
    "WEBP": ".webp",
}  # fmt: skip
"""File ending by Pillow's name of the format; other formats are refused."""

_FORMATS = [name for name in SUFFIXES if name != "MPO"]  # several JPEGs in one: read as JPEG
_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
}
_FINER = 4  # pixels per pixel of a thumbnail from which its mean is taken, at least

DAMAGE = (OSError, SyntaxError, EOFError, MemoryError, IndexError, TypeError, struct.error)
"""Errors that Pillow raises for damaged files."""


class ImageInfo(NamedTuple):
    """The properties of an image file.

    Attributes:
        suffix: The file ending that fits its content, such as ``.jpg``.
        width: Width in pixels, upright.
        height: Height in pixels, upright.
        orientation: The EXIF orientation, 1 (upright as stored) … 8.
        sha256: Digest of the file's bytes.
        levels: The smallest and largest value, if it has more than 8 bits.
    """

    suffix: str
    width: int
    height: int
    orientation: int
    sha256: str
    levels: Levels | None = None


@contextmanager
def open_image(path: Path, formats: list[str] | None = None) -> Iterator[ImageFile]:
    """Open an image file as :func:`PIL.Image.open` does; it is closed after the block.

    Pillow gets a stream: given a path, it maps an uncompressed TIFF into memory and confuses rows
    and columns if EXIF lays the image on its side. Its warnings are silenced: damaged metadata is
    no damage to pixels.
    """
    with warnings.catch_warnings(), path.open("rb") as stream:
        warnings.simplefilter("ignore")
        with Image.open(stream, formats=formats) as image:
            yield image


@contextmanager
def damage_told() -> Iterator[None]:
    """Turn what Pillow raises for a file that is no image, or damaged, into a clear ValueError."""
    try:
        yield
    except UnidentifiedImageError:
        raise ValueError("it is not an image in a known format") from None
    except FileNotFoundError:
        raise ValueError("there is no such file") from None
    except (*DAMAGE, ValueError) as error:
        raise ValueError(f"it is damaged or cut off: {error}") from None


def inspect(path: Path, most_pixels: int = MOST_PIXELS) -> ImageInfo:
    """Read an image file to its last pixel and return its properties.

    Args:
        path: The file.
        most_pixels: Pixels beyond which it is refused.

    Raises:
        ValueError: It is not an image, of an unknown format, too large, cut off, or has
            floating-point pixels.
    """
    try:
        with open_image(path, _FORMATS) as image:
            width, height = image.size
            if width * height > most_pixels:
                raise ValueError(_too_large(width, height, most_pixels))
            wide_colour = is_wide_colour(image)  # before getexif, which may load it
            orientation = orientation_of(image)
            suffix = SUFFIXES[str(image.format)]
            width, height = turned_upright(image).size
            if image.mode == "F":
                raise ValueError(_FLOATS)
            levels = levels_of(image, wide_colour)
    except UnidentifiedImageError:
        raise ValueError(_unknown(path)) from None
    except DAMAGE as error:
        raise ValueError(f"it is damaged or cut off: {error}") from None
    return ImageInfo(suffix, width, height, orientation, sha256_file(path), levels)


_FLOATS = "its pixels are floating-point numbers: save it with 8 or 16 bits"


def _unknown(path: Path) -> str:
    """Say why Pillow does not know a file."""
    if what := impostor(path):
        return f"it {what}"
    with path.open("rb") as stream:
        is_tiff = stream.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
    if is_tiff:
        return (
            "it is a TIFF of a kind that is not read (numbers of 64 bits, or 2 or more than 4 "
            "channels): save it with 8 or 16 bits, in grey or colour"
        )
    return "it is not an image in a known format (JPEG, PNG, TIFF, WebP …)"


def _too_large(width: int, height: int, most: int) -> str:
    """Say how large an image claims to be, and which parameter allows it."""
    needed = width * height
    return (
        f"it claims {width} x {height} pixels, {needed:,} in all; the limit is {most:,}: if that "
        f"is its size, set fetch.max_pixels: {needed} in params.yaml"
    )


def write_upright(source: Path, target: Path) -> bool:
    """Write an image as the annotator saw it, so that loaders that ignore EXIF show it right.

    An image that is upright as stored keeps its bytes (linked where possible). Another is turned,
    loses its orientation tag and is encoded again: JPEG at quality 95 without chroma subsampling,
    other formats without loss.

    Returns:
        Whether the bytes are the source's.
    """
    with open_image(source) as image:
        if orientation_of(image) != 1:
            _save_upright(image, target)
            return False
    link_or_copy(source, target)
    return True


def _save_upright(image: Image.Image, target: Path) -> None:
    form = next(name for name, suffix in SUFFIXES.items() if suffix == target.suffix)
    options = dict(_OPTIONS.get(form, {}))
    if "icc_profile" in image.info:
        options["icc_profile"] = image.info["icc_profile"]
    upright = turned_upright(image)
    with replacing(target) as temporary:
        upright.save(temporary, format=form, **options)


Scene = npt.NDArray[np.uint8]
"""Red, green, blue, shape (H, W, 3), uint8."""


def read_scene(path: Path, scaling: Scaling | None = None) -> Scene:
    """Read an image as the annotator saw it: upright (EXIF applied), RGB, 8 bits.

    Grey is repeated in the three channels, a palette is looked up, transparency is dropped (as
    fastai does), CMYK is converted by Pillow. Of 16 bits the upper 8 are used; Pillow itself would
    clip all values beyond 255 to white.

    Args:
        path: The image file.
        scaling: The values of a grey image of more than 8 bits that become 0 and 255.

    Returns:
        Shape (H, W, 3), uint8.

    Raises:
        ValueError: The file is not an image, is damaged or cut off, or has floating-point pixels;
            the message says which, without the path.
    """
    image = load_image(path, upright=True)
    if is_wide(image):
        grey = to_8_bits(np.asarray(image), scaling)
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    if image.mode == "F":
        raise ValueError(_FLOATS)
    return np.array(image.convert("RGB"))


def read_thumbnail(path: Path, side: int) -> npt.NDArray[np.uint8]:
    """Read an image small and grey, upright; fast, as a JPEG is decoded no larger than needed.

    Args:
        path: The image file.
        side: Rows and columns of the thumbnail, whatever the image's proportions are.

    Returns:
        Shape (side, side), uint8; each pixel is the mean of those that it stands for.

    Raises:
        ValueError: As :func:`read_scene`.
    """
    image = load_image(path, upright=True, least=_FINER * side)
    if image.mode == "F":
        raise ValueError(_FLOATS)
    if is_wide(image):
        image = Image.fromarray(to_8_bits(np.asarray(image), None))
    small = image.convert("L").resize((side, side), Image.Resampling.BOX, reducing_gap=_FINER)
    return np.asarray(small)


def is_wide_file(path: Path) -> bool:
    """Return whether an image file is grey with more than 8 bits, from its first bytes."""
    try:
        with open_image(path) as image:
            return is_wide(image)
    except (*DAMAGE, ValueError):
        return False  # reading it raises the error


def read_levels(path: Path, choice: str | Scaling | None) -> tuple[Levels | None, Scaling | None]:
    """Return the levels of an image with more than 8 bits, and its scaling by ``combine.scaling``.

    Raises:
        ValueError: The file is damaged.
    """
    with damage_told(), open_image(path) as image:
        wide_colour = is_wide_colour(image)
        if not (is_wide(image) or wide_colour):
            return None, None
        image.load()
        return levels_of(image, wide_colour), scaling_of(image, choice)


def load_image(path: Path, upright: bool = False, least: int | None = None) -> Image.Image:
    """Read and decode an image file.

    Args:
        path: The image file.
        upright: Turn it as its EXIF orientation says.
        least: A JPEG may be decoded smaller and in grey, if both sides have this many pixels; None:
            as it is.

    Raises:
        ValueError: The file is not an image, is missing, too large, damaged or cut off.
    """
    with damage_told(), open_image(path) as image:
        if image.width * image.height > MOST_LOADED:
            raise ValueError(
                f"it claims {image.width} x {image.height} pixels; the limit is "
                f"{MOST_LOADED:,} in all"
            )
        if least is not None:
            image.draft("L", (least, least))
        image.load()
        return turned_upright(image) if upright else image
