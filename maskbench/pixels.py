"""Pixels of scenes and masks as arrays, whatever the file's mode. Needs numpy and Pillow only.

Files are opened for reading only: in a workspace of links, writing would change DVC's cache.
"""

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from maskbench.images import MOST_PIXELS, open_image
from maskbench.mask import Mask, as_mask

Scene = npt.NDArray[np.uint8]
"""Red, green, blue, shape (H, W, 3), uint8."""

_WIDE = ("I", "I;16", "I;16B", "I;16L", "I;16N")  # Pillow's modes of 16-bit grey
_DAMAGE = (OSError, SyntaxError, EOFError, MemoryError, ValueError)


def read_scene(path: Path) -> Scene:
    """An image as the annotator saw it: upright (EXIF applied), RGB, 8 bits.

    Grey is repeated in the three channels, a palette is looked up, transparency is dropped (as
    fastai does), CMYK is converted by Pillow. Of 16 bits the upper 8 count, where Pillow itself
    would clip all beyond 255 to white.

    Returns:
        Shape (H, W, 3), uint8.

    Raises:
        ValueError: The file is no image, is damaged or cut off, or has floating-point pixels; the
            message says which, without the path.
    """
    image = ImageOps.exif_transpose(_open(path))
    if image.mode in _WIDE:
        grey = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers: save it with 8 or 16 bits")
    return np.array(image.convert("RGB"))


def read_mask(path: Path) -> Mask:
    """A mask's class values: an image of one channel (PNG, TIFF …) or a numpy array (``.npy``).

    A palette image gives its indices, not its colours, so that masks in Pascal VOC's style read
    right; Pillow's conversion to grey would make them luminance.

    Returns:
        Shape (H, W), uint8.

    Raises:
        ValueError: The file is no image, is damaged or cut off, has several channels, or holds
            values outside 0…255; the message says which, without the path.
    """
    return as_mask(_read_npy(path) if path.suffix.lower() == ".npy" else _indices(_open(path)))


def _open(path: Path) -> Image.Image:
    """The decoded image; the file is closed again."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata is no damage to pixels
            with open_image(path) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ValueError(f"it claims {image.width} x {image.height} pixels")
                image.load()
                return image
    except UnidentifiedImageError:
        raise ValueError("it is no image in a known format") from None
    except FileNotFoundError:
        raise ValueError("there is no such file") from None
    except _DAMAGE as error:
        raise ValueError(f"it is damaged or cut off: {error}") from None


def _indices(image: Image.Image) -> npt.NDArray[np.generic]:
    if len(image.getbands()) > 1:
        raise ValueError(
            f"it has {len(image.getbands())} channels ({image.mode}); a mask has one, value = class"
        )
    return np.array(image)  # a copy: writable, as torch wants it


def _read_npy(path: Path) -> npt.NDArray[np.generic]:
    try:
        with path.open("rb") as stream:  # not np.load, which takes a zip file of arrays, too
            values: npt.NDArray[np.generic] = np.lib.format.read_array(stream, allow_pickle=False)
    except FileNotFoundError:
        raise ValueError("there is no such file") from None
    except (OSError, EOFError, ValueError, OverflowError, MemoryError) as error:
        raise ValueError(f"it is no numpy array, or cut off: {error}") from None
    return values
