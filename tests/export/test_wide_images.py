"""Exports of scenes of 16 bits: other programs get what maskbench's loaders show."""

import json
import tarfile

import numpy as np
import pytest

from maskbench.dataset import Benchmark
from maskbench.export import export
from maskbench.export.source import ExportSource
from maskbench.files.hashing import sha256_file
from maskbench.files.images import read_scene
from maskbench.params import RasterizeParams
from tests.exports import write_wide_export
from tests.pipeline.test_build import run


@pytest.mark.parametrize("scaling", [None, "range"])
def test_scenes_of_16_bits_are_exported_as_loaders_see_them(tmp_path, scaling):
    write_wide_export(tmp_path / "source", 4)
    run(tmp_path, tmp_path / "source", combine={"scaling": scaling})
    benchmark = Benchmark(tmp_path / "data/benchmark")
    for name in ("coco", "yolo", "hf", "voc", "webdataset"):
        export(name, ExportSource(benchmark, params=RasterizeParams()), tmp_path / name)
    with tarfile.open(next((tmp_path / "webdataset/train").iterdir())) as tar:
        tar.extractall(tmp_path / "webdataset", filter="data")
    for key in benchmark.splits["train"]:
        expected = benchmark.sample(key).image
        suffix = "tif" if scaling is None else "png"
        for path in (
            f"coco/train/{key}.{suffix}", f"yolo/images/train/{key}.{suffix}",
            f"hf/train/images/{key}.{suffix}", f"webdataset/{key}.{suffix}",
        ):  # fmt: skip
            np.testing.assert_array_equal(read_scene(tmp_path / path), expected)
        jpeg = read_scene(tmp_path / f"voc/VOCdevkit/VOC2012/JPEGImages/{key}.jpg").astype(int)
        assert np.abs(jpeg - expected).mean() < 4
    coco = json.loads((tmp_path / "coco/annotations/instances_train.json").read_text())
    assert all((tmp_path / "coco/train" / i["file_name"]).is_file() for i in coco["images"])
    about = json.loads((tmp_path / f"webdataset/{key}.json").read_text())
    assert (about["scaling"], about["scene"]) == (None, f"{key}.{suffix}")
    assert about["scene_sha256"] == sha256_file(tmp_path / f"webdataset/{key}.{suffix}")
