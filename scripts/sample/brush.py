"""Pack a brush region as Label Studio's front end does: RGBA, run-length packed bit by bit."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

_COUNT_BITS = (3, 4, 8, 16)
_WORD_BITS = 8


def encode(alpha: NDArray[np.uint8]) -> list[int]:
    """Pack an (H, W) alpha plane, which fills all four channels of the packed pixels.

    Layout, most significant bit first: 32 bits word count, 5 bits word size - 1, four 4-bit
    count sizes - 1; then blocks of a repeat flag, 2 bits choosing the count size, count - 1,
    and one repeated word or `count` literal ones. The last byte is padded with zeros.
    """
    words = np.repeat(alpha.reshape(-1), 4).tolist()
    bits = [f"{len(words):032b}", f"{_WORD_BITS - 1:05b}"]
    bits += [f"{size - 1:04b}" for size in _COUNT_BITS]
    for repeated, block in _blocks(words):
        bits.append(_block_bits(repeated, block))
    stream = "".join(bits)
    stream += "0" * (-len(stream) % 8)
    return [int(stream[i : i + 8], 2) for i in range(0, len(stream), 8)]


def _blocks(words: list[int]) -> list[tuple[bool, list[int]]]:
    """Cut words into runs; neighbouring single words become one literal block."""
    limit = 1 << _COUNT_BITS[-1]
    blocks: list[tuple[bool, list[int]]] = []
    for _, group in groupby(words):
        run = list(group)
        if len(run) == 1 and blocks and not blocks[-1][0] and len(blocks[-1][1]) < limit:
            blocks[-1][1].extend(run)
        elif len(run) == 1:
            blocks.append((False, run))
        else:
            blocks += [(True, run[i : i + limit]) for i in range(0, len(run), limit)]
    return blocks


def _block_bits(repeated: bool, block: list[int]) -> str:
    choice = next(k for k, size in enumerate(_COUNT_BITS) if len(block) <= 1 << size)
    head = f"{int(repeated)}{choice:02b}{len(block) - 1:0{_COUNT_BITS[choice]}b}"
    written = block[:1] if repeated else block
    return head + "".join(f"{word:08b}" for word in written)
