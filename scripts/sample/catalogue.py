"""List the scenes of the sample, room by room."""

from __future__ import annotations

from .figures import Clothes, Person, Plant
from .furniture import (
    balloon,
    bench,
    dust_sheet,
    floor_lamp,
    plinth,
    ribbon,
    scarf,
    star_lamp,
    vase,
)
from .scene import Room, Scene
from .shapes import Ellipse, Points, Rectangle
from .things import BLACK, GOLD, NONE, OAK, PARTIAL, WALNUT, WHITE, Frame, Oval, Picture4

_BRICK = Room("brick", (0.66, 0.36, 0.27), None, lamps=((0.3, 0.3), (0.75, 0.35)), lamp_gain=0.5)
_GALLERY = Room()
_DARK = Room("plaster", (0.30, 0.36, 0.40), lamp_gain=0.9, floor_colour=(0.4, 0.29, 0.2))
_CONCRETE = Room("concrete", (0.66, 0.66, 0.65), 0.86, (0.42, 0.42, 0.43), (0.5, 0.5, 0.5))
_SALON = Room("wallpaper", (0.42, 0.52, 0.45), 0.88, lamp_gain=0.55, skirting=(0.75, 0.72, 0.64))
_RED = Room("wallpaper", (0.56, 0.24, 0.22), None, lamp_gain=0.6)
_STRIPES = Room("stripes", (0.80, 0.76, 0.64), 0.87)
_BOARDS = Room("boards", (0.62, 0.46, 0.31), None, lamp_gain=0.45)
_TERRA = Room("plaster", (0.76, 0.52, 0.40), None, lamp_gain=0.4)
_BLUE = Room("plaster", (0.52, 0.62, 0.70), 0.86, lamp_gain=0.35)

_COAT = Clothes(top=(0.62, 0.2, 0.17), hair=(0.35, 0.22, 0.12))
_OLIVE = Clothes(top=(0.4, 0.42, 0.26), legs=(0.26, 0.27, 0.34), hair=(0.08, 0.07, 0.07))
_CREAM = Clothes(top=(0.84, 0.79, 0.68), legs=(0.3, 0.24, 0.2), hair=(0.62, 0.48, 0.28))
_NAVY = Clothes(top=(0.17, 0.22, 0.34), legs=(0.4, 0.36, 0.3), hair=(0.5, 0.49, 0.48))


def _box(x: float, y: float, width: float, height: float) -> Points:
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def _turned(
    outline: Rectangle, style: str, palette: int, frame: Frame = GOLD, seed: int = 0
) -> Picture4:
    """Return a picture that an annotator marks with the rectangle tool."""
    return Picture4(outline.corners(), style, palette, frame, seed=seed, turned=outline)


_HALL_SCENES = (
    Scene(
        "hall/wall.jpg", (640, 427), "hall", _BRICK,
        [
            Picture4(_box(86.3, 92.6, 196.5, 246.2), "landscape", 0, WALNUT, seed=1),
            Picture4(_box(352.4, 118.7, 214.3, 158.9), "swirls", 2, BLACK, seed=2),
        ],
        local=True,
    ),
    Scene(
        "hall/stairs.jpg", (480, 640), "hall", _BLUE,
        [
            Picture4(((118.2, 96.4), (371.6, 131.9), (366.3, 409.2), (112.7, 452.8)),
                     "seascape", 1, OAK, seed=3),
            Plant((396.0, 520.5), 235, 11, 0.17, 0.42, seed=3, pot=(0.85, 0.83, 0.8)),
        ],
        local=True, jitter=0.3,
    ),
    Scene(
        "Red Sofa Corner.jpg", (640, 427), "hall", _SALON,
        [
            Picture4(_box(158.4, 52.3, 282.6, 196.8), "landscape", 3, GOLD, seed=4),
            floor_lamp((470.5, 408.0), 322),
            bench((96.2, 412.6), 248, 92, (0.56, 0.2, 0.17)),
        ],
        jitter=0.25,
    ),
    Scene(
        "covered.jpg", (512, 512), "hall", _CONCRETE,
        [
            dust_sheet((148.3, 96.9), 226, 268, (0.86, 0.84, 0.78)),
            Plant((421.2, 404.1), 150, 9, 0.2, 0.6, (0.3, 0.4, 0.26), seed=8),
        ],
        case="imported",
    ),
    Scene(
        "upright-phone.jpg", (480, 640), "hall", _STRIPES,
        [
            Picture4(_box(104.6, 120.9, 254.1, 328.4), "circles", 2, WHITE, seed=6),
            Person((330.2, 622.0), 420, _OLIVE, 0.12, 0.5, seed=1),
        ],
        orientation=6, jitter=0.3,
    ),
    Scene("bare-wall.jpg", (640, 427), "hall", _BOARDS, [], case="empty"),
)  # fmt: skip


_GALLERY_SCENES = (
    Scene(
        "visitor.jpg", (800, 533), "gallery", _GALLERY,
        [
            Picture4(_box(62.5, 118.3, 168.2, 214.6), "ink", 0, BLACK, seed=11),
            Picture4(_box(282.8, 96.1, 252.9, 256.4), "fields", 2, NONE, seed=12),
            Picture4(_box(592.1, 142.7, 150.3, 166.8), "blocks", 5, WHITE, seed=13),
            Person((478.4, 512.6), 372, _COAT, -0.1, 0.9, seed=2),
        ],
        jitter=0.3,
    ),
    Scene(
        "long room.jpg", (720, 405), "gallery", _DARK,
        [
            Picture4(((38.4, 42.6), (196.3, 84.2), (193.8, 262.4), (34.9, 311.7)),
                     "seascape", 0, GOLD, seed=14),
            Picture4(((268.2, 101.5), (366.7, 121.8), (364.9, 240.6), (266.1, 252.2)),
                     "landscape", 4, GOLD, seed=15),
            Picture4(((421.8, 121.4), (543.6, 96.7), (545.3, 268.9), (423.2, 249.6)),
                     "swirls", 1, GOLD, seed=16),
            Person((236.4, 396.2), 262, _CREAM, 0.15, seed=4),
            Person((640.7, 401.3), 296, _NAVY, -0.2, 0.6, seed=5),
        ],
        jitter=0.2,
    ),
    Scene(
        "mural.jpg", (800, 533), "gallery", _CONCRETE,
        [
            Picture4(_box(-120.0, -60.0, 640.3, 452.9), "landscape", 1, NONE, PARTIAL, 17),
            Picture4(_box(232.6, 128.4, 172.3, 138.9), "blocks", 2, OAK, seed=18, lift=2.0),
            Picture4(_box(598.1, 136.2, 142.7, 186.5), "ink", 3, BLACK, seed=19),
            Person((392.3, 518.8), 352, _NAVY, 0.1, 0.8, seed=6),
            plinth((651.9, 506.2), 70.4, 130.2),
            vase((651.7, 377.4), 104, (0.25, 0.42, 0.55)),
        ],
        case="imported",
    ),
    Scene(
        "cut-left.jpg", (480, 640), "gallery", _GALLERY,
        [
            Picture4(((-96.0, 82.4), (286.5, 118.7), (281.9, 421.3), (-96.0, 466.1)),
                     "circles", 1, WALNUT, PARTIAL, 20),
            Plant((236.7, 518.3), 262, 13, 0.14, 0.5, seed=14, pot=(0.3, 0.3, 0.33)),
        ],
        jitter=0.25,
    ),
    Scene(
        "crowd.jpg", (800, 450), "gallery", _DARK,
        [
            Picture4(_box(252.4, 58.9, 304.6, 218.3), "fields", 0, GOLD, seed=21),
            Picture4(((634.6, 78.2), (880.0, 42.5), (880.0, 330.7), (636.9, 288.4)),
                     "landscape", 2, GOLD, PARTIAL, 22),
            Person((216.4, 436.1), 308, _OLIVE, 0.2, seed=7),
            Person((334.9, 444.7), 322, _CREAM, -0.1, 0.8, seed=8),
            Person((604.3, 447.2), 330, _COAT, 0.1, 0.7, seed=9),
        ],
        jitter=0.35,
    ),
    Scene(
        "two-opinions.jpg", (640, 427), "gallery", _GALLERY,
        [
            Picture4(_box(112.7, 84.1, 186.6, 208.4), "swirls", 3, OAK, seed=23),
            Picture4(_box(382.2, 102.8, 158.4, 176.9), "seascape", 5, WHITE, seed=24),
            Plant((336.8, 330.4), 160, 9, 0.2, 0.5, seed=19),
        ],
        case="ground truth, then another",
    ),
    Scene(
        "corrected.jpg", (600, 450), "gallery", _BLUE,
        [
            Picture4(_box(138.9, 76.3, 312.4, 214.7), "seascape", 1, GOLD, seed=25),
            floor_lamp((462.6, 440.2), 300, (0.9, 0.72, 0.5)),
        ],
        case="corrected later",
    ),
    Scene(
        "too-dark.jpg", (480, 320), "gallery",
        Room("plaster", (0.3, 0.36, 0.4), dim=0.28, lamp_gain=0.7),
        [Picture4(_box(142.3, 58.7, 168.4, 150.2), "fields", 4, GOLD, seed=26)],
        case="skipped",
    ),
    Scene(
        "second-look.jpg", (640, 427), "gallery", _TERRA,
        [
            _turned(Rectangle(96.4, 92.7, 178.3, 222.6, 0.0), "ink", 1, BLACK, 27),
            _turned(Rectangle(371.8, 78.5, 182.6, 236.4, 2.6), "circles", 4, OAK, 28),
        ],
        case="skipped by the second",
    ),
)  # fmt: skip


_OFFICE_SCENES = (
    Scene(
        "office/wall.jpg", (480, 360), "office", _STRIPES,
        [
            Picture4(_box(116.8, 62.4, 218.3, 164.5), "landscape", 2, WHITE, seed=31),
            floor_lamp((346.6, 348.5), 268, (0.86, 0.78, 0.66)),
        ],
        local=True,
    ),
    Scene(
        "office/café étude.jpg", (512, 512), "office", _TERRA,
        [
            Picture4(_box(124.7, 84.2, 248.6, 302.8), "blocks", 0, BLACK, seed=32),
            scarf(((103.0, 342.0), (108.0, 196.0), (142.0, 98.0), (246.0, 172.0),
                   (358.0, 96.0), (392.0, 190.0), (398.0, 316.0)), 15, (0.34, 0.46, 0.3)),
        ],
        local=True,
    ),
    Scene(
        "Grüner Salon.jpg", (480, 640), "office", _SALON,
        [
            Oval(Ellipse(168.4, 214.7, 104.6, 138.2), "landscape", 3, GOLD, seed=33),
            Oval(Ellipse(358.2, 366.9, 82.7, 118.4, 14.0), "fields", 4, WALNUT, seed=34),
            balloon((302.7, 168.3), 58, (0.93, 0.86, 0.72), 12),
        ],
    ),
    Scene(
        "askew.jpg", (512, 512), "office", _RED,
        [
            _turned(Rectangle(92.6, 126.4, 164.8, 128.3, -7.5), "swirls", 0, GOLD, 35),
            _turned(Rectangle(318.5, 92.7, 128.2, 172.6, 11.0), "seascape", 1, GOLD, 36),
            _turned(Rectangle(178.9, 304.2, 196.4, 132.7, 3.2), "circles", 2, GOLD, 37),
        ],
    ),
    Scene(
        "stars.jpg", (640, 480), "office", _BLUE,
        [
            Picture4(_box(86.2, 108.4, 222.7, 218.5), "swirls", 4, WHITE, seed=38, split=True),
            Picture4(_box(372.9, 92.6, 190.3, 252.8), "ink", 5, OAK, seed=39),
            star_lamp((262.4, 188.7), 78, 8),
            ribbon((498.6, 42.3), 262, 46, (0.72, 0.18, 0.24), 24),
        ],
    ),
    Scene(
        "not-yet.jpg", (512, 342), "office", _STRIPES,
        [Picture4(_box(162.4, 72.7, 186.2, 142.8), "fields", 1, OAK, seed=40)],
        case="unlabelled",
    ),
    Scene(
        "thumb-1.png", (320, 240), "office", _BLUE,
        [
            Picture4(_box(82.4, 38.6, 142.7, 118.3), "landscape", 4, WALNUT, seed=41),
            Plant((238.6, 176.4), 92, 9, 0.2, 0.5, seed=21),
        ],
        grain=0.004,
    ),
    Scene(
        "thumb-2.png", (240, 320), "office", _TERRA,
        [
            Picture4(_box(-40.0, 62.7, 168.4, 176.2), "fields", 3, WALNUT, PARTIAL, 42),
            Person((156.3, 312.4), 222, _NAVY, -0.1, 0.7, seed=11),
        ],
        grain=0.004, jitter=0.2,
    ),
    Scene(
        "thumb-3.png", (256, 256), "office", _GALLERY,
        [
            Oval(Ellipse(112.7, 104.3, 61.4, 78.6, -8.0), "seascape", 0, GOLD, seed=43),
            plinth((178.7, 248.2), 46.2, 82.8),
            vase((178.7, 166.2), 68, (0.62, 0.32, 0.22)),
        ],
        grain=0.004,
    ),
)  # fmt: skip


def scenes() -> list[Scene]:
    """Return all scenes of the sample."""
    return [*_HALL_SCENES, *_GALLERY_SCENES, *_OFFICE_SCENES]
