"""Doctor and build agree: whatever stops the build, doctor says before, in the same words."""

from pathlib import Path

import pytest

from maskbench.doctor.checkup import check_up
from maskbench.doctor.findings import ERROR, WARNING
from maskbench.errors import MaskbenchError
from maskbench.pipeline.combine import combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.split import split
from maskbench.regions.build import SLIPS
from tests.exports import annotation, box, polygon, region, simple_tasks, task, write_export
from tests.pipeline.test_bad_input import EXPORTS, GOOD, REGIONS, broken_region
from tests.pipeline.test_build import params
from tests.pipeline.test_never_wrong import on, pair, point, unlabelled, write_pairs


def export(tasks, **sections):
    """Bad tasks, and the sections of params under which they are built."""
    return lambda folder: (write_export(folder, tasks), sections)[1]


def text(content, **sections):
    """An export of any text, beside the good tasks' images."""

    def write(folder):
        write_export(folder, GOOD)
        (folder / "export.json").write_text(content)
        return sections

    return write


def image(content, name="scene_2.png"):
    """Two good tasks, of which the second one's image holds something else."""

    def write(folder):
        write_export(folder, GOOD)
        file = folder / f"upload/1/00000002-{name}"
        if callable(content):
            content(file)
        else:
            file.write_bytes(content)
        return {}

    return write


def table(lines, name="splits.csv", data=None, **options):
    """Good tasks with a table of published subsets."""

    def write(folder):
        tasks = [entry | {"data": {**entry["data"], **(data or {})}} for entry in GOOD]
        write_export(folder, tasks)
        content = lines if isinstance(lines, bytes) else lines.encode()
        (folder.parent / name).write_bytes(content)
        return {"split": {"published": {"file": "splits.csv"}, **options}}

    return write


def with_data(*values, field="patient"):
    tasks = simple_tasks(len(values))
    for entry, value in zip(tasks, values, strict=True):
        if value is not None:
            entry["data"][field] = value
    return tasks


def twins(*values):
    """Tasks of given patients that all show the same picture."""

    def write(folder):
        tasks = with_data(*values)
        write_export(folder, tasks)
        files = [folder / entry["data"]["image"].removeprefix("/data/") for entry in tasks]
        for file in files[1:]:
            file.write_bytes(files[0].read_bytes())
        return {"split": {"group_by": "patient", "same_image": "error"}}

    return write


def images_of_two(folder):
    regions = [pair(number, on("img2")) for number in (1, 2, 3)]
    write_pairs(folder, regions)
    return {}


def cut(file):
    file.write_bytes(file.read_bytes()[:300])


def claims_too_much(file):
    content = file.read_bytes()
    file.write_bytes(content[:16] + (60_000).to_bytes(4, "big") * 2 + content[24:])


def in_two_folders(file):
    content = file.read_bytes()
    file.unlink()
    for folder in ("left", "right"):
        copy = file.parents[2] / folder / file.name
        copy.parent.mkdir()
        copy.write_bytes(content + folder.encode())


def choices(*values):
    """Regions whose per-region choice ``site`` has these values."""
    results = []
    for number, value in enumerate(values):
        drawn = box(["Canvas"], 10 * number, 0, 10 * number + 9, 50, number=number)
        answer = {**drawn, "from_name": "site", "type": "choices"}
        answer["value"] = {k: v for k, v in drawn["value"].items() if k != "rectanglelabels"}
        answer["value"]["choices"] = [value]
        results += [drawn, answer]
    return [task(1, annotation(1, results))]


LABELS = {"Background": 0, "Canvas": 1, "Obstruction": 2, "Lamp": 3}
OVERLAP = [box(["Canvas"], 0, 0, 50, 100), box(["Lamp"], 0, 0, 25, 100)]

BAD = {
    **{f"export: {name}": text(content) for name, (content, _) in EXPORTS.items()},
    **{f"region: {name}": export(broken_region(r)) for name, (r, _) in REGIONS.items()},
    "all regions broken": export(
        [*GOOD, task(3, annotation(33, [result for result, _ in REGIONS.values()]))]
    ),
    "no folder": lambda folder: {},
    "an empty folder": lambda folder: (folder.mkdir(parents=True), {})[1],
    "nothing annotated": export([task(1), task(2)]),
    "only skipped": export([task(1, annotation(1, [], was_cancelled=True))]),
    "no task": export([]),
    "only key points": export([task(n, annotation(n, [point(1)])) for n in (1, 2)]),
    "only regions without label": export([task(1, annotation(1, [unlabelled(1)]))]),
    "only regions off the image": export(
        [task(1, annotation(1, [box(["Canvas"], 110, 110, 120, 120)]))]
    ),
    "a choice that none meets": export(GOOD, rasterize={"annotation": ["ground_truth"]}),
    "several images": images_of_two,
    "image that is text": image(b"hello"),
    "image that is empty": image(b""),
    "image cut off": image(cut),
    "image that claims too much": image(claims_too_much),
    "image larger than the limit": export(GOOD, fetch={"folder": "source", "max_pixels": 1199}),
    "image missing": image(Path.unlink),
    "image under a format that is not read": image(
        lambda file: file.rename(file.with_suffix(".svg"))
    ),
    "image that fits twice": image(in_two_folders),
    "brush of another size": export(
        [
            task(
                1,
                annotation(1, [region("brush", ["Canvas"], {"rle": [0, 0, 0, 4, 56] + [0] * 20})]),
            )
        ]
    ),
    "drawn on no size": export(
        [task(1, annotation(1, [box(["Canvas"], 1, 1, 9, 9, size=(0, 0))]))]
    ),
    "drawn on a copy of half the size": export(
        [task(1, annotation(1, [box(["Canvas"], 1, 1, 9, 9, size=(20, 15))]))]
    ),
    "slips, strict": export(
        [
            task(
                1,
                annotation(
                    1,
                    [
                        box(["Canvas"], 1, 1, 50, 50, number=1),
                        polygon(["Canvas"], [[1, 1], [2, 2]], number=2),
                        unlabelled(3),
                        point(4),
                    ],
                ),
            )
        ],
        rasterize={"strict": True},
    ),
    "combinations without rule": export(
        [*GOOD, task(3, annotation(33, OVERLAP))], labels_map=LABELS, multi_label_rules={}
    ),
    "priority that does not name a combination": export(
        [task(3, annotation(33, OVERLAP))],
        labels_map=LABELS,
        multi_label_rules={},
        combine={"unmatched": "priority", "priority": ["Obstruction"]},
    ),
    "group_by misspelt": export(with_data("a", "b"), split={"group_by": "pateint"}),
    "group_by misspelt, alone": export(
        with_data("a", "b"), split={"group_by": {"field": "pateint"}, "without_group": "alone"}
    ),
    "a task without the field": export(
        with_data("a", None, "b", ""), split={"group_by": {"field": "patient"}}
    ),
    "no such choice": export(GOOD, split={"group_by": {"choice": "site"}}),
    "choices that differ between regions": export(
        choices("north", "south"), split={"group_by": {"choice": "site"}}
    ),
    "a name that does not match": export(GOOD, split={"group_by": {"name": r"(\d+)_frame"}}),
    "a folder that does not match": export(GOOD, split={"group_by": {"folder": r"patient_(\d+)"}}),
    "the same picture in two groups": twins("a", "b", "a"),
    "published field misspelt": export(GOOD, split={"published": {"field": "subset"}}),
    "published in no subset": export(
        with_data("train", "holdout", field="subset"), split={"published": {"field": "subset"}}
    ),
    "a group in two subsets": table(
        "image,split\nscene_1.png,train\nscene_2.png,test\n",
        data={"patient": "a"},
        group_by="patient",
    ),
    "no table": table("", name="other.csv"),
    "an empty table": table(""),
    "a table without the columns": table("file;subset\nscene_1.png;train\n"),
    "a table with another subset": table("image,split\nscene_1.png,holdout\n,train\n"),
    "a table that contradicts itself": table("image,split\nscene_1.png,train\nscene_1.png,test\n"),
    "a table of other images": table("image,split\na.png,train\nb.png,test\n"),
    "a table that is no text": table(b"image,split\n\xff\xfe,train\n"),
}


def problems_of_the_build(root, settings):
    """The error of the first stage that stops: its problems, else its message."""
    for stage in (fetch, rasterize, combine, split):
        try:
            stage(settings, Layout(root))
        except MaskbenchError as error:
            return [problem.what for problem in error.problems] or [error.args[0]]
    return []


@pytest.mark.parametrize("case", BAD)
def test_doctor_says_what_stops_the_build(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sections = BAD[case](tmp_path / "source")
    settings = params("source", **sections)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    found = list(check_up(settings, Layout(), None))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    told = "\n".join(
        text
        for finding in found
        if finding.level == ERROR
        for text in [finding.what, *(problem.what for problem in finding.problems)]
    )
    expected = problems_of_the_build(tmp_path, settings)
    assert expected, "the build takes it"
    assert [problem for problem in expected if problem not in told] == []


SLIPPED = {
    "no_label": (unlabelled(1), "has no label; rasterize.strict stops here"),
    "no_pixel": (
        polygon(["Canvas"], [[1, 1], [2, 2]]),
        "has no pixel inside the image; rasterize.strict stops here",
    ),
    "no_area": (
        point(1),
        "is a point or an open line, which has no area; rasterize.strict stops here",
    ),
}


@pytest.mark.parametrize("reason", SLIPS)
@pytest.mark.parametrize("is_strict", [True, False])
def test_what_strict_stops_is_an_error_else_a_warning(reason, is_strict, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    slip, fault = SLIPPED[reason]
    write_export(tmp_path / "source", [*GOOD, task(3, annotation(3, [slip]))])
    settings = params("source", rasterize={"strict": is_strict})
    found = list(check_up(settings, Layout(), None))
    errors = [p.what for finding in found if finding.level == ERROR for p in finding.problems]
    warnings = "".join(finding.what for finding in found if finding.level == WARNING)
    assert problems_of_the_build(tmp_path, settings) == errors == [fault] * is_strict
    assert ("1 region will have no pixel" in warnings) is not is_strict
    assert (f"is empty although regions were drawn: 000003_scene_3 ({reason})" in warnings) is (
        not is_strict
    )


GOOD_ONES = {
    "good": export(GOOD),
    "true negatives only": export([task(n, annotation(n, [])) for n in (1, 2)]),
    "slips": export([*GOOD, task(3, annotation(3, [polygon(["Canvas"], [[1, 1]])]))]),
    "grouped": export(with_data("a", "b"), split={"group_by": {"field": "patient"}}),
    "some alone": export(
        with_data("a", None, ""), split={"group_by": {"field": "patient"}, "without_group": "alone"}
    ),
    "one choice in all regions": export(
        choices("north", "north"), split={"group_by": {"choice": "site"}}
    ),
    "by name": export(GOOD, split={"group_by": {"name": r"(scene)_\d"}}),
    "by folder": export(GOOD, split={"group_by": {"folder": "(upload)"}}),
    "the same picture, joined": lambda folder: {
        "split": twins("a", "b", "a")(folder)["split"] | {"same_image": "join"}
    },
    "published by field": export(
        with_data("train", "Validation", "test", field="subset"),
        split={"published": {"field": "subset"}},
    ),
    "published by table": table("image,split\nscene_1.png,train\nother.png,test\n"),
}


@pytest.mark.parametrize("case", GOOD_ONES)
def test_doctor_says_yes_where_the_build_does(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc").mkdir()
    settings = params("source", **GOOD_ONES[case](tmp_path / "source"))
    found = check_up(settings, Layout(), None)
    assert [str(finding) for finding in found if finding.level == ERROR] == []
    assert problems_of_the_build(tmp_path, settings) == []


def test_what_was_not_looked_at_is_said(tmp_path, monkeypatch):
    """Beyond ``most``, tasks are read, counted, grouped, and their images looked for."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc").mkdir()
    strange = task(4, annotation(4, [box(["Strange"], 1, 1, 50, 50)]))
    tasks = [*simple_tasks(3), strange, task(5, annotation(5, []))]
    tasks.append(task(6, annotation(6, "x")))
    write_export(tmp_path / "source", tasks)
    (tmp_path / "source/upload/1/00000005-scene_5.png").unlink()
    settings = params("source", split={"group_by": "room"})
    told = "\n".join(finding.describe() for finding in check_up(settings, Layout(), 2))
    assert (
        "read 6 tasks; 5 have an annotation that counts; looked at 2, images and regions of the "
        "others were not looked at: `maskbench doctor --all` does"
    ) in told
    assert "1 task cannot be read" in told
    assert "1 image is missing" in told
    assert "its data has no field 'room' (known: image)" in told
    assert "(5 tasks: 1, 2, 3, 4, 5)" in told
    assert "Strange" not in told
    assert "Strange" in "\n".join(map(str, check_up(settings, Layout(), None)))
