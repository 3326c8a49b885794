"""EXIF orientation: what the annotator saw is what counts, whatever the format and the tag."""

import numpy as np
import pytest
from PIL import Image

from maskbench.files.images import inspect, read_scene, write_upright
from tests.exports import annotation, box, task, write_export
from tests.pipeline.test_build import run

# How a picture has to be turned so that, stored like this, viewers show it upright again
# (EXIF 2.32, tag 274): the inverse of what the tag says.
STORED = {
    1: lambda seen: seen,
    2: lambda seen: seen[:, ::-1],
    3: lambda seen: seen[::-1, ::-1],
    4: lambda seen: seen[::-1],
    5: lambda seen: seen.swapaxes(0, 1),
    6: np.rot90,
    7: lambda seen: np.rot90(seen, 2).swapaxes(0, 1),
    8: lambda seen: np.rot90(seen, -1),
}


def picture():
    """Upright, 40 x 30: a bright block at the top left on a dark ground."""
    seen = np.full((30, 40, 3), 20, dtype=np.uint8)
    seen[:8, :16] = (240, 60, 60)
    return seen


def store(path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](picture())))
    stored.save(path, exif=exif)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_tiff_that_is_not_compressed_stands_upright(tmp_path, orientation, mode):
    """Pillow itself gives those that lie on their side as a picture of stripes."""
    seen = picture()
    seen[:, :, :] += np.arange(40, dtype=np.uint8)[np.newaxis, :, np.newaxis]  # no two columns
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](seen)))
    if mode == "I;16":
        stored = Image.fromarray(np.asarray(stored.convert("L")).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[274] = orientation
    for name, options in (("plain", {}), ("packed", {"compression": "tiff_lzw"})):
        image = stored if mode == "I;16" else stored.convert(mode)
        image.save(tmp_path / f"{name}.tif", exif=exif, **options)
        write_upright(tmp_path / f"{name}.tif", tmp_path / f"{name}-up.tif")
    info = inspect(tmp_path / "plain.tif")
    assert (info.width, info.height) == (40, 30)
    expected = read_scene(tmp_path / "packed.tif")
    assert expected.shape == (30, 40, 3)
    for name in ("plain", "plain-up", "packed-up"):
        assert np.array_equal(read_scene(tmp_path / f"{name}.tif"), expected)


def test_mask_and_scene_agree_for_each_orientation(tmp_path):
    """The block is annotated where it is seen; in the scene it lies under its mask."""
    source = tmp_path / "source"
    result = [box(["Canvas"], 0, 0, 40, 100 * 8 / 30)]
    tasks = [task(n, annotation(n, result), image=f"{n}.png") for n in STORED]
    write_export(source, tasks, images=False)
    for orientation in STORED:
        store(source / f"{orientation}.png", orientation)
    run(tmp_path, source)
    for orientation in STORED:
        name = f"{orientation:06d}_{orientation}.png"
        scene = np.asarray(Image.open(tmp_path / "data/benchmark/scenes" / name))
        mask = np.asarray(Image.open(tmp_path / "data/benchmark/masks" / name))
        assert np.array_equal(mask == 1, scene[..., 0] > 200), orientation
