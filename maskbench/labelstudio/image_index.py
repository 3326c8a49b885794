"""Find the image file that a reference means in a folder, also under a similar name."""

import os
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path, PurePosixPath

from maskbench.files.hashing import Signature, signature_of
from maskbench.labelstudio.image_file import MissingImageError
from maskbench.labelstudio.image_names import (
    IMAGE_SUFFIXES,
    OTHER_SUFFIXES,
    UNREAD_FORMATS,
    candidate_paths,
    caseless,
    is_hidden,
    original_name,
    other_endings,
    public_form,
    reference_parts,
    upload_names,
)

_NEAREST = 3  # names in the message if no file fits
_NEIGHBOURS = 10  # names in alphabetical order, before and after, that are compared

Index = dict[str, list[str]]
"""Paths of files within the folder, by a key made of their names."""


class ImageIndex:
    """The image files anywhere below a folder, but for hidden folders.

    Links that lead to a file or folder within the folder are followed, others skipped.

    Args:
        root: The folder.

    Attributes:
        signatures: The files' signatures, by path within the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.signatures: dict[str, Signature] = {}
        self._passed_over: dict[str, str] = {}  # why, by path
        self._folders_out: list[str] = []  # links to folders elsewhere
        self._scan()
        self._by_name = _index(self.signatures, lambda name: [name])

    def _scan(self) -> None:
        real = self._root.resolve()
        folder_links = {}
        for folder, folders, names in os.walk(self._root):
            folders[:] = [name for name in folders if not is_hidden(name)]  # thumbnails and such
            for path in (Path(folder, name) for name in folders):
                if path.is_symlink():
                    name, target = path.relative_to(self._root).as_posix(), path.resolve()
                    if target.is_relative_to(real):
                        folder_links[name] = target.relative_to(real)
                    else:
                        self._folders_out.append(name)
            for path in (Path(folder, name) for name in names):
                self._add(path, real)
        names = list(self.signatures)
        for link, target in sorted(folder_links.items()):
            for name in (name for name in names if Path(name).is_relative_to(target)):
                linked = (link / PurePosixPath(name).relative_to(target)).as_posix()
                self.signatures.setdefault(linked, self.signatures[name])

    def _add(self, path: Path, real: Path) -> None:
        name, suffix = path.relative_to(self._root).as_posix(), path.suffix.lower()
        if suffix in UNREAD_FORMATS:
            self._passed_over[name] = f"{UNREAD_FORMATS[suffix]} is not read"
        elif suffix not in IMAGE_SUFFIXES:
            if not suffix:
                self._passed_over[name] = "it has no ending such as .jpg"
        elif not path.is_file():
            self._passed_over[name] = "it is not a file, or a link to none"
        elif path.is_symlink() and not path.resolve().is_relative_to(real):
            self._passed_over[name] = "it is a link that leads out of the folder"
        else:
            self.signatures[name] = signature_of(path.stat())

    def find(self, reference: str) -> str:
        """Return the path, within the folder, of the file that a reference means.

        Exact names come first, with and without Label Studio's prefix; then names that differ in
        letter case or Unicode form; then names as Label Studio changes them; then names with
        another ending: of the same format, or any if there is none or the format is not read. If
        several files have such a name, the one that shares the longest end of the referenced path
        is taken. Two files fit equally well if one has the exact name and the other a near name
        and more of the path.

        Raises:
            MissingImageError: No file fits.
            ValueError: Several fit equally well, or the reference names no file.
        """
        paths = []
        for path in candidate_paths(reference):
            if files := self._by_name.get(path[-1]):
                best = self._best(files, path, reference)
                self._refuse_rivals(best, path, reference)
                return best
            paths.append(path)
        for near in (self._in_any_case, self._as_uploaded, self._with_other_ending):
            for path in paths:
                if files := near(path[-1]):
                    return self._best(files, path, reference)
        what = f"no image file below {self._root} fits {public_form(reference)!r}"
        raise MissingImageError(f"{what}{self._nearest(reference)}")

    def _in_any_case(self, name: str) -> list[str]:
        return self._by_caseless.get(caseless(name), [])

    def _as_uploaded(self, name: str) -> list[str]:
        """Return the files that had this name after an upload, or that are uploads of this name."""
        found = list(self._by_upload_name.get(caseless(name), []))
        for upload in upload_names(name):
            found += self._by_caseless.get(caseless(upload), [])
        return list(dict.fromkeys(found))

    def _with_other_ending(self, name: str) -> list[str]:
        """Return the files with another ending of the format, or any ending if it is not read."""
        suffix = _suffix(name)
        is_image = suffix in IMAGE_SUFFIXES or suffix in UNREAD_FORMATS
        stem = _stem(name) if is_image else caseless(name)  # what follows a dot may be no ending
        files = self._by_stem.get(stem, [])
        endings = other_endings(suffix)
        return [
            file
            for file in files
            if file in self.signatures and _stem(file) == stem and _suffix(file) in endings
        ]

    @cached_property
    def _by_caseless(self) -> Index:
        return _index(self.signatures, lambda name: [caseless(name)])

    @cached_property
    def _by_upload_name(self) -> Index:
        return _index(self.signatures, lambda name: map(caseless, upload_names(name)))

    @cached_property
    def _by_stem(self) -> Index:
        """The images and the skipped files, by name without ending and prefix."""
        names = [*self.signatures, *self._passed_over]
        return _index(names, lambda name: [_stem(name), _stem(original_name([name]))])

    @cached_property
    def _sorted_stems(self) -> tuple[list[str], list[str]]:
        """All stems in alphabetical order, read from the front, and from the back."""
        return sorted(self._by_stem), sorted(stem[::-1] for stem in self._by_stem)

    def _best(self, files: list[str], path: Sequence[str], reference: str) -> str:
        """Return the file that shares the longest end of a path, compared ever less strictly."""
        for form in (str, _composed, caseless):
            if len(files) == 1:
                return files[0]
            shared = {file: _shared_end(file.split("/"), path, form) for file in files}
            files = [file for file in files if shared[file] == max(shared.values())]
        real = {(self._root / file).resolve(): file for file in sorted(files, reverse=True)}
        if len(real) == 1:  # links to one file
            return next(iter(real.values()))
        raise _several(reference, files)

    def _refuse_rivals(self, best: str, path: Sequence[str], reference: str) -> None:
        """Raise ValueError if a near name in the referenced folder vies with one elsewhere."""
        near = self._in_any_case(path[-1])
        if len(near) == 1:
            return
        shared = _shared_end(best.split("/"), path, caseless)
        rivals = [file for file in near if _shared_end(file.split("/"), path, caseless) > shared]
        real = (self._root / best).resolve()
        if any((self._root / file).resolve() != real for file in rivals):
            raise _several(reference, [best, *rivals])

    def _nearest(self, reference: str) -> str:
        """Return the end of a message: the nearest names, why each does not fit, and links."""
        wanted = original_name(reference_parts(reference))
        stem = _stem(wanted)
        forwards, backwards = self._sorted_stems
        pool = {*_around(stem, forwards), *(s[::-1] for s in _around(stem[::-1], backwards))}
        close = get_close_matches(stem, sorted(pool), n=_NEAREST)
        files = dict.fromkeys(file for near in close for file in sorted(self._by_stem[near]))
        text = ""
        if files:
            told = [f"{file} ({self._why_not(file, wanted)})" for file in list(files)[:_NEAREST]]
            text = f"; nearest: {', '.join(told)}"
        elif _suffix(wanted) in UNREAD_FORMATS:
            text = (
                f"; {UNREAD_FORMATS[_suffix(wanted)]} is not read: convert it to {_as_png(wanted)}"
            )
        elif _suffix(wanted) in OTHER_SUFFIXES:
            text = f"; {_suffix(wanted)} is not a picture: delete the task, or import its picture"
        if self._folders_out:
            links = ", ".join(sorted(self._folders_out)[:_NEAREST])
            text += (
                f"; links that lead out of the folder are not followed: {links} (put the images "
                "themselves here, or the export beside them and name their folder in fetch.folder)"
            )
        return text

    def _why_not(self, file: str, wanted: str) -> str:
        """Return why a file with a similar name does not fit."""
        if _stem(file) != _stem(wanted):
            is_upload = _stem(original_name([PurePosixPath(file).name])) == _stem(wanted)
            return "another upload of this name" if is_upload else "another name"
        reason = self._passed_over.get(file, "another ending")
        if _suffix(file) in UNREAD_FORMATS:
            target = _as_png(wanted) if _suffix(wanted) in UNREAD_FORMATS else wanted
            return f"{reason}: convert it to {target}"
        return reason


def _index(paths: Iterable[str], keys: Callable[[str], Iterable[str]]) -> Index:
    """Return the paths by the keys of their last names."""
    index: Index = {}
    for path in paths:
        for key in dict.fromkeys(keys(path.rpartition("/")[2])):
            index.setdefault(key, []).append(path)
    return index


def _several(reference: str, files: Iterable[str]) -> ValueError:
    names = ", ".join(sorted(files, key=lambda file: file.split("/")))
    return ValueError(f"the image {public_form(reference)!r} fits several files: {names}")


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _shared_end(one: Sequence[str], other: Sequence[str], form: Callable[[str], str]) -> int:
    """Return how many last names two paths share, if names are compared in this form."""
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if form(a) != form(b):
            break
        count += 1
    return count


def _around(word: str, words: list[str]) -> list[str]:
    """Return the sorted words next to a word."""
    at = bisect_left(words, word)
    return words[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]


def _stem(path: str) -> str:
    return caseless(PurePosixPath(path).stem)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _as_png(name: str) -> str:
    return f"{PurePosixPath(name).stem}.png"
