"""Files of masks and label sets: bytes that depend on the pixels only.

Masks are 8-bit, single-channel and without a palette (a palette image would be turned into
luminance by loaders). PNG is written here instead of by Pillow, unfiltered and run-length deflated:
smaller, and several times faster to write, since masks gain nothing from PNG's row filters. Label
sets are byte planes in a zstd GeoTIFF; what they mean stands in the file's image description.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from zlib_ng import zlib_ng

from maskbench.files import replacing, write_bytes
from maskbench.raster import LabelSet, raster_environment

Mask = npt.NDArray[np.uint8]


def png_bytes(mask: Mask) -> bytes:
    """A mask as an 8-bit grey PNG (https://www.w3.org/TR/png-3/): filter 0, run-length deflate.

    Args:
        mask: Class values, shape (H, W), uint8.
    """
    height, width = mask.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each row starts with its filter, 0: none
    rows[:, 1:] = mask
    deflate = zlib_ng.compressobj(6, zlib_ng.DEFLATED, 15, 8, zlib_ng.Z_RLE)
    packed = deflate.compress(rows) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def write_mask(path: Path, mask: Mask) -> None:
    """Write a class mask, shape (H, W) uint8, as PNG or GeoTIFF by the path's ending."""
    if path.suffix == ".png":
        write_bytes(path, png_bytes(mask))
    else:
        _write_tif(path, mask[np.newaxis], compress="deflate", zlevel=6)


@dataclass(frozen=True)
class LabelSetFile:
    """A label set with what the next stages need to know of its task.

    Attributes:
        label_set: The labels on each pixel.
        task: Label Studio's task id.
        annotation: The id of the annotation that counted.
        image: Name and SHA-256 of the image's bytes (``file``, ``sha256``).
    """

    label_set: LabelSet
    task: int
    annotation: int
    image: Mapping[str, str]


def write_label_set(path: Path, content: LabelSetFile) -> None:
    """Write a label set as a GeoTIFF of byte planes, atomically.

    The tag ImageDescription holds JSON: ``labels`` (bit ``k % 8`` of band ``k // 8 + 1`` is label
    ``k``), ``task``, ``annotation`` and ``image``.
    """
    about = {
        "labels": list(content.label_set.labels),
        "task": content.task,
        "annotation": content.annotation,
        "image": dict(content.image),
    }
    text = json.dumps(about, sort_keys=True)  # ASCII, as TIFF tags are
    _write_tif(path, content.label_set.planes, text, compress="zstd", zstd_level=1)


def _write_tif(path: Path, bands: Mask, description: str | None = None, **options: Any) -> None:
    count, height, width = bands.shape
    profile = {"count": count, "height": height, "width": width, "dtype": "uint8"}
    layout = {"interleave": "band", "blockysize": 256, "photometric": "minisblack"}
    with replacing(path) as temporary, raster_environment():
        with rasterio.open(temporary, "w", driver="GTiff", **profile, **layout, **options) as tif:
            if description is not None:
                tif.update_tags(TIFFTAG_IMAGEDESCRIPTION=description)
            tif.write(bands)


def read_label_set(path: Path) -> LabelSetFile:
    """Read what :func:`write_label_set` wrote.

    Raises:
        ValueError: The file is damaged or was not written by maskbench.
    """
    try:
        with raster_environment(), rasterio.open(path) as tif:
            about = json.loads(tif.tags()["TIFFTAG_IMAGEDESCRIPTION"])
            planes = tif.read()
        label_set = LabelSet(tuple(about["labels"]), planes)
        return LabelSetFile(label_set, about["task"], about["annotation"], about["image"])
    except (rasterio.errors.RasterioError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no label set of maskbench: {error}") from None
