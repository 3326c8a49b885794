"""Train a small U-Net with fastai on the benchmark, on a CPU, from random weights, and score it.

    python examples/train_fastai.py                      # data/benchmark, under three minutes
    python examples/train_fastai.py --epochs 10 --out /tmp/run

Writes to --out: ``predictions/`` (a mask per test image) and what ``maskbench evaluate`` writes.
Prints the scores beside those of predicting background everywhere, and fails if not better.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from fastai.vision.all import Learner, aug_transforms, set_seed
from unet import UNet

from maskbench.dataset import Benchmark
from maskbench.evaluate import evaluate
from maskbench.evaluation.outputs import write_files
from maskbench.evaluation.page import EvaluationContents, write_page
from maskbench.fastai import MeanIoU, save_predictions, segmentation_dataloaders


def train(root: Path, epochs: int, size: int) -> Learner:
    """Return a learner trained on the training split."""
    set_seed(0)
    valid = "valid" if Benchmark(root, "valid") else "train"
    dls = segmentation_dataloaders(
        root, size, bs=4, splits=("train", valid), num_workers=0, device="cpu",
        batch_tfms=aug_transforms(max_rotate=5.0, max_warp=0.1, max_lighting=0.3),
    )  # fmt: skip
    learn = Learner(dls, UNet(dls.c), metrics=MeanIoU())
    with learn.no_bar():
        learn.fit_one_cycle(epochs, 5e-3)
    return learn


def main() -> int:
    """Train, predict the test split, score, and compare with the background baseline."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("data/benchmark"))
    parser.add_argument("--out", type=Path, default=Path("runs/fastai"))
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--size", type=int, default=64)
    args = parser.parse_args()

    start = time.monotonic()
    learn = train(args.data, args.epochs, args.size)
    test = Benchmark(args.data, "test")
    predictions = save_predictions(learn, test, args.out / "predictions")

    report = evaluate(predictions, args.data)
    nothing = {key: np.zeros_like(test.mask(key)) for key in test.keys}
    baseline = evaluate(nothing, args.data, resamples=0)
    write_files(report, args.out)
    write_page(args.out, EvaluationContents(report, test, {"Prediction": predictions}))

    scores = [float(scored.summary.figures.mean[0]) for scored in (report, baseline)]
    print(f"\n{report}\n\nmean IoU {scores[0]:.3f}, background everywhere {scores[1]:.3f}")
    print(f"{time.monotonic() - start:.0f} s; the worst images are in {args.out / 'index.html'}")
    return 0 if scores[0] > scores[1] else 1


if __name__ == "__main__":
    sys.exit(main())
