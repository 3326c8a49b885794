"""Checks of labels in the stage and the command: what is found, accepted, remembered, refused."""

import json
import re

import numpy as np
import pytest
import shapely
from PIL import Image

from maskbench.cli import main
from maskbench.errors import DataError, ParamsError
from maskbench.files.yaml import parse_yaml
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.quality import checking
from maskbench.quality.checks import CHECKS
from maskbench.quality.findings import Finding
from maskbench.quality.results import last_findings
from maskbench.quality.stage import quality
from tests.exports import PARAMS, annotation, box, task, write_export
from tests.pasting import paste, team_params
from tests.pipeline.test_build import contents, params, run
from tests.repositories import Repository

TWICE = "duplicate/000001_scene_1/r2+r1"


def doubled(number, **more):
    """A task with a canvas drawn twice, and a speck."""
    regions = [
        box(["Canvas"], 10, 10, 60, 70, number=1),
        box(["Canvas"], 10, 10, 60, 71, number=2),
        box(["Obstruction"], 80, 80, 81, 81, number=3),
    ]
    return task(number, annotation(number, regions, user=5), **more)


def plain(number):
    return task(number, annotation(number, [box(["Canvas"], 10, 10, 60, 70, number=1)]))


def build(root, source, **sections):
    settings = params(source, **sections)
    fetch(settings, Layout(root))
    return quality(settings, Layout(root))


def found(root):
    return last_findings(Layout(root))


def ids(root):
    return [finding.id for finding in found(root)]


def test_findings_name_task_annotation_region_box_and_what_to_do(tmp_path):
    write_export(tmp_path / "source", [doubled(1), plain(2)])
    said = build(tmp_path, tmp_path / "source")
    assert said.endswith(" — 2 findings (2 high)")
    twice, speck = found(tmp_path)
    assert twice == Finding(
        "duplicate", "high", "000001_scene_1", 1, 1, 1, 5, ("r2", "r1"), "Canvas", 0.9836,
        "two regions of one label cover the same pixels (IoU 0.98); delete one of them",
        4, 3, 20, 19,
    )  # fmt: skip
    assert speck.id == "sub_pixel/000001_scene_1/r3"
    metrics = json.loads((tmp_path / "metrics/quality.json").read_text())
    assert metrics["findings"] == {"duplicate": 1, "sub_pixel": 1}
    assert metrics["findings_accepted"] == 0


def test_thresholds_checks_that_are_off_and_acceptances(tmp_path):
    source = tmp_path / "source"
    write_export(source, [doubled(1), plain(2)])
    build(tmp_path, source, quality={"checks": {"duplicate": 0.99, "sub_pixel": "off"}})
    assert ids(tmp_path) == []
    accept = [
        {"finding": TWICE, "reason": "two layers"},
        {"finding": "gap/000009_gone/r1", "reason": "a door"},
        {"finding": "unsupported/000001_scene_1/r1", "reason": "dark"},  # needs predictions
    ]
    said = build(tmp_path, source, quality={"accept": accept})
    assert "1 finding (1 high), 1 accepted" in said
    assert (
        "quality.accept: 1 entry matches no finding: gap/000009_gone/r1; correct or delete" in said
    )
    assert {f.id: f.accepted for f in found(tmp_path)}[TWICE] == "two layers"
    accept = [{"finding": "sub_pixel/000001_scene_1/r4", "reason": "a lamp"}]
    said = build(tmp_path, source, quality={"accept": accept, "fail": ["unsupported"]})
    assert ": sub_pixel/000001_scene_1/r4 (did you mean sub_pixel/000001_scene_1/r3?)" in said
    assert said.endswith("in quality.fail stops nothing: name a folder in quality.predictions")


def test_only_what_changed_is_checked_and_the_bytes_are_those_of_a_build_from_nothing(
    tmp_path, monkeypatch
):
    looked_at = []

    def check(work):
        looked_at.append(work.file.stem)
        return original(work)

    original = checking.check_image
    monkeypatch.setattr(checking, "check_image", check)
    monkeypatch.setenv("MASKBENCH_WORKERS", "1")
    source = tmp_path / "source"
    write_export(source, [doubled(1), plain(2)])
    build(tmp_path / "a", source)
    build(tmp_path / "a", source)
    assert sorted(looked_at) == ["000001_scene_1", "000002_scene_2"]
    write_export(source, [doubled(1), doubled(2)])
    build(tmp_path / "a", source, quality={"fail": []})
    assert looked_at[2:] == ["000002_scene_2"]
    build(tmp_path / "a", source, quality={"checks": {"unused_class": 5}})  # not of single images
    assert len(looked_at) == 3
    build(tmp_path / "a", source, quality={"checks": {"duplicate": 0.5}})
    assert len(looked_at) == 5
    build(tmp_path / "a", source)
    build(tmp_path / "b", source)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_annotation_that_counts_is_checked(tmp_path):
    entry = doubled(1)
    entry["annotations"].append(annotation(7, [box(["Canvas"], 10, 10, 60, 70)], user=7, hour=9))
    write_export(tmp_path / "source", [entry])
    build(tmp_path, tmp_path / "source")
    assert ids(tmp_path) == []
    build(tmp_path, tmp_path / "source", rasterize={"annotation": ["annotator:5", "latest"]})
    assert TWICE in ids(tmp_path)
    build(tmp_path, tmp_path / "source", rasterize={"annotation": ["consensus"]})
    assert [f.annotator for f in found(tmp_path) if f.id == TWICE] == [5]  # everybody's, one by one


def test_fail_stops_the_stage_after_the_findings_are_written(tmp_path):
    source = tmp_path / "source"
    write_export(source, [doubled(1), doubled(2), plain(3)])
    with pytest.raises(DataError) as error:
        build(tmp_path, source, quality={"fail": ["duplicate"]})
    text = str(error.value)
    assert "quality: 2 findings of checks in quality.fail" in text
    assert "- duplicate: regions of one label drawn twice; delete one of them (2 regions: " in text
    assert "task 1, annotation 1, region r2 and r1; task 2" in text
    team = paste(team_params({"Wall": 0}), text)
    accepted = parse_yaml(team)["quality"]["accept"]
    assert accepted[0] == {"finding": TWICE, "reason": "why it is right"} and len(accepted) == 2
    assert len(ids(tmp_path)) == 4
    accept = [{"finding": name, "reason": "meant"} for name in ids(tmp_path)]
    assert "4 accepted" in build(
        tmp_path, source, quality={"fail": ["duplicate", "sub_pixel"], "accept": accept}
    )


def test_an_image_that_was_not_pulled(tmp_path):
    write_export(tmp_path / "source", [plain(1)])
    settings = params(tmp_path / "source")
    fetch(settings, Layout(tmp_path))
    next((tmp_path / "data/images").glob("*1*")).unlink()
    with pytest.raises(DataError, match=r"image or mask cannot be read .*; run `dvc checkout`"):
        quality(settings, Layout(tmp_path))


def test_classes_are_judged_once_there_are_masks_and_splits(tmp_path):
    write_export(tmp_path / "source", [plain(number) for number in range(1, 4)])
    run(tmp_path, tmp_path / "source")
    build(tmp_path, tmp_path / "source")
    assert {"unused_class/Obstruction", "unused_class/Both"} <= set(ids(tmp_path))


def test_drawing_times_and_a_tangle_that_cannot_be_computed(tmp_path, monkeypatch):
    tasks = [plain(number) for number in range(1, 23)]
    tasks[4]["annotations"][0]["lead_time"] = 0.1
    write_export(tmp_path / "source", tasks)
    build(tmp_path, tmp_path / "source")
    assert ids(tmp_path) == ["time_outlier/000005_scene_5"]

    def fail(drawn, threshold):
        raise shapely.errors.GEOSException("TopologyException")

    monkeypatch.setenv("MASKBENCH_WORKERS", "1")
    monkeypatch.setitem(CHECKS, "gap", CHECKS["gap"]._replace(of_image=fail))
    monkeypatch.setattr(shapely, "union_all", lambda *_, **__: fail(None, 0))
    said = build(tmp_path, tmp_path / "source", quality={"checks": {"gap": 2}})
    assert ids(tmp_path) == ["time_outlier/000005_scene_5"]
    assert "gap was not checked in 22 images, whose outlines are too tangled to compare: " in said


BAD = {
    "checks": {
        "slivers": 1,
        "gap": "wide",
        "hole": True,
        "overlap": 0,
        "sub_pixel": float("inf"),
        "duplicate": 90,
        "sliver": "off",
        "unsupported": 1,
    },
    "fail": ["duplicates", "sliver", ["gap"]],
    "accept": [
        {"finding": "sliver/000001_a/r1"},
        {"finding": "slivver/000001_a/r1", "reason": "thin"},
        {"finding": 5, "reason": "?"},
        "gap/000001_a/r1",
        {"finding": "gap/1/r1", "reason": "a"},
        {"finding": "gap/1/r1", "reason": "b"},
        {"finding": "", "reason": "c"},
        {"finding": "", "reason": "d"},
    ],
    "predictions": ["predictions"],
    "failing": [],
}
SAID = [
    "quality.failing: unknown name; did you mean 'fail'?",
    "quality.checks.slivers: unknown name; did you mean 'sliver'?",
    "quality.checks.gap: 'wide' is not a threshold: a number above 0, or off",
    "quality.checks.hole: True is not a threshold",
    "quality.checks.overlap: 0 is not a threshold",
    "quality.checks.sub_pixel: inf is not a threshold",
    "quality.checks.duplicate: 90 is not a share: a number above 0, up to 1 for all of it, or off",
    "quality.fail[0]: 'duplicates' is unknown; did you mean 'duplicate'?",
    "quality.fail[1]: 'sliver' is off in quality.checks, and would never stop; delete one",
    "quality.fail[2]: ['gap'] is unknown",
    "quality.accept[0].reason: is missing",
    "quality.accept[1].finding: 'slivver' is unknown; did you mean 'sliver'?",
    "quality.accept[2].finding: text is expected, not 5",
    "quality.accept[3]: a mapping (name: value lines) is expected, not 'gap/000001_a/r1'",
    "quality.accept[5].finding: 'gap/1/r1' is accepted already",
    "quality.accept[6].finding: text is expected, not ''",
    "quality.predictions: text is expected, not ['predictions']",
]


def test_params_that_are_wrong_are_told_together():
    with pytest.raises(ParamsError) as error:
        params("source", quality=BAD)
    for said in SAID:
        assert f"params.yaml: {said}" in str(error.value)
    assert len(error.value.problems) == len(SAID) + 1  # an empty name, twice
    nothing = dict.fromkeys(("checks", "fail", "accept", "predictions"))
    for empty in (None, {}, nothing):
        assert params("source", quality=empty) == params("source")
    for name in ("fail", "checks", "accept"):
        with pytest.raises(ParamsError, match=f"quality.{name}: a .* is expected, not False"):
            params("source", quality={name: False})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Quality", {"fail": ["gap"]}, "Quality: unknown name; did you mean 'quality'?"),
        ("qualiti", {"fail": ["gap"]}, "qualiti: unknown name; did you mean 'quality'?"),
        ("fail", ["gap"], "fail: belongs into the section quality, indented"),
        ("quality.fail", ["gap"], "quality.fail: belongs into the section quality, as `fail: …`"),
    ],
)
def test_a_gate_at_the_wrong_place_is_told(name, value, said):
    with pytest.raises(ParamsError) as error:
        params("source", **{name: value})
    assert f"params.yaml: {said}" in str(error.value)
    assert params("source", train={"epochs": 5}, quantity=3)  # a team's own


@pytest.fixture
def versioned(tmp_path, monkeypatch):
    """A repository with a built benchmark, and a commit before its labels were doubled."""
    text = json.dumps({**PARAMS, "fetch": {"folder": "source"}})
    (tmp_path / "params.yaml").write_text(text)  # JSON is YAML
    (tmp_path / "dvc.yaml").write_text("")
    monkeypatch.chdir(tmp_path)
    repository = Repository(tmp_path)
    repository.git("init", "-q")
    write_export(tmp_path / "source", [plain(1), plain(2)])
    run(tmp_path, tmp_path / "source")
    build(tmp_path, tmp_path / "source")
    repository.commit("before")
    write_export(tmp_path / "source", [doubled(1), plain(2)])
    run(tmp_path, tmp_path / "source")
    build(tmp_path, tmp_path / "source")
    return tmp_path


def test_the_command_lists_findings_and_compares_them_with_a_version(versioned, capsys):
    assert main(["quality"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"duplicate +high +1  regions of one label drawn twice", text)
    assert f"{TWICE} " in text and "delete one of them" in text
    assert main(["quality", "--md", "--against", "HEAD"]) == 0
    text = capsys.readouterr().out
    assert "**Checks of the labels**: " in text and "2 new, 0 gone" in text
    assert "| duplicate | high | 0 | 1 | regions of one label drawn twice |" in text
    assert "- high: 000001&#95;scene&#95;1, region r2, r1: two regions" in text
    assert "(unused_class)" not in text
    assert "was not checked" not in text
    assert main(["quality", "--against", "HEAD"]) == 0
    text = capsys.readouterr().out
    assert "\nNew findings, the surest first\n" in text and f"\n  {TWICE} " in text
    assert "\n  unused_class/" not in text  # it was there before
    assert ": 2 new, 0 gone" in text
    assert main(["quality", "--against", "nowhere"]) == 3


def test_a_version_that_was_never_checked_is_told(versioned, capsys):
    repository = Repository(versioned)
    repository.git("rm", "-q", "--cached", "plots/findings.csv", "metrics/quality.json")
    repository.git("commit", "-qm", "never_checked")
    repository.git("tag", "never_checked")
    said = "was not checked: all findings are listed, not only new ones"
    assert main(["quality", "--against", "never_checked"]) == 0
    assert f"\n\nnever_checked {said}\n" in capsys.readouterr().out
    assert main(["quality", "--md", "--against", "never_checked"]) == 0
    text = capsys.readouterr().out
    assert f"never&#95;checked was not checked&#58; {said[17:]}" in text
    assert "(unused_class)" in text


def test_the_gate_of_the_command_and_acceptances_after_the_run(versioned, capsys):
    assert main(["quality", "--check"]) == 0
    own = {"fail": ["duplicate"], "accept": [{"finding": "gap/1/r", "reason": "x"}]}
    (versioned / "params.yaml").write_text(json.dumps({**PARAMS, "quality": own}))
    capsys.readouterr()
    assert main(["quality", "--check"]) == 4
    said = capsys.readouterr()
    assert "1 finding of checks in quality.fail" in said.err
    assert "quality.accept: 1 entry matches no finding: gap/1/r" in said.out
    (versioned / "params.yaml").write_text(
        json.dumps({**PARAMS, "quality": {"fail": ["unused_class"]}})
    )
    assert main(["quality", "--check"]) == 4
    said = "unused_class: classes without a pixel in any mask (Both); label it, or"
    assert said in capsys.readouterr().err
    own["accept"] = [{"finding": TWICE, "reason": "two layers"}]
    (versioned / "params.yaml").write_text(json.dumps({**PARAMS, "quality": own}))
    assert main(["quality", "--check", "--md"]) == 0


def test_regions_that_no_prediction_supports(versioned, capsys):
    folder = versioned / "predictions"
    folder.mkdir()
    assert main(["quality", "--predictions", "predictions"]) == 4
    assert "predictions holds no prediction: save <key>.png" in capsys.readouterr().err
    mask = np.zeros((30, 40), dtype=np.uint8)
    Image.fromarray(mask).save(folder / "000002_scene_2.png")
    assert main(["quality", "--predictions", "predictions"]) == 0
    text = capsys.readouterr().out
    assert "unsupported/000002_scene_2/r1" in text and "unsupported/000001" not in text
    Image.fromarray(mask[:20]).save(folder / "000002_scene_2.png")
    assert main(["quality", "--predictions", "predictions"]) == 4
    assert main(["quality", "--predictions", "nowhere"]) == 4
