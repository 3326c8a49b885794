"""Measure ranking: images a second, and CPU milliseconds per image, which do not depend on others.

Run ``python benchmarks/rank.py [--images N] [--size HxW]``. Prints Markdown. Images are JPEGs with
masks of rectangles in 7 classes, as ``benchmarks/evaluate.py`` draws them; nothing is asked of a
server. Workers are as many as the process may use cores, unless MASKBENCH_WORKERS says otherwise.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from evaluate import CLASSES, areas
from PIL import Image

from maskbench.files.manifest import Row
from maskbench.files.masks import png_bytes
from maskbench.ranking.diversity import choose_batch
from maskbench.ranking.labelled import Compare, Labelled
from maskbench.ranking.model import Files, measure_all
from maskbench.ranking.unlabelled import Candidate, MeasureUncertainty
from maskbench.regions.task import Task

NAMES = tuple(f"class {i}" for i in range(CLASSES))


def write(folder: Path, number: int, height: int, width: int) -> Files:
    """Write an image, its labels, and the predictions of two models."""
    truth = areas(height, width, number)
    files = Files(
        *(folder / f"{number}-{name}" for name in ("image.jpg", "a.png", "b.png", "t.png"))
    )
    noise = np.random.default_rng(number).integers(0, 60, (height, width), dtype=np.uint8)
    Image.fromarray(noise + 25 * truth).convert("RGB").save(files.image)
    for path, shift in ((files.first, 9), (files.second, 14), (files.truth, 0)):
        path.write_bytes(png_bytes(np.roll(truth, shift)))
    return files


def probabilities(files: Files) -> Files:
    """Write the first model's prediction as probabilities of two bytes, and drop the second."""
    mask = np.asarray(Image.open(files.first))
    chances = np.where(np.arange(CLASSES)[:, None, None] == mask, 0.7, 0.05).astype(np.float16)
    path = files.first.with_suffix(".npy")
    np.save(path, chances)
    return files._replace(first=path, second=None)


def row(number: int) -> Row:
    """Return a row of a manifest."""
    return Row(str(number), "train", "", number, 1, 1, 1, False, "", "", "", 0, 0, {}, "", "")


def rate(work: Callable[[], object], images: int) -> str:
    """Return images a second and CPU milliseconds per image, as cells of a table."""
    began, used = time.perf_counter(), sum(os.times()[:4])
    work()
    took = time.perf_counter() - began
    cpu = sum(os.times()[:4]) - used
    return f"{images / took:.0f} | {1e3 * cpu / images:.1f}"


def unlabelled(by: str, files: Sequence[Files]) -> str:
    """Measure one measure of images without labels."""
    work = [Candidate(Task(i, "", 1, {}, None, ()), each, None) for i, each in enumerate(files)]
    measure = MeasureUncertainty(by, NAMES, (1.0,) * CLASSES, 1 << 29)
    return rate(lambda: measure_all(measure, work), len(work))


def labelled(files: Sequence[Files]) -> str:
    """Measure all measures of labelled images."""
    work = [Labelled(row(i), each, each.truth) for i, each in enumerate(files) if each.truth]
    return rate(lambda: measure_all(Compare(NAMES, 0.9), work), len(work))


def choosing(images: int, count: int) -> str:
    """Measure the choice of a batch."""
    rng = np.random.default_rng(0)
    tables = [list(rng.random((images, n), np.float32)) for n in (64, CLASSES + 1)]
    scores = rng.random(images).tolist()
    return rate(lambda: choose_batch(scores, tables, [None] * images, count, 0.5), images)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--size", default="480x640", help="height x width; default: %(default)s")
    args = parser.parse_args()
    height, width = (int(side) for side in args.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        two = [write(Path(folder), i, height, width) for i in range(args.images)]
        one = [each._replace(second=None) for each in two]
        few = [probabilities(each) for each in two[: args.images // 5]]
        print("| ranked | images a second | CPU ms an image |\n|---|--:|--:|")
        print(f"| masks, by rarity | {unlabelled('rarity', one)} |")
        print(f"| masks of two models, by disagreement | {unlabelled('disagreement', two)} |")
        print(f"| probabilities, by entropy | {unlabelled('entropy', few)} |")
        print(f"| probabilities, by margin | {unlabelled('margin', few)} |")
        print(f"| masks and labels, by IoU | {labelled(one)} |")
    print(f"| 100 of 10,000 chosen | {choosing(10_000, 100)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
