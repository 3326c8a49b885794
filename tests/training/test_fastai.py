"""fastai's DataLoaders: published split, register, ignored pixels, pictures, the plain recipe."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

mpl.use("agg")

from fastai.vision.all import (
    CropPad,
    FileSplitter,
    ImageBlock,
    Learner,
    MaskBlock,
    PILImage,
    RandomCrop,
    RandomResizedCrop,
    RandomResizedCropGPU,
    Resize,
    SegmentationDataLoaders,
    aug_transforms,
    get_c,
    get_image_files,
)
from fastai.vision.all import DataBlock as FastaiDataBlock
from torch import nn

from maskbench.dataset import Benchmark
from maskbench.errors import DataError, MaskbenchError
from maskbench.evaluate import evaluate
from maskbench.fastai import (
    MeanIoU,
    PixelAccuracy,
    save_predictions,
    segmentation_block,
    segmentation_dataloaders,
)
from tests.benchmarks import CLASSES, blocks, make, scene_of, write_item, write_lists

pytestmark = pytest.mark.filterwarnings("default")


def loaders(root, **options):
    return segmentation_dataloaders(root, **{"size": 48, "bs": 3, "num_workers": 0, **options})


def tiny(classes=3):
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, classes, 1))


def told(images):
    """The mask that the images' grey tells."""
    return (images[:, 0].float() * 255 / 80).round().long()


def test_loaders_have_the_published_split_and_the_classes(benchmark):
    dls = loaders(benchmark)
    names = [[Path(item).stem for item in dl.dataset.items] for dl in (dls.train, dls.valid)]
    assert names[0] == list(Benchmark(benchmark, "train").keys)
    assert names[1] == list(Benchmark(benchmark, "valid").keys)
    assert (dls.c, get_c(dls), dls.vocab) == (3, 3, list(CLASSES))
    images, masks = dls.one_batch()
    assert (images.shape, masks.shape) == ((3, 3, 48, 48), (3, 48, 48))
    assert masks.dtype == torch.int64


@pytest.mark.parametrize("batch_tfms", [None, "augmented"])
def test_image_and_mask_stay_in_register(benchmark, batch_tfms):
    tfms = aug_transforms(max_lighting=0.0, max_warp=0.1) if batch_tfms else None
    images, masks = loaders(benchmark, bs=6, batch_tfms=tfms).one_batch()
    assert set(masks.unique().tolist()) <= {0, 1, 2}
    assert (told(images) == masks).float().mean() > 0.8
    assert (told(images.flip(3)) == masks).float().mean() < 0.6


def _modes(root):
    """Scenes of every mode that tell their masks; keys by mode."""
    mask = blocks(0)
    grey = Image.fromarray(scene_of(mask)[:, :, 0])
    palette = Image.fromarray(mask)
    palette.putpalette([part for v in range(256) for part in [min(80 * v, 255)] * 3])
    wide = Image.fromarray(scene_of(mask)[:, :, 0].astype(np.uint16) * 256)
    rgba = Image.merge("RGBA", [grey, grey, grey, grey])
    scenes = {"grey": grey, "palette": palette, "wide": wide, "rgba": rgba}
    for mode, scene in scenes.items():
        write_item(root, mode, mask, scene)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = np.rot90(scene_of(mask)).copy()
    write_item(root, "exif", mask, lying)
    Image.fromarray(lying).save(root / "scenes" / "exif.png", exif=exif)
    keys = [*scenes, "exif"]
    write_lists(root, {"train": keys})
    return keys


def test_every_mode_of_image_is_in_register(tmp_path):
    keys = _modes(tmp_path)
    images, masks = loaders(tmp_path, size=(24, 32), bs=len(keys)).one_batch()
    assert len(images) == 5
    for image, mask in zip(images, masks, strict=True):
        np.testing.assert_array_equal(told(image[None])[0].numpy(), mask.numpy())


def test_fewer_training_images_than_a_batch_still_train(tmp_path):
    make(tmp_path, {"train": ["a", "b"], "valid": ["c"]})
    dls = loaders(tmp_path, bs=12)
    assert len(dls.train) == 1
    assert dls.one_batch()[0].shape[0] == 2


def test_no_training_image_is_an_error_that_names_the_file(tmp_path):
    make(tmp_path, {"valid": ["a"]})
    with pytest.raises(DataError, match=r"splits/train\.txt: has no image"):
        loaders(tmp_path)


def test_a_mask_of_another_size_is_an_error(benchmark):
    Image.fromarray(np.zeros((24, 31), np.uint8)).save(benchmark / "masks" / "000000_room.png")
    with pytest.raises(
        DataError, match=r"masks/000000_room\.png: has 31 x 24 .*scene 32 x 24; run"
    ):
        loaders(benchmark, bs=6).one_batch()


def test_learner_ignores_void_in_loss_and_metrics(benchmark):
    for key in Benchmark(benchmark).keys:
        mask = Benchmark(benchmark).mask(key).copy()
        mask[:8] = 255
        write_item(benchmark, key, mask)
    dls = loaders(benchmark)
    learn = Learner(dls, tiny(), metrics=[MeanIoU(), PixelAccuracy()])
    with learn.no_bar(), learn.no_logging():
        learn.fit(1)
    loss, mean_iou, accuracy = learn.validate()
    assert 0 < loss < 10
    truth = torch.cat([y for _, y in dls.valid]).numpy()
    predicted = learn.get_preds()[0].argmax(1).numpy()
    counted = truth != 255
    assert accuracy == pytest.approx((truth == predicted)[counted].mean())
    ious = [
        ((truth == c) & (predicted == c)).sum()
        / (((truth == c) | (predicted == c)) & counted).sum()
        for c in range(3)
        if (((truth == c) | (predicted == c)) & counted).any()
    ]
    assert mean_iou == pytest.approx(np.mean(ious))


def test_metric_equals_evaluate(benchmark):
    dls = loaders(benchmark, size=(24, 32))
    learn = Learner(dls, tiny(), metrics=MeanIoU())
    with learn.no_bar():
        _, mean_iou = learn.validate()
        masks = learn.get_preds()[0].argmax(1).numpy().astype(np.uint8)
    keys = Benchmark(benchmark, "valid").keys
    report = evaluate(dict(zip(keys, masks, strict=True)), benchmark, "valid", resamples=0)
    assert report.summary.figures.mean[0] == pytest.approx(mean_iou)


class Teller(nn.Module):
    """Scores the class that a pixel's grey tells."""

    def forward(self, images):
        classes = torch.arange(3.0).view(1, 3, 1, 1) * 80 / 255
        return -(images[:, :1].as_subclass(torch.Tensor) - classes).abs()


def test_saved_predictions_fit_their_scenes(benchmark, tmp_path):
    test = Benchmark(benchmark, "test")
    learn = Learner(loaders(benchmark, size=(48, 64)), Teller())
    report = evaluate(save_predictions(learn, test, tmp_path / "p"), benchmark)
    assert report.summary.figures.mean[0] > 0.85


@pytest.mark.parametrize(
    "options",
    [
        {"size": None, "item_tfms": Resize(16)},
        {"size": None, "item_tfms": Resize(16, method="pad")},
        {"size": None, "item_tfms": CropPad(16)},
        {"size": None, "item_tfms": [Resize(32, method="squish"), RandomCrop(16)]},
        {"item_tfms": RandomResizedCrop(16)},
        {"batch_tfms": RandomResizedCropGPU(16)},
    ],
)
def test_predictions_of_cropped_images_are_refused(benchmark, tmp_path, options):
    learn = Learner(loaders(benchmark, **options), Teller())
    with pytest.raises(MaskbenchError, match="crop or pad"):
        save_predictions(learn, Benchmark(benchmark, "test"), tmp_path / "p")


def test_batches_show_class_names(benchmark):
    import matplotlib.pyplot as plt

    dls = loaders(benchmark)
    dls.show_batch()
    labels = {
        t.get_text() for ax in plt.gcf().axes if ax.get_legend() for t in ax.get_legend().texts
    }
    plt.close("all")
    assert labels == {"Canvas", "Obstruction"}


@pytest.mark.parametrize("given", [str, Path, Path.read_bytes, PILImage.create])
def test_learner_can_be_exported(benchmark, tmp_path, given):
    from fastai.vision.all import load_learner

    learn = Learner(loaders(benchmark), tiny())
    learn.export(tmp_path / "learner.pkl")
    copy = load_learner(tmp_path / "learner.pkl")
    with copy.no_bar():
        mask = copy.predict(given(Benchmark(benchmark).scene_path("000009_room")))[0]
    assert mask.shape == (48, 48)


def test_worker_processes_give_the_same_batches(benchmark):
    batches = [loaders(benchmark, num_workers=n).valid.one_batch()[1] for n in (0, 2)]
    assert torch.equal(*batches)


def test_block_is_for_people_who_build_their_own(benchmark):
    block = segmentation_block(benchmark, item_tfms=Resize(32), splits=("train", "test"))
    dls = block.dataloaders(benchmark, bs=2, num_workers=0)
    assert len(dls.valid_ds) == 2
    assert dls.one_batch()[0].shape == (2, 3, 32, 32)


def test_plain_recipe_without_maskbench(sample):
    path = Path(sample)
    codes = (path / "codes.txt").read_text(encoding="utf-8").splitlines()
    dls = SegmentationDataLoaders.from_label_func(
        path,
        get_image_files(path / "scenes"),
        lambda scene: path / "masks" / f"{scene.stem}.png",
        codes=codes,
        item_tfms=Resize(64),
        bs=4,
        num_workers=0,
    )
    masks = dls.one_batch()[1]
    assert masks.shape == (4, 64, 64)
    assert masks.max() < len(codes)


def test_plain_recipe_pairs_each_scene_of_the_sample_with_its_mask(sample):
    """Every item, at full size: the pixels of scene and mask are those of one key, upright."""
    path = Path(sample)
    dls = SegmentationDataLoaders.from_label_func(
        path,
        get_image_files(path / "scenes"),
        lambda scene: path / "masks" / f"{scene.stem}.png",
        codes=(path / "codes.txt").read_text(encoding="utf-8").splitlines(),
        bs=1,
        num_workers=0,
    )
    benchmark = Benchmark(path)
    seen = set()
    for part in (dls.train_ds, dls.valid_ds):
        for scene, (image, mask) in zip(part.items, part, strict=True):
            expected = benchmark.sample(scene.stem)
            assert np.array_equal(np.asarray(image), expected.image), scene.name
            assert np.array_equal(np.asarray(mask), expected.mask), scene.name
            assert benchmark.row(scene.stem).classes == {
                benchmark.classes[value]: count
                for value, count in enumerate(np.bincount(np.asarray(mask).ravel()).tolist())
                if count
            }
            seen.add(scene.stem)
    assert seen == set(benchmark.keys)


def test_plain_recipe_with_the_published_split(sample):
    path = Path(sample)
    codes = (path / "codes.txt").read_text(encoding="utf-8").splitlines()
    block = FastaiDataBlock(
        (ImageBlock, MaskBlock(codes)),
        get_items=get_image_files,
        splitter=FileSplitter(path / "splits" / "test.txt"),
        get_y=lambda scene: path / "masks" / f"{scene.stem}.png",
        item_tfms=Resize(64),
    )
    dls = block.dataloaders(path / "scenes", bs=4, num_workers=0)
    assert {item.stem for item in dls.valid.items} == set(Benchmark(path, "test").keys)
