"""What dvc.yaml declares is what the stages use: modules, params, files."""

import json
import subprocess
import sys

import pytest
import yaml

from maskbench.init.files import STAGES as MODULES
from maskbench.params import load_params
from maskbench.pipeline.stage_code import STAGE_CODE
from tests.repositories import ROOT, SAMPLE

STAGES = tuple(MODULES)
DECLARED = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]

SHAPES_NO_BYTE = {
    f"maskbench/{name}.py"
    for name in (
        "__init__", "errors", "evaluation/__init__", "labelstudio/__init__", "parallel/__init__",
        "parallel/dask",
        "parallel/run", "pipeline/__init__", "pipeline/layout", "pipeline/pin", "pipeline/run",
        "pipeline/stage_code", "regions/__init__", "regions/proposals",
    )
}  # fmt: skip
"""What stages load, but declare nowhere: bytes are the same however work is spread (test_build.py,
tests/parallel) and whatever errors say."""

IMPORTED_NOT_CALLED = {
    "rasterize": {"maskbench/regions/rules.py", "maskbench/regions/consensus.py"},
    "quality": {
        f"maskbench/{name}.py"
        for name in (
            "dataset", "pages/__init__", "pages/figure", "pages/notebook", "pages/palette",
            "pages/pictures", "predictions/__init__", "versions/__init__", "versions/download",
            "versions/git",
        )
    },
}  # fmt: skip
"""build.py imports these for whole masks; rasterize never calls them. Predictions are read with the
words of dataset.py on values that are no class, and nothing else of what it imports."""

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
        assert stage in sections or stage == "quality"
        assert stage in DECLARED[stage]["params"] or stage == "quality"
        assert DECLARED[stage]["cmd"] == f"python stages/{stage}.py"


def loaded(stage):
    """The files of maskbench that a stage may run."""
    code = _MODULES.replace("STAGE", stage)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {str(name).removeprefix(f"{ROOT}/") for name in json.loads(done.stdout)}


def files_of(names):
    """The files of code in files and folders."""
    paths = [ROOT / name for name in names]
    found = [path.rglob("*.py") if path.is_dir() else [path] for path in paths]
    return {str(file.relative_to(ROOT)) for files in found for file in files}


@pytest.mark.parametrize("stage", STAGES[1:])
def test_each_stage_declares_the_code_that_it_runs(stage):
    code = [f"maskbench/{name}" for name in STAGE_CODE[stage]]
    deps = DECLARED[stage]["deps"]
    assert [name for name in deps if name.startswith("maskbench")] == code
    assert deps == sorted(deps)
    assert f"stages/{stage}.py" in deps
    run = loaded(stage) - SHAPES_NO_BYTE - IMPORTED_NOT_CALLED.get(stage, set())
    rooms = files_of(name for name in code if not name.endswith(".py"))
    assert run <= files_of(code)
    assert files_of(code) <= run | rooms


def test_dvc_ignores_no_module_by_name():
    lines = (ROOT / ".dvcignore").read_text().splitlines()
    assert not any(".py" in line.removesuffix("/**/*.py") for line in lines)


@pytest.mark.parametrize(
    "stray",
    ["notes", "csv.py.orig", ".DS_Store", ".ipynb_checkpoints/x.py"],
)
def test_stray_files_beside_the_code_make_no_stage_run(stray, repository):
    file = repository.root / "maskbench/files" / stray
    file.parent.mkdir(exist_ok=True)
    file.write_text("x = 1")
    assert "up to date" in repository.dvc("status").stdout


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("regions/rules.py", {"combine", "quality"}),
        ("regions/shapes.py", {"rasterize", "quality"}),
        ("pipeline/splits.py", {"split"}),
        ("files/new.py", {"rasterize", "combine", "split", "quality"}),
        ("diff/compare.py", set()),
        ("diff/new.py", set()),
        ("evaluation/scoring.py", set()),
        ("pipeline/fetch.py", set()),
        ("parallel/run.py", set()),
    ],
)
def test_a_change_of_code_runs_the_stages_that_use_it(file, stages, repository):
    with (repository.root / "maskbench" / file).open("a") as stream:
        stream.write("# changed\n")
    changed = json.loads(repository.dvc("status", "--json").stdout)
    assert set(changed) == stages


def test_a_comment_elsewhere_makes_no_task_again(repository):
    with (repository.root / "maskbench/diff/compare.py").open("a") as stream:
        stream.write("# changed\n")
    done = repository.run(sys.executable, "stages/rasterize.py")
    assert "0 tasks rasterized in this run" in done.stdout


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
    module = __import__(MODULES[stage], fromlist=[stage])
    layout = __import__("maskbench.pipeline.layout", fromlist=["Layout"]).Layout()
    monkeypatch.chdir(repository.root)
    watched = _Watched(load_params())
    getattr(module, stage)(watched, layout)
    names = {"multi_label_rules": "rules"}
    read = {name for name in watched.read if not name.startswith("_")}
    if stage != "quality":  # it declares the whole file
        assert read == {names.get(name, name) for name in DECLARED[stage]["params"]}


def test_every_output_persists():
    """DVC would delete others before a stage runs, and lose them when it fails."""
    for stage in DECLARED.values():
        for entry in [*stage["outs"], *stage["metrics"]]:
            ((_, options),) = entry.items()
            assert options["persist"] is True
