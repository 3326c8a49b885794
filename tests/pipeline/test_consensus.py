"""Several annotations decide a mask together: stages, verify, exports, diff and blame."""

import json

import pytest

from maskbench.dataset import Benchmark
from maskbench.diff.annotation import annotation_change
from maskbench.doctor.findings import ERROR
from maskbench.doctor.tasks import check_tasks
from maskbench.errors import DataError, ParamsError
from maskbench.export.source import ExportSource
from maskbench.files.csv import read_table
from maskbench.files.label_sets import read_label_sets
from maskbench.files.manifest import read_manifest
from maskbench.files.masks import read_mask, write_mask
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.stored import read_task
from maskbench.params import IGNORE
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.verification.verify import verify
from tests.exports import PARAMS, annotation, box, task, write_export
from tests.pipeline.test_build import STAGES, contents, params

ALL = {"annotation": ["consensus"]}


def canvas(user, right, *, number=None, labels=("Canvas",), **more):
    """An annotation whose box covers the upper half, from the left to `right` percent."""
    drawn = [box(list(labels), 0, 0, right, 50)]
    return annotation(number or user, drawn, user=user, **more)


THREE = task(1, canvas(5, 50), canvas(7, 60), canvas(9, 80))
TWO = task(2, canvas(5, 50, number=15), canvas(7, 100, number=17))
ONE = task(3, canvas(5, 50, number=25))
KEYS = ["000001_scene_1", "000002_scene_2", "000003_scene_3"]


@pytest.fixture
def source(tmp_path):
    write_export(tmp_path / "source", [THREE, TWO, ONE])
    return tmp_path / "source"


def build(root, source, *, consensus=None, **rasterize_section):
    sections = {"rasterize": {**ALL, **rasterize_section}}
    if consensus:
        sections["combine"] = {**PARAMS["combine"], "consensus": consensus}
    (root / "params.yaml").write_text(
        json.dumps({**PARAMS, "fetch": {"folder": str(source)}, **sections})
    )
    return [stage(params(source, **sections), Layout(root)) for stage in STAGES]


def rows(root):
    return read_manifest(root / "data/benchmark/manifest.csv")


def mask(root, key):
    return read_mask(root / f"data/benchmark/masks/{key}.png")


def metrics(root, stage):
    return json.loads((root / f"metrics/{stage}.json").read_text())


def problems(root):
    return verify(root / "data/benchmark", root / "params.yaml").problems


def test_the_majority_of_three_and_the_tie_of_two(tmp_path, source):
    said = build(tmp_path, source)
    assert said[2].endswith("several annotators voted on 2 images: 12.50% of the pixels undecided")
    three, two, one = (rows(tmp_path)[key] for key in KEYS)
    # Of 40 x 30 pixels, the upper 15 rows: two of three reach to 60 % of the width.
    assert three.classes == {"Background": 1200 - 15 * 24, "Canvas": 15 * 24}
    assert (three.voters, three.undecided, three.annotation) == ("5 7 9", 0, 9)
    assert two.classes == {"(ignored)": 300, "Background": 600, "Canvas": 300}
    assert (two.voters, two.undecided) == ("5 7", 300)
    assert (mask(tmp_path, KEYS[1])[:15, 20:] == IGNORE).all()
    assert (one.voters, one.undecided, one.classes["Canvas"]) == ("", 0, 300)
    assert metrics(tmp_path, "combine")["consensus"] == {
        "images": 2, "pixels": 2400, "tied": 300, "below_agreement": 0, "undecided": 0.125,
    }  # fmt: skip
    found = metrics(tmp_path, "rasterize")
    assert (found["tasks"]["put_to_the_vote"], found["annotators"]) == (2, {"5": 3, "7": 2, "9": 1})
    assert not problems(tmp_path)


@pytest.mark.parametrize("method", ["majority", "staple"])
def test_verify_finds_a_mask_that_is_not_what_the_votes_give(tmp_path, source, method):
    build(tmp_path, source, consensus={"method": method})
    assert not problems(tmp_path)
    edited = mask(tmp_path, KEYS[0])
    edited[0, 0] = 2
    write_mask(tmp_path / f"data/benchmark/masks/{KEYS[0]}.png", edited)
    said = "\n".join(map(str, problems(tmp_path)))
    assert "not what the consensus of annotations 5, 7, 9 and the rules give: 1 pixel" in said
    manifest = tmp_path / "data/benchmark/manifest.csv"
    manifest.write_text(manifest.read_text().replace(",5 7 9,", ",5 7,"))
    assert "says voters 5 7; data/annotations says 5 7 9" in "\n".join(map(str, problems(tmp_path)))


def test_agreement_and_another_class(tmp_path, source):
    consensus = {"agreement": 0.8, "otherwise": "Obstruction"}
    build(tmp_path, source, consensus=consensus)
    classes = rows(tmp_path)[KEYS[0]].classes
    assert classes == {"Background": 1200 - 480, "Canvas": 300, "Obstruction": 180}
    found = metrics(tmp_path, "combine")["consensus"]
    assert (found["tied"], found["below_agreement"]) == (300, 180)
    assert not problems(tmp_path)


@pytest.mark.parametrize(
    ("criteria", "voters"),
    [
        (["consensus:2"], {KEYS[0]: "5 7 9", KEYS[1]: "5 7"}),
        (["consensus:3", "annotator:7"], {KEYS[0]: "5 7 9", KEYS[1]: ""}),
        (["annotator:9", "consensus"], {KEYS[0]: "", KEYS[1]: "5 7", KEYS[2]: ""}),
    ],
)
def test_too_few_annotators_go_to_the_next_criterion_or_out(tmp_path, source, criteria, voters):
    build(tmp_path, source, annotation=criteria)
    assert {key: row.voters for key, row in rows(tmp_path).items()} == voters
    assert not problems(tmp_path)


def test_a_ground_truth_wins_if_it_comes_first(tmp_path):
    truth = canvas(7, 60, ground_truth=True)
    write_export(tmp_path / "source", [task(1, canvas(5, 50), truth, canvas(9, 80))])
    for criteria, voters in ((["ground_truth", "consensus"], ""), (["consensus"], "5 7 9")):
        build(tmp_path, tmp_path / "source", annotation=criteria)
        row = rows(tmp_path)[KEYS[0]]
        assert (row.voters, row.ground_truth) == (voters, not voters)


def test_only_combine_runs_when_its_consensus_changes(tmp_path, source):
    build(tmp_path, source)
    said = build(tmp_path, source, consensus={"otherwise": "Background"})
    assert "0 tasks rasterized in this run" in said[1]
    assert "3 masks made in this run" in said[2]
    assert rows(tmp_path)[KEYS[1]].classes == {"Background": 900, "Canvas": 300}


def test_an_added_annotation_makes_its_image_again_and_no_other(tmp_path, source):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    build(tmp_path / "a", source)
    more = task(2, *TWO["annotations"], canvas(9, 100, number=19))
    write_export(source, [THREE, more, ONE])
    said = build(tmp_path / "a", source)
    assert "1 task rasterized in this run" in said[1]
    assert "1 mask made in this run" in said[2]
    assert rows(tmp_path / "a")[KEYS[1]].classes["Canvas"] == 600
    build(tmp_path / "b", source)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_annotations_in_another_order_give_the_same_bytes(tmp_path, source):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    build(tmp_path / "a", source)
    turned = [{**each, "annotations": each["annotations"][::-1]} for each in (ONE, TWO, THREE)]
    write_export(source, turned)
    build(tmp_path / "b", source)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_label_sets_lie_one_after_the_other_and_a_single_one_as_ever(tmp_path, source):
    many = [box([f"L{i}"], 0, 0, 50, 50, number=i) for i in range(9)]
    labels = {"Background": 0, "Canvas": 1, **{f"L{i}": i + 2 for i in range(9)}}
    tasks = [task(1, annotation(1, many, user=5), canvas(7, 60)), ONE]
    write_export(source, tasks)
    sections = {"labels_map": labels, "multi_label_rules": {}}
    settings = params(source, **sections, rasterize=ALL)
    for stage in STAGES[:2]:
        stage(settings, Layout(tmp_path))
    first, second = read_label_sets(tmp_path / f"data/label_sets/{KEYS[0]}.tif")
    assert (first.annotation, len(first.labels), first.planes.shape) == (1, 9, (2, 30, 40))
    assert (second.annotation, second.labels, second.planes.shape) == (7, ("Canvas",), (1, 30, 40))
    assert second.planes[0, :15, :24].all() and second.planes.sum() == 360
    alone = (tmp_path / f"data/label_sets/{KEYS[2]}.tif").read_bytes()
    rasterize(params(source, **sections), Layout(tmp_path))
    assert (tmp_path / f"data/label_sets/{KEYS[2]}.tif").read_bytes() == alone


def test_combinations_without_a_rule_stop_whoever_drew_them(tmp_path, source):
    both = annotation(9, [box(["Canvas"], 0, 0, 50, 50), box(["Both"], 0, 0, 50, 50)], user=9)
    write_export(source, [task(1, canvas(5, 50), canvas(7, 60), both)])
    with pytest.raises(DataError) as error:
        build(tmp_path, source)
    assert "Both + Canvas" in str(error.value.problems[0])


def test_an_annotation_of_another_size_is_told_with_its_task_and_annotation(tmp_path, source):
    small = annotation(9, [box(["Canvas"], 0, 0, 50, 50, size=(20, 15))], user=9)
    write_export(source, [task(1, canvas(5, 50), small)])
    with pytest.raises(DataError) as error:
        build(tmp_path, source)
    (problem,) = error.value.problems
    assert (problem.task, problem.annotation) == (1, 9)
    assert "was drawn on an image of 20 x 15 pixels" in str(problem)


def test_annotators_who_share_no_task_are_taken_as_they_are(tmp_path, source):
    write_export(source, [task(1, canvas(5, 50)), task(2, canvas(7, 60))])
    said = build(tmp_path, source)
    assert "no task has several annotators who could vote; tasks that show the same" in said[1]
    assert [row.voters for row in rows(tmp_path).values()] == ["", ""]
    assert "consensus" not in metrics(tmp_path, "combine")
    with pytest.raises(DataError) as error:
        build(tmp_path, source, annotation=["consensus:2"])
    said = str(error.value.problems[0])
    assert (
        "annotate some tasks, or add criteria to this list (consensus:2); tasks that show" in said
    )


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"rasterize": {"annotation": ["consensus:0"]}}, "'consensus:0' is unknown"),
        ({"rasterize": {"annotation": ["concensus"]}}, "did you mean 'consensus'?"),
        ({"combine": {"consensus": {"method": "mean"}}}, "combine.consensus.method: 'mean'"),
        ({"combine": {"consensus": {"agreement": 60}}}, "60 is not a share from 0 to 1"),
        ({"combine": {"consensus": {"otherwise": "Wal"}}}, "combine.consensus.otherwise: 'Wal'"),
        ({"combine": {"consensus": {"at_least": 3}}}, "combine.consensus.at_least: unknown name"),
    ],
)
def test_bad_params(source, sections, said):
    with pytest.raises(ParamsError) as error:
        params(source, **sections)
    assert said in str(error.value.problems[0])


def test_doctor_says_who_votes(source):
    settings = params(source, rasterize=ALL)
    found = list(check_tasks(Folder(source), settings, None))
    assert not [finding for finding in found if finding.level == ERROR]
    text = "\n".join(map(str, found))
    assert "2 images annotated by several people (up to 3); the consensus counts in 2" in text


def test_instances_are_the_parts_of_the_mask(tmp_path, source):
    build(tmp_path, source)
    benchmark = Benchmark(tmp_path / "data/benchmark")
    (instance,) = ExportSource(benchmark).instances(KEYS[0])
    assert (instance.value, instance.area, instance.box) == (1, 360, (0, 0, 24, 15))


def test_the_manifest_is_read_by_the_training_side(tmp_path, source):
    build(tmp_path, source)
    table = read_table(tmp_path / "data/benchmark/manifest.csv")
    assert [(row["voters"], row["undecided"]) for row in table] == [
        ("5 7 9", "0"), ("5 7", "300"), ("", ""),
    ]  # fmt: skip
    assert Benchmark(tmp_path / "data/benchmark").row(KEYS[1]).undecided == 300


def test_changes_of_regions_are_found_annotator_by_annotator(tmp_path, source):
    build(tmp_path, source)
    before = read_task(tmp_path / f"data/annotations/{KEYS[0]}.json")
    moved = task(1, canvas(5, 50), canvas(7, 70, hour=9), canvas(9, 80))
    write_export(source, [moved, TWO, ONE])
    build(tmp_path, source)
    after = read_task(tmp_path / f"data/annotations/{KEYS[0]}.json")
    settings = params(source, rasterize=ALL).rasterize
    change = annotation_change(before, after, (settings, settings))
    assert (change.before, change.after, change.annotator) == (7, 7, "7")
    assert [region.kind for region in change.regions] == ["reshaped"]
    assert annotation_change(before, before, (settings, settings)) is None
