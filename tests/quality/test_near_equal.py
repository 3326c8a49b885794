"""Copies of real pictures with other labels: which are found as near-equal, and which are not."""

from pathlib import Path

import pytest
import sklearn
from PIL import Image

from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.quality.results import last_findings
from maskbench.quality.stage import quality
from tests.exports import annotation, box, task, write_export
from tests.pipeline.test_build import params
from tests.repositories import SAMPLE

PICTURES = {
    "photograph": Path(sklearn.__file__).parent / "datasets/images/china.jpg",
    "sample": SAMPLE / "data/sample/images/upload/1/6b264d42-visitor.jpg",
}


def half(picture):
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


def cropped(share):
    """Take this share away at each edge."""

    def crop(picture):
        x, y = round(picture.width * share), round(picture.height * share)
        return picture.crop((x, y, picture.width - x, picture.height - y))

    return crop


def labelled(root, picture, copy, left):
    """Find what is said of a picture and its copy, whose label begins at `left` percent."""
    tasks = []
    source = root / "source"
    source.mkdir()
    for number, (shown, start) in enumerate(((picture, 5), (copy, left)), 1):
        shown.save(source / f"{number}.jpg", quality=92 if number == 1 else 70)
        label = box(["Canvas"], start, 10, start + 40, 90, size=shown.size)
        tasks.append(task(number, annotation(number, [label]), image=f"{number}.jpg"))
    write_export(source, tasks, images=False)
    settings = params(source)
    fetch(settings, Layout(root))
    quality(settings, Layout(root))
    return [f.id for f in last_findings(Layout(root)) if f.kind == "twin_differs"]


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize(
    ("change", "is_found"),
    [
        (Image.Image.copy, True),  # encoded anew, with less quality
        (half, True),
        (cropped(0.01), True),
        (cropped(0.05), False),  # as docs/quality.md says
    ],
)
def test_a_copy_with_other_labels(tmp_path, name, change, is_found):
    picture = Image.open(PICTURES[name]).convert("RGB")
    found = labelled(tmp_path, picture, change(picture), left=55)
    assert found == ["twin_differs/000001_1"] * is_found


def test_a_copy_with_the_same_labels(tmp_path):
    picture = Image.open(PICTURES["photograph"]).convert("RGB")
    assert labelled(tmp_path, picture, half(picture), left=5) == []
