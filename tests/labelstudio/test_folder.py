"""A folder of exports and images as the source."""

import json
import os

import pytest

from maskbench.errors import SourceError
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
        (b"", "is no valid JSON"),
        (b'[{"id": 1', "is no valid JSON: "),
        (b'[{"id": NaN}]', "is no valid JSON: NaN is no JSON number"),
        (b"[-Infinity]", "-Infinity is no JSON number"),
        (b"[" * 100_000, "is no valid JSON: maximum recursion depth"),
        (b"\xff\xfe\x00", "is no valid JSON"),
    ],
)
def test_what_is_no_export(tmp_path, content, message):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        Folder(tmp_path)
    assert "a.json: " in str(caught.value)


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
    with pytest.raises(SourceError, match=r"other\.json: is no file, or a link to none"):
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
    with pytest.raises(SourceError, match=r"fetch\.folder: .*source (is no folder|holds no Label)"):
        Folder(path)
