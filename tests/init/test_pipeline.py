"""What a team added to dvc.yaml stays when it is brought up to date."""

import pytest
import yaml

from maskbench.init.files import upgraded_files
from maskbench.init.pipeline import with_additions
from maskbench.params import parse_params
from tests.exports import PARAMS

OURS = upgraded_files(has_server=False)["dvc.yaml"]
NEWER = OURS.replace("title: Pixels by", "title: Number of pixels by")
TRAIN = """
  # Our model.
  train:
    cmd: >-
      python train.py
      --fast
    deps:
    - data/benchmark
    outs:
    - predictions
"""
CONFUSION = """- confusion:
    x: predicted
    y:
      evaluation/confusion.csv: truth
- plots/loss.csv
"""
VARS = """
# Shared with another repository.
vars:
- shared.yaml
"""


def params(**sections):
    return parse_params({**PARAMS, "fetch": {"folder": "inputs"}, **sections})


def in_stages(text, added):
    return text.replace("\n# What `dvc plots", f"{added}\n# What `dvc plots")


def test_own_stages_plots_and_sections_stay():
    mine = in_stages(OURS, TRAIN) + CONFUSION + VARS
    assert with_additions(OURS, mine, params()) == mine
    newer = with_additions(NEWER, mine, params())
    assert newer == in_stages(NEWER, TRAIN) + CONFUSION + VARS
    assert with_additions(NEWER, newer, params()) == newer


def test_a_file_that_says_the_same_is_left_as_it_is():
    same = OURS.replace("# What `dvc", "# All that `dvc").replace("    deps:\n", "    deps:  # x\n")
    assert with_additions(OURS, same, params()) == same
    assert with_additions(NEWER, same, params()) == NEWER


def depends(text, stage):
    return yaml.safe_load(text)["stages"][stage]["deps"]


@pytest.mark.parametrize(
    ("stage", "sections", "line"),
    [
        ("rasterize", {"rasterize": {"annotation": ["file:votes.csv", "latest"]}}, "votes.csv"),
        ("rasterize", {"rasterize": {"annotation": ["file:tables/votes.csv"]}}, "tables"),
        ("split", {"split": {"published": {"file": "splits.csv"}}}, "splits.csv"),
        ("quality", {"quality": {"predictions": "predictions"}}, "predictions"),
        ("quality", {"quality": {"predictions": "model/out"}}, "${quality.predictions}"),
    ],
)
def test_dependencies_that_the_params_name_stay(stage, sections, line):
    head = f"    cmd: python stages/{stage}.py\n    deps:\n"
    mine = OURS.replace(head, f"{head}    - {line}  # ours\n    - maskbench/gone.py\n")
    assert line in depends(mine, stage)
    newer = with_additions(NEWER, mine, params(**sections))
    assert depends(newer, stage) == [*depends(OURS, stage), line]
    assert f"    - {line}  # ours\n" in newer
    assert depends(with_additions(NEWER, mine, params()), stage) == depends(OURS, stage)


@pytest.mark.parametrize("mine", ["stages: {train: {cmd: x}}\n", "stages: [\n", "stages:\n- x\n"])
def test_what_cannot_be_copied_is_an_error(mine):
    with pytest.raises(ValueError, match=r"stages is written in a way|line \d"):
        with_additions(OURS, mine, params())
