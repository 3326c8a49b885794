"""Read the EXIF orientation of an image, and turn it upright. Needs Pillow only."""

from PIL import Image

_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How an image of each orientation is turned upright (TIFF 6.0, tag 274)."""


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of an image: 1 (upright as stored, or not told) … 8.

    From 5 on, width and height change places.
    """
    told = image.getexif().get(_TAG, 1)
    return told if told in _TURNS else 1


def turned_upright(image: Image.Image) -> Image.Image:
    """Return an image turned upright, ignoring the rest of its EXIF, which may be damaged.

    Pillow turns a TIFF itself as it loads it, and takes its orientation away.
    """
    image.load()
    turn = _TURNS.get(orientation_of(image))
    return image if turn is None else image.transpose(turn)
