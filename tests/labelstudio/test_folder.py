"""A folder of exports and images as the source."""

import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.errors import SourceError
from maskbench.labelstudio.export import TaskError, parse_task
from maskbench.labelstudio.folder import Folder
from tests.exports import task


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def folder(root, *images, exports=("export.json",)):
    for name in images:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"picture")
    for name in exports:
        (root / name).write_text("[]")
    return Folder(root)


@pytest.mark.parametrize(
    ("images", "reference", "found"),
    [
        # an upload, with and without Label Studio's prefix, with and without folders
        (["upload/1/0a1b2c3d-wall.jpg"], "/data/upload/1/0a1b2c3d-wall.jpg", 0),
        (["0a1b2c3d-wall.jpg"], "/data/upload/1/0a1b2c3d-wall.jpg", 0),
        (["wall.jpg"], "/data/upload/1/0a1b2c3d-wall.jpg", 0),
        (["wall.jpg", "0a1b2c3d-wall.jpg"], "/data/upload/1/0a1b2c3d-wall.jpg", 1),
        (["wand_é.jpg"], "/data/upload/1/0a1b2c3d-wand_%C3%A9.jpg", 0),
        # local files
        (["hall/wall.jpg"], "/data/local-files/?d=photos/hall/wall.jpg", 0),
        (["hall/wall 1.jpg"], "/data/local-files/?d=photos%5Chall%5Cwall%201.jpg", 0),
        # relative paths and bare names
        (["hall/wall.jpg"], "hall/wall.jpg", 0),
        (["hall/wall.jpg"], "wall.jpg", 0),
        (["wall.JPG"], "wall.JPG", 0),
        (["a b (1).jpg"], "a b (1).jpg", 0),
        (["50%.jpg"], "50%.jpg", 0),
        # equal names: the longest tail of the path decides
        (["hall/wall.jpg", "room/wall.jpg"], "room/wall.jpg", 1),
        (["hall/wall.jpg", "room/wall.jpg"], "/data/local-files/?d=x/hall/wall.jpg", 0),
        (["a/hall/wall.jpg", "b/hall/wall.jpg"], "b/hall/wall.jpg", 1),
        (["wall.jpg", "hall/wall.jpg"], "hall/wall.jpg", 1),
        # addresses, with a query
        (["wall.jpg"], "https://host/bucket/wall.jpg?signature=a%2Fb", 0),
        (["bucket/wall.jpg"], "s3://bucket/wall.jpg", 0),
    ],
)
def test_images_are_found(tmp_path, images, reference, found):
    assert folder(tmp_path, *images).image(reference) == tmp_path / images[found]


@pytest.mark.parametrize(
    ("images", "reference", "message"),
    [
        ([], "wall.jpg", "no image file below .* fits 'wall.jpg'"),
        (["wall.txt"], "wall.txt", "no image file"),
        (["hall/wall.jpg", "room/wall.jpg"], "wall.jpg",
         "fits several files: hall/wall.jpg, room/wall.jpg"),
        (["hall/wall.jpg", "room/wall.jpg"], "attic/wall.jpg", "fits several files"),
        (["wall.jpg"], "../wall.jpg", "climbs out of its folder"),
        (["wall.jpg"], "/data/local-files/?d=..%2Fwall.jpg", "climbs out of its folder"),
        ([], "data:image/png;base64," + "A" * 9000, "stands in the task's data itself"),
    ],
)  # fmt: skip
def test_images_that_are_not_found(tmp_path, images, reference, message):
    source = folder(tmp_path, *images)
    with pytest.raises(ValueError, match=message) as caught:
        source.image(reference)
    assert len(str(caught.value)) < 1000


def test_links_out_of_the_folder_and_broken_ones_are_not_followed(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jpg").write_bytes(b"secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "secret.jpg").symlink_to(tmp_path / "outside" / "secret.jpg")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "broken.jpg").symlink_to("nowhere.jpg")
    (root / "loop.jpg").symlink_to("loop.jpg")
    (root / "directory.jpg").mkdir()
    source = folder(root, "good.jpg")
    (root / "link.jpg").symlink_to("good.jpg")
    for name in ("secret.jpg", "folder/secret.jpg", "broken.jpg", "loop.jpg", "directory.jpg"):
        with pytest.raises(ValueError, match="no image file"):
            source.image(name)
    assert Folder(root).image("link.jpg").read_bytes() == b"picture"  # within the folder


def test_tasks_come_from_all_exports_in_order_of_their_names(tmp_path):
    exports = {"b.json": [1], "a.json": [3, 2], "sub/c.json": [4]}
    for name, numbers in exports.items():
        write_json(tmp_path / name, [task(number) for number in numbers])
    found = [(raw.value["id"], raw.origin) for raw in Folder(tmp_path).tasks()]
    assert found == [(3, "a.json"), (2, "a.json"), (1, "b.json"), (4, "sub/c.json")]


def test_a_byte_order_mark_is_no_harm(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf[]")
    assert list(Folder(tmp_path).tasks()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: copy or export it again"),
        (b'[{"id": 1', r"is not valid JSON \(.*\): export it again"),
        (b'[{"id": NaN}]', r"is not valid JSON \(NaN is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"[" * 100_000, r"is not valid JSON \(maximum recursion depth"),
        (b"\xff\xfe\x00", "is not valid JSON"),
    ],
)
def test_what_is_no_export(tmp_path, content, message):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        Folder(tmp_path)
    assert "a.json: " in str(caught.value)


def test_an_export_that_is_cut_off_is_not_passed_over(tmp_path):
    write_json(tmp_path / "a.json", [task(1)])
    write_json(tmp_path / "sub/b.json", [task(2)])
    content = (tmp_path / "sub/b.json").read_bytes()
    (tmp_path / "sub/b.json").write_bytes(content[:-9])
    with pytest.raises(SourceError, match=r"sub/b\.json: is not valid JSON"):
        Folder(tmp_path)


def test_an_export_that_is_still_packed_is_named(tmp_path):
    (tmp_path / "project-1.zip").touch()
    with pytest.raises(SourceError, match=r"passed over: project-1\.zip \(unpack it\)"):
        Folder(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "folder", "broken link"])
def test_what_is_no_file_is_no_export(tmp_path, kind):
    """A pipe would be waited for, and a link to nowhere must not be passed over."""
    path = tmp_path / "other.json"
    source = folder(tmp_path)
    assert list(source.tasks()) == []
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("nowhere")
    with pytest.raises(SourceError, match=r"other\.json: is not a file, or a link to none"):
        Folder(tmp_path)


def test_all_bad_exports_are_told_together(tmp_path):
    for name, content in (("a.json", "{"), ("b.json", "[]"), ("c.json", "[1,")):
        (tmp_path / name).write_text(content)
    with pytest.raises(SourceError) as caught:
        Folder(tmp_path)
    assert [problem.file for problem in caught.value.problems] == ["a.json", "c.json"]


@pytest.mark.parametrize("kind", ["missing", "file", "empty"])
def test_what_is_no_source(tmp_path, kind):
    path = tmp_path / "source"
    if kind == "file":
        path.touch()
    elif kind == "empty":
        path.mkdir()
    with pytest.raises(
        SourceError, match=r"fetch\.folder: .*source (is not a folder|holds no Label)"
    ):
        Folder(path)


def test_what_is_no_export_is_passed_over_with_a_line(tmp_path):
    write_json(tmp_path / "export.json", [task(1)])
    write_json(tmp_path / "notes.json", {"categories": [], "info": {"year": 2026}})
    write_json(tmp_path / "coco/result.json", {"images": [], "categories": [], "annotations": []})
    for number in range(7):
        write_json(tmp_path / f"images/{number}.json", {"camera": number})
    (tmp_path / "._export.json").write_bytes(b"\0\5\26\7")  # macOS writes it beside others
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/export.json").write_text("[")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX/._export.json").write_text("[")
    (tmp_path / "12").write_text("no annotation of a target storage")
    (tmp_path / "images/settings.json").write_text("// a comment")
    (tmp_path / "images/link.json").symlink_to("nowhere")
    source = Folder(tmp_path)
    assert source.exports == ["export.json"]
    assert source.notes == [
        "passed over, as no export: coco/result.json (a COCO file: export the project as JSON); "
        "images/link.json, images/settings.json (no JSON); images/0.json, images/1.json, "
        "images/2.json, images/3.json, images/4.json and 2 more (no tasks of Label Studio's); "
        "notes.json (notes of a COCO or YOLO export)"
    ]


def test_a_target_storage_is_one_export(tmp_path):
    """A file an annotation, named by its number, with and without an ending."""
    for number, owner in ((11, 1), (12, 1), (13, 2)):
        whole = task(owner)
        stored = {"id": number, "result": [], "completed_by": {"id": 3}, "task": whole}
        ending = ".json" if number == 12 else ""
        write_json(tmp_path / f"storage/{number}{ending}", stored)
    source = Folder(tmp_path)
    found = {r.value["id"]: [a["id"] for a in r.value["annotations"]] for r in source.tasks()}
    assert found == {1: [11, 12], 2: [13]}
    assert source.notes == []


def test_json_min_and_lines_are_read(tmp_path):
    entry = {"image": "a.png", "annotator": 3, "created_at": "2026-11-22T08:00:00Z"}
    write_json(tmp_path / "min.json", [entry | {"id": 1, "annotation_id": n} for n in (5, 6)])
    (tmp_path / "lines.jsonl").write_text("".join(f"{json.dumps(task(n))}\n" for n in (2, 3)))
    source = Folder(tmp_path)
    found = {r.value["id"]: [a["id"] for a in r.value["annotations"]] for r in source.tasks()}
    assert found == {2: [], 3: [], 1: [5, 6]}
    [note] = source.notes
    assert note.startswith("min.json: JSON_MIN does not tell projects, ground truth, skipped")


def test_tasks_without_ids_are_one_line_a_file(tmp_path):
    bare = [{name: v for name, v in task(n).items() if name != "id"} for n in range(7)]
    write_json(tmp_path / "converted.json", [*bare, task(9)])
    source = Folder(tmp_path)
    assert [raw.value["id"] for raw in source.tasks()] == [9]
    [problem] = source.problems
    assert str(problem) == (
        "converted.json: 7 tasks have no whole number below 10^15 as id (entry 1: None, "
        "entry 2: None, entry 3: None, entry 4: None, entry 5: None and 2 more); "
        "import the file into Label Studio and export the project as JSON, or give each task a "
        "number of its own as 'id'"
    )


names = st.sampled_from(
    ["id", "data", "annotations", "completions", "result", "task", "project", "created_at",
     "updated_at", "annotator", "annotation_id", "image", "label", "points", "x", "value", "tasks"]
)  # fmt: skip
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 3), st.integers(), st.floats(allow_nan=False),
    st.sampled_from(["a.png", "../../x.png", "/data/upload/1/0a1b2c3d-a.png", "2026-11-22", "7"]),
)  # fmt: skip
values = st.recursive(
    leaves, lambda v: st.lists(v, max_size=3) | st.dictionaries(names, v, max_size=5), max_leaves=12
)
entries = st.fixed_dictionaries(
    {"id": st.integers(1, 2), "data": st.dictionaries(names, leaves, max_size=2)},
    optional=dict.fromkeys(("annotations", "project", "created_at", "completions"), values),
)
files = st.lists(st.one_of(values, st.lists(entries, max_size=3)), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(files)
def test_whatever_json_says_it_is_read_or_refused(contents):
    """No other error, and no key that leaves its folder."""
    with tempfile.TemporaryDirectory() as folder:
        for place, content in enumerate(contents):
            write_json(Path(folder, f"{place}.json"), content)
        try:
            found = list(Folder(Path(folder)).tasks())
        except SourceError:
            return
        for raw in found:
            try:
                key = parse_task(raw.value, raw.origin, qualifier=raw.qualifier).key
            except TaskError:
                continue
            assert re.fullmatch(r"\w+", key, re.ASCII)


def test_deep_tasks_in_two_exports_are_refused_one_by_one(tmp_path):
    deep = "[" * 900 + "]" * 900
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(f'[{{"id": 1, "data": {{"x": {deep}}}, "annotations": []}}]')
    for raw in Folder(tmp_path).tasks():
        with pytest.raises(TaskError, match="is nested too deeply"):
            parse_task(raw.value)
