"""Regions that no prediction supports, in the stage: found, accepted, a gate; told if amiss."""

import json

import numpy as np
import pytest
from PIL import Image

from maskbench.cli import main
from maskbench.doctor.findings import ERROR
from maskbench.doctor.label_checks import look_at_labels
from maskbench.errors import DataError
from maskbench.files.masks import read_mask
from maskbench.pipeline.layout import Layout
from maskbench.quality import support
from maskbench.quality.results import last_findings
from maskbench.quality.stage import quality
from tests.exports import PARAMS, annotation, box, task, write_export
from tests.pipeline.test_build import contents, params, run

EMPTY = np.zeros((30, 40), dtype=np.uint8)
KEYS = [f"00000{n}_scene_{n}" for n in (1, 2, 3)]
SECOND = f"unsupported/{KEYS[1]}/r1"


def plain(number):
    return task(number, annotation(number, [box(["Canvas"], 10, 10, 60, 70, number=1)], user=5))


def save(folder, key, mask):
    folder.mkdir(exist_ok=True)
    Image.fromarray(mask).save(folder / f"{key}.png")


def build(root, **section):
    """Run the stage, with checks of nothing else."""
    only = {"checks": {"unused_class": "off", "rare_class": "off"}, "predictions": "predictions"}
    settings = params(root / "source", quality={**only, **section})
    return quality(settings, Layout(root))


def unsupported(root):
    return [f for f in last_findings(Layout(root)) if f.kind == "unsupported"]


@pytest.fixture
def predicted(tmp_path):
    """A built benchmark of three images: the first is predicted right, the second as empty."""
    write_export(tmp_path / "source", [plain(number) for number in (1, 2, 3)])
    run(tmp_path, tmp_path / "source")
    folder = tmp_path / "predictions"
    save(folder, KEYS[0], read_mask(tmp_path / f"data/benchmark/masks/{KEYS[0]}.png"))
    save(folder, KEYS[1], EMPTY)
    (tmp_path / "dvc.yaml").write_text("stages:\n  quality:\n    deps:\n    - predictions/\n")
    return tmp_path


def test_the_stage_finds_them_where_params_name_a_folder(predicted):
    build(predicted, predictions=None)
    assert unsupported(predicted) == []
    assert build(predicted).endswith(" — 1 finding (1 low)")
    [found] = unsupported(predicted)
    assert (found.id, found.annotator, found.label, found.value) == (SECOND, 5, "Canvas", 0)
    assert found.what.startswith(
        "only 0% of the region is predicted as it is labelled; check which"
    )
    metrics = json.loads((predicted / "metrics/quality.json").read_text())
    assert metrics["findings"] == {"unsupported": 1}
    build(predicted, checks={"unsupported": "off"})
    assert unsupported(predicted) == []


def test_they_can_be_a_gate_and_accepted(predicted):
    with pytest.raises(DataError, match=r"1 finding of checks in quality.fail"):
        build(predicted, fail=["unsupported"])
    accept = [{"finding": SECOND, "reason": "too dark to see"}]
    assert build(predicted, fail=["unsupported"], accept=accept).endswith("0 findings, 1 accepted")
    save(predicted / "predictions", KEYS[1], EMPTY + 1)
    assert f"1 entry matches no finding: {SECOND}; correct" in build(predicted, accept=accept)
    # Without predictions nobody knows.
    assert "matches no finding" not in build(predicted, predictions=None, accept=accept)


def test_only_what_changed_is_compared_and_the_bytes_are_those_of_a_build_from_nothing(
    predicted, monkeypatch
):
    compared = []

    def compare(work):
        compared.append(work.prediction.stem)
        return original(work)

    original = support.find_unsupported
    monkeypatch.setattr(support, "find_unsupported", compare)
    monkeypatch.setenv("MASKBENCH_WORKERS", "1")
    build(predicted)
    build(predicted)
    assert compared == KEYS[:2]
    save(predicted / "predictions", KEYS[2], EMPTY)
    build(predicted)
    assert compared[2:] == KEYS[2:]
    build(predicted, checks={"unsupported": 0.5})
    assert compared[3:] == KEYS
    build(predicted)
    outputs = contents(predicted)
    for memory in (predicted / "data/.maskbench/quality").iterdir():
        memory.unlink()
    build(predicted)
    assert contents(predicted) == outputs


@pytest.mark.parametrize("declared", ["predictions", "${quality.predictions}", "."])
def test_dvc_has_to_know_of_the_folder(predicted, declared):
    (predicted / "dvc.yaml").write_text(f"stages: {{quality: {{deps: ['{declared}']}}}}\n")
    build(predicted)
    (predicted / "dvc.yaml").write_text("stages: {quality: {deps: [data/images]}}\n")
    with pytest.raises(DataError) as error:
        build(predicted, predictions="elsewhere")
    text = str(error.value)
    assert text.startswith("quality: 2 problems; nothing was changed")
    assert "put the line `- elsewhere` below stages: quality: deps:" in text
    assert "params.yaml: quality.predictions: there is no folder 'elsewhere'; put" in text
    (predicted / "elsewhere.dvc").touch()
    with pytest.raises(DataError, match="there is no folder 'elsewhere'; run `dvc pull elsewhere`"):
        build(predicted, predictions="elsewhere")
    (predicted / "elsewhere.dvc").unlink()
    settings = params(predicted / "source", quality={"predictions": "elsewhere"})
    told = [f for f in look_at_labels(settings, Layout(predicted)) if f.level == ERROR]
    assert [problem.what for problem in told[0].problems] == [p.what for p in error.value.problems]


def test_predictions_that_cannot_be_used_are_told_together(predicted):
    save(predicted / "predictions", KEYS[0], EMPTY[:20])
    save(predicted / "predictions", KEYS[1], EMPTY + 9)
    (predicted / f"predictions/{KEYS[2]}.png").write_bytes(b"no picture")
    with pytest.raises(DataError) as error:
        build(predicted)
    assert "3 problems" in str(error.value)
    for key, words in zip(KEYS, ("has 40 x 20 pixels", "holds the value 9", ""), strict=True):
        assert f"predictions/{key}.png: {words}" in str(error.value)
    (predicted / f"data/benchmark/masks/{KEYS[0]}.png").unlink()
    with pytest.raises(DataError, match=r"the mask cannot be read .*; run `dvc checkout`"):
        build(predicted)
    for file in (predicted / "predictions").iterdir():
        file.rename(file.with_name(f"x{file.name}"))
    with pytest.raises(DataError, match=r"has no mask for an image of the benchmark; predict some"):
        build(predicted)


def test_the_regions_of_all_who_vote_are_compared_with_the_mask_of_them_all(tmp_path):
    votes = [
        annotation(user, [box(["Canvas"], 0, 0, right, 50, number=user)], user=user)
        for user, right in ((5, 50), (6, 50), (7, 100))
    ]
    votes[2]["result"].append(box(["Canvas"], 60, 60, 90, 90, number=9))  # outvoted: no class
    write_export(tmp_path / "source", [task(1, *votes)])
    asked = {"rasterize": {"annotation": ["consensus"]}}
    run(tmp_path, tmp_path / "source", **asked)
    save(tmp_path / "predictions", KEYS[0], EMPTY)
    section = {"predictions": "predictions"}
    quality(params(tmp_path / "source", quality=section, **asked), Layout(tmp_path))
    assert [(f.annotator, f.regions) for f in unsupported(tmp_path)] == [
        (5, ("r5",)), (6, ("r6",)), (7, ("r7",)),
    ]  # fmt: skip


def test_the_command_takes_another_folder_in_place_of_it(predicted, monkeypatch, capsys):
    own = {"predictions": "predictions", "accept": [{"finding": SECOND, "reason": "dark"}]}
    (predicted / "params.yaml").write_text(json.dumps({**PARAMS, "quality": own}))
    monkeypatch.chdir(predicted)
    build(predicted)
    save(predicted / "others", KEYS[2], EMPTY)
    capsys.readouterr()
    assert main(["quality", "--predictions", "others"]) == 0
    text = capsys.readouterr().out
    assert f"unsupported/{KEYS[2]}/r1" in text
    assert f"quality.accept: 1 entry matches no finding: {SECOND}" in text
    assert main(["quality"]) == 0
    assert "matches no finding" not in capsys.readouterr().out
