"""The training example, from random weights to scores, with fewer epochs than by default."""

import json
import re
import runpy
import shutil
import sys

import pytest

from tests.repositories import ROOT

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def halves(sample, tmp_path):
    """The sample with a split of its own: few images decide little, so that more are tested."""
    root = tmp_path / "benchmark"
    shutil.copytree(sample, root)
    names = sorted(path.name for path in (root / "scenes").iterdir())
    parts = {"test": names[2::4], "valid": names[3::8]}
    parts["train"] = [name for name in names if name not in parts["test"] + parts["valid"]]
    for name, lines in parts.items():
        (root / "splits" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    return root


def test_example_beats_the_background(halves, tmp_path, monkeypatch, capsys):
    script = ROOT / "examples" / "train_fastai.py"
    monkeypatch.syspath_prepend(str(script.parent))
    words = ["--data", halves, "--out", tmp_path / "run", "--epochs", "30"]
    monkeypatch.setattr(sys, "argv", [str(script), *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert ended.value.code == 0
    scores = re.search(r"mean IoU (\S+), background everywhere (\S+)", capsys.readouterr().out)
    assert float(scores[1]) > 1.25 * float(scores[2])
    found = json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]
    assert found["mean"]["iou"] == pytest.approx(float(scores[1]), abs=1e-3)
    assert len(list((tmp_path / "run" / "predictions").iterdir())) == found["images"]
    assert (tmp_path / "run" / "index.html").is_file()
