"""The PyTorch dataset: torchvision's convention, workers, register."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from torchvision import tv_tensors
from torchvision.transforms import v2

from maskbench.dataset import Benchmark
from maskbench.errors import DataError
from maskbench.torch import SegmentationDataset
from tests.benchmarks import CLASSES, write_item

DTYPES = {tv_tensors.Image: torch.float32, tv_tensors.Mask: torch.int64, "others": None}


def test_items_are_torchvisions_types(benchmark):
    train = SegmentationDataset(benchmark, "train")
    image, mask = train[0]
    assert isinstance(image, tv_tensors.Image)
    assert isinstance(mask, tv_tensors.Mask)
    assert (image.shape, image.dtype) == ((3, 24, 32), torch.uint8)
    assert (mask.shape, mask.dtype) == ((24, 32), torch.uint8)
    assert (len(train), train.classes, train.ignore_index) == (6, CLASSES, 255)
    assert len(SegmentationDataset(Benchmark(benchmark, "test"))) == 2
    with pytest.raises(IndexError):
        train[6]


def _register(image, mask):
    """Whether the image's grey still tells the mask (away from blurred block edges)."""
    told = (image[0].float() / 80).round()
    return (told == mask.float()).float().mean().item()


def test_geometry_keeps_image_and_mask_in_register(benchmark):
    torch.manual_seed(0)
    transforms = v2.Compose(
        [v2.RandomHorizontalFlip(1.0), v2.RandomResizedCrop((48, 48)), v2.RandomRotation(30)]
    )
    for image, mask in SegmentationDataset(benchmark, "train", transforms):
        assert set(mask.unique().tolist()) <= {0, 1, 2}  # no value is blended
        assert _register(image, mask) > 0.75
        assert _register(image.flip(2), mask) < 0.7


def test_workers_read_what_this_process_reads(benchmark):
    train = SegmentationDataset(benchmark, "train", v2.ToDtype(DTYPES, scale=True))
    images, masks = next(iter(DataLoader(train, batch_size=3, num_workers=2)))
    assert (images.dtype, masks.dtype) == (torch.float32, torch.int64)
    np.testing.assert_array_equal(masks[2].numpy(), Benchmark(benchmark, "train")[2].mask)


def test_spawned_workers_read_it_too(benchmark):
    train = SegmentationDataset(benchmark, "train")  # no transforms: the shim is not in the worker
    loader = DataLoader(train, batch_size=3, num_workers=1, multiprocessing_context="spawn")
    masks = next(iter(loader))[1]
    np.testing.assert_array_equal(masks[2].numpy(), Benchmark(benchmark, "train")[2].mask)


def test_a_damaged_file_in_a_worker_is_named(benchmark):
    path = benchmark / "masks" / "000001_room.png"
    path.write_bytes(path.read_bytes()[:50])
    loader = DataLoader(SegmentationDataset(benchmark, "train"), num_workers=1)
    with pytest.raises(DataError, match=r"masks/000001_room\.png"):
        list(loader)


def test_dataset_survives_pickling(benchmark):
    train = pickle.loads(pickle.dumps(SegmentationDataset(benchmark, "train")))
    assert torch.equal(train[0][1], SegmentationDataset(benchmark, "train")[0][1])


def test_ignored_pixels_do_not_reach_the_loss(benchmark):
    mask = np.full((24, 32), 255, np.uint8)
    mask[:4] = 1
    write_item(benchmark, "000000_room", mask)
    train = SegmentationDataset(benchmark, "train", v2.ToDtype(DTYPES, scale=True))
    scores = torch.zeros(1, 3, 24, 32)
    scores[:, 1, :4] = 50.0  # right where it counts, undecided elsewhere
    loss = torch.nn.functional.cross_entropy(
        scores, train[0][1][None].as_subclass(torch.Tensor), ignore_index=train.ignore_index
    )
    assert loss.item() < 1e-6


def test_without_torchvision_items_are_plain_tensors(benchmark):
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from maskbench.torch import SegmentationDataset\n"
        f"image, mask = SegmentationDataset({str(benchmark)!r}, 'train')[0]\n"
        "assert type(image).__name__ == type(mask).__name__ == 'Tensor'\n"
        "assert image.shape == (3, 24, 32) and mask.shape == (24, 32)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
