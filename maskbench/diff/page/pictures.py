"""Draw one item for the page: the scene, a thumbnail, and both masks as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from maskbench.diff.class_names import NamedMask, Names
from maskbench.diff.item import Context, ItemFiles
from maskbench.diff.page.crops import crop_pair
from maskbench.files.masks import read_mask
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.pages.data import MaskData, write_item
from maskbench.pages.item import draw_task, mask_data, places
from maskbench.pages.palette import MARKS
from maskbench.pages.pictures import THUMBNAIL, mark_pixels, save_picture, scene

UNCHANGED, GAINED, LOST, OTHER = range(4)
"""Changes of a pixel; gained: it was background, lost: it is background now."""

_COLORS = (MARKS["gained"], MARKS["lost"], MARKS["other-class"])


@dataclass(frozen=True)
class ShownChange:
    """One item of the page.

    Attributes:
        number: Its number in file names.
        before: Its old version, or None.
        after: Its new version, or None.
        scenes: Files of the old and the new scene; the old one only where it differs.
        is_example: Whether the summary shows its largest changed part.
    """

    number: str
    before: ItemFiles | None
    after: ItemFiles | None
    scenes: tuple[Path | None, Path | None]
    is_example: bool = False


@dataclass(frozen=True)
class DrawItem:
    """Write one item's files; a class, so that it can be sent to worker processes.

    Attributes:
        folder: The page's folder.
        classes: Class names in the order of their colours.
        before: The values that all items of the old version share.
        after: Those of the new version.
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
        before, after = [
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
                save_picture(self.folder, f"{shown.number}-{name}.jpg", picture)
        changed = difference(before, after)
        visible = next(picture for picture in reversed(scenes) if picture is not None)
        small = thumbnail(visible, changed)
        save_picture(self.folder, f"{shown.number}-thumbnail.jpg", small, quality=80)
        data: dict[str, Any] = {"parts": [] if changed is None else places(changed != UNCHANGED)}
        if shown.is_example and data["parts"] and before is not None and after is not None:
            both = (scenes[0] or visible, visible)
            crop = crop_pair(both, (before, after), data["parts"][0], len(self.classes))
            save_picture(self.folder, f"{shown.number}-crop.jpg", crop, quality=82)
        if shown.before is not None and before is not None:
            data["before"] = self._mask(shown.before, before, self.before)
        if shown.after is not None and after is not None:
            data["after"] = self._mask(shown.after, after, self.after)
        write_item(self.folder, shown.number, data)

    def _mask(self, item: ItemFiles, mask: NamedMask, context: Context) -> MaskData:
        task = parse_stored_task(item.annotations.read_bytes(), item.annotations.name)
        height, width = mask.shape
        drawn = draw_task(task, context.params, (height, width))
        return mask_data(mask, self.classes, drawn, context.params)


def difference(before: NamedMask | None, after: NamedMask | None) -> npt.NDArray[np.uint8] | None:
    """Return the change of each pixel, shape (H, W), uint8: UNCHANGED, GAINED, LOST or OTHER.

    The background is number 0. None where there is only one mask, or the sizes differ.
    """
    if before is None or after is None or before.shape != after.shape:
        return None
    changed = np.full(before.shape, OTHER, dtype=np.uint8)
    changed[after == 0] = LOST
    changed[before == 0] = GAINED
    changed[before == after] = UNCHANGED
    return changed


def thumbnail(picture: Image.Image, changed: npt.NDArray[np.uint8] | None) -> Image.Image:
    """Return a small picture on which even a single changed pixel leaves a mark."""
    small = ImageOps.contain(picture, THUMBNAIL, Image.Resampling.LANCZOS)
    if changed is not None:
        mark_pixels(small, changed, _COLORS)
    return small
