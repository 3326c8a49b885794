"""FiftyOne opens a benchmark as docs/training.md says.

It is large and brings a database: it has an environment of its own, installed on first use.
"""

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from maskbench.dataset import Benchmark
from maskbench.files.masks import read_mask
from tests.benchmarks import make
from tests.repositories import ROOT

VERSION = "1.22.1"
ENVIRONMENT = Path.home() / f".cache/maskbench/fiftyone-{VERSION}"
GUIDE = (ROOT / "docs/training.md").read_text(encoding="utf-8")

PROGRAM = """
import json, sys
import fiftyone
fiftyone.launch_app = lambda dataset: dataset
names = {}
exec(sys.stdin.read(), names)
shown = names["session"]
masks = {sample.filepath: sample.mask.mask_path for sample in shown}
print("\\n" + json.dumps([shown.default_mask_targets, masks]))
"""


def installed():
    """Return the Python of an environment with FiftyOne and the database that the guide names."""
    ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{ENVIRONMENT}.lock"):
        python, mark = ENVIRONMENT / "bin/python", ENVIRONMENT / "installed"
        if not mark.is_file():
            [database] = re.findall(r"`pip install (--force-reinstall .*)`", GUIDE)
            pip = [python, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
            for command in (
                [sys.executable, "-m", "venv", "--clear", ENVIRONMENT],
                [*pip, f"fiftyone=={VERSION}"],
                [*pip, *database.split()],
            ):
                subprocess.run(command, check=True)
            mark.touch()
    return python


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="its database is for Linux on x86-64",
)
def test_the_lines_of_the_guide(tmp_path):
    expected = Benchmark(make(tmp_path / "data/benchmark"))
    [lines] = [b for b in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if "fiftyone" in b]
    done = subprocess.run(
        [installed(), "-c", PROGRAM],
        cwd=tmp_path,
        input=lines,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "FIFTYONE_DATABASE_DIR": str(tmp_path / "database"),
            "FIFTYONE_DO_NOT_TRACK": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    targets, masks = json.loads(done.stdout.splitlines()[-1])
    assert targets == {str(value): name for value, name in enumerate(expected.classes)}
    assert sorted(Path(scene).stem for scene in masks) == list(expected.keys)
    for scene, mask in masks.items():
        np.testing.assert_array_equal(read_mask(Path(mask)), expected.mask(Path(scene).stem))
