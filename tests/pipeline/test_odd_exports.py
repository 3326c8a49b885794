"""Odd exports and images as people have them: told what they are, or built right."""

import base64
import gzip
import json
import zipfile

import numpy as np
import pytest

from maskbench.doctor.checkup import check_up
from maskbench.doctor.findings import ERROR
from maskbench.files.masks import read_mask
from maskbench.pipeline.layout import Layout
from tests.doctor.test_agrees_with_build import export, problems_of_the_build, text
from tests.exports import annotation, box, polygon, region, simple_tasks, task, write_image
from tests.pipeline.test_build import params

GOOD = simple_tasks(2)
CANVAS = box(["Canvas"], 10, 10, 60, 60)  # 20 x 15 pixels


def third(*regions, **more):
    """Good tasks, and one with these regions."""
    return export([*GOOD, task(3, annotation(3, list(regions), **more))])


def instead(name, content):
    """Another file in the place of the export."""

    def write(folder):
        text("[]")(folder)
        (folder / "export.json").unlink()
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        return {}

    return write


def shows(reference, *files, content=None):
    """One task that names its image so, with these files."""

    def write(folder):
        export([task(1, annotation(1, [CANVAS]), image="a.png")])(folder)
        (folder / "a.png").unlink()
        tasks = [task(1, annotation(1, [CANVAS]), image=reference)]
        (folder / "export.json").write_text(json.dumps(tasks))
        for number, name in enumerate(files):
            write_image(folder / "picture.png", seed=number)
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / "picture.png").rename(folder / name)
            if content is not None:
                (folder / name).write_bytes(content)
        return {}

    return write


def zipped(tasks):
    def write(folder):
        instead("project-1.ZIP", b"")(folder)
        with zipfile.ZipFile(folder / "project-1.ZIP", "w") as archive:
            archive.writestr("result.json", json.dumps(tasks))
        (folder / "export.json").write_bytes((folder / "project-1.ZIP").read_bytes())
        return {}

    return write


def changed(**fields):
    """The first good task with other fields."""
    return text(json.dumps([{**GOOD[0], **fields}, GOOD[1]]))


def sized(width, height):
    return third({**CANVAS, "original_width": width, "original_height": height})


FRACTIONS = polygon(["Canvas"], [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]])
VIDEO = {"labels": ["Canvas"], "sequence": [{"frame": 1, "x": 1, "y": 1, "width": 5, "height": 5}]}
SIGNED = "https://b/k/a.png?X-Amz-Credential=AKIA&X-Amz-Signature=0f"

ODD = {
    "an empty file": (text(""), "is empty: copy or export it again"),
    "a blank file": (text(" \n"), "is empty: copy or export it again"),
    "latin-1": (
        instead("export.json", '[{"a": "ä"}]'.encode("latin-1")),
        "is not valid JSON (it is not UTF-8 text): export it again",
    ),
    "a web page": (
        text("\n<!DOCTYPE html><title>Log in</title>"),
        "is a web page, perhaps of a lo",
    ),
    "an error of the server": (
        text('{"detail": "Invalid token.", "status_code": 401}'),
        "passed over: export.json (an error that the server answered: 'Invalid token.')",
    ),
    "a pointer of Git LFS": (
        text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "is a pointer of Git LFS, not the file: run `git lfs pull`",
    ),
    "a pointer of DVC": (
        instead("export.json.dvc", b"outs:\n- path: export.json\n"),
        "passed over: export.json.dvc (a pointer of DVC's: run `dvc pull`)",
    ),
    "a zip named JSON": (zipped(GOOD), "is a zip archive: unpack it"),
    "a gzip": (
        instead("sub/export.json.gz", gzip.compress(b"[]")),
        "passed over: sub/export.json.gz (unpack it)",
    ),
    "CSV": (
        instead("project-1.csv", b"annotation_id,image\n"),
        "passed over: project-1.csv (a table does not hold all: export the project as JSON)",
    ),
    "half a download": (
        instead("export.json.crdownload", b"[{"),
        "passed over: export.json.crdownload (not downloaded to its end: export it again)",
    ),
    "a float as id": (
        changed(id=1.5),
        "1 task has no whole number below 10^15 as id (entry 1: 1.5)",
    ),
    "a gigantic id": (changed(id=10**18), "no whole number below 10^15 as id (entry 1: 1000000000"),
    "true as id": (
        changed(id=True),
        "1 task has no whole number below 10^15 as id (entry 1: True)",
    ),
    "no annotations": (changed(annotations=None), "has no 'data' and 'annotations': export the pr"),
    "annotations of one id": (
        export([task(3, annotation(7, [CANVAS]), annotation(7, [], hour=9))]),
        "has several annotations of one id (7); give each an id of its own",
    ),
    "skipped, as text": (
        third(CANVAS, was_cancelled="true"),
        "was_cancelled is 'true', neither true nor false; correct it",
    ),
    "skipped, as a number": (
        third(CANVAS, was_cancelled=1),
        "was_cancelled is 1, neither true nor false; correct it",
    ),
    "ground truth, as a number": (
        third(CANVAS, ground_truth=1),
        "ground_truth is 1, neither true nor false; correct it",
    ),
    "sizes as text": (sized("80", "60"), "was drawn on an image of 80 x 60 pixels, but the image"),
    "sizes as floats": (
        sized(80.0, 60.0),
        "was drawn on an image of 80 x 60 pixels, but the image",
    ),
    "negative sizes": (sized(-40, -30), "was drawn on an image of 0 x 0 pixels, but the image has"),
    "a width alone": (sized(40, None), "was drawn on an image of 40 x 0 pixels, but the image has"),
    "regions of several sizes": (
        third(CANVAS, box(["Canvas"], 70, 70, 90, 90, number=2, size=(80, 60))),
        "was drawn on an image of 80 x 60 pixels, but the image has 40 x 30",
    ),
    "fractions in place of percent": (
        export([task(n, annotation(n, [FRACTIONS])) for n in (1, 2)]),
        "all regions lie within the first percent of their images",
    ),
    "points as mappings": (
        third(polygon(["Canvas"], []) | {"value": {"points": [{"x": 1, "y": 2}]}}),
        "points[0] is {'x': 1, 'y': 2}, not [x, y]",
    ),
    "a bit mask that is no picture": (
        third(region("bitmask", ["Canvas"], {"imageDataURL": "data:image/png;base64,AAAA"})),
        "the bit mask's PNG cannot be read: it is not a PNG",
    ),
    "a video's region": (
        third({**CANVAS, "type": "videorectangle", "value": VIDEO}),
        "regions of the type 'videorectangle' cannot be turned into pixels",
    ),
    "a video": (
        shows("/data/upload/1/a.mp4"),
        "; .mp4 is not a picture: delete the task, or import",
    ),
    "a picture in the data": (
        shows("data:image/png;base64,iVBORw0KGgo="),
        "the image stands in the task's data itself (data:…); import it as a file",
    ),
    "HEIC named JPEG": (
        shows("a.jpg", "a.jpg", content=b"\0\0\0\x18ftypheic"),
        "it is HEIC, whatever its name says: convert it to PNG or JPEG",
    ),
    "a picture that is a pointer of Git LFS": (
        shows("a.png", "a.png", content=b"version https://git-lfs.github.com/spec/v1\n"),
        "it is a pointer of Git LFS, not the file: run `git lfs pull`",
    ),
    "a signed address": (shows(SIGNED), "fits 'https://b/k/a.png?…'"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_told_by_doctor_and_build(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write, message = ODD[case]
    settings = params("source", **write(tmp_path / "source"))
    found = [finding for finding in check_up(settings, Layout(), None) if finding.level == ERROR]
    told = problems_of_the_build(tmp_path, settings)
    assert message in "\n".join(told)
    errors = "\n".join(text for f in found for text in (f.what, *(p.what for p in f.problems)))
    assert [problem for problem in told if problem not in errors] == []


def resolved(uri):
    return f"/tasks/1/resolve/?fileuri={base64.urlsafe_b64encode(uri.encode()).decode()}"


def utf(encoding, lines=False):
    content = "\n".join(map(json.dumps, GOOD)) if lines else json.dumps(GOOD)
    return instead("export.json", content.encode(encoding))


BOTH = [264 + 96, 270 + 108]  # pixels of Canvas, alone and below the obstruction
FINE = {
    "UTF-8 with BOM": (utf("utf-8-sig"), BOTH),
    "UTF-16 without BOM": (utf("utf-16-le"), BOTH),
    "UTF-32": (utf("utf-32"), BOTH),
    "JSON lines with BOM": (utf("utf-8-sig", lines=True), BOTH),
    "a CSV beside the export": (
        lambda folder: (export(GOOD)(folder), (folder / "a.csv").write_text("a,b\n"))[0],
        BOTH,
    ),
    "a query": (shows("https://h/k/a.png?v=3#top", "a.png"), [300]),
    "a name in a query": (shows("https://h/get?x=1&file=k%2Fa.png", "a.png"), [300]),
    "an address of Label Studio's": (shows(resolved("s3://b/k/a.png"), "a.png"), [300]),
    "a signed address": (shows(SIGNED, "a.png"), [300]),
    "a path on Windows": (shows(r"C:\Users\me\a.png", "a.png"), [300]),
    "a path on a share": (shows(r"\\nas\share\a.png", "a.png"), [300]),
    "blanks about a name": (shows(" a.png \n", "a.png"), [300]),
    "HEIC, converted": (shows("IMG_1.heic", "IMG_1.png"), [300]),
    "thumbnails": (shows("a.png", "a.png", ".thumbs/a.png", "@eaDir/a.png"), [300]),
    "a null among labels": (third(box([None, "Canvas"], 10, 10, 60, 60)), [*BOTH, 300]),
    "no sizes": (sized(None, None), [*BOTH, 300]),
    "sizes as whole floats": (sized(40.0, 30.0), [*BOTH, 300]),
    "a null in place of a result": (export([*GOOD, task(3, annotation(3, None))]), [*BOTH, 0]),
}  # fmt: skip


@pytest.mark.parametrize("case", FINE)
def test_what_is_unusual_but_clear_is_built(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc").mkdir()
    write, pixels = FINE[case]
    settings = params("source", **write(tmp_path / "source"))
    found = check_up(settings, Layout(), None)
    assert [str(finding) for finding in found if finding.level == ERROR] == []
    assert problems_of_the_build(tmp_path, settings) == []
    masks = sorted((tmp_path / "data/benchmark/masks").iterdir())
    assert [np.isin(read_mask(mask), (1, 3)).sum() for mask in masks] == pixels
