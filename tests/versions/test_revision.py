"""Reading the data of a revision: listed by DVC, fetched from the right remote, always checked."""

import json
import shutil
from hashlib import md5

import pytest

from maskbench.errors import DataError, ParamsError, SourceError
from maskbench.versions.dvc import DvcRepository
from maskbench.versions.revision import ANNOTATIONS, MASKS, Version
from tests.repositories import run

pytestmark = pytest.mark.slow

OLD = {"a.png": b"old a", "b.png": b"b"}
NEW = {"a.png": b"new a", "b.png": b"b", "c.png": b"c"}
TASKS = {"a.json": b"{}\n"}
PIPELINE = """stages:
  combine:
    cmd: "true"
    outs:
    - data/benchmark/masks
  fetch:
    cmd: "true"
    outs:
    - data/annotations:
        remote: other
"""


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A folder with the repository that each test gets a copy of, and its two remotes."""
    folder = tmp_path_factory.mktemp("history")
    root = folder / "repo"
    root.mkdir()
    run(root, "git", "init", "-q")
    run(root, "dvc", "init", "-q")
    for name, options in (("default", ["-d"]), ("other", [])):
        run(root, "dvc", "remote", "add", "-q", *options, name, f"../{name}")
    (root / "dvc.yaml").write_text(PIPELINE)
    write(root / ANNOTATIONS, TASKS)
    for tag, masks in (("old", OLD), ("new", NEW)):
        write(root / MASKS, masks)
        run(root, "dvc", "commit", "-fq")
        run(root, "dvc", "push", "-q")
        run(root, "git", "add", "-A")
        run(root, "git", "commit", "-qm", tag)
        run(root, "git", "tag", tag)
        run(root, "dvc", "unprotect", MASKS)
    for file in cached(root):
        file.unlink()
    return folder


@pytest.fixture
def root(history, tmp_path):
    """A repository with the tags old and new; its cache is empty, all data is on two remotes."""
    shutil.copytree(history, tmp_path, dirs_exist_ok=True)
    return tmp_path / "repo"


def cached(root):
    return [path for path in (root / ".dvc/cache").rglob("*") if path.is_file()]


def digest(content):
    return md5(content, usedforsecurity=False).hexdigest()


def on_remote(tmp_path, name, content):
    oid = digest(content)
    return tmp_path / name / "files/md5" / oid[:2] / oid[2:]


def version(root, revision):
    return Version(root, revision, DvcRepository(root))


def test_a_revision_is_listed_and_read(root):
    old, new = version(root, "old"), version(root, "new")
    digests = {name: digest(content) for name, content in OLD.items()}
    assert old.listing(MASKS) == digests
    assert sorted(new.listing(MASKS)) == ["a.png", "b.png", "c.png"]
    assert len(cached(root)) == 2  # the listings
    files = old.files([f"{MASKS}/a.png"])
    assert files[f"{MASKS}/a.png"].read_bytes() == b"old a"
    assert len(cached(root)) == 3
    assert new.files([f"{MASKS}/a.png"])[f"{MASKS}/a.png"].read_bytes() == b"new a"
    assert old.mask_of("a") == (f"{MASKS}/a.png", digests["a.png"])
    assert old.mask_of("c") is None


def test_an_output_with_a_remote_of_its_own_comes_from_there(root, tmp_path):
    assert on_remote(tmp_path, "other", TASKS["a.json"]).is_file()
    assert not on_remote(tmp_path, "default", TASKS["a.json"]).is_file()
    found = version(root, "old").files([f"{ANNOTATIONS}/a.json", f"{MASKS}/b.png"])
    assert [path.read_bytes() for path in found.values()] == [b"{}\n", b"b"]


def test_the_workspace_is_what_is_on_disk_and_else_what_the_lock_says(root):
    (root / MASKS / "a.png").write_bytes(b"edited")
    (root / MASKS / "b.png").unlink()
    workspace = version(root, None)
    assert workspace.listing(MASKS)["a.png"] == digest(b"edited")
    found = workspace.files([f"{MASKS}/a.png", f"{MASKS}/b.png"])
    assert [path.read_bytes() for path in found.values()] == [b"edited", b"b"]
    assert found[f"{MASKS}/a.png"] == root / MASKS / "a.png"


def test_old_data_is_on_the_remote_of_today(root, tmp_path):
    """The configuration is the workspace's: a remote may have moved since."""
    (tmp_path / "default").rename(tmp_path / "moved")
    run(root, "dvc", "remote", "modify", "-q", "default", "url", str(tmp_path / "moved"))
    assert version(root, "old").files([f"{MASKS}/a.png"])


def test_a_file_that_is_nowhere_is_told(root, tmp_path):
    on_remote(tmp_path, "default", b"old a").unlink()
    with pytest.raises(SourceError, match=r"old .*masks/a.png is neither in DVC's cache nor"):
        version(root, "old").files([f"{MASKS}/a.png"])
    with pytest.raises(DataError, match=r"has no file data/benchmark/masks/z.png"):
        version(root, "old").files([f"{MASKS}/z.png"])
    with pytest.raises(SourceError, match=r"has no data/nothing in dvc.lock: .*not built there"):
        version(root, "old").listing("data/nothing")


def test_what_a_remote_gives_is_checked(root, tmp_path):
    file = on_remote(tmp_path, "default", b"old a")
    file.chmod(0o644)
    file.write_bytes(b"other bytes")
    with pytest.raises(SourceError, match=r"masks/a.png is neither"):
        version(root, "old").files([f"{MASKS}/a.png"])


def test_a_damaged_listing_in_the_cache_is_told(root):
    version(root, "old").listing(MASKS)
    [listing] = [path for path in cached(root) if path.suffix == ".dir"]
    assert len(json.loads(listing.read_bytes())) == 2
    listing.chmod(0o644)
    listing.write_bytes(b"[")
    with pytest.raises(DataError, match=r"listing of data/.*/masks in DVC's cache is damaged"):
        version(root, "old").listing(MASKS)


@pytest.mark.parametrize("text", ["stages: [", "stages: 3\n", "stages:\n  fetch: {outs: [x]}\n"])
def test_a_pipeline_that_dvc_cannot_read_is_told(root, text):
    (root / "dvc.yaml").write_text(text)
    with pytest.raises((SourceError, ParamsError), match=r"workspace: DVC cannot read it: "):
        version(root, None).locked(MASKS)
    assert version(root, "old").locked(MASKS)
    run(root, "git", "commit", "-qam", "broken")
    with pytest.raises(SourceError, match=r"HEAD .*: DVC cannot read it: "):
        version(root, "HEAD").locked(MASKS)
