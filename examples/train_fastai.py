"""Train a small U-Net with fastai on the benchmark, on a CPU, from random weights, and score it.

    python examples/train_fastai.py                      # data/benchmark, under three minutes
    python examples/train_fastai.py --epochs 10 --out /tmp/run

Writes to --out: ``predictions/`` (a mask per test image) and what ``maskbench evaluate`` writes.
Prints the scores beside those of predicting background everywhere, and fails if not better.
"""

import argparse
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from fastai.vision.all import Learner, aug_transforms, set_seed
from torch import nn

from maskbench.dataset import Benchmark
from maskbench.evaluate import evaluate
from maskbench.evaluation.outputs import write_files
from maskbench.evaluation.page import Shown, write_page
from maskbench.fastai import MeanIoU, save_predictions, segmentation_dataloaders


class Block(nn.Sequential):
    """Return two convolutions with batch normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        layers = [
            [nn.Conv2d(i, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            for i in (inputs, outputs)
        ]
        super().__init__(*layers[0], *layers[1])


class UNet(nn.Module):
    """A U-Net (Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597) with few channels.

    Args:
        classes: How many classes it tells apart.
        channels: Channels at each level, finest first; sides of images are multiples of
            ``2 ** (len(channels) - 1)``.
    """

    def __init__(self, classes: int, channels: tuple[int, ...] = (12, 24, 48, 72)) -> None:
        super().__init__()
        steps = list(pairwise(channels))
        self.first = Block(3, channels[0])
        self.down = nn.ModuleList(Block(fine, coarse) for fine, coarse in steps)
        self.up = nn.ModuleList(Block(coarse + fine, fine) for fine, coarse in reversed(steps))
        self.last = nn.Conv2d(channels[0], classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return class scores (N, classes, H, W) of images (N, 3, H, W)."""
        levels = [self.first(images)]
        for block in self.down:
            levels.append(block(nn.functional.max_pool2d(levels[-1], 2)))
        found = levels.pop()
        for block in self.up:
            finer = levels.pop()
            found = nn.functional.interpolate(found, size=finer.shape[-2:])
            found = block(torch.cat([finer, found], dim=1))
        return self.last(found)


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
    write_page(args.out, Shown(report, test, {"Prediction": predictions}))

    scores = [float(scored.summary.figures.mean[0]) for scored in (report, baseline)]
    print(f"\n{report}\n\nmean IoU {scores[0]:.3f}, background everywhere {scores[1]:.3f}")
    print(f"{time.monotonic() - start:.0f} s; the worst images are in {args.out / 'index.html'}")
    return 0 if scores[0] > scores[1] else 1


if __name__ == "__main__":
    sys.exit(main())
