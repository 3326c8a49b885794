"""YOLO instance segmentation: a text file for each image, with regions as polygons.

See https://docs.ultralytics.com/datasets/segment/. Layout: ``images/<split>``,
``labels/<split>/<key>.txt`` with a line for each outline (class, then x y pairs as shares of width
and height) and ``data.yaml``. YOLO has no background class, so its class is the value in masks
minus one.

Outlines run along the borders of a region's pixels, so filling them at pixel centres gives exactly
these. A region in several parts becomes several lines. YOLO has no holes: a hole is joined to the
outline by a cut of no width.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.export.folder import copy_scene
from maskbench.export.source import ExportSource
from maskbench.files.atomic import write_text
from maskbench.params import SUBSETS
from maskbench.text import counted

if TYPE_CHECKING:
    from maskbench.export.instances import Instance

NEEDS_REGIONS = True
OPTIONS = ()


def write(source: ExportSource, folder: Path) -> str:
    """Write all splits; return a one-line summary."""
    total = 0
    for split in SUBSETS:
        for name in ("images", "labels"):
            (folder / name / split).mkdir(parents=True)
        for key in source.benchmark.splits[split]:
            size_wh = source.size_wh(key)
            instances = source.instances(key)
            lines = [line for instance in instances for line in _lines(instance, size_wh)]
            write_text(folder / "labels" / split / f"{key}.txt", "".join(lines))
            copy_scene(source.benchmark, key, folder / "images" / split)
            total += len(lines)
    write_text(folder / "data.yaml", _description(source))
    return f"{counted(total, 'outline')} in YOLO's format"


def _description(source: ExportSource) -> str:
    """Return ``data.yaml``.

    It has no ``path``: without it the folders are looked for beside ``data.yaml``, while ``.``
    would be the folder in which training is started.
    """
    from maskbench.files.yaml_edit import yaml_text

    names = dict(enumerate(source.benchmark.classes[1:]))
    folders = {"train": "images/train", "val": "images/valid", "test": "images/test"}
    return yaml_text({**folders, "nc": len(names), "names": names})


def _lines(instance: "Instance", size_wh: tuple[int, int]) -> Iterator[str]:
    for outline in instance.outlines:
        numbers = " ".join(f"{share:.6f}" for share in (outline / size_wh).reshape(-1))
        yield f"{instance.value - 1} {numbers}\n"
