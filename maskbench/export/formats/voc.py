"""Pascal VOC segmentation: palette masks, read by torchvision's VOCSegmentation.

Layout under ``VOCdevkit/VOC2012``: ``JPEGImages/<key>.jpg``; ``SegmentationClass/<key>.png``, a
palette image in VOC's colours, index = class, 255 = ignore; ``train``, ``val``, ``trainval`` and
``test`` in ``ImageSets/Segmentation``; ``labelmap.txt`` (``name:r,g,b::``, as CVAT writes it). JPEG
scenes keep their bytes. VOC has no other image format, so others are encoded at quality 95 without
chroma subsampling.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from maskbench.dataset import Benchmark
from maskbench.export.folder import copy
from maskbench.export.source import ExportSource
from maskbench.files.atomic import write_text
from maskbench.pages.palette import voc_color
from maskbench.params import SUBSETS
from maskbench.text import counted

NEEDS_REGIONS = False
OPTIONS = ()

_SETS = {"train": ("train",), "val": ("valid",), "trainval": ("train", "valid"), "test": ("test",)}


def write(source: ExportSource, folder: Path) -> str:
    """Write all splits; return a one-line summary."""
    benchmark, root = source.benchmark, folder / "VOCdevkit" / "VOC2012"
    for name, splits in _SETS.items():
        keys = sorted(key for split in splits for key in benchmark.splits[split])
        listed = "".join(f"{key}\n" for key in keys)
        write_text(root / "ImageSets" / "Segmentation" / f"{name}.txt", listed)
    keys = sorted(key for split in SUBSETS for key in benchmark.splits[split])
    for name in ("JPEGImages", "SegmentationClass"):
        (root / name).mkdir()
    for key in keys:
        _write_scene(benchmark, key, root / "JPEGImages" / f"{key}.jpg")
        mask = Image.fromarray(benchmark.mask(key))
        mask.putpalette(np.array([voc_color(v) for v in range(256)], dtype=np.uint8).tobytes())
        mask.save(root / "SegmentationClass" / f"{key}.png")
    lines = (
        f"{name}:{','.join(map(str, voc_color(value)))}::\n"
        for value, name in enumerate(benchmark.classes)
    )
    write_text(root / "labelmap.txt", "".join(lines))
    return f"{counted(len(keys), 'mask')} in Pascal VOC's format"


def _write_scene(benchmark: Benchmark, key: str, target: Path) -> None:
    source = benchmark.scene_path(key)
    if source.suffix.lower() in (".jpg", ".jpeg"):
        copy(source, target)
    else:
        Image.fromarray(benchmark.scene(key)).save(target, quality=95, subsampling=0)
