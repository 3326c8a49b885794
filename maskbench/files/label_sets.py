"""Write and read label sets: bit planes in a GeoTIFF, with their meaning in its description."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from maskbench.files.hashing import write_hashed
from maskbench.files.tiff import Planes, pixel_space, plane_count, tiff_bytes


@dataclass(frozen=True)
class LabelSetFile:
    """The label set of an annotation with what the next stages need to know of its task.

    Attributes:
        labels: The labels drawn in the image, sorted.
        planes: Shape (P, H, W), uint8: bit ``k % 8`` of plane ``k // 8`` is set where label ``k``
            lies.
        task: Label Studio's task id.
        annotation: The id of the annotation, one of those that count.
        image: Name and SHA-256 of the image's bytes (``file``, ``sha256``).
    """

    labels: tuple[str, ...]
    planes: Planes
    task: int
    annotation: int
    image: Mapping[str, str]


def write_label_sets(path: Path, contents: Sequence[LabelSetFile]) -> str:
    """Write the label sets of an image as a GeoTIFF of bit planes.

    The tag ImageDescription holds JSON: ``labels`` (bit ``k % 8`` of band ``k // 8 + 1`` is label
    ``k``), ``task``, ``annotation`` and ``image``. If several annotations count, it holds ``image``
    and ``annotations``, a list with ``labels``, ``task`` and ``annotation`` of each; their bands
    follow one another.

    Args:
        path: A path in a staging folder: the file is not written atomically.
        contents: The label sets of the annotations that count, all of the same image.

    Returns:
        The SHA-256 of the file.
    """
    own = [
        {"labels": list(each.labels), "task": each.task, "annotation": each.annotation}
        for each in contents
    ]
    about = (own[0] if len(own) == 1 else {"annotations": own}) | {"image": dict(contents[0].image)}
    text = json.dumps(about, sort_keys=True)  # ASCII, as TIFF tags are
    compression = {"compress": "zstd", "zstd_level": 1}
    planes = [each.planes for each in contents]
    return write_hashed(path, tiff_bytes(planes, compression, text))


def read_label_sets(path: Path) -> tuple[LabelSetFile, ...]:
    """Read what :func:`write_label_sets` wrote, also by earlier versions of maskbench.

    Raises:
        ValueError: The file is damaged or was not written by maskbench.
    """
    try:
        with (
            pixel_space(),
            MemoryFile(path.read_bytes()) as memory,
            memory.open(driver="GTiff") as file,
        ):
            about = json.loads(file.tags()["TIFFTAG_IMAGEDESCRIPTION"])
            own = about["annotations"] if "annotations" in about else [about]
            counts = [plane_count(len(each["labels"])) for each in own]
            if not own or file.dtypes != ("uint8",) * sum(counts):
                raise ValueError("it has not the planes that its labels need")
            planes = np.split(file.read(), np.cumsum(counts)[:-1])
        return tuple(
            LabelSetFile(tuple(e["labels"]), bits, e["task"], e["annotation"], about["image"])
            for e, bits in zip(own, planes, strict=True)
        )
    except (OSError, KeyError, TypeError, ValueError, RasterioError, MemoryError) as error:
        raise ValueError(f"{path} is not a label set of maskbench: {error}") from None
