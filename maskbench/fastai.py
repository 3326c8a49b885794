"""Load a benchmark as fastai's DataLoaders.

>>> from fastai.vision.all import resnet34, unet_learner
>>> from maskbench.fastai import MeanIoU, segmentation_dataloaders
>>> dls = segmentation_dataloaders("data/benchmark", size=250, bs=12)  # doctest: +SKIP
>>> dls.show_batch()  # doctest: +SKIP
>>> learn = unet_learner(dls, resnet34, metrics=MeanIoU())  # doctest: +SKIP

The loss that a learner takes from these loaders ignores pixels of value 255. So do :class:`MeanIoU`
and :class:`PixelAccuracy`, but not fastai's own metrics.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fastai.vision.all import (
    AddMaskCodes,
    CropPad,
    CrossEntropyLossFlat,
    DataBlock,
    DataLoaders,
    IndexSplitter,
    IntToFloatTensor,
    ItemTransform,
    Learner,
    PILImage,
    PILMask,
    RandomCrop,
    RandomResizedCrop,
    RandomResizedCropGPU,
    Resize,
    ResizeMethod,
    TensorMask,
    Transform,
    TransformBlock,
    listify,
)
from matplotlib.patches import Patch
from PIL import Image
from torch.nn.functional import interpolate

from maskbench.dataset import Benchmark
from maskbench.errors import DataError, MaskbenchError, Problem
from maskbench.evaluation.fastai_metrics import MeanIoU, PixelAccuracy
from maskbench.files.atomic import replacing
from maskbench.files.benchmark import load_scene, sizes_differ
from maskbench.pages.palette import overlay_palette
from maskbench.params import IGNORE, IGNORED

__all__ = [
    "MeanIoU",
    "PixelAccuracy",
    "save_predictions",
    "segmentation_block",
    "segmentation_dataloaders",
]


def segmentation_dataloaders(  # noqa: PLR0913 - options go by keyword, as in fastai
    root: str | Path | Benchmark,
    size: int | tuple[int, int] | None = 250,
    bs: int = 12,
    *,
    item_tfms: Any = None,
    batch_tfms: Any = None,
    splits: tuple[str, str] = ("train", "valid"),
    **options: Any,
) -> DataLoaders:
    """Return fastai's DataLoaders of two splits of a benchmark.

    Args:
        root: The benchmark's folder, or the benchmark.
        size: The side in pixels, or height and width, to which images are squeezed. They are never
            cropped, so validation sees all of each; None: ``item_tfms`` makes them equally large.
        bs: Images in a batch; fewer if the training split has fewer, because fastai drops
            incomplete training batches and would train on nothing.
        item_tfms: Further transforms of an image and its mask, after the resizing.
        batch_tfms: Transforms of a batch, such as ``aug_transforms()``.
        splits: The splits to train on and to validate with.
        **options: Passed to ``DataBlock.dataloaders``: ``num_workers``, ``device``, ``path`` …

    Returns:
        DataLoaders with ``vocab`` and ``c`` (class names and their number) and a loss that ignores
        pixels of value 255, which a learner takes from them.

    Raises:
        DataError: The benchmark is not complete, or the training split has no image.
    """
    benchmark = root if isinstance(root, Benchmark) else Benchmark(root)
    train = benchmark.split(splits[0])
    if not train:
        what = "has no image to train on; add images, or choose another split.salt"
        problem = Problem(what, str(benchmark.root / "splits" / f"{splits[0]}.txt"))
        raise DataError(f"{benchmark.root} cannot be trained on", [problem])
    resize = [] if size is None else [Resize(size, method=ResizeMethod.Squish)]
    block = segmentation_block(benchmark, [*resize, *listify(item_tfms)], batch_tfms, splits)
    dls: DataLoaders = block.dataloaders(benchmark.root, bs=min(bs, len(train)), **options)
    dls.vocab, dls.c = list(benchmark.classes), len(benchmark.classes)
    return dls


def segmentation_block(
    root: str | Path | Benchmark,
    item_tfms: Any = None,
    batch_tfms: Any = None,
    splits: tuple[str, str] = ("train", "valid"),
) -> DataBlock:
    """Return the DataBlock of :func:`segmentation_dataloaders`, for loaders of your own.

    Its items are scene paths; ``block.dataloaders(root, bs=…)`` makes the loaders. Images of any
    mode are read upright and in RGB, masks by value (fastai's own blocks ignore EXIF, clip 16 bits
    to white, and take a palette's colours for classes).

    Args:
        root: The benchmark's folder, or the benchmark.
        item_tfms: Transforms of an image and its mask.
        batch_tfms: Transforms of a batch.
        splits: The splits to train on and to validate with.
    """
    benchmark = root if isinstance(root, Benchmark) else Benchmark(root)
    names = AddClassNames(codes=list(benchmark.classes))
    train, valid = (len(benchmark.splits[split]) for split in splits)
    return DataBlock(
        blocks=(
            TransformBlock(type_tfms=OpenScene(benchmark), batch_tfms=IntToFloatTensor),
            TransformBlock(type_tfms=OpenMask(benchmark), item_tfms=names),
        ),
        get_items=partial(_scene_paths, benchmark, splits),
        splitter=IndexSplitter(list(range(train, train + valid))),
        item_tfms=[SameSize(), *listify(item_tfms)],
        batch_tfms=batch_tfms,
    )


def save_predictions(learn: Learner, benchmark: Benchmark, folder: str | Path) -> Path:
    """Predict the images of a benchmark's view and save their masks as ``<key>.png``.

    Each is predicted at the loaders' size. Its class scores are then enlarged to the scene's size,
    which gives smoother outlines than enlarging the mask. ``maskbench evaluate`` reads the folder.

    Args:
        learn: A learner on loaders of :func:`segmentation_dataloaders`.
        benchmark: The images to predict, such as ``Benchmark(root, "test")``.
        folder: The folder to write; it is made if it is missing.

    Returns:
        The folder.

    Raises:
        MaskbenchError: The loaders crop or pad images, so scores would not cover all of each.
    """
    loader = learn.dls.valid
    if any(_crops(transform) for transform in (*loader.after_item.fs, *loader.after_batch.fs)):
        raise MaskbenchError("the loaders crop or pad; use Resize(…, method=ResizeMethod.Squish)")
    keys = benchmark.keys
    learn.model.eval()
    with torch.no_grad():
        for start in range(0, len(keys), loader.bs):
            batch = keys[start : start + loader.bs]
            scenes = [PILImage.create(benchmark.scene(key)) for key in batch]
            for (images,) in learn.dls.test_dl(scenes, num_workers=0):
                all_scores = learn.model(images).as_subclass(torch.Tensor)
                for key, scores in zip(batch, all_scores, strict=True):
                    _save(scores, benchmark, key, Path(folder))
    return Path(folder)


_CROPPING = (CropPad, RandomCrop, RandomResizedCrop, RandomResizedCropGPU)


def _crops(transform: Any) -> bool:
    squeezes = getattr(transform, "method", None) == ResizeMethod.Squish
    return isinstance(transform, _CROPPING) or (isinstance(transform, Resize) and not squeezes)


def _save(scores: torch.Tensor, benchmark: Benchmark, key: str, folder: Path) -> None:
    height, width = benchmark.mask(key).shape
    enlarged = interpolate(scores[None], size=(height, width), mode="bilinear", align_corners=False)
    mask = enlarged[0].argmax(dim=0).cpu().numpy().astype(np.uint8)
    with replacing(folder / f"{key}.png") as temporary:
        Image.fromarray(mask).save(temporary)


def _scene_paths(benchmark: Benchmark, splits: tuple[str, str], _source: Any) -> list[Path]:
    """Return the scene paths of the two splits, training first."""
    return [benchmark.scene_path(key) for split in splits for key in benchmark.split(split).keys]


class OpenScene(Transform):
    """Open a scene's path as an upright RGB image; leave other inputs to fastai.

    Attributes:
        input_types: What ``Learner.predict`` accepts, as fastai's ``PILImage.create`` does.
    """

    input_types = (Path, str, torch.Tensor, np.ndarray, bytes, Image.Image)

    def __init__(self, benchmark: Benchmark) -> None:
        super().__init__()
        self.benchmark = benchmark

    def encodes(self, source: Any) -> PILImage:
        """Read an image file, or call ``PILImage.create`` for other inputs.

        A scene of 16 bits is scaled as the benchmark's manifest says; images from elsewhere are
        read as they are.
        """
        if not isinstance(source, str | Path):
            return PILImage.create(source)
        path = Path(source)
        is_own = path.parent == self.benchmark.root / "scenes"
        return PILImage.create(self.benchmark.scene(path.stem) if is_own else load_scene(path))


class OpenMask(Transform):
    """Open the mask that belongs to a scene's path.

    Attributes:
        loss_func: The loss that a learner takes if it is given no other.
    """

    def __init__(self, benchmark: Benchmark) -> None:
        super().__init__()
        self.benchmark = benchmark
        self.loss_func = CrossEntropyLossFlat(axis=1, ignore_index=benchmark.ignore_index)

    def encodes(self, scene: Any) -> PILMask:
        """Read the mask of a scene of the benchmark; its attribute ``path`` is the mask's file."""
        key = Path(scene).stem
        mask = PILMask.create(self.benchmark.mask(key))
        mask.path = self.benchmark.mask_path(key)
        return mask


class SameSize(ItemTransform):
    """Refuse a mask whose size is not its scene's, which resizing would hide."""

    order = -1

    def encodes(self, pair: Any) -> Any:
        """Return the pair unchanged; raise DataError if the sizes differ."""
        if len(pair) == 2 and pair[0].size != pair[1].size:
            raise sizes_differ(pair[1].path, pair[1].size, pair[0].size)
        return pair


class MaskWithLegend(TensorMask):
    """A mask that shows itself over the image in class colours, with a legend of their names.

    Class 0 is transparent and pixels that are ignored are grey.
    """

    def show(self, ctx: Any = None, **options: Any) -> Any:
        """Draw on the axes ``ctx``; fastai's ``show_batch`` and ``show_results`` call this."""
        values = self.cpu().numpy().astype(np.uint8)
        colors = overlay_palette(len(self.codes))
        ctx.imshow(colors[values], interpolation="nearest")
        names = {**dict(enumerate(self.codes)), IGNORE: IGNORED}
        present = [value for value in np.unique(values).tolist() if value and value in names]
        patches = [Patch(color=colors[v] / 255.0, label=names[v]) for v in present]
        if patches:
            small = {"fontsize": 6, "frameon": False, "borderpad": 0.2, "handlelength": 1.0}
            ctx.legend(
                handles=patches, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, **small
            )
        return ctx


class AddClassNames(AddMaskCodes):
    """Give class names to the learner and to the legend of pictures."""

    def decodes(self, mask: TensorMask) -> MaskWithLegend:
        """Return the mask as one that shows its classes' names."""
        named: MaskWithLegend = mask.as_subclass(MaskWithLegend)
        named.codes = self.codes
        return named
