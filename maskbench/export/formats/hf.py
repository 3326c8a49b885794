"""Hugging Face datasets: image and mask columns, read by load_dataset.

Layout: a folder for each split (``train``, ``validation``, ``test``) with ``images/``, ``masks/``
and ``metadata.csv`` in the library's image-folder convention, and a card ``README.md`` that names
the split folders; without it the library would guess splits from file names. Scenes and masks keep
their bytes, but for scenes of 16 bits with a scaling, which become PNGs of 8.
"""

import csv
import io
import json
from pathlib import Path

from maskbench.dataset import Benchmark
from maskbench.export.folder import copy, copy_scene
from maskbench.export.source import ExportSource
from maskbench.files.atomic import write_text
from maskbench.text import counted, escape_markdown

NEEDS_REGIONS = False
OPTIONS = ()

_SPLITS = {"train": "train", "valid": "validation", "test": "test"}


def write(source: ExportSource, folder: Path) -> str:
    """Write the splits that have images; return a one-line summary."""
    benchmark = source.benchmark
    used = {name: place for name, place in _SPLITS.items() if benchmark.splits[name]}
    for name, place in used.items():
        _write_split(benchmark, benchmark.splits[name], folder / place)
    write_text(folder / "README.md", _card(benchmark, list(used.values())))
    total = sum(len(benchmark.splits[name]) for name in used)
    return f"{counted(total, 'image')} with masks for Hugging Face datasets"


def _write_split(benchmark: Benchmark, keys: tuple[str, ...], folder: Path) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["image_file_name", "mask_file_name", "key"])
    for key in keys:
        scene, mask = copy_scene(benchmark, key, folder / "images"), benchmark.mask_path(key)
        copy(mask, folder / "masks" / mask.name)
        table.writerow([f"images/{scene}", f"masks/{mask.name}", key])
    write_text(folder / "metadata.csv", text.getvalue())


def _card(benchmark: Benchmark, places: list[str]) -> str:
    """Return the dataset card; JSON strings are YAML strings."""
    files = "".join(f"  - split: {place}\n    path: {place}/**\n" for place in places)
    classes = "".join(
        f"| {value} | {escape_markdown(name)} |\n" for value, name in enumerate(benchmark.classes)
    )
    head = (
        "task_categories:\n- image-segmentation\nconfigs:\n- config_name: default\n  data_files:\n"
    )
    names = json.dumps(list(benchmark.classes), ensure_ascii=False)
    return (
        f"---\n{head}{files}---\n\n"
        "Columns: `image`, `mask` (one channel, value = class, 255 = ignore), `key`.\n\n"
        f"| value | class |\n|---|---|\n{classes}\nAs a list:\n\n    {names}\n"
    )
