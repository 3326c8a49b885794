"""Find the size of an image from the beginning of its file."""

from pathlib import Path

from maskbench.files.images import DAMAGE, MOST_PIXELS, damage_told, inspect, open_image
from maskbench.files.orientation import orientation_of


def image_shape(path: Path) -> tuple[int, int]:
    """Return height and width from the beginning of an image file.

    Raises:
        ValueError: The file is not an image, or its beginning is damaged.
    """
    with damage_told(), open_image(path) as image:
        return image.height, image.width


def upright_size(path: Path, most_pixels: int = MOST_PIXELS) -> tuple[int, int]:
    """Return width and height of an image turned upright, in pixels.

    A JPEG tells them before its pixels, which are not read. Others may tell their orientation after
    the pixels, and are read whole.

    Args:
        path: The file.
        most_pixels: Pixels beyond which it is refused.

    Raises:
        ValueError: As :func:`inspect`.
    """
    try:
        with open_image(path, ["JPEG"]) as image:
            width, height = image.size
            if width * height <= most_pixels:
                return (height, width) if orientation_of(image) >= 5 else (width, height)
    except DAMAGE:
        pass  # it is no JPEG, or damaged: inspect says which
    info = inspect(path, most_pixels)
    return info.width, info.height
