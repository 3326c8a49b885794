"""Groups and published subsets: what is read from tasks, what joins, what is fixed."""

import csv
import json
import re
from pathlib import Path

import pytest

from maskbench.diff.moves import moves
from maskbench.errors import DataError
from maskbench.files.manifest import read_manifest
from maskbench.params import SplitParams, ValueFrom
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.published import read_published
from maskbench.pipeline.split import split
from maskbench.pipeline.splits import Group, assign_splits
from tests.doctor.test_agrees_with_build import choices, twins, with_data
from tests.exports import annotation, box, simple_tasks, task, write_export, write_image
from tests.pipeline.test_build import params, run, subsets

RATIOS = {"train": 0.4, "valid": 0.3, "test": 0.3}


def manifest(root):
    return read_manifest(root / "data/benchmark/manifest.csv")


def groups(root):
    return {row.task: row.group for row in manifest(root).values()}


def named(*references):
    return [
        task(number, annotation(number, [box(["Canvas"], 0, 0, 50, 50)]), image=reference)
        for number, reference in enumerate(references, 1)
    ]


FRAMES = named(
    "/data/upload/1/0a1b2c3d-hall_7_001.png",
    "/data/upload/1/9f8e7d6c-hall_7_002.png",
    "/data/local-files/?d=p%2012/left.png",
    "p 12/right.png",
)


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        ({"name": r"(\w+)_\d+"}, {1: "hall_7", 2: "hall_7"}),
        ({"name": r"^(?:hall)_(\d)"}, {1: "7", 2: "7"}),
        ({"folder": r"(p \d+)"}, {3: "p 12", 4: "p 12"}),
        ({"name": r"(never)?"}, {}),  # a group that takes no part gives no value
    ],
)
def test_a_pattern_on_names_and_folders(tmp_path, group_by, expected):
    write_export(tmp_path / "source", FRAMES, images=False)
    for number, name in enumerate(["hall_7_001", "hall_7_002", "p 12/left", "p 12/right"]):
        write_image(tmp_path / f"source/{name}.png", seed=number)
    sections = {"split": {"group_by": group_by, "without_group": "alone"}}
    if not expected:
        with pytest.raises(DataError, match="no task has what groups: correct it"):
            run(tmp_path, tmp_path / "source", **sections)
        return
    run(tmp_path, tmp_path / "source", **sections)
    found = groups(tmp_path)
    assert {task: group for task, group in found.items() if len(group) < 64} == expected
    assert len(set(found.values())) == 1 + 4 - len(expected)


@pytest.mark.parametrize(
    ("plain", "typed", "expected"),
    [
        ("patient", {"field": "patient"}, ["a", "b", "a", "7", '["x", "y"]']),
        ("site", {"choice": "site"}, ['["n"]', '["n"]', '["s"]', '["s"]', '["s"]']),
    ],
)
def test_a_plain_name_and_a_typed_one_draw_the_same(tmp_path, plain, typed, expected):
    tasks = with_data("a", "b", "a", 7, ["x", "y"])
    for entry, site in zip(tasks, ["n", "n", "s", "s", "s"], strict=True):
        entry["annotations"][0]["result"].append(
            {
                "from_name": "site",
                "to_name": "image",
                "type": "choices",
                "value": {"choices": [site]},
            }
        )
    write_export(tmp_path / "source", tasks)
    run(tmp_path, tmp_path / "source", split={"group_by": plain})
    before = groups(tmp_path), subsets(tmp_path)
    run(tmp_path, tmp_path / "source", split={"group_by": typed})
    assert (groups(tmp_path), subsets(tmp_path)) == before
    assert list(before[0].values()) == expected


def test_a_choice_of_regions_groups_if_they_agree(tmp_path):
    write_export(tmp_path / "source", choices("north", "north"))
    run(tmp_path, tmp_path / "source", split={"group_by": {"choice": "site"}})
    assert groups(tmp_path) == {1: '["north"]'}
    write_export(tmp_path / "source", choices("north", "south"))
    with pytest.raises(
        DataError,
        match=re.escape("""'site' has several values in one annotation: ["north"], ["south"]"""),
    ):
        run(tmp_path, tmp_path / "source", split={"group_by": {"choice": "site"}})


@pytest.mark.parametrize("group_by", ["site", {"choice": "site"}])
def test_answers_without_geometry_are_of_the_region_with_their_id(tmp_path, group_by):
    """Two regions that say different things: none of them wins by coming last."""
    drawn = [box(["Canvas"], 10 * n, 0, 10 * n + 9, 50, number=n) for n in (1, 2)]
    answers = [
        {"id": f"r{n}", "from_name": "site", "type": "choices", "value": {"choices": [site]}}
        for n, site in ((1, "north"), (2, "south"))
    ]
    write_export(tmp_path / "source", [task(1, annotation(1, [*drawn, answers[0]]))])
    run(tmp_path, tmp_path / "source", split={"group_by": group_by})
    assert groups(tmp_path) == {1: '["north"]'}
    write_export(tmp_path / "source", [task(1, annotation(1, [*drawn, *answers]))])
    with pytest.raises(DataError, match="'site' has several values in one annotation"):
        run(tmp_path, tmp_path / "source", split={"group_by": group_by})


def test_tasks_without_a_value(tmp_path):
    write_export(tmp_path / "source", with_data("a", None, "", None))
    sections = {"group_by": {"field": "patient"}}
    with pytest.raises(DataError) as caught:
        run(tmp_path, tmp_path / "source", split=sections)
    assert str(caught.value) == (
        "split: 1 problem; nothing was changed\n  - params.yaml: split.group_by: its data has no "
        "field 'patient' (known: image); give it a value, or set split.without_group: alone "
        "(3 tasks: 2, 3, 4)"
    )
    run(tmp_path, tmp_path / "source", split={**sections, "without_group": "alone"})
    found = groups(tmp_path)
    assert found[1] == "a"
    assert len({found[n] for n in (2, 3, 4)}) == 3
    assert all(len(found[n]) == 64 for n in (2, 3, 4))  # the digest of its image


def test_groups_with_the_same_picture_are_one(tmp_path):
    sections = twins("b", "a", "c", None)(tmp_path / "source")["split"]
    other = simple_tasks(1, first=9)[0]
    other["data"]["patient"] = "c"
    tasks = json.loads((tmp_path / "source/export.json").read_text())
    write_export(tmp_path / "source", [*tasks, other])
    sections |= {"without_group": "alone"}
    said = "tasks 1 and 2 and 3 show the same picture in the groups 'a' and 'b' and 'c'"
    with pytest.raises(DataError, match=said):
        run(tmp_path, tmp_path / "source", split=sections)
    *_, summary = run(tmp_path, tmp_path / "source", split=sections | {"same_image": "join"})
    assert set(groups(tmp_path).values()) == {"a"}
    assert summary.endswith(f" — joined: {said}")
    assert len([names for names in subsets(tmp_path).values() if names]) == 1


def test_a_chain_of_pictures_joins_all_its_groups(tmp_path):
    """1 and 2 show one picture, 3 and 4 another: a = b by the first, b = c by the second."""
    tasks = with_data("c", "b", "b", "a", "z")
    write_export(tmp_path / "source", tasks)
    files = [tmp_path / "source" / t["data"]["image"].removeprefix("/data/") for t in tasks]
    files[1].write_bytes(files[0].read_bytes())
    files[3].write_bytes(files[2].read_bytes())
    run(tmp_path, tmp_path / "source", split={"group_by": "patient"})
    assert groups(tmp_path) == {1: "a", 2: "a", 3: "a", 4: "a", 5: "z"}


def test_published_subsets_are_fixed_and_others_drawn_as_ever(tmp_path):
    write_export(tmp_path / "source", simple_tasks(12))
    run(tmp_path, tmp_path / "source", split={"ratios": RATIOS})
    drawn = {row.task: row.split for row in manifest(tmp_path).values()}
    lines = ["image,split", "scene_1.png,Test", "scene_2,val", "000003_scene_3,train"]
    lines += ["1/scene_4.png,test", "upload/1/scene_5.png,train", "elsewhere.png,test"]
    (tmp_path / "subsets.csv").write_text("\r\n".join(lines), encoding="utf-8-sig")
    sections = {"ratios": RATIOS, "published": {"file": "subsets.csv"}}
    *_, summary = run(tmp_path, tmp_path / "source", split=sections)
    assert summary.endswith(" — 1 line of subsets.csv fits no image: elsewhere.png")
    rows = {row.task: row for row in manifest(tmp_path).values()}
    fixed = {1: "test", 2: "valid", 3: "train", 4: "test", 5: "train"}
    assert {n: row.published for n, row in rows.items() if row.published} == fixed
    assert {n: row.split for n, row in rows.items()} == drawn | fixed


def test_a_manifest_publishes_its_own_subsets(tmp_path):
    """An older version's manifest as the table: nobody moves, whatever the salt."""
    write_export(tmp_path / "source", simple_tasks(9))
    run(tmp_path, tmp_path / "source", split={"ratios": RATIOS})
    before = subsets(tmp_path)
    (tmp_path / "data/benchmark/manifest.csv").rename(tmp_path / "v1.csv")
    sections = {"ratios": RATIOS, "salt": "another", "published": {"file": "v1.csv"}}
    run(tmp_path, tmp_path / "source", split=sections)
    assert subsets(tmp_path) == before


def test_new_images_of_a_published_group_go_with_it(tmp_path):
    tasks = with_data("a", "a", "a", "b")
    tasks[0]["data"]["subset"] = "test"
    write_export(tmp_path / "source", tasks)
    run(
        tmp_path,
        tmp_path / "source",
        split={"group_by": "patient", "published": {"field": "subset"}, "ratios": {"train": 1}},
    )
    assert [row.split for row in manifest(tmp_path).values()] == ["test"] * 3 + ["train"]


def test_an_edited_table_is_read_again(tmp_path):
    write_export(tmp_path / "source", simple_tasks(2))
    for subset in ("train", "test"):
        (tmp_path / "t.csv").write_text(f"image,split\nscene_1,{subset}\n")
        run(tmp_path, tmp_path / "source", split={"published": {"file": "t.csv"}})
        assert manifest(tmp_path)["000001_scene_1"].split == subset


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("image,split\na.png,holdout\n", "line 2 puts 'a.png' into 'holdout'; train, valid or"),
        ("image,split\n,train\n", "line 2 names no image"),
        ("image,split\na.png\n", "line 2 puts 'a.png' into ''"),
        ("image,split\na,train\na,training\nb,test\na,test\n", "line 5 puts 'a' into test, an ear"),
        ("image;split\na;train\n", "separated by a comma; it has: image;split"),
        ("", "it has: no line"),
    ],
)
def test_what_is_wrong_with_a_table(tmp_path, content, said):
    (tmp_path / "t.csv").write_text(content)
    _, [problem] = read_published(tmp_path / "t.csv", "t.csv")
    assert said in problem.what
    assert problem.file == "t.csv"


def test_a_table_that_may_not_be_read_is_a_problem_among_others(tmp_path, monkeypatch):
    """Who runs the tests may be root, who may read all."""

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "t.csv").write_text("key,split\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    found, [problem] = read_published(tmp_path / "t.csv", "t.csv")
    assert found == {}
    assert (problem.file, problem.param) == ("t.csv", "split.published.file")
    assert "cannot be read: [Errno 13] Permission denied" in problem.what


@pytest.mark.parametrize(
    ("deps", "is_fine"),
    [
        ("- t.csv", True),
        ("- ${split.published.file}", True),
        ("- data/annotations", False),
    ],
)
def test_dvc_has_to_notice_an_edited_table(tmp_path, deps, is_fine):
    write_export(tmp_path / "source", simple_tasks(2))
    (tmp_path / "t.csv").write_text("image,split\nscene_1,train\n")
    sections = {"published": {"file": "t.csv"}}
    run(tmp_path, tmp_path / "source", split=sections)
    (tmp_path / "dvc.yaml").write_text(f"stages:\n  split:\n    deps:\n    {deps}\n")
    settings = params(tmp_path / "source", split=sections)
    if is_fine:
        split(settings, Layout(tmp_path))
        return
    with pytest.raises(DataError, match=r"put the line `- t\.csv` below stages: split: deps:"):
        split(settings, Layout(tmp_path))


def test_a_published_group_is_not_drawn():
    settings = SplitParams({"train": 1.0, "valid": 0.0, "test": 0.0}, None, "")
    assert assign_splits([Group("a", 3, {}, "test"), Group("b", 1, {})], settings) == {
        "a": "test",
        "b": "train",
    }


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ({}, {"published": {"file": "t.csv"}}, "split.published"),
        ({"published": {"file": "t.csv"}}, {"published": {"file": "u.csv"}}, "split.published"),
        ({}, {"group_by": {"name": "(scene)"}}, "split.group_by"),
        ({}, {"salt": "b"}, "split.salt"),
        ({}, {"ratios": {"test": 1}}, "split.ratios"),
    ],
)
def test_diff_names_what_moved_images(tmp_path, before, after, cause):
    write_export(tmp_path / "source", simple_tasks(9))
    for name, subset in (("t", "test"), ("u", "valid")):
        rows = [["image", "split"], *([f"scene_{n}", subset] for n in (1, 2, 3))]
        with (tmp_path / f"{name}.csv").open("w") as stream:
            csv.writer(stream).writerows(rows)
    found = []
    for changed in (before, after):
        section = {"ratios": RATIOS, "salt": "a", **changed}
        run(tmp_path, tmp_path / "source", split=section)
        found.append((manifest(tmp_path), params("source", split=section).split))
    (old, one), (new, other) = found
    moved = moves(old, new, (one, other))
    assert moved
    assert {move.cause for move in moved} == {cause}
    assert {move.key for move in moved} == {k for k in old if old[k].split != new[k].split}


def test_diff_names_an_edited_table(tmp_path):
    write_export(tmp_path / "source", simple_tasks(3))
    section = {"published": {"file": "t.csv"}}
    found = []
    for subset in ("train", "test"):
        (tmp_path / "t.csv").write_text(f"image,split\nscene_2,{subset}\n")
        run(tmp_path, tmp_path / "source", split=section)
        found.append(manifest(tmp_path))
    settings = params("source", split=section).split
    assert settings.published == ValueFrom("file", "t.csv")
    [move] = moves(*found, (settings, settings))
    assert (move.key, move.before, move.after) == ("000002_scene_2", "train", "test")
    assert move.cause == "its published subset"
