"""Small benchmarks made on purpose."""

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from maskbench.dataset import Benchmark
from maskbench.files.masks import pixel_digest
from maskbench.pipeline.split import COLUMNS

CLASSES = ("Background", "Canvas", "Obstruction")
SUBSETS = ("train", "valid", "test")


def blocks(seed: int, shape=(24, 32), classes=3):
    """A mask of 4 x 4 blocks, shape (H, W), uint8."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, classes, (-(-shape[0] // 4), -(-shape[1] // 4)), dtype=np.uint8)
    return small.repeat(4, axis=0).repeat(4, axis=1)[: shape[0], : shape[1]]


def scene_of(mask, step=80):
    """A scene that tells its mask: value v is grey v * step, so that register can be checked."""
    grey = (mask.astype(np.int64) * step).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def write_item(root: Path, key: str, mask, scene=None, suffix=".png"):
    """Write scene (an array or a Pillow image) and mask of a key."""
    scene = scene_of(mask) if scene is None else scene
    image = scene if isinstance(scene, Image.Image) else Image.fromarray(scene)
    for name in ("scenes", "masks"):
        (root / name).mkdir(parents=True, exist_ok=True)
    image.save(root / "scenes" / f"{key}{suffix}")
    Image.fromarray(mask).save(root / "masks" / f"{key}.png")


def write_lists(root: Path, splits, classes=CLASSES, groups=None):
    """Write codes, splits and manifest for the items that lie in the folder."""
    (root / "codes.txt").write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")
    (root / "splits").mkdir(exist_ok=True)
    scenes = {path.stem: path.name for path in (root / "scenes").iterdir()}
    for name in SUBSETS:
        lines = sorted(scenes[key] for key in splits.get(name, ()))
        (root / "splits" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    with (root / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n", restval="")
        table.writeheader()
        for number, (name, key) in enumerate((n, k) for n, keys in splits.items() for k in keys):
            mask = np.asarray(Image.open(root / "masks" / f"{key}.png"))
            table.writerow(
                _row(key, name, number, mask, scenes[key]) | {"group": (groups or {}).get(key, key)}
            )


def _row(key, split, number, mask, scene):
    return {
        "key": key, "split": split, "task": number + 1, "annotation": number + 1,
        "ground_truth": "false", "updated_at": "2026-01-01T00:00:00Z", "scene": scene,
        "mask": f"{key}.png", "width": mask.shape[1], "height": mask.shape[0],
        "classes": json.dumps({}), "mask_sha256": pixel_digest(mask), "scene_sha256": "",
    }  # fmt: skip


def make(root: Path, splits=None, **options):
    """A benchmark of block masks: 6 training, 2 validation and 2 test images by default."""
    if splits is None:
        keys = [f"{number:06d}_room" for number in range(10)]
        splits = {"train": keys[:6], "valid": keys[6:8], "test": keys[8:]}
    everything = [key for keys in splits.values() for key in keys]
    for number, key in enumerate(everything):
        write_item(root, key, blocks(number))
    write_lists(root, splits, **options)
    return root


def save(folder, masks, suffix=".png"):
    """Write predictions to a folder, which is returned."""
    folder.mkdir(exist_ok=True)
    for key, mask in masks.items():
        if suffix == ".npy":
            np.save(folder / f"{key}.npy", mask)
        else:
            Image.fromarray(mask).save(folder / f"{key}{suffix}")
    return folder


def masks_of(benchmark, split="test", seed=None):
    """True masks by key; with a seed, with random mistakes."""
    view = Benchmark(benchmark, split)
    found = {key: view.mask(key) for key in view.keys}
    if seed is None:
        return found
    rng = np.random.default_rng(seed)
    return {
        key: np.where(rng.random(mask.shape) < 0.3, rng.integers(0, 3, mask.shape), mask).astype(
            np.uint8
        )
        for key, mask in found.items()
    }


def pairs(seed, classes, shape=(40, 50), void=0.1, smooth=False):
    """Return a true mask with ignored pixels and a predicted one, both of all classes."""
    rng = np.random.default_rng(seed)
    truth, predicted = (
        blocks(seed + i, shape, classes) if smooth else rng.integers(0, classes, shape, np.uint8)
        for i in (0, 1)
    )
    truth = truth.copy()
    truth[rng.random(shape) < void] = 255
    return truth, predicted
