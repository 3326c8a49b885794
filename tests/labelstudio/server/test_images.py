"""Every way in which a task names its image, and what happens when it cannot be had."""

import base64
import shutil

import pytest

from maskbench.errors import DataError, SourceError
from maskbench.labelstudio.server.images import image_address, is_upload_address
from tests.labelstudio.server.fixtures import POLYGONS, filled, imported, png, triangle


def stored(bench):
    return sorted(path.read_bytes() for path in bench.layout.images.glob("*"))


@pytest.fixture
def local(api, files):
    """A project with a local-files storage of three images; (project, folder)."""
    folder = files / "raum süd"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for i in range(3):
        (folder / f"wand {i}.png").write_bytes(png(i))
    project = api.create_project("local files", POLYGONS)
    api.add_local_files(project, folder)
    for task in api.tasks(project):
        api.annotate(task["id"], [triangle()])
    return project, folder


def test_local_files(bench, proxy, local):
    project, _ = local
    assert bench.fetch(proxy.url, project).startswith("3 tasks, 3 images")
    assert stored(bench) == sorted(png(i) for i in range(3))


def test_local_files_are_asked_about_and_only_changed_ones_sent(bench, proxy, local, studio):
    project, folder = local
    bench.fetch(proxy.url, project)
    (folder / "wand 1.png").write_bytes(png(77))
    proxy.forget()
    assert bench.fetch(proxy.url, project).endswith("(1 task new or changed)")
    asked = [headers for _, path, headers in proxy.requests if "/data/local-files" in path]
    assert len(asked) == 3
    assert all("If-None-Match" in headers for headers in asked)
    assert stored(bench) == sorted([png(0), png(2), png(77)])


def test_addresses_elsewhere_and_inline_images(api, bench, proxy, elsewhere):
    bench.private_hosts = [elsewhere.host]
    (elsewhere.folder / "größe 1.png").write_bytes(png(1))
    (elsewhere.folder / "b.png").write_bytes(png(2))
    inline = "data:image/png;base64," + base64.b64encode(png(3)).decode()
    references = [f"{elsewhere.url}/größe 1.png", f"{elsewhere.url}/b.png?x=1", inline]
    project, _ = imported(api, "elsewhere", references)
    assert bench.fetch(proxy.url, project).startswith("3 tasks, 3 images")
    assert stored(bench) == sorted(png(i) for i in (1, 2, 3))
    elsewhere.seen.clear()
    assert bench.fetch(proxy.url, project).endswith("(0 tasks new or changed)")
    assert len(elsewhere.seen) == 2
    assert all("If-Modified-Since" in headers for _, headers in elsewhere.seen)


def test_missing_images_are_named_all_of_them(
    api, bench, *, proxy, quick, studio, elsewhere, local
):
    bench.private_hosts = [elsewhere.host]
    project, [first, second] = imported(
        api, "missing", ["/data/upload/1/00000000-gone.png", f"{elsewhere.url}/gone.png"]
    )
    with pytest.raises(DataError) as error:
        bench.fetch(proxy.url, project)
    assert [problem.task for problem in error.value.problems] == [first, second]
    for problem in error.value.problems:
        assert "gone.png is not there" in problem.what
    assert proxy.counts()["/data/"] == 1  # a missing upload is answered with 500: not repeated
    assert not bench.layout.annotations.exists()


def test_a_deleted_local_file(bench, studio, local):
    project, folder = local
    (folder / "wand 0.png").unlink()
    with pytest.raises(DataError, match="is not there"):
        bench.fetch(studio.url, project)


def test_a_reference_that_is_no_address(api, bench, studio):
    project, [task] = imported(api, "relative", ["images/wall.png"])
    with pytest.raises(DataError) as error:
        bench.fetch(studio.url, project)
    assert error.value.problems[0].task == task
    assert "is not an address that the server could give" in error.value.problems[0].what


def test_an_upload_that_is_cut_is_continued(api, bench, proxy, quick):
    """The server does not tell an upload's length unless it is asked for a range."""
    project = api.create_project("cut", POLYGONS)
    content = png(5, size=(300, 200))
    api.upload_images(project, {"big.png": content})
    [task] = [task["id"] for task in api.tasks(project)]
    api.annotate(task, [{**triangle(), "original_width": 300, "original_height": 200}])
    proxy.fail("/data/upload", "cut", times=3)
    assert bench.fetch(proxy.url, project).startswith("1 task, 1 image")
    assert stored(bench) == [content]
    ranges = [headers["Range"] for _, path, headers in proxy.requests if "/data/upload" in path]
    assert ranges[0] == "bytes=0-"
    assert len(ranges) == 4
    assert len(set(ranges)) >= 3


def test_images_without_a_counting_annotation_are_not_downloaded(api, bench, proxy):
    project = api.create_project("not needed", POLYGONS)
    api.upload_images(project, {f"{i}.png": png(i) for i in range(4)})
    tasks = [task["id"] for task in api.tasks(project)]
    api.annotate(tasks[0], [triangle()])
    api.annotate(tasks[1], [triangle()], was_cancelled=True)
    api.draft(tasks[2], [triangle()])
    assert bench.fetch(proxy.url, project).startswith("4 tasks, 1 image, 2 regions")
    assert proxy.counts()["/data/"] == 1


def test_a_dead_host_stops_the_fetch_with_one_error(api, bench, studio, quick):
    bench.private_hosts = ["127.0.0.1:9"]
    project, _ = imported(api, "dead host", ["http://127.0.0.1:9/a.png"])
    with pytest.raises(SourceError, match=r"http://127.0.0.1:9/a.png cannot be reached"):
        bench.fetch(studio.url, project)


def test_addresses():
    join = "http://host/ls"
    assert image_address("/ls/data/upload/1/x.png", join, 1) == f"{join}/data/upload/1/x.png"
    assert image_address("/data/upload/1/x.png", join, 1) == f"{join}/data/upload/1/x.png"
    assert image_address("https://a/b.png", join, 1) == "https://a/b.png"
    code = base64.urlsafe_b64encode(b"s3://b/k.png").decode()
    assert image_address("s3://b/k.png", join, 7) == f"{join}/tasks/7/resolve/?fileuri={code}"
    assert is_upload_address(f"{join}/data/upload/1/x.png")
    for bad in ("a.png", "//host/a.png", "file:///etc/passwd", "ftp://a/b.png"):
        with pytest.raises(ValueError, match="is not an address"):
            image_address(bad, join, 1)


def test_what_was_downloaded_before_a_failure_is_kept(api, bench, proxy, quick):
    project, _ = filled(api, "half way", 8)
    proxy.fail("/data/upload", "502", skip=6, times=1000)
    with pytest.raises(SourceError):
        bench.fetch(proxy.url, project)
    proxy.forget()
    assert bench.fetch(proxy.url, project).startswith("8 tasks, 8 images")
    assert proxy.counts()["/data/"] <= 4
