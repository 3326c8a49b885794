"""Write and read label sets: bit planes in a GeoTIFF, with their meaning in its description."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from maskbench.files.hashing import write_hashed
from maskbench.files.tiff import Planes, pixel_space, tiff_bytes


@dataclass(frozen=True)
class LabelSetFile:
    """A label set with what the next stages need to know of its task.

    Attributes:
        labels: The labels drawn in the image, sorted.
        planes: Shape (P, H, W), uint8: bit ``k % 8`` of plane ``k // 8`` is set where label ``k``
            lies.
        task: Label Studio's task id.
        annotation: The id of the annotation that counted.
        image: Name and SHA-256 of the image's bytes (``file``, ``sha256``).
    """

    labels: tuple[str, ...]
    planes: Planes
    task: int
    annotation: int
    image: Mapping[str, str]


def write_label_set(path: Path, content: LabelSetFile) -> str:
    """Write a label set as a GeoTIFF of bit planes.

    The tag ImageDescription holds JSON: ``labels`` (bit ``k % 8`` of band ``k // 8 + 1`` is label
    ``k``), ``task``, ``annotation`` and ``image``.

    Args:
        path: A path in a staging folder: the file is not written atomically.
        content: The label set.

    Returns:
        The SHA-256 of the file.
    """
    about = {
        "labels": list(content.labels),
        "task": content.task,
        "annotation": content.annotation,
        "image": dict(content.image),
    }
    text = json.dumps(about, sort_keys=True)  # ASCII, as TIFF tags are
    compression = {"compress": "zstd", "zstd_level": 1}
    return write_hashed(path, tiff_bytes(content.planes, compression, text))


def read_label_set(path: Path) -> LabelSetFile:
    """Read what :func:`write_label_set` wrote, also by earlier versions of maskbench.

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
            labels = tuple(about["labels"])
            if file.dtypes != ("uint8",) * max(1, -(-len(labels) // 8)):
                raise ValueError("it has not the planes that its labels need")
            planes = file.read()
        return LabelSetFile(labels, planes, about["task"], about["annotation"], about["image"])
    except (OSError, KeyError, TypeError, ValueError, RasterioError, MemoryError) as error:
        raise ValueError(f"{path} is no label set of maskbench: {error}") from None
