"""Measure scoring beside FiftyOne, torchmetrics and scikit-learn on the same arrays.

Run ``python benchmarks/evaluate.py [--size HxW] [--runs N]`` in the peers' environment. Prints
Markdown: milliseconds per image (medians of interleaved runs), the ratio to maskbench's, the
largest difference of a class's IoU from maskbench's, and the memory beyond the arrays scored.

FiftyOne's own evaluator (``fiftyone.utils.eval.segmentation.SimpleEvaluation``) is given samples
that hold their masks in memory and are in no database, which would only add to its time.
"""

import argparse
import logging
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from maskbench.evaluation.confusion import confusion
from maskbench.evaluation.figures import count_image
from maskbench.files.masks import Mask

CLASSES = 7

Matrix = npt.NDArray[Any]


def areas(height: int, width: int, seed: int) -> Mask:
    """Return a mask of 28 rectangles, ever smaller, in which every class occurs."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), dtype=np.uint8)
    for i in range(4 * CLASSES):
        top, left = rng.integers(height), rng.integers(width)
        share = 2 + i // 2
        bottom, right = top + height // share, left + width // share
        mask[top:bottom, left:right] = i % CLASSES
    return mask


class InMemory:
    """A FiftyOne collection without the database, as far as its evaluator asks for it."""

    def __init__(self, samples: list[Any]) -> None:
        self.samples = samples

    def select_fields(self, _fields: list[str]) -> "InMemory":
        """Return no further fields."""
        return self

    def _handle_frame_field(self, field: str) -> tuple[str, bool]:
        return field, False

    def iter_samples(self, **_options: Any) -> Iterator[Any]:
        """Return the samples."""
        return iter(self.samples)


def fiftyone_way(truth: Mask, predicted: Mask) -> Callable[[], Matrix]:
    """Call FiftyOne's ``evaluate_segmentations(method="simple")`` on one sample."""
    import fiftyone
    from fiftyone.utils.eval.segmentation import SimpleEvaluation, SimpleEvaluationConfig

    logging.getLogger("fiftyone").setLevel(logging.WARNING)
    sample = fiftyone.Sample(filepath="/in/memory.png")
    sample["truth"] = fiftyone.Segmentation(mask=truth)
    sample["predicted"] = fiftyone.Segmentation(mask=predicted)
    evaluation = SimpleEvaluation(SimpleEvaluationConfig("predicted", "truth"))
    names = {i: f"class {i}" for i in range(CLASSES)}

    def work() -> Matrix:
        results = evaluation.evaluate_samples(InMemory([sample]), mask_targets=names)
        matrix: Matrix = results.pixel_confusion_matrix
        return matrix

    return work


def torchmetrics_ways(truth: Mask, predicted: Mask) -> dict[str, Callable[[], Matrix]]:
    """Return the two mean IoUs of torchmetrics, each by class; tensors are made beforehand."""
    import torch
    from torchmetrics.classification import MulticlassJaccardIndex
    from torchmetrics.segmentation import MeanIoU

    tensors = torch.from_numpy(predicted).long()[None], torch.from_numpy(truth).long()[None]
    jaccard = MulticlassJaccardIndex(CLASSES, average=None, validate_args=False)
    mean_iou = MeanIoU(CLASSES, input_format="index", per_class=True)
    return {
        "torchmetrics JaccardIndex": lambda: jaccard(*tensors).numpy(),
        "torchmetrics MeanIoU": lambda: mean_iou(*tensors).numpy(),
    }


def contenders(truth: Mask, predicted: Mask) -> dict[str, Callable[[], Matrix]]:
    """Return each tool's function for mean IoU: it gives a confusion matrix or IoUs by class."""
    from sklearn.metrics import confusion_matrix

    labels = range(CLASSES)
    return {
        "maskbench": lambda: confusion(truth, predicted, CLASSES)[:, :CLASSES],
        "maskbench, all figures": lambda: count_image(truth, predicted, CLASSES)[0][:, :CLASSES],
        "FiftyOne": fiftyone_way(truth, predicted),
        "scikit-learn": lambda: confusion_matrix(truth.ravel(), predicted.ravel(), labels=labels),
        **torchmetrics_ways(truth, predicted),
    }


def ious(result: Matrix) -> Matrix:
    """Return the IoU of each class, from a confusion matrix if it is one."""
    if result.ndim == 1:
        return result
    hit = np.diag(result)
    return hit / (result.sum(axis=0) + result.sum(axis=1) - hit)


def milliseconds(work: dict[str, Callable[[], Matrix]], runs: int) -> dict[str, float]:
    """Return the median seconds of each function, called in turns."""
    times: dict[str, list[float]] = {who: [] for who in work}
    for _ in range(runs):
        for who, function in work.items():
            start = time.perf_counter()
            function()
            times[who].append(1e3 * (time.perf_counter() - start))
    return {who: statistics.median(taken) for who, taken in times.items()}


def rows(name: str, truth: Mask, predicted: Mask, runs: int) -> list[str]:
    """Return the table's rows for one pair of masks."""
    work = contenders(truth, predicted)
    found = {who: ious(np.asarray(function())) for who, function in work.items()}
    times = milliseconds(work, runs)
    lines = []
    for who, took in times.items():
        off = np.abs(found[who] - found["maskbench"]).max()
        ratio = took / times["maskbench"]
        lines.append(f"| {name} | {who} | {took:.2f} | {ratio:.1f} | {off:.0e} |")
    return lines


def memory(truth: Mask, predicted: Mask) -> float:
    """Return the most memory that scoring one image takes beyond its two masks, in masks."""
    tracemalloc.start()
    count_image(truth, predicted, CLASSES)
    peak = tracemalloc.get_traced_memory()[1] / truth.nbytes
    tracemalloc.stop()
    return peak


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default="1080x1920", help="height x width; default: %(default)s")
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    height, width = (int(side) for side in args.size.split("x"))
    rng = np.random.default_rng(0)
    truth, noise = areas(height, width, 0), rng.integers(0, CLASSES, (2, height, width), np.uint8)
    shifted = np.roll(truth, 9)
    print("| masks | mean IoU by | ms an image | time, maskbench = 1 | IoUs differ by |")
    print("|---|---|--:|--:|--:|")
    print("\n".join(rows("areas", truth, shifted, args.runs)))
    print("\n".join(rows("noise", noise[0], noise[1], args.runs)))
    print(f"\nOne {height} x {width} image in {CLASSES} classes. Scoring it with all figures takes")
    print(f"{memory(truth, shifted):.1f} times one mask's memory beyond its two masks.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
