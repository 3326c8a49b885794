"""What keeps the many processes that tests start light."""

import os
import subprocess
import sys
from importlib.util import MAGIC_NUMBER, cache_from_source

from dvc.config import Config

from tests.repositories import copy_software, python_path


def test_python_starts_without_what_only_tests_have_and_in_one_thread(tmp_path):
    code = "import rasterio, sys; print({'boto3', 'moto'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": python_path(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "set()\n"
    assert os.environ["OMP_NUM_THREADS"]


def test_copied_software_is_compiled(tmp_path):
    copy_software(tmp_path)
    source = tmp_path / "maskbench/errors.py"
    header = (tmp_path / cache_from_source("maskbench/errors.py")).read_bytes()[:16]
    time, size = (int.from_bytes(header[i : i + 4], "little") for i in (8, 12))
    assert header[:4] == MAGIC_NUMBER
    assert (time, size) == (int(source.stat().st_mtime), source.stat().st_size)


def test_dvc_tells_nobody_what_tests_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    core = Config.from_cwd(validate=False)["core"]
    assert (core["analytics"], core["check_update"]) == ("false", "false")
