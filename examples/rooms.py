"""Paint short videos of rooms with pictures, people and plants, whose exact labels are known.

Most videos show pictures on a wall and nothing else; in few of them somebody or something stands
before a picture. Frames of one video are almost alike. So it matters which frames get labels.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from numpy.random import Generator, default_rng

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))

from sample.figures import Clothes, Person, Plant
from sample.scene import Room, Scene
from sample.textures import WALLS, Rgb
from sample.things import BLACK, GOLD, OAK, WALNUT, WHITE, Picture4, Thing

SIZE = (128, 96)
"""Width and height of a frame, in pixels."""

BUSY = 0.25
"""The share of videos in which something stands before a picture."""

_FRAMES = (GOLD, BLACK, OAK, WALNUT, WHITE)
_STYLES = ("landscape", "swirls", "blocks", "ink", "circles", "fields", "seascape")


@dataclass(frozen=True)
class Frame:
    """A frame of a video."""

    video: str
    scene: Scene


def frames(seed: int, name: str, videos: int, length: int) -> list[Frame]:
    """Return the frames of videos, in each of which the camera moves on by a few pixels.

    Args:
        seed: Another seed gives other rooms.
        name: What the videos are called.
        videos: How many there are.
        length: Frames of each.
    """
    made = []
    for number in range(videos):
        rng = default_rng([seed, *name.encode(), number])
        room, things, step = _room(rng), rng.integers(1 << 30), float(rng.uniform(-5, 5))
        for index in range(length):
            file = f"{name}-{seed}-{number:03}-{index}.png"
            shown = _things(default_rng(things), index * step)
            scene = Scene(file, SIZE, name, room, shown, grain=0.02)
            made.append(Frame(f"{name}-{number:03}", scene))
    return made


def _colour(rng: Generator, low: float, high: float, tint: float = 0.3) -> Rgb:
    """Return a shade of grey with a tint."""
    red, green, blue = (rng.uniform(low, high) + rng.uniform(-tint, tint, 3)).clip(0.05, 0.95)
    return float(red), float(green), float(blue)


def _room(rng: Generator) -> Room:
    wall = str(rng.choice(sorted(WALLS)))
    return Room(wall, _colour(rng, 0.4, 0.8, 0.1), float(rng.uniform(0.82, 0.92)))


def _things(rng: Generator, shift: float) -> list[Thing]:
    """Return pictures, and in busy videos a person or a plant before one of them."""
    width, height = SIZE
    things: list[Thing] = []
    left = float(rng.uniform(4, 20)) + shift
    for _ in range(int(rng.integers(1, 3))):
        wide, tall = rng.uniform(0.22, 0.42) * width, rng.uniform(0.3, 0.6) * height
        top = float(rng.uniform(0.08, 0.2)) * height
        corners = ((left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall))
        style, frame = str(rng.choice(_STYLES)), _FRAMES[rng.integers(len(_FRAMES))]
        seed = int(rng.integers(100))
        things.append(Picture4(corners, style, int(rng.integers(6)), frame, seed=seed))
        left += float(wide + rng.uniform(6, 14))
    if rng.random() < BUSY:
        foot = (float(rng.uniform(0.2, 0.8)) * width + shift, 0.97 * height)
        things.append(_before(rng, foot, height))
    return things


def _before(rng: Generator, foot: tuple[float, float], height: int) -> Thing:
    seed = int(rng.integers(100))
    if rng.random() < 0.5:
        return Plant(foot, float(rng.uniform(0.5, 0.75)) * height, 9, 0.2, seed=seed)
    clothes = Clothes(top=_colour(rng, 0.1, 0.8), legs=_colour(rng, 0.1, 0.5))
    return Person(foot, float(rng.uniform(0.7, 0.9)) * height, clothes, seed=seed)
