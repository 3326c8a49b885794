"""How fast scoring is, beside torchmetrics and scikit-learn on the same arrays.

Run ``python benchmarks/evaluate.py``; it needs torch and torchmetrics, and scikit-learn for what
FiftyOne's segmentation evaluation calls on each pair of masks. Prints milliseconds per image (best
of several runs), the ratio to ours, and the most memory that scoring an image takes beyond its
arrays.
"""

import argparse
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import torch
from sklearn.metrics import confusion_matrix
from torchmetrics.classification import MulticlassJaccardIndex
from torchmetrics.segmentation import MeanIoU

from maskbench.evaluation.confusion import confusion
from maskbench.evaluation.figures import count_image
from maskbench.pixels import Mask

CLASSES = 7


def areas(height: int, width: int, seed: int) -> Mask:
    """A mask of twenty rectangles, as annotators draw them."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), dtype=np.uint8)
    for _ in range(20):
        top, left = rng.integers(height), rng.integers(width)
        bottom, right = top + rng.integers(height // 2), left + rng.integers(width // 2)
        mask[top:bottom, left:right] = rng.integers(CLASSES)
    return mask


def milliseconds(function: Callable[[], object], runs: int) -> float:
    """The best of some runs after one to warm up."""
    function()
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return 1e3 * best


def contenders(truth: Mask, predicted: Mask) -> dict[str, Callable[[], object]]:
    """Mean IoU's work on one image, by who does it; tensors are made beforehand."""
    tensors = torch.from_numpy(predicted).long()[None], torch.from_numpy(truth).long()[None]
    jaccard = MulticlassJaccardIndex(CLASSES, ignore_index=255, validate_args=False)
    mean_iou = MeanIoU(CLASSES, input_format="index")
    return {
        "maskbench, IoU": lambda: confusion(truth, predicted, CLASSES),
        "maskbench, all figures": lambda: count_image(truth, predicted, CLASSES),
        "torchmetrics JaccardIndex": lambda: jaccard.update(*tensors),
        "torchmetrics MeanIoU": lambda: mean_iou.update(*tensors),
        "scikit-learn (FiftyOne's way)": lambda: confusion_matrix(
            truth.ravel(), predicted.ravel(), labels=range(CLASSES)
        ),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", default="1080x1920", help="height x width; default: %(default)s")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    height, width = (int(side) for side in args.size.split("x"))
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, CLASSES, (height, width), dtype=np.uint8) for _ in range(2)]
    for name, (truth, predicted) in {
        "areas": (areas(height, width, 0), np.roll(areas(height, width, 0), 9)),
        "noise": noise,
    }.items():
        print(f"{name}, {height} x {width}, {CLASSES} classes: ms per image, ratio to ours")
        times = {
            who: milliseconds(work, args.runs) for who, work in contenders(truth, predicted).items()
        }
        for who, took in times.items():
            print(f"  {who:30} {took:9.2f} {took / times['maskbench, IoU']:8.1f}")
        tracemalloc.start()
        count_image(truth, predicted, CLASSES)
        peak = tracemalloc.get_traced_memory()[1] / truth.nbytes
        tracemalloc.stop()
        print(f"  memory beyond the two masks: {peak:.1f} times one mask\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
