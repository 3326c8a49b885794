"""Draw one item for the page: the scene, a thumbnail, and both masks as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from maskbench.diff.class_names import NamedMask, Names
from maskbench.diff.item import Context, ItemFiles, read_item_mask
from maskbench.diff.page.crops import crop_pair
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.pages.data import MaskData, write_item
from maskbench.pages.item import draw_task, mask_data, places
from maskbench.pages.palette import MARKS
from maskbench.pages.pictures import THUMBNAIL, mark_pixels, save_picture, scene_of_item

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


def draw_item(
    folder: Path, classes: Sequence[str], before: Context, after: Context, shown: ShownChange
) -> None:
    """Write the pictures and the data of one item.

    Args:
        folder: The page's folder.
        classes: Class names in the order of their colours.
        before: The values that all items of the old version share.
        after: Those of the new version.
        shown: The item.
    """
    number, names = shown.number, Names(classes)
    old_scene, new_scene = (
        _scene(shown.scenes[0], shown.before),
        _scene(shown.scenes[1], shown.after),
    )
    for name, picture in (("scene-before", old_scene), ("scene", new_scene)):
        if picture is not None:
            save_picture(folder, f"{number}-{name}.jpg", picture)
    old, new = _mask(shown.before, before, names), _mask(shown.after, after, names)
    changed = difference(old, new)
    visible = next(picture for picture in (new_scene, old_scene) if picture is not None)
    small = thumbnail(visible, changed)
    save_picture(folder, f"{number}-thumbnail.jpg", small, quality=80)
    parts = [] if changed is None else places(changed != UNCHANGED)
    if shown.is_example and parts and old is not None and new is not None:
        crop = crop_pair((old_scene or visible, visible), (old, new), parts[0], len(classes))
        save_picture(folder, f"{number}-crop.jpg", crop, quality=82)
    data: dict[str, Any] = {"parts": parts}
    if shown.before is not None and old is not None:
        data["before"] = _mask_data(shown.before, old, before, classes)
    if shown.after is not None and new is not None:
        data["after"] = _mask_data(shown.after, new, after, classes)
    write_item(folder, number, data)


def _mask(item: ItemFiles | None, context: Context, names: Names) -> NamedMask | None:
    return None if item is None else names.named(read_item_mask(item), context.classes)


def _scene(path: Path | None, item: ItemFiles | None) -> Image.Image | None:
    if path is None or item is None:
        return None
    return scene_of_item(path, item.row.scaling, item.row.scene, item.row.task)


def _mask_data(
    item: ItemFiles, mask: NamedMask, context: Context, classes: Sequence[str]
) -> MaskData:
    task = parse_stored_task(item.annotations.read_bytes(), item.annotations.name)
    height, width = mask.shape
    drawn = draw_task(task, context.params, (height, width))
    return mask_data(mask, classes, drawn, context.params)


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
