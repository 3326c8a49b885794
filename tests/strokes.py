"""Brush strokes and bit masks as Label Studio stores them, for tests: encoders of our own."""

import base64
import io
import zlib

import numpy as np
from PIL import Image

COUNTERS = (3, 4, 8, 16)


def encode(words, runs=None, *, counters=COUNTERS, word_size=8, length=None, padding=0):
    """thi.ng/rle-pack by its layout, as a string of bits.

    32 bits: number of words; 5: word size - 1; 4 x 4: counter sizes - 1; then runs: a flag (1: one
    word repeated, 0: literal words), 2 bits naming a counter, the count - 1, the word or words.
    ``runs`` says how to cut: (is it repeated, count) each; by default one run per change of value.
    """
    bits = f"{len(words) if length is None else length:032b}{word_size - 1:05b}"
    bits += "".join(f"{size - 1:04b}" for size in counters)
    at = 0
    for repeated, count in runs if runs is not None else default_runs(words):
        which = next(i for i, size in enumerate(counters) if count <= 1 << size)
        bits += f"{repeated:01b}{which:02b}{count - 1:0{counters[which]}b}"
        values = [words[at]] if repeated else words[at : at + count]
        bits += "".join(f"{value:0{word_size}b}" for value in values)
        at += count
    bits += "0" * (-len(bits) % 8 + 8 * padding)
    return [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]


def default_runs(words):
    """Equal neighbours repeated, at most 2^16 at a time."""
    runs = []
    for i, word in enumerate(words):
        if runs and words[i - 1] == word and runs[-1][1] < 1 << 16:
            runs[-1] = (True, runs[-1][1] + 1)
        else:
            runs.append((True, 1))
    return runs


def rgba(alpha):
    """As the front end stores a stroke: the alpha in all four channels."""
    return np.repeat(np.asarray(alpha, dtype=np.uint8).reshape(-1), 4).tolist()


def opaque(alpha):
    """A black picture with this alpha plane, shape (H, W) uint8, as bit masks are stored."""
    return Image.fromarray(np.dstack([np.zeros((*alpha.shape, 3), np.uint8), alpha]))


def png_url(image):
    """A picture as a data: address."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def with_bad_chunk(png):
    """Put an empty colour profile behind a PNG's pixels: Pillow raises IndexError for it."""
    end = png.rindex(b"IEND") - 4
    return png[:end] + b"\0\0\0\0iCCP" + zlib.crc32(b"iCCP").to_bytes(4, "big") + png[end:]


def brush(alpha):
    """The value of a brush region, without its labels."""
    return {"format": "rle", "rle": encode(rgba(alpha))}


def bitmask(alpha):
    """The value of a bit mask region, without its labels."""
    return {"imageDataURL": png_url(opaque(alpha))}
