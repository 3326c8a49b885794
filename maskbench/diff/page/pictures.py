"""Draw one item for the page: the scene, both masks, their difference, and a thumbnail."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from maskbench.diff.class_names import NamedMask, Names
from maskbench.diff.item import Context, ItemFiles
from maskbench.diff.page.outlines import outlines
from maskbench.files.atomic import replacing, write_text
from maskbench.files.images import read_scene
from maskbench.files.levels import Scaling
from maskbench.files.masks import read_mask
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.pages.palette import MARKS, palette
from maskbench.pages.pictures import palette_picture

LONGEST = 1600
"""Pixels of a scene's longer side in the page; masks keep every pixel."""

THUMBNAIL = (208, 156)
"""Largest width and height of a thumbnail."""

UNCHANGED, GAINED, LOST, OTHER = range(4)
"""What happened to a pixel; gained: it was background, lost: it is background now."""

_COLORS = {
    UNCHANGED: (0, 0, 0),
    GAINED: MARKS["gained"],
    LOST: MARKS["lost"],
    OTHER: MARKS["other-class"],
}


@dataclass(frozen=True)
class ShownChange:
    """One item of the page.

    Attributes:
        number: Its number in file names.
        before: Its old version, or None.
        after: Its new version, or None.
        scenes: Files of the old and the new scene; the old one only where it differs.
    """

    number: str
    before: ItemFiles | None
    after: ItemFiles | None
    scenes: tuple[Path | None, Path | None]


@dataclass(frozen=True)
class DrawItem:
    """Write one item's files; a class, so that it can be sent to worker processes.

    Attributes:
        folder: Where to write.
        classes: Class names in the order of their colours.
        before: What the old version's items share.
        after: What the new version's items share.
    """

    folder: Path
    classes: Sequence[str]
    before: Context
    after: Context

    def __call__(self, shown: ShownChange) -> None:
        """Write the pictures and the data of one item."""
        names = Names()
        for name in self.classes:
            names.number(name)
        sides = [
            None if item is None else names.named(read_mask(item.mask), context.classes)
            for item, context in ((shown.before, self.before), (shown.after, self.after))
        ]
        rows = [None if item is None else item.row for item in (shown.before, shown.after)]
        scenes = [
            None if path is None else scene(path, row.scaling if row else None)
            for path, row in zip(shown.scenes, rows, strict=True)
        ]
        for name, picture in zip(("scene-before", "scene"), scenes, strict=True):
            if picture is not None:
                self._save(picture, f"{shown.number}-{name}.jpg", quality=86)
        for name, mask in zip(("before", "after"), sides, strict=True):
            if mask is not None:
                self._save(_class_picture(mask), f"{shown.number}-{name}.png")
        changed = difference(sides[0], sides[1])
        if changed is not None:
            picture = palette_picture(changed, _COLORS.values(), is_transparent=True)
            self._save(picture, f"{shown.number}-difference.png")
        visible = next(picture for picture in reversed(scenes) if picture is not None)
        self._save(thumbnail(visible, changed), f"{shown.number}-thumbnail.jpg", quality=80)
        self._write_data(shown, sides)

    def _save(self, picture: Image.Image, name: str, **options: Any) -> None:
        with replacing(self.folder / name) as temporary:
            picture.save(temporary, **options)

    def _write_data(self, shown: ShownChange, sides: Sequence[NamedMask | None]) -> None:
        """Write what a click on a pixel needs, as a script: a page in a file can load no data."""
        data: dict[str, Any] = {}
        contexts = (self.before, self.after)
        items = (shown.before, shown.after)
        for name, item, mask, context in zip(
            ("before", "after"), items, sides, contexts, strict=True
        ):
            if item is None or mask is None:
                continue
            task = parse_stored_task(item.annotations.read_bytes(), item.annotations.name)
            data[name] = {
                "size": [mask.shape[1], mask.shape[0]],
                "classes": runs(mask),
                "regions": outlines(task, context.params.rasterize),
            }
        text = json.dumps(data, separators=(",", ":"), sort_keys=True)
        script = f'maskbenchItem("{shown.number}",{text});\n'
        write_text(self.folder / f"{shown.number}.js", script)


def scene(path: Path, scaling: Scaling | None = None) -> Image.Image:
    """Return a scene as RGB, no side longer than :data:`LONGEST`."""
    with Image.open(path) as image:
        if image.format == "JPEG" and image.mode in ("RGB", "L", "YCbCr"):
            image.draft("RGB", (LONGEST, LONGEST))  # decodes a fraction of a large photo
            picture = image.convert("RGB")
        else:
            picture = Image.fromarray(read_scene(path, scaling))
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return picture


def runs(mask: NamedMask) -> list[int]:
    """Return a mask row by row as value, length of its run, value, length, and so on."""
    flat = mask.reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(np.concatenate([starts, [flat.size]]))
    return [int(n) for pair in zip(flat[starts], lengths, strict=True) for n in pair]


def difference(before: NamedMask | None, after: NamedMask | None) -> npt.NDArray[np.uint8] | None:
    """Return what happened to each pixel, shape (H, W), uint8: UNCHANGED, GAINED, LOST or OTHER.

    The background is number 0. None where there is only one mask, or the sizes differ.
    """
    if before is None or after is None or before.shape != after.shape:
        return None
    changed = np.full(before.shape, OTHER, dtype=np.uint8)
    changed[after == 0] = LOST
    changed[before == 0] = GAINED
    changed[before == after] = UNCHANGED
    return changed


def _class_picture(mask: NamedMask) -> Image.Image:
    """Return a mask in class colours; the background is transparent."""
    values = np.minimum(mask, 255).astype(np.uint8)
    return palette_picture(values, palette().tolist(), is_transparent=True)


def thumbnail(picture: Image.Image, changed: npt.NDArray[np.uint8] | None) -> Image.Image:
    """Return a small picture on which even a single changed pixel leaves a mark."""
    small = ImageOps.contain(picture, THUMBNAIL, Image.Resampling.LANCZOS)
    for kind in (GAINED, LOST, OTHER) if changed is not None else ():
        here = Image.fromarray(np.where(changed == kind, 255, 0).astype(np.uint8))
        cover = here.resize(small.size, Image.Resampling.BOX)
        touched = cover.point([min(255, 110 + part) if part else 0 for part in range(256)])
        small.paste(Image.new("RGB", small.size, _COLORS[kind]), mask=touched)
    return small
