"""Colours of classes: the same in every picture, page and plot, distinct for colour-blind eyes."""

import numpy as np
import numpy.typing as npt

# The first is what lies behind everything; then colours that stay apart for colour-blind readers
# in brightness as well as in hue.
_FIRST = (
    (38, 42, 51), (230, 159, 0), (86, 180, 233), (213, 94, 0), (0, 158, 115), (240, 228, 66),
    (204, 121, 167), (0, 114, 178), (170, 212, 120), (148, 103, 189), (140, 86, 75),
)  # fmt: skip
_VOID = (255, 255, 255)


def palette() -> npt.NDArray[np.uint8]:
    """Red, green, blue of each mask value, shape (256, 3), uint8; 255 (ignored) is white.

    ``palette()[mask]`` is the mask in colours, shape (H, W, 3).
    """
    colours = np.zeros((256, 3), dtype=np.uint8)
    colours[: len(_FIRST)] = _FIRST
    for value in range(len(_FIRST), 255):
        # Bits of the value, spread over the channels from the highest bit down, so that
        # neighbouring values differ much.
        bits = [(value >> i) & 1 for i in range(8)]
        for channel in range(3):
            shade = sum(bit << (7 - i // 3) for i, bit in enumerate(bits) if i % 3 == channel)
            colours[value, channel] = shade
    colours[255] = _VOID
    return colours


def hex_colours(count: int) -> list[str]:
    """The first ``count`` colours as ``#rrggbb``, for pages."""
    return ["#" + "".join(f"{part:02x}" for part in colour) for colour in palette()[:count]]
