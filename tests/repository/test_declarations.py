"""What dvc.yaml declares is what the stages use: modules, params, files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from maskbench.params import load_params
from tests.repositories import ROOT, SAMPLE

STAGES = ("fetch", "rasterize", "combine", "split")
DECLARED = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]

WHERE_WORK_RUNS = {f"maskbench/parallel/{name}.py" for name in ("__init__", "dask", "run")}
"""Ignored by DVC: bytes are the same wherever and in whatever order work runs (test_build.py,
tests/parallel)."""

# What functions import for rare use counts too.
_MODULES = """
import ast, importlib, inspect, json, sys
importlib.import_module("stages.STAGE")
seen = set()
while new := {n for n in sys.modules if n.split(".")[0] == "maskbench"} - seen:
    seen |= new
    for name in sorted(new):
        for node in ast.walk(ast.parse(inspect.getsource(sys.modules[name]))):
            if isinstance(node, ast.ImportFrom):
                importlib.import_module(node.module)
files = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "maskbench"]
print(json.dumps(sorted(files)))
"""


def test_stage_names_are_the_same_everywhere(built_once):
    assert list(DECLARED) == list(STAGES)
    assert {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"} == set(STAGES)
    assert {path.stem for path in (built_once.root / "metrics").glob("*.json")} == set(STAGES)
    sections = yaml.safe_load((SAMPLE / "params.yaml").read_text())
    for stage in STAGES:
        assert stage in sections
        assert stage in DECLARED[stage]["params"]
        assert DECLARED[stage]["cmd"] == f"python stages/{stage}.py"


def loaded(stage):
    """The files of maskbench that a stage may run."""
    code = _MODULES.replace("STAGE", stage)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {str(name).removeprefix(f"{ROOT}/") for name in json.loads(done.stdout)}


def looked_at():
    """The files of maskbench that DVC does not ignore, as DVC says."""
    files = {str(file.relative_to(ROOT)) for file in (ROOT / "maskbench").rglob("*.*")}
    words = [Path(sys.executable).parent / "dvc", "check-ignore", "--stdin"]
    done = subprocess.run(
        words, cwd=ROOT, input="\n".join(sorted(files)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return files - set(done.stdout.splitlines())


def test_the_folder_of_code_is_what_stages_run():
    """DVC ignores exactly what no stage runs, or what shapes no byte of what it writes."""
    run = set().union(*map(loaded, STAGES[1:]))
    assert looked_at() == run - WHERE_WORK_RUNS
    for stage in STAGES[1:]:
        deps = DECLARED[stage]["deps"]
        assert {"maskbench", f"stages/{stage}.py"} <= set(deps)
        assert deps == sorted(deps)


@pytest.mark.parametrize(
    "stray", ["notes", "rules.py.orig", ".DS_Store", "diff/new.py", ".ipynb_checkpoints/x.py"]
)
def test_stray_files_beside_the_code_make_no_stage_run(stray, repository):
    file = repository.root / "maskbench" / stray
    file.parent.mkdir(exist_ok=True)
    file.write_text("x = 1")
    assert "up to date" in repository.dvc("status").stdout


@pytest.mark.parametrize("file", ["rules.py", "new.py", "pipeline/new.py"])
def test_code_makes_the_stages_run(file, repository):
    with (repository.root / "maskbench" / file).open("a") as stream:
        stream.write("# changed\n")
    changed = json.loads(repository.dvc("status", "--json").stdout)
    assert set(changed) == {"rasterize", "combine", "split"}


def test_fetch_is_pinned():
    """No code among its dependencies: an old version is reproduced without the server."""
    assert DECLARED["fetch"]["deps"] == ["${fetch.folder}"]


class _Watched:
    """Params that note which sections are read."""

    def __init__(self, params):
        self._params = params
        self.read = set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self._params, name)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_reads_the_params_it_declares(stage, repository, monkeypatch):
    module = __import__(f"maskbench.pipeline.{stage}", fromlist=[stage])
    layout = __import__("maskbench.pipeline.layout", fromlist=["Layout"]).Layout()
    monkeypatch.chdir(repository.root)
    watched = _Watched(load_params())
    getattr(module, stage)(watched, layout)
    names = {"multi_label_rules": "rules"}
    assert watched.read == {names.get(name, name) for name in DECLARED[stage]["params"]}


def test_every_output_persists():
    """DVC would delete others before a stage runs, and lose them when it fails."""
    for stage in DECLARED.values():
        for entry in [*stage["outs"], *stage["metrics"]]:
            ((_, options),) = entry.items()
            assert options["persist"] is True
