"""Make one benchmark of what several experts drew, and print how far they agree.

    python scripts/experts.py EXPORTS FOLDER

EXPORTS holds an export of Label Studio of each expert, such as those of LUTSeg in docs/consensus.md
(https://github.com/carlosh93/TiSage, CC BY 4.0: the images that all experts annotated). Plain
images of the size that the regions name stand in for those that are not there: agreement needs no
picture. The benchmarks are built in FOLDER, which is made.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from maskbench.files.json import parse_json
from maskbench.files.manifest import read_manifest
from maskbench.params import Params, parse_params
from maskbench.pipeline.combine import combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.split import split
from maskbench.quality.report import as_text, blocks
from maskbench.quality.results import measured
from maskbench.quality.stage import quality

WAYS: dict[str, dict[str, Any]] = {
    "majority": {},
    "majority, 3 of 5": {"agreement": 0.6},
    "majority, 4 of 5": {"agreement": 0.8},
    "majority, all": {"agreement": 1},
    "STAPLE": {"method": "staple"},
}
"""What is compared: the section ``combine.consensus`` by name."""


def main(exports: Path, folder: Path) -> None:
    """Build the benchmarks, and print the tables."""
    source = folder / "source"
    source.mkdir(parents=True)
    tasks = {path.name: parse_json(path.read_bytes()) for path in sorted(exports.glob("*.json"))}
    for name, own in tasks.items():
        (source / name).write_text(json.dumps(own))
    for name, size in _sizes(tasks).items():
        if not (exports / name).is_file():
            color = tuple(hashlib.sha256(name.encode()).digest()[:3])
            Image.new("RGB", size, color).save(source / name)
        else:
            (source / name).write_bytes((exports / name).read_bytes())
    rows = []
    layout = Layout(folder)
    for way, consensus in WAYS.items():
        params = _params(source, tasks, consensus)
        for stage in (fetch, rasterize, combine, split):
            stage(params, layout)
        rows.append(_row(way, layout, params))
    width = max(map(len, WAYS))
    names = [name for name, value in params.labels_map.items() if value < 255]
    print(f"{'consensus':<{width}}  images  undecided  " + "  ".join(f"{n:>13}" for n in names))
    print("\n".join(f"{way:<{width}}  {row}" for way, row in zip(WAYS, rows, strict=True)))
    quality(_params(source, tasks, WAYS["majority"]), layout)
    metrics, ranking = measured(layout)
    print("\n" + as_text(metrics, blocks(metrics, ranking)))


def _regions(tasks: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each region with the name of its image."""
    for task in (task for own in tasks.values() for task in own):
        for annotation in task["annotations"]:
            for region in annotation["result"]:
                yield task["data"]["image"], region


def _sizes(tasks: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return width and height of each image, by name."""
    return {
        name: (region["original_width"], region["original_height"])
        for name, region in _regions(tasks)
    }


def _params(source: Path, tasks: Mapping[str, Any], consensus: Mapping[str, Any]) -> Params:
    labels = dict.fromkeys(
        label for _, region in _regions(tasks) for label in region["value"].get(region["type"], ())
    )
    names = ["Background", *sorted(labels)]
    return parse_params(
        {
            "fetch": {"folder": str(source), "same_image": "one"},
            "labels_map": {name: value for value, name in enumerate(names)},
            "multi_label_rules": {},
            "rasterize": {"annotation": ["consensus"], "overlap": "smallest"},
            "combine": {"unmatched": "priority", "priority": names[1:], "consensus": consensus},
            "split": {},
        }
    )


def _row(way: str, layout: Layout, params: Params) -> str:
    """Say how many pixels are undecided and have each class."""
    rows = read_manifest(layout.benchmark / "manifest.csv").values()
    pixels = sum(row.width * row.height for row in rows)
    undecided = sum(row.undecided for row in rows)
    found = (
        sum(row.classes.get(name, 0) for row in rows)
        for name, value in params.labels_map.items()
        if value < 255
    )
    classes = "  ".join(f"{count:>13,}" for count in found)
    return f"{len(rows):>6}  {100 * undecided / pixels:>7.2f} %  {classes}"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
