"""Digests by signature, read again exactly where files may have changed; which code is running."""

import hashlib
import os
import time
from importlib.metadata import version

import pytest

from maskbench.files import hashing as module
from maskbench.files.hashing import Digests, digest, sha256_file


def sha(content):
    return hashlib.sha256(content).hexdigest()


def test_digests(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert sha256_file(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": [1, 2]}) != digest({"a": [2, 1]})
    assert digest(1) != digest("1")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """(folder, look): `look()` gives the digests by name, and the names that were read for it."""
    folder = tmp_path / "files"
    folder.mkdir()
    read = []
    real = module.sha256_file

    def counted(path):
        read.append(os.path.basename(path))  # noqa: PTH119
        return real(path)

    monkeypatch.setattr(module, "sha256_file", counted)

    def look():
        read.clear()
        digests = Digests(folder, tmp_path / "digests" / "files.json")
        found = {name: digests.get(name) for name in digests}
        digests.save()
        return found, sorted(read)

    return folder, look


def settle():
    time.sleep(0.1)


def test_a_file_is_read_once(place):
    folder, look = place
    (folder / "a").write_bytes(b"one")
    (folder / "b").write_bytes(b"two")
    settle()
    assert look() == ({"a": sha(b"one"), "b": sha(b"two")}, ["a", "b"])
    assert look()[1] == []
    (folder / "a").write_bytes(b"six")
    (folder / "b").unlink()
    (folder / "c").write_bytes(b"new")
    assert look() == ({"a": sha(b"six"), "c": sha(b"new")}, ["a", "c"])


def test_what_changed_a_moment_ago_is_not_trusted(place):
    """It could change again within the same tick of the file system's clock."""
    folder, look = place
    for number in range(200):
        (folder / "a").write_bytes(b"%03d" % number)
        assert look()[0] == {"a": sha(b"%03d" % number)}


def test_size_and_time_set_back_do_not_fool(place):
    folder, look = place
    (folder / "a").write_bytes(b"one")
    settle()
    look()
    before = (folder / "a").stat()
    (folder / "a").write_bytes(b"two")
    os.utime(folder / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look() == ({"a": sha(b"two")}, ["a"])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff"])
def test_a_damaged_record_costs_reading_only(place, tmp_path, content):
    folder, look = place
    (folder / "a").write_bytes(b"one")
    settle()
    look()
    (tmp_path / "digests" / "files.json").write_bytes(content)
    assert look() == ({"a": sha(b"one")}, ["a"])
    assert look()[1] == []


def test_what_is_no_file_has_no_digest(place):
    folder, look = place
    (folder / "folder").mkdir()
    (folder / "broken").symlink_to("nowhere")
    assert look() == ({}, [])
    folder.rename(folder.with_name("elsewhere"))
    assert look() == ({}, [])


@pytest.mark.parametrize("name", module._LIBRARIES)
def test_versions_are_those_that_are_installed(name):
    assert module._version(name) == version(name)


def test_a_missing_library_is_none():
    assert module._version("no-such-library") == "none"
