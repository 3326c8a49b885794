"""A U-Net with few channels, which a CPU trains in minutes."""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from maskbench.dataset import Benchmark


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


def train(benchmark: Benchmark, seed: int, steps: int) -> nn.Module:
    """Train a U-Net at half the images' size, from random weights.

    Args:
        benchmark: The images to train on, all of one size.
        seed: For weights and batches.
        steps: Batches of eight images.
    """
    images = _tensor(np.stack([benchmark.scene(key) for key in benchmark.keys]))
    masks = np.stack([benchmark.mask(key) for key in benchmark.keys])[:, ::2, ::2]
    classes = torch.from_numpy(masks.astype(np.int64))
    torch.manual_seed(seed)
    model = UNet(len(benchmark.classes), (8, 16, 32))
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    for _ in range(steps):
        batch = torch.randint(len(images), (8,))
        some, truth = images[batch], classes[batch]
        if torch.rand(()) < 0.5:
            some, truth = some.flip(3), truth.flip(2)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(some), truth).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def _tensor(images: np.ndarray[Any, np.dtype[np.uint8]]) -> torch.Tensor:
    """Return images (N, H, W, 3) as a tensor (N, 3, H / 2, W / 2) around 0."""
    floats = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - 0.5
    return nn.functional.avg_pool2d(floats, 2)


def probabilities(
    model: nn.Module, image: np.ndarray[Any, np.dtype[np.uint8]]
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the probability of each class at each pixel, (classes, H, W)."""
    with torch.no_grad():
        scores = model(_tensor(image[None]))
        full = nn.functional.interpolate(scores, size=image.shape[:2], mode="bilinear")
        return full[0].softmax(dim=0).numpy()
