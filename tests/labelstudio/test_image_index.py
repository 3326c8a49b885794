"""Images are found under near names; where none fits, the message says what is near and why not."""

import time
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from maskbench.doctor.findings import ERROR
from maskbench.doctor.tasks import check_tasks
from maskbench.errors import MaskbenchError
from maskbench.labelstudio.folder import Folder
from maskbench.labelstudio.image_index import ImageIndex
from maskbench.labelstudio.image_names import candidate_paths, caseless, upload_names
from maskbench.params import parse_params
from tests.exports import PARAMS, annotation, box, task, write_export, write_image
from tests.pipeline.test_build import run

UPLOAD = "/data/upload/1/"
LOCAL = "/data/local-files/?d="
NFC, NFD = (unicodedata.normalize(form, "été") for form in ("NFC", "NFD"))
SIGNED = "https://host/a/wall.jpg?X-Amz-Signature=1"


def index_of(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"picture")
    return ImageIndex(root)


@pytest.mark.parametrize(
    ("files", "reference", "found"),
    [
        # Unicode: macOS stores decomposed names, exports hold composed ones, and the other way
        ([f"{NFD}.jpg"], f"{NFC}.jpg", 0),
        ([f"{NFC}.jpg"], f"{NFD}.jpg", 0),
        ([f"{NFD}.jpg"], UPLOAD + "0a1b2c3d-" + quote(f"{NFC}.jpg"), 0),
        ([f"{NFD}/1.jpg", "b/1.jpg"], f"{NFC}/1.jpg", 0),  # folders, too
        ([f"{NFC}.jpg", f"{NFD}.jpg"], f"{NFD}.jpg", 1),  # the exact form wins
        ([f"{NFD}.JPG", f"{NFD}.jpg"], f"{NFC}.jpg", 1),  # a form is nearer than a case
        # letter case
        (["wall.JPG"], "wall.jpg", 0),
        (["wall.jpg"], "Wall.JPG", 0),
        (["hall/wall.jpg", "room/wall.jpg"], "Hall/wall.jpg", 0),
        (["hall/wall.jpg", "room/wall.jpg"], "ROOM/WALL.JPG", 1),
        (["wall.JPG", "wall.jpg"], "wall.jpg", 1),  # the exact case wins
        (["x/wall.JPG", "x/wall.jpg"], "x/wall.jpg", 1),
        # prefixes of uploads: eight hex digits, six in old versions
        (["IMG_7224.jpg"], UPLOAD + "f78f75-IMG_7224.jpg", 0),
        (["IMG_7224.jpg"], "f78f75-IMG_7224.jpg", 0),
        (["IMG_7224.JPG"], UPLOAD + "43fa2d60-img_7224.jpg", 0),
        (["01.jpg"], UPLOAD + "123456-01.jpg", 0),  # in the upload folder it is a prefix
        (["IMG.jpg", "f78f75-IMG.jpg"], UPLOAD + "f78f75-IMG.jpg", 1),
        # named in the query of an address, perhaps encoded
        (["hall/wall.jpg", "room/wall.jpg"], "https://host/get?v=2&file=room/wall.jpg", 1),
        (["hall/wall.jpg"], "/tasks/1/resolve/?fileuri=czM6Ly9iL2hhbGwvd2FsbC5qcGc=", 0),
        # characters that an upload changes or loses
        (["leaf 1.png"], UPLOAD + "43fa2d60-leaf_1.png", 0),
        (["leaf (1).png"], UPLOAD + "43fa2d60-leaf_1.png", 0),
        (["leaf 1 (été)#+%.png"], UPLOAD + "43fa2d60-leaf_1_%C3%A9t%C3%A9.png", 0),
        ([f"{NFD}.png"], UPLOAD + "43fa2d60-ete.png", 0),  # decomposed accents are lost
        ([" leaf.png"], UPLOAD + "43fa2d60-leaf.png", 0),
        (["leaf_1.png"], "leaf (1).png", 0),  # the other way: the folder has the upload
        (["leaf (1).png", "leaf_1.png"], UPLOAD + "43fa2d60-leaf_1.png", 1),
        # percent signs: encoded, not encoded, in the file's own name, encoded twice
        (["a b.png"], "a%20b.png", 0),
        (["a%20b.png"], "a%20b.png", 0),
        (["a b.png", "a%20b.png"], "a%20b.png", 1),  # exactly what a plain path says
        (["a b.png", "a%20b.png"], LOCAL + "a%20b.png", 0),  # exactly what an address says
        (["a%20b.png"], LOCAL + "x/a%20b.png", 0),
        (["a%20b.png"], LOCAL + "x/a%2520b.png", 0),
        (["a%20b.png"], UPLOAD + "43fa2d60-a%20b.png", 0),
        (["a b.png"], "https://host/a%2520b.png", 0),
        (["hall/a.png", "a.png"], LOCAL + "x%5Chall%5Ca.png", 0),  # from Windows
        # addresses that old versions wrote without encoding
        (["a+b.png"], LOCAL + "x/a+b.png", 0),
        (["a&b.png"], LOCAL + "x/a&b.png", 0),
        (["a#1.png"], "s3://bucket/a#1.png", 0),
        (["wall.jpg"], "http://localhost:8080/data/wall.jpg?d=/home/me/photos", 0),
        # names under which Label Studio's converter stores downloads
        (["da671f44__wall.jpg"], SIGNED, 0),
        (["da671f__wall.jpg"], SIGNED, 0),
        # a format that is not read, converted
        (["wall.png", "wall.heic"], "wall.heic", 0),
        (["wall.jpg"], UPLOAD + "43fa2d60-wall.HEIC", 0),
        (["wall.png"], "wall.jp2", 0),
        # another ending of the same format, or one where the task has none
        (["wall.jpeg", "wall.png"], "wall.JPG", 0),
        (["wall.tif"], "wall.tiff", 0),
        (["photo-1.5.jpg"], "https://host/photo-1.5?w=80", 0),
    ],
)  # fmt: skip
def test_a_near_name_is_found(tmp_path, files, reference, found):
    assert index_of(tmp_path, *files).find(reference) == files[found]


@pytest.mark.parametrize(
    ("files", "reference", "message"),
    [
        # files that fit equally well
        (["WALL.jpg", "Wall.jpg"], "wall.jpg", "fits several files: WALL.jpg, Wall.jpg"),
        (["a (1).png", "a 1.png"], UPLOAD + "43fa2d60-a_1.png", r"a \(1\).png, a 1.png$"),
        (["x/WALL.jpg", "wall.jpg"], "x/wall.jpg", "fits several files: wall.jpg, x/WALL.jpg"),
        (["hall/1.JPG", "room/1.jpg"], "hall/1.jpg", "fits several files: hall/1.JPG, room/1.jpg"),
        (["a.png", "a.jpg"], "a.heic", "fits several files: a.jpg, a.png"),
        (["a.png", "a.jpg"], "https://host/a", "fits several files: a.jpg, a.png"),
        # other pictures, although a part of the name agrees
        (["01.jpg"], "facade-01.jpg", "no image file"),  # a word of six hex letters
        (["01.jpg"], "200101-01.jpg", "no image file"),  # a date
        (["01.jpg"], "20200101-01.jpg", "no image file"),
        (["leaf 1.png"], "leaf (1).png", r"nearest: leaf 1.png \(another name\)"),
        (["logo.png"], "https://host/a.jpg?overlay=/logo.png", "no image file"),
        (["9b1c2d3e-wall.jpg"], UPLOAD + "43fa2d60-wall.jpg",
         r"nearest: 9b1c2d3e-wall.jpg \(another upload of this name\)"),
        # the nearest three, and why not
        (["wall_2.jpg", "wall_3.jpg", "wall_4.jpg", "wall_5.jpg", "door.jpg"], "wall_1.jpg",
         r"nearest: wall_\d.jpg \(another name\), wall_\d.jpg \(.*\), wall_\d.jpg \([a-z ]*\)$"),
        (["wall.png"], "wall.jpg", r"nearest: wall.png \(another ending\)$"),
        (["wall"], "wall.jpg", r"nearest: wall \(it has no ending such as .jpg\)$"),
        # formats that are not read
        (["wall.HEIC"], "wall.jpg", r"wall.HEIC \(HEIC is not read: convert it to wall.jpg\)"),
        (["wall.heic"], "wall.heic", r"wall.heic \(HEIC is not read: convert it to wall.png\)"),
        (["wall.svg"], UPLOAD + "43fa2d60-wall.svg", "SVG is not read: convert it to wall.png"),
        (["wall.pdf"], "wall.jpg", "PDF is not read"),
        (["wall.avif"], "wall.avif", "AVIF is not read"),
        (["wall.jxl"], "wall.jxl", "JPEG XL is not read"),
        ([], "wall.heif", "HEIF is not read: convert it to wall.png"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(tmp_path, files, reference, message):
    with pytest.raises(ValueError, match=message):
        index_of(tmp_path, *files).find(reference)


def test_links_within_the_folder_are_followed(tmp_path):
    index_of(tmp_path, "archive/1/wall.jpg", "archive/2/wall.jpg")
    (tmp_path / "photos").symlink_to("archive/2")
    (tmp_path / "round").symlink_to(".")
    (tmp_path / "door.jpg").symlink_to("archive/1/wall.jpg")
    index = ImageIndex(tmp_path)
    assert index.find("photos/wall.jpg") in ("photos/wall.jpg", "archive/2/wall.jpg")
    assert index.find("archive/1/wall.jpg") == "archive/1/wall.jpg"
    assert (tmp_path / index.find("door.jpg")).read_bytes() == b"picture"


def test_two_links_to_one_file_are_no_choice(tmp_path):
    index_of(tmp_path, "archive/wall.jpg")
    (tmp_path / "wall.jpg").symlink_to("archive/wall.jpg")
    assert ImageIndex(tmp_path).find("wall.jpg") in ("wall.jpg", "archive/wall.jpg")


def test_links_out_of_the_folder_are_named(tmp_path):
    index_of(tmp_path / "nas", "wall.jpg", "door.jpg")
    root = tmp_path / "export"
    index_of(root, "other.png")
    (root / "photos").symlink_to(tmp_path / "nas")
    (root / "door.jpg").symlink_to(tmp_path / "nas" / "door.jpg")
    (root / "gone.jpg").symlink_to("nowhere.jpg")
    index = ImageIndex(root)
    with pytest.raises(ValueError, match=r"out of the folder are not followed: photos \(put the"):
        index.find("photos/wall.jpg")
    with pytest.raises(ValueError, match=r"door.jpg \(it is a link that leads out of the folder\)"):
        index.find("door.jpg")
    with pytest.raises(ValueError, match=r"gone.jpg \(it is not a file, or a link to none\)"):
        index.find("gone.jpg")


def test_the_folder_itself_may_be_a_link(tmp_path):
    index_of(tmp_path / "nas", "hall/wall.jpg")
    (tmp_path / "export").symlink_to(tmp_path / "nas")
    assert ImageIndex(tmp_path / "export").find("hall/wall.jpg") == "hall/wall.jpg"


def told(root, reference):
    """What fetch and doctor say of a task with this image, the latter without the advice."""
    source = root / "source"
    tasks = [task(5, annotation(1, [box(["Canvas"], 10, 10, 60, 60)]), image=reference)]
    write_export(source, tasks, images=False)
    with pytest.raises(MaskbenchError) as caught:
        run(root / "repo", source)
    params = parse_params(PARAMS)
    errors = [f for f in check_tasks(Folder(source), params, None) if f.level == ERROR]
    return str(caught.value), "\n".join(map(str, errors))


@pytest.mark.parametrize(
    ("file", "reference", "message"),
    [
        ("wall_2.png", "wall_1.png", "'wall_1.png'; nearest: wall_2.png (another name)"),
        ("wall.heic", "wall.png", "wall.heic (HEIC is not read: convert it to wall.png)"),
        ("wall.heic", "wall.heic", "wall.heic (HEIC is not read: convert it to wall.png)"),
        ("wall.svg", "wall.svg", "wall.svg (SVG is not read: convert it to wall.png)"),
    ],
)
def test_fetch_and_doctor_say_the_same(tmp_path, file, reference, message):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / file).write_bytes(b"picture")
    fetch, doctor = told(tmp_path, reference)
    assert message in fetch
    assert message in doctor


@pytest.mark.parametrize(
    ("file", "reference"),
    [
        ("Wall 1 (été).PNG", "/data/upload/1/f78f75-wall_1_%C3%A9t%C3%A9.png"),
        ("wall.png", "wall.heic"),  # converted, as the message advises
    ],
)
def test_a_benchmark_is_built_of_near_names(tmp_path, file, reference):
    source = tmp_path / "source"
    write_image(source / file)
    tasks = [task(5, annotation(1, [box(["Canvas"], 10, 10, 60, 60)]), image=reference)]
    write_export(source, tasks, images=False)
    run(tmp_path / "repo", source)
    images = list((tmp_path / "repo" / "data" / "images").iterdir())
    assert [path.suffix.lower() for path in images] == [".png"]
    [finding] = check_tasks(Folder(source), parse_params(PARAMS), None)
    assert "1 has an annotation that counts" in finding.what


LETTERS = st.characters(exclude_characters="/\\\0", exclude_categories=["Cs", "Cc"])
NAMES = st.text(LETTERS, min_size=1, max_size=20).map(lambda name: f"{name}.png")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=5, unique_by=caseless))
def test_every_file_is_found_under_its_names(tmp_path_factory, names):
    """By its exact name among others; alone, also in another form and as an upload."""
    root = tmp_path_factory.mktemp("names")
    index = index_of(root, *names)
    for name in names:
        assert index.find(LOCAL + quote(name)) == name
        assert index.find("/x/" + quote(name)) == name
    alone = index_of(tmp_path_factory.mktemp("alone"), name)
    for form in ("NFC", "NFD"):
        assert alone.find(LOCAL + quote(unicodedata.normalize(form, name))) == name
    upload = upload_names(name)[0]
    assume(upload.strip("."))
    assert alone.find(f"{UPLOAD}43fa2d60-{quote(upload)}") == name


@given(st.text(max_size=60))
def test_no_candidate_climbs(reference):
    try:
        paths = list(candidate_paths(reference))
    except ValueError:
        return
    assert all(path and not {"..", ".", ""} & set(path) for path in paths)


@pytest.mark.parametrize("part", ["/data/local-files/?&", "?", "%25", "d=", "a-", "é"])
def test_a_long_reference_takes_no_time(tmp_path, part):
    index = index_of(tmp_path, "wall.jpg")
    start = time.process_time()
    with pytest.raises(ValueError, match=r"no image file|names no file"):
        index.find("/" + part * (500_000 // len(part)))
    assert time.process_time() - start < 5


def test_ten_thousand_near_names_take_no_time(tmp_path):
    names = [f"IMG {n:05} ({NFD}).JPG" for n in range(10_000)]
    index = index_of(tmp_path, *names)
    references = [f"{UPLOAD}43fa2d60-IMG_{n:05}_{quote(NFC)}.jpg" for n in range(10_000)]
    start = time.process_time()
    found = [index.find(reference) for reference in references]
    assert time.process_time() - start < 5  # 0.5 on a laptop
    assert found == names
