"""Files of masks and label sets: bytes that depend on the pixels only.

Masks are 8-bit, single-channel and without a palette (a palette image would be turned into
luminance by loaders). PNG is written here instead of by Pillow, unfiltered and run-length deflated:
smaller, and several times faster to write, since masks gain nothing from PNG's row filters. TIFFs
are rasterio's. Label sets are bit planes in a GeoTIFF; what they mean stands in the file's image
description.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from zlib_ng import zlib_ng

from maskbench.files import sha256
from maskbench.mask import Mask
from maskbench.regions.label_set import Planes
from maskbench.regions.rasterize import pixel_space

_BAND = 128  # rows handed to the encoder at once, so that they stay in cache


def png_bytes(mask: Mask) -> bytes:
    """A mask as an 8-bit grey PNG (https://www.w3.org/TR/png-3/): filter 0, run-length deflate.

    Args:
        mask: Class values, shape (H, W), uint8.
    """
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


def tiff_bytes(planes: Planes, compression: Mapping[str, Any], description: str = "") -> bytes:
    """Encode planes as a TIFF by rasterio, the planes one after the other.

    Args:
        planes: Shape (P, H, W), uint8.
        compression: GDAL's creation options that say how to compress.
        description: ASCII text for the tag ImageDescription.
    """
    count, height, width = planes.shape
    options = {
        "driver": "GTiff", "dtype": "uint8", "count": count, "height": height, "width": width,
        "interleave": "band", "photometric": "MINISBLACK" if count < 3 else "RGB", "alpha": "NO",
        "blockysize": 256, **compression,
    }  # fmt: skip
    with pixel_space(), MemoryFile() as memory:
        with memory.open(**options) as file:
            if description:
                file.update_tags(TIFFTAG_IMAGEDESCRIPTION=description)
            file.write(planes)
        return bytes(memory.getbuffer())


def write_mask(path: Path, mask: Mask) -> str:
    """Write a class mask, shape (H, W) uint8, as PNG or TIFF by the path's ending.

    Into a folder whose files are moved into place when they are whole: this does not, as that
    takes longer than making a small file.

    Returns:
        The SHA-256 of the file.
    """
    if path.suffix == ".png":
        return _written(path, png_bytes(mask))
    return _written(path, tiff_bytes(mask[np.newaxis], {"compress": "deflate"}))


def _written(path: Path, content: bytes) -> str:
    try:
        path.unlink(missing_ok=True)  # a link into DVC's cache must not be written through
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return sha256(content)


@dataclass(frozen=True)
class LabelSetFile:
    """A label set with what the next stages need to know of its task.

    Attributes:
        labels: The labels drawn in the image, sorted.
        planes: Shape (P, H, W), uint8: bit ``k % 8`` of plane ``k // 8`` is set where label ``k``
            lies.
        task: Label Studio's task id.
        annotation: The id of the annotation that counted.
        image: Name and SHA-256 of the image's bytes (``file``, ``sha256``).
    """

    labels: tuple[str, ...]
    planes: Planes
    task: int
    annotation: int
    image: Mapping[str, str]


def write_label_set(path: Path, content: LabelSetFile) -> str:
    """Write a label set as a GeoTIFF of bit planes; into which folder, see :func:`write_mask`.

    The tag ImageDescription holds JSON: ``labels`` (bit ``k % 8`` of band ``k // 8 + 1`` is label
    ``k``), ``task``, ``annotation`` and ``image``.

    Returns:
        The SHA-256 of the file.
    """
    about = {
        "labels": list(content.labels),
        "task": content.task,
        "annotation": content.annotation,
        "image": dict(content.image),
    }
    text = json.dumps(about, sort_keys=True)  # ASCII, as TIFF tags are
    compression = {"compress": "zstd", "zstd_level": 1}
    return _written(path, tiff_bytes(content.planes, compression, text))


def read_label_set(path: Path) -> LabelSetFile:
    """Read what :func:`write_label_set` wrote, also by earlier versions of maskbench.

    Raises:
        ValueError: The file is damaged or was not written by maskbench.
    """
    try:
        with (
            pixel_space(),
            MemoryFile(path.read_bytes()) as memory,
            memory.open(driver="GTiff") as file,
        ):
            about = json.loads(file.tags()["TIFFTAG_IMAGEDESCRIPTION"])
            labels = tuple(about["labels"])
            if file.dtypes != ("uint8",) * max(1, -(-len(labels) // 8)):
                raise ValueError("it has not the planes that its labels need")
            planes = file.read()
        return LabelSetFile(labels, planes, about["task"], about["annotation"], about["image"])
    except (OSError, KeyError, TypeError, ValueError, RasterioError, MemoryError) as error:
        raise ValueError(f"{path} is no label set of maskbench: {error}") from None
