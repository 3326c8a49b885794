"""Find out which copies of pictures count as near-equal to them, and whether other pictures do.

    python benchmarks/near_equal.py PICTURES...

Prints the table of docs/quality.md: of how many of the pictures each kind of copy is found, and how
much the two most alike of the pictures are.
"""

import io
import sys
import tempfile
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

from PIL import Image, ImageEnhance

from maskbench.quality.similar import ALIKE, Look, correlations, look_from, thumbnail_pixels

LARGEST = (1600, 1600)  # pixels of a picture that is looked at

Picture = Image.Image


def jpeg(quality: int) -> Callable[[Picture], Picture]:
    """Return a change that encodes a picture anew."""

    def change(picture: Picture) -> Picture:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=quality)
        return Image.open(stream)

    return change


def cut(share: float) -> Callable[[Picture], Picture]:
    """Return a change that cuts a share of the side off at each edge."""

    def change(picture: Picture) -> Picture:
        x, y = round(picture.width * share), round(picture.height * share)
        return picture.crop((x, y, picture.width - x, picture.height - y))

    return change


def reduced(times: int) -> Callable[[Picture], Picture]:
    """Return a change to a part of the size."""
    return lambda picture: picture.resize((picture.width // times, picture.height // times))


def covered(picture: Picture) -> Picture:
    """Cover a hundredth of a picture, in the middle, with black."""
    width, height = picture.size
    left, top, right, bottom = (
        width * 9 // 20,
        height * 9 // 20,
        width * 11 // 20,
        height * 11 // 20,
    )
    covered = picture.copy()
    covered.paste((0, 0, 0), (left, top, right, bottom))
    return covered


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "JPEG of quality 70": jpeg(70),
    "JPEG of quality 30": jpeg(30),
    "half the size": reduced(2),
    "a quarter of the size": reduced(4),
    "30 % brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.3),
    "less contrast (0.6)": lambda picture: ImageEnhance.Contrast(picture).enhance(0.6),
    "grey": lambda picture: picture.convert("L"),
    "1 % cut off at each edge": cut(0.01),
    "2 % cut off at each edge": cut(0.02),
    "5 % cut off at each edge": cut(0.05),
    "turned by 1°": lambda picture: cut(0.02)(picture.rotate(1, Image.Resampling.BICUBIC)),
    "1 % covered": covered,
    "mirrored": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


def look(picture: Picture, scratch: Path) -> Look:
    """Return the look of a picture as that of a file."""
    picture.convert("RGB").save(scratch)
    return look_from(thumbnail_pixels(scratch))


def main(paths: list[Path]) -> None:
    """Print the table."""
    pictures = {}
    for path in paths:
        pictures[path] = Image.open(path).convert("RGB")
        pictures[path].thumbnail(LARGEST)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "picture.png"
        looks = {path: look(picture, scratch) for path, picture in pictures.items()}
        print(f"| copy | found, of {len(pictures)} |\n|---|--:|")
        for name, change in CHANGES.items():
            copies = [
                correlations(looks[path], look(change(own), scratch))
                for path, own in pictures.items()
            ]
            print(f"| {name} | {sum(alike >= ALIKE for alike in copies)} |")
    pairs = combinations(looks.values(), 2)
    most = max(float(correlations(one, other)) for one, other in pairs)
    print(f"\nThe two pictures most alike have a correlation of {most:.2f}.")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
