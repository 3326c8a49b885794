"""Exports, read back by their ecosystems' own readers."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from pycocotools.coco import COCO

from maskbench.cli import main
from maskbench.dataset import Benchmark
from maskbench.errors import DataError, MaskbenchError
from maskbench.export import export, find_formats, formats
from maskbench.export.source import ExportSource
from maskbench.labelstudio.stored import task_json
from maskbench.params import SUBSETS, RasterizeParams
from maskbench.regions.task import Annotation, Task
from maskbench.regions.task import Image as TaskImage
from tests.benchmarks import make
from tests.export.test_instances import read_coco

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # without OpenCV it works all the same, and says so
    import supervision

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def source(sample):
    return ExportSource(Benchmark(sample))


@pytest.fixture(scope="module")
def exported(source, tmp_path_factory):
    """The sample in every format, by name."""
    root = tmp_path_factory.mktemp("exported")
    for form in find_formats():
        export(form, source, root / form)
    return root


def iou(one, other):
    return np.logical_and(one, other).sum() / max(1, np.logical_or(one, other).sum())


def grown(plane):
    """The pixels and their neighbours to the right, below, and both."""
    padded = np.pad(plane, ((1, 0), (1, 0)))
    return padded[1:, 1:] | padded[:-1, 1:] | padded[1:, :-1] | padded[:-1, :-1]


def decoded(exported, split):
    """(category, pixels) of a split's COCO instances by key, as pycocotools decodes them."""
    found = read_coco(exported / "coco", split)
    return {
        name.rpartition(".")[0]: [(value, plane) for value, plane, _ in entries]
        for name, entries in found.items()
    }


def test_coco_is_read_by_pycocotools(source, exported):
    """Its pixels: ``test_instances``."""
    for split in SUBSETS:
        coco = COCO(exported / "coco" / "annotations" / f"instances_{split}.json")
        names = {c["id"]: c["name"] for c in coco.loadCats(coco.getCatIds())}
        assert names == {i: name for i, name in enumerate(source.benchmark.classes) if i}
        images = coco.loadImgs(coco.getImgIds())
        keys = [image["file_name"].rpartition(".")[0] for image in images]
        assert sorted(keys) == list(source.benchmark.splits[split])
        for key, image in zip(keys, images, strict=True):
            assert (exported / "coco" / split / image["file_name"]).is_file()
            assert (image["width"], image["height"]) == source.size_wh(key)


def test_coco_is_read_by_supervision(exported):
    """Its own fill, OpenCV's, also takes the pixels right of and below an outline."""
    root = exported / "coco"
    found = supervision.DetectionDataset.from_coco(
        str(root / "train"), str(root / "annotations" / "instances_train.json"), force_masks=True
    )
    expected = decoded(exported, "train")
    assert len(found) == len(expected)
    for path, _, detections in found:
        truth = expected[path.rpartition("/")[2].rpartition(".")[0]]
        assert len(detections) == len(truth)
        for i, (_, pixels) in enumerate(truth):
            plane = detections.mask[i]
            assert (plane & pixels).sum() > 0.99 * pixels.sum()
            assert not (plane & ~grown(pixels)).any()


def test_yolo_is_read_by_supervision(source, exported):
    root = exported / "yolo"
    found = supervision.DetectionDataset.from_yolo(
        str(root / "images" / "train"),
        str(root / "labels" / "train"),
        str(root / "data.yaml"),
        force_masks=True,
    )
    assert tuple(found.classes) == source.benchmark.classes[1:]
    expected = decoded(exported, "train")
    for path, _, detections in found:
        instances = expected[path.rpartition("/")[2].rpartition(".")[0]]
        for value in {value for value, _ in instances}:
            truth = np.any([pixels for number, pixels in instances if number == value], axis=0)
            planes = detections.mask[detections.class_id == value - 1]
            assert iou(np.any(planes, axis=0), truth) > 0.9


def test_yolo_finds_its_images_wherever_training_is_started(exported, tmp_path, monkeypatch):
    """By Ultralytics' rule (``check_det_dataset``): ``path``, else the folder of data.yaml."""
    monkeypatch.chdir(tmp_path)
    description = exported / "yolo" / "data.yaml"
    data = yaml.safe_load(description.read_text())
    root = Path(data.get("path") or description.parent)
    for split in ("train", "val", "test"):
        assert any((root / data[split]).iterdir())
    assert len(data["names"]) == data["nc"]


def test_yolo_has_any_name_that_a_class_may_have(tmp_path):
    """As PyYAML reads them, with which Ultralytics does."""
    names = ("no", "1", "null", "~", "a: b", "# c", "'", "12:30:45", "🍎 Ä", "\u202eRTL", "a\tb")
    data = tmp_path / "data"
    made = make(data / "benchmark", {"train": ["k"]}, classes=("Background", *names))
    (data / "annotations").mkdir()
    counts = Annotation(1, 7, None, None, False, False, ())
    drawn = Task(1, "k", None, {}, None, (counts,), TaskImage("k.png", 32, 24, ""))
    (data / "annotations/k.json").write_bytes(task_json(drawn))
    source = ExportSource(Benchmark(made), params=RasterizeParams())
    export("yolo", source, tmp_path / "yolo")
    data = yaml.safe_load((tmp_path / "yolo/data.yaml").read_text("utf-8"))
    assert data["names"] == dict(enumerate(names))
    assert data["nc"] == len(names)


def test_voc_is_read_by_torchvision(source, exported, torchvision):
    benchmark = source.benchmark
    for name, keys in (("train", benchmark.splits["train"]), ("val", benchmark.splits["valid"])):
        if not keys:
            continue
        found = torchvision.datasets.VOCSegmentation(exported / "voc", year="2012", image_set=name)
        assert len(found) == len(keys)
        for key, (scene, mask) in zip(sorted(keys), found, strict=True):
            np.testing.assert_array_equal(np.array(mask), benchmark.mask(key))
            assert scene.size == mask.size
            assert mask.mode == "P"


def test_voc_keeps_the_bytes_of_jpeg_scenes(source, exported):
    for key in source.benchmark.keys:
        path = source.benchmark.scene_path(key)
        copy = exported / "voc" / "VOCdevkit" / "VOC2012" / "JPEGImages" / f"{key}.jpg"
        with Image.open(copy) as image:
            assert image.format == "JPEG"
        if path.suffix == ".jpg":
            assert copy.read_bytes() == path.read_bytes()


def test_hugging_face_reads_images_and_masks(source, exported, tmp_path):
    """In a process of its own: the library keeps caches and opens threads."""
    code = (
        "import sys, json, numpy as np\n"
        "from datasets import load_dataset\n"
        "found = load_dataset(sys.argv[1])\n"
        "print(json.dumps({s: [[r['key'], r['image'].size, r['mask'].mode,"
        " np.bincount(np.array(r['mask']).ravel(), minlength=8).tolist()] for r in rows]"
        " for s, rows in found.items()}))\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(exported / "hf")]
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **offline}
    )
    found = json.loads(done.stdout.splitlines()[-1])
    names = {"train": "train", "valid": "validation", "test": "test"}
    benchmark = source.benchmark
    assert set(found) == {names[split] for split in SUBSETS if benchmark.splits[split]}
    for split in SUBSETS:
        rows = {key: rest for key, *rest in found.get(names[split], [])}
        assert sorted(rows) == list(benchmark.splits[split])
        for key, (size, mode, pixels) in rows.items():
            mask = benchmark.mask(key)
            assert (size, mode) == ([mask.shape[1], mask.shape[0]], "L")
            assert pixels == np.bincount(mask.ravel(), minlength=8).tolist()


@pytest.fixture(scope="module")
def shards(source, tmp_path_factory):
    """The sample in small shards: the folder, and the index."""
    root = tmp_path_factory.mktemp("shards") / "out"
    export("webdataset", source, root, shard_mb=0.2)
    return root, json.loads((root / "index.json").read_text())


def test_webdataset_is_read_by_its_library_through_torchs_loader(source, shards):
    import webdataset
    from torch.utils.data import DataLoader

    root, index = shards
    assert index["classes"] == list(source.benchmark.classes)
    for split, keys in source.benchmark.splits.items():
        files = [str(root / shard["file"]) for shard in index["shards"][split]]
        found = (
            webdataset.WebDataset(files, shardshuffle=False)
            .decode(webdataset.handle_extension("mask.png", plane), "rgb8")
            .to_tuple("__key__", "jpg;png", "mask.png", "json")
        )
        workers = min(2, len(files))
        rows = {key: rest for key, *rest in DataLoader(found, None, num_workers=workers)}
        assert sorted(rows) == list(keys)
        for key, (scene, mask, facts) in rows.items():
            image, truth = source.benchmark.sample(key)
            np.testing.assert_array_equal(scene, image)
            np.testing.assert_array_equal(mask, truth)
            assert (facts["split"], facts["scene_sha256"]) == (
                split, source.benchmark.row(key).scene_sha256,
            )  # fmt: skip


def plane(data):
    return np.array(Image.open(io.BytesIO(data)))


def test_webdataset_is_read_by_tarfile_and_tells_nothing_of_this_machine(source, shards):
    root, index = shards
    assert len(index["shards"]["train"]) > 2
    seen = []
    for split, entries in index["shards"].items():
        assert [e["file"] for e in entries] == sorted(
            f"{split}/{path.name}" for path in (root / split).iterdir()
        )
        for entry in entries:
            assert (root / entry["file"]).stat().st_size == entry["bytes"] > 0
            with tarfile.open(root / entry["file"]) as tar:
                members = {member.name: tar.extractfile(member).read() for member in tar}
                assert {(m.mtime, m.uid, m.gid, m.uname, m.mode) for m in tar} == {
                    (0, 0, 0, "", 0o644)
                }
            keys = sorted({name.partition(".")[0] for name in members})
            assert len(keys) == entry["samples"]
            for key in keys:
                scene, mask = source.benchmark.scene_path(key), source.benchmark.mask_path(key)
                assert members[f"{key}{scene.suffix}"] == scene.read_bytes()
                assert members[f"{key}.mask{mask.suffix}"] == mask.read_bytes()
            seen += keys
    assert sorted(seen) == sorted(source.benchmark.keys)


def test_an_image_less_changes_one_shard(sample, shards, tmp_path):
    _, index = shards
    copy = tmp_path / "benchmark"
    shutil.copytree(sample, copy)
    lines = (copy / "splits" / "train.txt").read_text().splitlines(keepends=True)
    gone = min(lines, key=lambda line: (copy / "scenes" / line.strip()).stat().st_size)
    (copy / "splits" / "train.txt").write_text("".join(line for line in lines if line != gone))
    export("webdataset", ExportSource(Benchmark(copy)), tmp_path / "out", shard_mb=0.2)
    before = {shard["sha256"] for shard in index["shards"]["train"]}
    after = json.loads((tmp_path / "out" / "index.json").read_text())["shards"]["train"]
    assert len(before - {shard["sha256"] for shard in after}) == 1
    assert len({shard["sha256"] for shard in after} - before) <= 1


def test_webdataset_refuses_what_it_cannot_name(tmp_path):
    make(tmp_path / "dots", {"train": ["a.b"]})
    with pytest.raises(MaskbenchError, match=r"'a\.b' holds a dot"):
        export("webdataset", ExportSource(Benchmark(tmp_path / "dots")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_shard_size_is_webdatasets(sample, tmp_path, capsys):
    words = ["export", "webdataset", str(tmp_path / "w"), "--data", str(sample), "--shard-size"]
    assert main([*words, "0.2"]) == 0
    assert "images with masks in" in capsys.readouterr().out
    assert len(list((tmp_path / "w" / "train").iterdir())) > 2
    for form, size in (("webdataset", "0"), ("webdataset", "nan"), ("voc", "5")):
        words[1], words[2] = form, str(tmp_path / f"{form}{size}")
        assert main([*words, size]) == 2
        assert "--shard-size is for webdataset" in capsys.readouterr().err
        assert not (tmp_path / f"{form}{size}").exists()


def test_exports_have_the_same_bytes_every_time(source, exported, tmp_path):
    for form in find_formats():
        export(form, source, tmp_path / form)
        for path in (exported / form).rglob("*"):
            if path.is_file():
                assert (
                    path.read_bytes()
                    == (tmp_path / form / path.relative_to(exported / form)).read_bytes()
                )


def test_a_folder_that_holds_something_is_left_alone(source, tmp_path):
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(MaskbenchError, match="is not empty"):
        export("voc", source, tmp_path)
    with pytest.raises(MaskbenchError, match="no format 'cocco'; did you mean 'coco'"):
        export("cocco", source, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_missing_regions_are_named_and_nothing_is_left(sample, tmp_path):
    with pytest.raises(DataError, match=r"\.json: is missing; .*dvc pull fetch"):
        export("coco", ExportSource(Benchmark(sample), tmp_path / "none"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


ONE_MORE = '''"""A list of keys, one on each line."""

from maskbench.export.option import Option

NEEDS_REGIONS = False
OPTIONS = (Option("most", "--most-keys", "keys", "how many (default: all)"),)


def write(source, folder, most=1000):
    keys = source.benchmark.keys[: int(most)]
    (folder / "keys.txt").write_text("".join(f"{key}\\n" for key in keys))
    return f"{len(keys)} keys"
'''


def test_a_module_is_all_that_a_format_needs(sample, tmp_path, capsys, monkeypatch):
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "keylist.py").write_text(ONE_MORE)
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path / "added")])
    monkeypatch.syspath_prepend(tmp_path / "added")  # drops what the import system remembers
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "keylist A list of keys, one on each line. [masks]" in told
    assert "--most-keys KEYS keylist: how many (default: all)" in told
    words = ["export", "keylist", str(tmp_path / "out"), "--data", str(sample)]
    assert main([*words, "--most-keys", "2"]) == 0
    assert capsys.readouterr().out == f"2 keys: {tmp_path / 'out'}\n"
    keys = (tmp_path / "out" / "keys.txt").read_text().splitlines()
    assert keys == list(Benchmark(sample).keys[:2])
    assert main([*words, "--most-keys", "0"]) == 2
    assert "--most-keys is for keylist, in keys above 0" in capsys.readouterr().err


def test_help_lists_every_format(capsys):
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    told = capsys.readouterr().out.partition("formats:")[2].partition("exit status:")[0]
    listed = {line.split()[0]: line.split()[-1] for line in told.splitlines() if line}
    assert listed == {
        "coco": "[instances]",
        "hf": "[masks]",
        "voc": "[masks]",
        "webdataset": "[masks]",
        "yolo": "[instances]",
    }


def test_command_exports(sample, tmp_path, capsys):
    assert main(["export", "voc", str(tmp_path / "v"), "--data", str(sample)]) == 0
    assert "masks in Pascal VOC's format" in capsys.readouterr().out
