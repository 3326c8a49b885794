"""Atomic writes, links, and what is deleted."""

import os

import pytest

from maskbench.files.atomic import (
    link_or_copy,
    remove_others,
    remove_unfinished,
    replacing,
    write_bytes,
    write_text,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_new_file_replaces_the_old_when_the_block_ends(tmp_path):
    target = tmp_path / "deep" / "er" / "mask.png"
    write_bytes(target, b"old")
    with replacing(target) as temporary:
        temporary.write_bytes(b"new")
        assert temporary.suffix == ".png"  # some writers choose the format by it
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["mask.png"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_and_no_leftovers(tmp_path, error):
    target = tmp_path / "mask.png"
    write_bytes(target, b"old")

    def half_written():
        with replacing(target) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        half_written()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["mask.png"]


def test_a_writer_may_delete_the_temporary_file_before_it_fails(tmp_path):
    def cleaned_up():
        with replacing(tmp_path / "x.txt") as temporary:
            temporary.unlink()
            raise ValueError("disk full")

    with pytest.raises(ValueError, match="disk full"):
        cleaned_up()
    assert names(tmp_path) == []


def test_what_the_target_was_linked_to_is_not_written(tmp_path):
    """In a DVC workspace of links the old content lies in the cache under the same inode."""
    cache, hard, soft = (tmp_path / name for name in ("cache", "hard", "soft"))
    cache.write_bytes(b"cached")
    hard.hardlink_to(cache)
    soft.symlink_to(cache)
    for target in (hard, soft):
        write_bytes(target, b"new")
        assert target.read_bytes() == b"new"
        assert not target.is_symlink()
    assert cache.read_bytes() == b"cached"


def test_a_link_with_equal_content_becomes_a_file_of_its_own(tmp_path):
    (tmp_path / "cache").write_bytes(b"same")
    (tmp_path / "soft").symlink_to(tmp_path / "cache")
    write_bytes(tmp_path / "soft", b"same")
    assert not (tmp_path / "soft").is_symlink()


def test_equal_content_is_not_written_again(tmp_path):
    write_text(tmp_path / "a.txt", "é\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\r\n"
    before = (tmp_path / "a.txt").stat()
    write_text(tmp_path / "a.txt", "é\r\n")
    after = (tmp_path / "a.txt").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_the_mode_is_that_of_an_ordinary_new_file(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_bytes(tmp_path / "made", b"x")
        (tmp_path / "plain").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "made").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_has_the_bytes_of_its_source(tmp_path):
    source, target = tmp_path / "a.jpg", tmp_path / "to" / "b.jpg"
    source.write_bytes(b"picture")
    link_or_copy(source, target)
    link_or_copy(source, target)  # again, over itself
    assert target.samefile(source)
    assert names(target.parent) == ["b.jpg"]


def test_a_link_replaces_the_old_file_without_writing_through(tmp_path):
    source, target, cached = (tmp_path / name for name in ("a", "b", "c"))
    source.write_bytes(b"new")
    cached.write_bytes(b"old")
    target.hardlink_to(cached)
    link_or_copy(source, target)
    assert target.read_bytes() == b"new"
    assert cached.read_bytes() == b"old"


def test_of_a_symbolic_link_the_file_is_linked(tmp_path):
    """DVC may put links to its cache into data/images; the scene must not hang on them."""
    (tmp_path / "cache").write_bytes(b"picture")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").symlink_to("../cache")
    target = tmp_path / "deep" / "er" / "a.jpg"
    link_or_copy(tmp_path / "images" / "a.jpg", target)
    (tmp_path / "images" / "a.jpg").unlink()
    assert not target.is_symlink()
    assert target.read_bytes() == b"picture"


def test_without_links_the_bytes_are_copied(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    (tmp_path / "a").write_bytes(b"picture")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"picture"
    assert not (tmp_path / "b").samefile(tmp_path / "a")
    assert names(tmp_path) == ["a", "b"]


def test_a_missing_source_leaves_the_target(tmp_path):
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(FileNotFoundError):
        link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"old"
    assert names(tmp_path) == ["b"]


def test_stale_entries_go_and_nothing_else(tmp_path):
    folder = tmp_path / "masks"
    (folder / "sub" / "deeper").mkdir(parents=True)
    (folder / "keep.png").touch()
    (folder / "old.png").touch()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").touch()
    (folder / "link").symlink_to(tmp_path / "outside")
    assert remove_others(folder, {"keep.png", "not made.png"}) == 3
    assert names(folder) == ["keep.png"]
    assert names(tmp_path / "outside") == ["precious"]
    assert remove_others(tmp_path / "none", []) == 0


def test_unfinished_files_go_and_nothing_else(tmp_path):
    for name in (".tmp-ab12.csv", "a.csv", "sub/.tmp-1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    remove_unfinished([tmp_path, tmp_path / "missing"])
    found = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert found == ["a.csv", "sub/.tmp-1.png"]
