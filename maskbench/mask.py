"""Masks in memory: class values as an array, and what tells one mask from another."""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]
"""Class values, shape (H, W), uint8; 255 is ignored."""


def as_mask(values: npt.NDArray[Any]) -> Mask:
    """An array of whole numbers as a mask, shape (H, W), uint8.

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


def pixel_digest(mask: Mask) -> str:
    """SHA-256 of a mask's size and pixels: equal for equal masks, whatever encodes them.

    Args:
        mask: Class values, shape (H, W), uint8, in whatever order in memory.

    Returns:
        The hex digest of ``<H>x<W>:``, followed by a byte a pixel, row by row from the top.
    """
    height, width = mask.shape
    digest = hashlib.sha256(f"{height}x{width}:".encode())
    digest.update(np.ascontiguousarray(mask).data)
    return digest.hexdigest()
