"""Check one image of a benchmark: its scene, its mask, and its row in the manifest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maskbench.errors import Problem
from maskbench.files.hashing import sha256_file
from maskbench.files.images import open_image, read_scene
from maskbench.files.manifest import Row
from maskbench.files.masks import (
    IGNORE,
    Mask,
    count_values,
    foreign_values,
    pixel_digest,
    read_mask,
)
from maskbench.quality.similar import Look, look
from maskbench.text import counted

_CHECKOUT = "run `dvc checkout -f combine`"


@dataclass(frozen=True)
class CheckedItem:
    """What was found in one image's files.

    Attributes:
        row: Its row in the manifest.
        digest: SHA-256 of the scene's file, as it is; None if it cannot be read.
        look: What the scene looks like, to find near-equal ones; None if it cannot be read.
        mask: The mask, if it can be read.
        problems: Each breach.
    """

    row: Row
    digest: str | None
    look: Look | None
    mask: Mask | None
    problems: tuple[Problem, ...]


def check_item(root: Path, row: Row, names: Sequence[str]) -> CheckedItem:
    """Read one image's scene and mask, and compare them with each other and with the row.

    Args:
        root: The benchmark's folder.
        row: The image's row; a missing file is no problem here, see
            :func:`~maskbench.verification.tables.check_files`.
        names: Class names by mask value.
    """
    problems: list[Problem] = []
    scene_path, mask_path = root / "scenes" / row.scene, root / "masks" / row.mask
    digest, shown, mask, size = None, None, None, None
    if scene_path.is_file():
        try:
            digest = sha256_file(scene_path)
            scene = read_scene(scene_path, row.scaling)
            size, shown = scene.shape[:2], look(scene)
            faults = _scene_faults(row, digest, scene.shape)
        except (ValueError, OSError) as error:
            faults = [str(error)]
        problems += [Problem(f"{what}; {_CHECKOUT}", str(scene_path)) for what in faults]
    if mask_path.is_file():
        try:
            mask = read_mask(mask_path)
            faults = list(_mask_faults(row, mask, mask_path, names))
            if size is not None and mask.shape != size:
                faults.append(f"has {_size(mask.shape)} pixels, its scene {_size(size)}")
        except (ValueError, OSError) as error:
            faults = [str(error)]
        problems += [Problem(f"{what}; {_CHECKOUT}", str(mask_path)) for what in faults]
    return CheckedItem(row, digest, shown, mask, tuple(problems))


def _scene_faults(row: Row, digest: str, shape: Sequence[int]) -> list[str]:
    faults = []
    if digest != row.scene_sha256:
        faults.append("is not the scene in manifest.csv (its scene_sha256 differs)")
    if (shape[1], shape[0]) != (row.width, row.height):
        faults.append(f"has {_size(shape)} pixels, manifest.csv says {row.width} x {row.height}")
    return faults


def _mask_faults(row: Row, mask: Mask, path: Path, names: Sequence[str]) -> Iterator[str]:
    if (mode := _mode(path)) != "L":
        yield f"is an image of mode {mode!r}; a mask is 8-bit grey, as loaders would turn others"
    if pixel_digest(mask) != row.mask_sha256:
        yield "is not the mask in manifest.csv (its mask_sha256 differs)"
    if (mask.shape[1], mask.shape[0]) != (row.width, row.height):
        yield f"has {_size(mask.shape)} pixels, manifest.csv says {row.width} x {row.height}"
    foreign = foreign_values(mask, len(names))
    if foreign:
        yield f"holds the value {foreign[0]}, and codes.txt has {counted(len(names), 'line')}"
    counts = count_values(mask)
    found = {name: counts[value] for value, name in enumerate(names) if counts[value]}
    told = {name: count for name, count in row.classes.items() if name in names}
    void = sum(count for name, count in row.classes.items() if name not in names)
    if not foreign and (found != told or counts[IGNORE] != void):
        yield f"has the pixels {_counts(found)}, manifest.csv says {_counts(row.classes)}"


def _counts(classes: object) -> str:
    return str(classes)[:300]


def _mode(path: Path) -> str:
    with open_image(path) as image:
        return image.mode


def _size(shape: Sequence[int]) -> str:
    return f"{shape[1]} x {shape[0]}"
