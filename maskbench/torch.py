"""Load a benchmark as a PyTorch dataset in torchvision's convention.

>>> import torch
>>> from torchvision import tv_tensors
>>> from torchvision.transforms import v2
>>> from maskbench.torch import SegmentationDataset
>>> dtypes = {tv_tensors.Image: torch.float32, tv_tensors.Mask: torch.int64, "others": None}
>>> transforms = v2.Compose([v2.Resize((256, 256)), v2.ToDtype(dtypes, scale=True)])
>>> train = SegmentationDataset("data/benchmark", "train", transforms)  # doctest: +SKIP
>>> loader = torch.utils.data.DataLoader(train, batch_size=8, shuffle=True)  # doctest: +SKIP
>>> loss = torch.nn.CrossEntropyLoss(ignore_index=255)
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from maskbench.dataset import Benchmark

try:
    from torchvision import tv_tensors
except (ImportError, RuntimeError):  # missing, or made for another torch: plain tensors
    tv_tensors = None

Pair = tuple[torch.Tensor, torch.Tensor]


class SegmentationDataset(Dataset[Pair]):
    """Images and masks of one split, read when they are asked for.

    An item is ``(image, mask)``: ``tv_tensors.Image``, shape (3, H, W), uint8, and
    ``tv_tensors.Mask``, shape (H, W), uint8, so that torchvision's v2 transforms move both
    alike and never blend class values. Without torchvision both are plain tensors of the same
    shape. Images keep their own sizes: resize or crop them to make batches of more than one.

    It can be pickled and used with any number of workers; files are opened for reading only.

    Args:
        root: The benchmark's folder, or a :class:`maskbench.dataset.Benchmark`.
        split: ``train``, ``valid`` or ``test``; None: all images of ``root``, or of its split.
        transforms: Called with (image, mask), returns both; for example
            ``torchvision.transforms.v2.Compose``.

    Attributes:
        benchmark: The images as a :class:`maskbench.dataset.Benchmark`: paths, manifest rows.
        classes: Class names; the place in the tuple is the value in the mask.
        keys: The images' keys, in order.
        ignore_index: The mask value of pixels that do not count, for the loss.

    Raises:
        DataError: The benchmark is not complete; or, when an item is read, a file is damaged.
    """

    def __init__(
        self,
        root: str | Path | Benchmark,
        split: str | None = None,
        transforms: Callable[..., Any] | None = None,
    ) -> None:
        benchmark = root if isinstance(root, Benchmark) else Benchmark(root)
        self.benchmark = benchmark if split is None else benchmark.split(split)
        self.transforms = transforms
        self.classes = self.benchmark.classes
        self.keys = self.benchmark.keys
        self.ignore_index = self.benchmark.ignore_index

    def __len__(self) -> int:
        return len(self.benchmark)

    def __getitem__(self, index: int) -> Pair:
        sample = self.benchmark[index]
        image: torch.Tensor = torch.from_numpy(sample.image).permute(2, 0, 1).contiguous()
        mask: torch.Tensor = torch.from_numpy(sample.mask)
        if tv_tensors is not None:
            image, mask = tv_tensors.Image(image), tv_tensors.Mask(mask)
        if self.transforms is None:
            return image, mask
        transformed: Pair = self.transforms(image, mask)
        return transformed
