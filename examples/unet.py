"""A U-Net with few channels, which a CPU trains in minutes."""

from itertools import pairwise

import torch
from torch import nn


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
