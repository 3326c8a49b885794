"""Decode painted regions to alpha planes: Label Studio's run-length code, and PNG bit masks.

The code is thi.ng/rle-pack's: a bit stream, most significant bit first. 32 bits: number of words;
5 bits: word size - 1; four 4-bit fields: size - 1 of the counters s0…s3. Then, until all words are
out: one flag bit, two bits that choose a counter size, a counter (its value + 1 is the count), and
either one word to repeat (flag 1) or ``count`` literal words (flag 0). Words are the RGBA bytes of
the image row by row; the front end puts the stroke's alpha in all four channels.
"""

import base64
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from maskbench.errors import GeometryError
from maskbench.files.images import DAMAGE

Alpha = npt.NDArray[np.uint8]
"""Coverage of a stroke, shape (H, W), uint8: 0 outside, 255 fully inside."""

Image.MAX_IMAGE_PIXELS = None  # a bit mask's size is compared with the image's before it is read


class _Bits:
    """A reader of big-endian bit fields."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def read(self, size: int) -> int:
        return int.from_bytes(self.read_bytes(size), "big")

    def read_bytes(self, size: int) -> bytes:
        """Read ``size`` bits as a big-endian integer in the fewest bytes."""
        end = self.position + size
        if end > 8 * len(self.data):
            raise GeometryError("the brush code ends in the middle of the stroke")
        chunk = int.from_bytes(self.data[self.position >> 3 : (end + 7) >> 3], "big")
        self.position = end
        return ((chunk >> (-end % 8)) & ((1 << size) - 1)).to_bytes((size + 7) // 8, "big")


def rle_bytes(rle: Any) -> bytes:
    """Return the code of a region's ``rle`` value, a list of byte values.

    Raises:
        GeometryError: It is no list of whole numbers from 0 to 255.
    """
    if not isinstance(rle, list):
        raise GeometryError("rle is not a list of byte values")
    try:
        return bytes(rle)
    except (TypeError, ValueError):
        raise GeometryError("rle holds values that are not numbers from 0 to 255") from None


def decode_rle(rle: Sequence[int], width: int, height: int) -> Alpha:
    """Decode a brush stroke to its alpha plane, shape (height, width).

    Raises:
        GeometryError: The code is damaged, or is not of an image of this size (which is checked
            before memory is allocated, so that a false length costs nothing).
    """
    pixels = width * height
    bits = _Bits(rle_bytes(rle))
    words = _read_header(bits)
    if words != 4 * pixels:
        raise GeometryError(
            f"the brush code has {words / 4:g} pixels, the image has {pixels}: it was drawn on "
            "an image of another size"
        )
    alpha = np.zeros(pixels, dtype=np.uint8)
    for start, count, values in _runs(bits, words):
        # Every fourth word, from word 3 on, is an alpha; the first in this run is pixel start // 4.
        if len(values) == 1:
            alpha[start // 4 : (start + count) // 4] = values[0]
        else:
            chosen = np.frombuffer(values, dtype=np.uint8)[(3 - start) % 4 :: 4]
            alpha[start // 4 : start // 4 + len(chosen)] = chosen
    return alpha.reshape(height, width)


_COUNTERS = (3, 4, 8, 16)
"""Bits of the counters that :func:`encode_rle` writes."""

_MOST = 1 << _COUNTERS[-1]


def encode_rle(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Encode pixels, shape (H, W), as a brush stroke that fully covers exactly these."""
    flat = mask.reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    counts = np.diff(np.append(starts, flat.size)) * 4  # four words a pixel
    bits = [f"{4 * flat.size:032b}", f"{8 - 1:05b}", *(f"{size - 1:04b}" for size in _COUNTERS)]
    for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
        word = "1" * 8 if flat[start] else "0" * 8
        for part in [_MOST] * (count // _MOST) + [count % _MOST]:
            if part:
                which = next(i for i, size in enumerate(_COUNTERS) if part <= 1 << size)
                bits.append(f"1{which:02b}{part - 1:0{_COUNTERS[which]}b}{word}")
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def canonical_rle(rle: list[int]) -> list[int]:
    """Return the code without the padding that encoders add differently.

    Unreadable code is returned as it is.
    """
    try:
        data = rle_bytes(rle)
        bits = _Bits(data)
        words = _read_header(bits)
        for _ in _runs(bits, words):
            pass
    except GeometryError:
        return rle
    used = bits.position
    last = data[(used - 1) >> 3] & (0xFF << (-used % 8)) & 0xFF
    return [*data[: (used - 1) >> 3], last]


def _read_header(bits: _Bits) -> int:
    """Return how many words the code announces."""
    words = bits.read(32)
    if bits.read(5) + 1 != 8:
        raise GeometryError("the brush code has words that are not one byte long")
    return words


def _runs(bits: _Bits, words: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (first word, count, value or values) of each run, until ``words`` words are out."""
    counters = [bits.read(4) + 1 for _ in range(4)]
    done = 0
    while done < words:
        repeated = bits.read(1)
        count = bits.read(counters[bits.read(2)]) + 1
        if done + count > words:
            raise GeometryError("the brush code holds more pixels than it announces")
        yield done, count, bits.read_bytes(8 if repeated else 8 * count)
        done += count


def decode_bitmask(url: Any, width: int, height: int) -> Alpha:
    """Decode a bit mask (``imageDataURL``, a PNG) to its alpha plane, shape (height, width).

    Raises:
        GeometryError: It is no PNG data URL, or the picture has another size.
    """
    prefix = "data:image/png;base64,"
    if not isinstance(url, str) or not url.startswith(prefix):
        raise GeometryError("imageDataURL is not a PNG data URL")
    try:
        with Image.open(io.BytesIO(base64.b64decode(url[len(prefix) :])), formats=["PNG"]) as png:
            if png.size != (width, height):
                raise GeometryError(f"the bit mask has {png.size} pixels, not {(width, height)}")
            return np.asarray(png.convert("RGBA"))[:, :, 3]
    except GeometryError:
        raise
    except (*DAMAGE, ValueError) as error:
        why = "it is not a PNG" if isinstance(error, UnidentifiedImageError) else str(error)
        raise GeometryError(f"the bit mask's PNG cannot be read: {why}") from None
