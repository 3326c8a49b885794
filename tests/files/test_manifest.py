"""The manifest's rows: every column typed, and those that earlier versions lack."""

import csv

import pytest

from maskbench.errors import DataError
from maskbench.files.manifest import Row, read_manifest

FIRST = {
    "key": "000001_wall", "split": "train", "group": "hall", "task": "1", "project": "4",
    "annotation": "9", "annotator": "", "ground_truth": "true",
    "updated_at": "2026-11-22T08:00:00Z", "scene": "000001_wall.png", "mask": "000001_wall.tif",
    "width": "40", "height": "30", "classes": '{"Canvas": 7}', "mask_sha256": "aa",
    "scene_sha256": "bb",
}  # fmt: skip
"""A row of the first version."""

LATER = {
    "scaling": "[3, 4095]", "published": "test", "annotators": "3", "origin": "corrected",
    "parent_prediction": "17", "model_version": "m1", "voters": "5 8", "undecided": "12",
}  # fmt: skip


def written(path, *rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, rows[0])
        table.writeheader()
        table.writerows(rows)
    return path


def row(**more):
    return Row(
        key="000001_wall", split="train", group="hall", task=1, project=4, annotation=9,
        annotator=None, ground_truth=True, updated_at="2026-11-22T08:00:00Z",
        scene="000001_wall.png", mask="000001_wall.tif", width=40, height=30,
        classes={"Canvas": 7}, mask_sha256="aa", scene_sha256="bb", **more,
    )  # fmt: skip


def test_every_column_is_read(tmp_path):
    (found,) = read_manifest(written(tmp_path / "m.csv", FIRST | LATER)).values()
    assert found == row(
        scaling=(3, 4095), published="test", annotators=3, origin="corrected",
        parent_prediction=17, model_version="m1", voters="5 8", undecided=12,
    )  # fmt: skip
    assert found.authors == ["5", "8"]


@pytest.mark.parametrize("later", [{}, dict.fromkeys(LATER, "")])
def test_columns_that_are_not_there_or_empty_say_nothing(tmp_path, later):
    (found,) = read_manifest(written(tmp_path / "m.csv", FIRST | later)).values()
    assert found == row()
    assert (found.origin, found.scaling, found.authors) == ("drawn", None, [])


def test_one_annotator_is_the_author_and_formulas_are_text(tmp_path):
    rows = [FIRST | {"key": "'=b", "annotator": "6"}, FIRST | {"ground_truth": "false"}]
    found = read_manifest(written(tmp_path / "m.csv", *rows))
    assert list(found) == ["=b", "000001_wall"]
    assert found["=b"].authors == ["6"]
    assert not found["000001_wall"].ground_truth


@pytest.mark.parametrize(
    ("column", "text"),
    [("width", "wide"), ("classes", "[]"), ("scaling", "[9, 3]"), ("scaling", "[1]")],
)
def test_damage_is_told_with_the_file(tmp_path, column, text):
    path = written(tmp_path / "m.csv", FIRST | LATER | {column: text})
    with pytest.raises(DataError, match=r"m\.csv: cannot be read \(.*\); run `dvc checkout`"):
        read_manifest(path)


def test_a_missing_file_or_column_says_what_to_run(tmp_path):
    with pytest.raises(DataError, match="is missing; get it with `dvc pull split`"):
        read_manifest(tmp_path / "m.csv")
    without = {name: text for name, text in FIRST.items() if name != "group"}
    with pytest.raises(DataError, match=r"lacks the column 'group'; .* run `dvc repro`"):
        read_manifest(written(tmp_path / "m.csv", without))
