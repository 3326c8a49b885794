"""Read, write and compare class masks.

A mask is written as an 8-bit, single-channel image without a palette (a palette image would be
turned into luminance by loaders), with bytes that depend on the pixels only. PNG is written
here instead of by Pillow, unfiltered and run-length deflated: that is smaller, and several times
faster to write, since masks gain nothing from PNG's row filters.

Reading needs numpy and Pillow only. Files are opened for reading only: in a workspace of links,
writing would change DVC's cache.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.files.hashing import write_hashed
from maskbench.files.image_size import image_shape
from maskbench.files.images import load_image

Mask = npt.NDArray[np.uint8]
"""Class values, shape (H, W), uint8; 255 is ignored."""

IGNORE = 255
"""Mask value of void pixels; classes have the values 0 to 254."""


def as_mask(values: npt.NDArray[Any]) -> Mask:
    """Check an array of whole numbers and return it as a mask, shape (H, W), uint8.

    Raises:
        ValueError: It has another number of axes, is not of whole numbers, or holds values outside
            0…255.
    """
    if values.ndim != 2:
        raise ValueError(f"it has the shape {values.shape}; a mask is (height, width)")
    if values.dtype.kind not in "biu":
        raise ValueError(f"its values are of type {values.dtype}; class values are whole numbers")
    if values.size and (values.min() < 0 or values.max() > 255):
        raise ValueError(f"it holds values from {values.min()} to {values.max()}, not 0 to 255")
    return values.astype(np.uint8, copy=False)


def count_values(mask: Mask) -> list[int]:
    """Return how many pixels of a mask, shape (H, W), have each value from 0 to 255."""
    return Image.fromarray(mask).histogram()


def values_in(mask: Mask) -> list[int]:
    """Return the class values that occur in a mask, shape (H, W), from low to high."""
    return [value for value, count in enumerate(count_values(mask)) if count]


def foreign_values(mask: Mask, classes: int) -> list[int]:
    """Return the values in a mask that are neither one of so many classes nor 255 (ignore)."""
    if mask.size == 0 or mask.max() < classes:
        return []
    return [value for value in values_in(mask) if classes <= value != IGNORE]


def pixel_digest(mask: Mask) -> str:
    """Return the SHA-256 of a mask's size and pixels, which does not depend on the encoder.

    Args:
        mask: Class values, shape (H, W), uint8.

    Returns:
        The hex digest of ``<H>x<W>:``, followed by one byte per pixel, row by row from the top.
    """
    height, width = mask.shape
    digest = hashlib.sha256(f"{height}x{width}:".encode())
    digest.update(np.ascontiguousarray(mask).data)
    return digest.hexdigest()


def read_mask(path: Path) -> Mask:
    """Read a mask from an image of one channel (PNG, TIFF …) or a numpy array (``.npy``).

    A palette image gives its indices, not its colours, so that masks in Pascal VOC's style read
    right; Pillow's conversion to grey would make them luminance.

    Returns:
        Shape (H, W), uint8.

    Raises:
        ValueError: The file is not an image, is damaged or cut off, has several channels, or holds
            values outside 0…255; the message says which, without the path.
    """
    return as_mask(read_npy(path) if path.suffix.lower() == ".npy" else _indices(load_image(path)))


def mask_shape(path: Path) -> tuple[int, ...]:
    """Return the shape of a mask from the beginning of its file, as :func:`read_mask` takes it.

    Raises:
        ValueError: The file is no image or array, or its beginning is damaged.
    """
    if path.suffix.lower() != ".npy":
        return image_shape(path)
    with _damage_told():
        return np.lib.format.open_memmap(path, mode="r").shape


def _indices(image: Image.Image) -> npt.NDArray[np.generic]:
    if len(image.getbands()) > 1:
        raise ValueError(
            f"it has {len(image.getbands())} channels ({image.mode}); a mask has one, value = class"
        )
    return np.array(image)  # a copy: writable, as torch wants it


def read_npy(path: Path) -> npt.NDArray[np.generic]:
    """Read a numpy array of any shape from a file of one array (``.npy``).

    Raises:
        ValueError: It is no such file, or cut off; the message does not name the path.
    """
    with _damage_told(), path.open("rb") as stream:  # not np.load: it takes zip files, too
        values: npt.NDArray[np.generic] = np.lib.format.read_array(stream, allow_pickle=False)
    return values


_NUMPY_DAMAGE = (
    OSError, EOFError, OverflowError, MemoryError, TypeError, RecursionError, TokenError,
)  # fmt: skip
"""Errors that numpy raises for damaged files, whose header is a Python literal."""


@contextmanager
def _damage_told() -> Iterator[None]:
    """Turn what numpy raises for a damaged file into ValueError that says so."""
    try:
        yield
    except FileNotFoundError:
        raise ValueError("there is no such file") from None
    except (*_NUMPY_DAMAGE, ValueError) as error:
        raise ValueError(f"it is not a numpy array, or cut off: {error}") from None


_BAND = 128  # rows handed to the encoder at once, so that they stay in cache


def png_bytes(mask: Mask) -> bytes:
    """Encode a mask as an 8-bit grey PNG (https://www.w3.org/TR/png-3/).

    Rows are not filtered, and deflate looks for runs only.

    Args:
        mask: Class values, shape (H, W), uint8.
    """
    from zlib_ng import zlib_ng

    height, width = mask.shape
    deflate = zlib_ng.compressobj(6, zlib_ng.DEFLATED, 15, 8, zlib_ng.Z_RLE)
    parts = []
    rows = np.zeros((_BAND, width + 1), dtype=np.uint8)  # first of a row: its filter, none
    for top in range(0, height, _BAND):
        band = mask[top : top + _BAND]
        rows[: len(band), 1:] = band
        parts.append(deflate.compress(rows[: len(band)]))
    packed = b"".join([*parts, deflate.flush()])
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def write_mask(path: Path, mask: Mask) -> str:
    """Write a class mask, shape (H, W) uint8, as PNG or TIFF by the path's ending.

    Args:
        path: A path in a staging folder: the file is not written atomically.
        mask: Class values.

    Returns:
        The SHA-256 of the file.
    """
    from maskbench.files.tiff import tiff_bytes

    if path.suffix == ".png":
        return write_hashed(path, png_bytes(mask))
    return write_hashed(path, tiff_bytes([mask[np.newaxis]], {"compress": "deflate"}))
