"""Images of 16 bits with few used levels: with a stated scaling no batch is black."""

import numpy as np
import pytest
from fastai.vision.all import Learner, PILImage
from torch import nn
from torch.utils.data import DataLoader

from maskbench.dataset import Benchmark
from maskbench.fastai import save_predictions, segmentation_dataloaders
from maskbench.torch import SegmentationDataset
from tests.exports import write_wide_export
from tests.pipeline.test_build import run


def build(root, scaling):
    write_wide_export(root / "source", 4)
    ratios = {"ratios": {"train": 1.0, "valid": 0.0, "test": 0.0}}
    run(root, root / "source", combine={"scaling": scaling}, split=ratios)
    return root / "data/benchmark"


@pytest.mark.parametrize(("scaling", "most"), [(None, 0), ("range", 255), ([0, 498], 128)])
def test_torch_and_fastai_see_what_numpy_sees(tmp_path, scaling, most):
    root = build(tmp_path, scaling)
    expected = np.stack([sample.image for sample in Benchmark(root)])
    assert expected.max() == most
    images, _ = next(iter(DataLoader(SegmentationDataset(root), batch_size=4)))
    np.testing.assert_array_equal(images.permute(0, 2, 3, 1).numpy(), expected)
    dls = segmentation_dataloaders(
        root, size=None, bs=4, splits=("train", "train"), num_workers=0, device="cpu"
    )
    images, _ = dls[1].one_batch()
    found = (images.permute(0, 2, 3, 1).numpy() * 255).round()
    np.testing.assert_array_equal(found, expected)


class Bright(nn.Module):
    """Says class 1 where a pixel is brighter than half."""

    def forward(self, images):
        bright = (images.mean(dim=1, keepdim=True) > 0.5).float()
        return nn.functional.pad(bright, (0, 0, 0, 0, 1, 2)) + 0.5 * (1 - bright.repeat(1, 4, 1, 1))


def test_predictions_are_of_scaled_images_of_any_benchmark(tmp_path):
    """Also where the learner comes from a benchmark in another folder."""
    first, second = build(tmp_path / "a", "range"), build(tmp_path / "b", [0, 1000])
    dls = segmentation_dataloaders(
        first, size=(30, 40), bs=3, splits=("train", "train"), num_workers=0, device="cpu"
    )
    learn = Learner(dls, Bright())
    for root, has_bright in ((first, True), (second, False)):
        folder = save_predictions(learn, Benchmark(root), tmp_path / root.parts[-3] / "predicted")
        masks = [np.asarray(PILImage.create(path))[:, :, 0] for path in sorted(folder.iterdir())]
        assert len(masks) == 4
        assert all((mask == 1).any() == has_bright for mask in masks)
