"""Draw images for the gallery in worker processes: their data, thumbnails and scenes."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.errors import DataError, Problem
from maskbench.files.atomic import replacing
from maskbench.files.hashing import digest, sha256
from maskbench.files.manifest import Row
from maskbench.files.masks import Mask, read_mask
from maskbench.labelstudio.stored import parse_stored_task
from maskbench.pages.data import ClassNumbers, write_item
from maskbench.pages.item import DrawnTask, draw_task, labels_of, mask_data, vote_decisions
from maskbench.pages.palette import palette
from maskbench.pages.pictures import LONGEST, palette_picture, scene_of_item
from maskbench.params import Params
from maskbench.regions.task import choose

CELL = (192, 144)
"""Largest width and height of a thumbnail."""

COLUMNS = 10
"""Thumbnails in a row of a sheet, and task ids of a sheet: mostly one row."""


class ImageFiles(NamedTuple):
    """One image of a version, as files."""

    row: Row
    mask: Path
    annotations: Path
    scene: Path


class Facts(TypedDict):
    """The facts about an image that its row in the manifest lacks, as JSON values.

    Attributes:
        fingerprint: Digest of all that the facts and the image's files are made of.
        thumbnail: Width and height of its thumbnail.
        lead_time: Seconds that were spent on the annotation that counts, if that is known.
        overlap: Pixels on which several labels lie.
        combinations: Labels, class and what decides it, pixels.
        regions: Labels, left, top, right, bottom, pixels, mean colour (#rrggbb, or empty).
        dropped: Id, shape, labels and why a region did not become pixels.
    """

    fingerprint: str
    thumbnail: list[int]
    lead_time: float | None
    overlap: int
    combinations: list[tuple[list[str], str, str, int]]
    regions: list[tuple[list[str], int, int, int, int, int, str]]
    dropped: list[tuple[str, str, list[str], str]]


class Small(NamedTuple):
    """A thumbnail: the scene, and the class numbers in it, shape (h, w), uint8."""

    scene: Image.Image
    numbers: npt.NDArray[np.uint8]


class Sheet(NamedTuple):
    """Images whose thumbnails are in one picture, with the fingerprints of what is drawn."""

    name: str
    images: list[ImageFiles]
    drawn: Mapping[str, str]


DROPPED = {
    "no_label": "it has no label",
    "no_pixel": "it covers no pixel's centre: collapsed, off the image, or too small",
    "no_area": "it has no area: a key point or an open line",
    "not_a_region": "it is not a region",
    "other_image": "it lies on another image of the task",
    "left_out": "rasterize.label_aliases leaves its labels out",
}
"""Why a region did not become pixels, in words, by :data:`maskbench.regions.build.REASONS`."""


@dataclass(frozen=True)
class DrawSheet:
    """Draw a sheet's images that changed; a class, so that it can be sent to worker processes.

    Attributes:
        folder: The page's folder.
        names: The page's classes in the order of their numbers.
        numbers: The number of each mask value, 256 of them.
        params: The version's params.
        look: Digest of all else that the files are made of: code, params, names.
        copies_scenes: Write the scenes into the page.
    """

    folder: Path
    names: Sequence[str]
    numbers: Sequence[int]
    params: Params
    look: str
    copies_scenes: bool

    def __call__(self, sheet: Sheet) -> dict[str, Facts]:
        """Return the facts of the images that were drawn, by key."""
        found: dict[str, Facts] = {}
        small: dict[str, Small] = {}
        for image in sheet.images:
            annotations = image.annotations.read_bytes()
            fingerprint = self._fingerprint(image, annotations)
            if sheet.drawn.get(image.row.key) != fingerprint or not self._is_there(image.row.key):
                found[image.row.key] = self._draw(image, annotations, fingerprint, small)
        pictures = [self.folder / "sheets" / f"{sheet.name}{ending}" for ending in (".jpg", ".png")]
        members = {image.row.key for image in sheet.images}
        if found or members != sheet.drawn.keys() or not all(path.is_file() for path in pictures):
            _draw_sheet([small.get(i.row.key) or self._small(i) for i in sheet.images], pictures)
        return found

    def _is_there(self, key: str) -> bool:
        files = [self.folder / "items" / f"{key}.js"]
        if self.copies_scenes:
            files.append(self.folder / "images" / f"{key}.jpg")
        return all(file.is_file() for file in files)

    def _fingerprint(self, image: ImageFiles, annotations: bytes) -> str:
        row = image.row
        return digest([row.mask_sha256, row.scene_sha256, sha256(annotations), self.look])

    def _draw(
        self, image: ImageFiles, annotations: bytes, fingerprint: str, small: dict[str, Small]
    ) -> Facts:
        """Write an image's files, and keep its thumbnail; return the facts about it."""
        key, mask = image.row.key, _mask(image)
        task = parse_stored_task(annotations, image.annotations.name)
        classes: ClassNumbers = np.take(np.array(self.numbers, dtype=np.uint16), mask)
        height, width = classes.shape
        drawn = draw_task(task, self.params, (height, width))
        write_item(self.folder, key, {"mask": mask_data(classes, self.names, drawn, self.params)})
        if self.copies_scenes:
            with replacing(self.folder / "images" / f"{key}.jpg") as temporary:
                _scene(image).save(temporary, quality=86)
        small[key] = self._small(image, mask)
        picture = small[key].scene
        drawing = choose(task.annotations, self.params.rasterize.criteria(task.key))
        return {
            "fingerprint": fingerprint,
            "thumbnail": list(picture.size),
            "lead_time": drawing.lead_time if drawing else None,
            "overlap": _overlap(drawn),
            "combinations": find_combinations(drawn, self.params),
            "regions": _regions(drawn, np.asarray(picture)),
            "dropped": [
                (r.region.id, r.region.shape, list(r.region.labels), _why(r.dropped, r.error))
                for r in drawn.dropped
            ],
        }

    def _small(self, image: ImageFiles, mask: Mask | None = None) -> Small:
        picture = _scene(image, CELL)
        shrunk = _shrunk(_mask(image) if mask is None else mask, picture.size)
        numbers = np.minimum(self.numbers, 255).astype(np.uint8)[shrunk]
        return Small(picture, numbers)


def _draw_sheet(images: Sequence[Small], pictures: Sequence[Path]) -> None:
    """Draw a sheet with the thumbnails of the scenes, and one with those of the masks."""
    rows = math.ceil(len(images) / COLUMNS)
    size = (min(COLUMNS, len(images)) * CELL[0], rows * CELL[1])
    scenes = Image.new("RGB", size)
    masks = np.zeros(size[::-1], dtype=np.uint8)
    for i, (picture, numbers) in enumerate(images):
        row, column = divmod(i, COLUMNS)
        left, top = column * CELL[0], row * CELL[1]
        scenes.paste(picture, (left, top))
        masks[top : top + picture.height, left : left + picture.width] = numbers
    with replacing(pictures[0]) as temporary:
        scenes.save(temporary, quality=72)
    with replacing(pictures[1]) as temporary:
        palette_picture(masks, palette().tolist(), is_transparent=True).save(temporary)


def _scene(image: ImageFiles, most_wh: tuple[int, int] = (LONGEST, LONGEST)) -> Image.Image:
    row = image.row
    return scene_of_item(image.scene, row.scaling, row.scene, row.task, most_wh)


def _mask(image: ImageFiles) -> Mask:
    try:
        return read_mask(image.mask)
    except ValueError as error:
        problem = Problem(f"{error}; run `dvc repro`", image.row.mask, image.row.task)
        raise DataError("a mask cannot be read", [problem]) from None


def _shrunk(values: npt.NDArray[np.generic], size: tuple[int, int]) -> npt.NDArray[np.generic]:
    """Shrink an array to a size (width, height), taking the value at each pixel's centre."""
    height, width = values.shape
    rows = ((np.arange(size[1]) + 0.5) * height / size[1]).astype(int)
    columns = ((np.arange(size[0]) + 0.5) * width / size[0]).astype(int)
    return values[np.ix_(rows, columns)]


def _why(dropped: str | None, error: str | None) -> str:
    return error or DROPPED.get(dropped or "", dropped or "")


def _overlap(drawn: DrawnTask) -> int:
    """Count the pixels on which several labels of one annotator lie."""
    return sum(
        count
        for regions, count in zip(drawn.sets, drawn.counts, strict=True)
        if any(
            len(labels_of(drawn, [i for i in regions if i in own])) > 1 for _, own in drawn.votes
        )
    )


def find_combinations(drawn: DrawnTask, params: Params) -> list[tuple[list[str], str, str, int]]:
    """Return the sets of labels that decide, with class, reason and pixels; most pixels first."""
    pixels: Counter[tuple[tuple[str, ...], str, str]] = Counter()
    for place, name, why, regions in vote_decisions(drawn, params):
        if count := drawn.counts[place]:
            pixels[tuple(sorted(labels_of(drawn, regions))), name or "", why] += count
    ordered = sorted(pixels.items(), key=lambda entry: (-entry[1], entry[0]))
    return [(list(labels), name, why, count) for (labels, name, why), count in ordered]


def _regions(
    drawn: DrawnTask, small: npt.NDArray[np.uint8]
) -> list[tuple[list[str], int, int, int, int, int, str]]:
    """Return the regions with a pixel: labels, box, pixels and mean colour in the small scene."""
    height, width = small.shape[:2]
    numbers = _shrunk(drawn.pixels, (width, height))
    found = []
    for i, (result, box) in enumerate(zip(drawn.regions, drawn.boxes, strict=True)):
        if result.count:
            lies = np.array([i in regions for regions in drawn.sets])[numbers]
            color = small[lies].mean(axis=0).round().astype(np.uint8) if lies.any() else None
            code = "" if color is None else f"#{color.tobytes().hex()}"
            found.append((list(result.region.labels), *box, result.count, code))
    return found
