"""The Python in docs/training.md and docs/scoring.md that needs no download runs as it stands."""

import re
from pathlib import Path

import pytest

from maskbench.dataset import Benchmark
from maskbench.export import export
from tests.benchmarks import masks_of, save
from tests.repositories import ROOT

pytestmark = pytest.mark.filterwarnings("default")


def block(page, marker):
    """The Python block of a page that holds some words."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (found,) = [b for b in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if marker in b]
    return found


@pytest.fixture
def beside(built, tmp_path, monkeypatch):
    """A working directory with data/benchmark and predictions of its test split."""
    (tmp_path / "data").symlink_to(built)
    save(tmp_path / "predictions", masks_of(built / "benchmark"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize(
    ("page", "marker"),
    [
        ("training.md", "benchmark.check()"),
        ("training.md", "SegmentationDataset("),
        ("training.md", "FileSplitter("),
        ("training.md", "webdataset.WebDataset("),
        ("scoring.md", "evaluate("),
    ],
)
def test_python_of_the_guides_runs(page, marker):
    names = {}
    if "WebDataset" in marker:
        export("webdataset", Benchmark("data/benchmark"), Path("exports/shards"))
    exec(block(page, marker), names)
    if "dls" in names:
        train = {item.stem for item in names["dls"].train.items}
        assert train == set(Benchmark("data/benchmark", "train").keys)
        assert names["dls"].one_batch()[1].shape[1:] == (250, 250)
    if "loader" in names:
        images, masks = next(iter(names["loader"]))
        assert images.shape[2:] == masks.shape[1:] == (256, 256)
    if "shard_loader" in names:
        facts = {row["key"]: mask.shape for _, mask, row in names["shard_loader"]}
        train = Benchmark("data/benchmark", "train")
        assert facts == {row.key: (row.height, row.width) for row in train.rows}
    if marker == "benchmark.check()":
        exec(block(page, "test.plot("), names)
        assert len(names["figure"].axes) == 3
    if "report" in names:
        assert names["report"].metrics()["test"]["mean"]["iou"] == 1
