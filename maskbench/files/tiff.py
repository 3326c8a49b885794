"""Encode TIFFs with rasterio, without its warnings that an image has no georeference."""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

Planes = npt.NDArray[np.uint8]
"""Bit planes, shape (P, H, W), uint8."""


def plane_count(labels: int) -> int:
    """Return how many bit planes a number of labels needs: one for each eight, at least one."""
    return max(1, math.ceil(labels / 8))


_CACHE_BYTES = 4 << 20  # by default GDAL decodes and fills through 5 % of the memory, each process


@contextmanager
def pixel_space() -> Iterator[None]:
    """Let rasterio work in pixels: one GDAL environment, no warnings on missing georeference."""
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def tiff_bytes(
    planes: Sequence[Planes], compression: Mapping[str, Any], description: str = ""
) -> bytes:
    """Encode planes as a TIFF with rasterio, one plane after the other.

    Args:
        planes: Arrays of shape (P, H, W), uint8, whose planes follow one another.
        compression: GDAL's creation options that say how to compress.
        description: ASCII text for the tag ImageDescription.
    """
    count = sum(len(each) for each in planes)
    height, width = planes[0].shape[1:]
    options = {
        "driver": "GTiff", "dtype": "uint8", "count": count, "height": height, "width": width,
        "interleave": "band", "photometric": "MINISBLACK" if count < 3 else "RGB", "alpha": "NO",
        "blockysize": 256, **compression,
    }  # fmt: skip
    with pixel_space(), MemoryFile() as memory:
        with memory.open(**options) as file:
            if description:
                file.update_tags(TIFFTAG_IMAGEDESCRIPTION=description)
            band = 1
            for each in planes:
                file.write(each, range(band, band + len(each)))
                band += len(each)
        return bytes(memory.getbuffer())
