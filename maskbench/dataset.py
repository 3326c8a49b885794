"""Read a benchmark as a sequence of (image, mask). Needs numpy and Pillow only.

>>> from maskbench.dataset import Benchmark
>>> train = Benchmark("data/benchmark", split="train")  # doctest: +SKIP
>>> image, mask = train[0]  # doctest: +SKIP
>>> train.classes[mask[0, 0]]  # doctest: +SKIP
'Background'
"""

import operator
from collections.abc import Iterator
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self, SupportsIndex

from maskbench.errors import DataError, Problem, did_you_mean
from maskbench.files.benchmark import (
    MASK_EDITED,
    list_files,
    load_mask,
    load_scene,
    read_classes,
    read_splits,
    sizes_differ,
)
from maskbench.files.images import Scene, is_wide_file
from maskbench.files.levels import Scaling
from maskbench.files.manifest import Row, read_manifest
from maskbench.files.masks import Mask, pixel_digest
from maskbench.pages.figure import draw_figure
from maskbench.pages.notebook import sample_html, spread, thumbnails_html
from maskbench.params import IGNORE, SUBSETS
from maskbench.text import counted
from maskbench.versions.download import get_version

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class _ImageAndMask(NamedTuple):
    image: Scene
    mask: Mask


class Sample(_ImageAndMask):
    """One item of a benchmark: a pair that notebooks show as pictures.

    Attributes:
        image: Red, green, blue, shape (H, W, 3), uint8.
        mask: Class values, shape (H, W), uint8; ``Benchmark.ignore_index`` does not count.
        key: The item's key.
        classes: Class names by value.
    """

    key: str = ""
    classes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """Return image, mask and overlay as HTML, which notebooks show."""
        return sample_html(self.key, self.image, self.mask, self.classes)


class Benchmark:
    """The images of a benchmark, or of one split, in the order of their keys.

    Files are opened for reading, one item at a time; nothing is kept in memory. An instance can be
    pickled and used in worker processes.

    Args:
        root: The benchmark's folder, such as ``data/benchmark``.
        split: ``train``, ``valid``, ``test`` or the name of another file ``splits/<name>.txt``;
            None: all images.

    Attributes:
        root: The folder.
        split_name: The argument ``split``.
        classes: Class names; the place in the tuple is the value in the mask.
        splits: Keys by split, sorted.
        keys: The keys of this view, sorted; ``self[i]`` is the image of ``keys[i]``.

    Raises:
        DataError: Files are missing; the message names each, and what to do. Damage inside files is
            found when an item is read, or at once by :meth:`check`.
    """

    ignore_index = IGNORE

    def __init__(self, root: str | Path, split: str | None = None) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise DataError(
                f"{self.root}: there is no such folder; name the folder of a benchmark, or in a "
                "clone get it with `dvc pull combine split`, or build it with `dvc repro`"
            )
        problems: list[Problem] = []
        self.classes = read_classes(self.root / "codes.txt", problems)
        self._scenes = list_files(self.root / "scenes", problems)
        self._masks = list_files(self.root / "masks", problems)
        self.splits = read_splits(self.root / "splits", self._scenes, SUBSETS, problems)
        self.split_name = split
        self.keys = self._view(split, problems)
        if problems:
            raise DataError(f"{self.root} is not a complete benchmark", problems)

    @classmethod
    def get(
        cls,
        repo: str | Path,
        rev: str | None = None,
        path: str = "data/benchmark",
        split: str | None = None,
    ) -> Self:
        """Download a version of a benchmark from the Git repository that keeps it.

        The folder is downloaded once for each version, into the user's cache folder; this needs the
        programs ``git`` and ``dvc`` (see :func:`maskbench.versions.download.get_version`).

        Args:
            repo: URL or folder of the Git repository.
            rev: A tag, branch or commit; None: the default branch as it is now.
            path: The benchmark's folder in the repository.
            split: As for the class.

        Raises:
            SourceError: The repository, the version or its data is not available.
            DataError: The download is not a complete benchmark.
        """
        return cls(get_version(repo, rev, path), split)

    def split(self, name: str) -> Self:
        """Return the view of one split; raise DataError if there is no such split."""
        return type(self)(self.root, name)

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: SupportsIndex) -> Sample:
        return self.sample(self.keys[operator.index(index)])

    def __iter__(self) -> Iterator[Sample]:
        return (self.sample(key) for key in self.keys)

    def __repr__(self) -> str:
        split = "" if self.split_name is None else f", split={self.split_name!r}"
        name = type(self).__name__
        classes = counted(len(self.classes), "class", "classes")
        return f"<{name} {str(self.root)!r}{split}: {counted(len(self), 'image')}, {classes}>"

    def _repr_html_(self) -> str:
        """Return some of the images with their masks over them as HTML, which notebooks show."""
        try:
            few = [self.sample(key) for key in spread(self.keys)]
        except DataError as error:  # the text says what is wrong; a display must not fail
            return f"<pre>{escape(repr(self))}\n{escape(str(error))}</pre>"
        return thumbnails_html(repr(self), few, self.classes)

    def plot(self, key: str, prediction: Mask | None = None) -> "Figure":
        """Draw an image, its mask, and both together with matplotlib (the extra ``plot``).

        Args:
            key: The image's key.
            prediction: A predicted mask to draw beside the true one.

        Raises:
            KeyError: There is no such key.
            DataError: As for :meth:`sample`.
            MaskbenchError: matplotlib is not installed.
        """
        image, mask = self.sample(key)
        masks = {"mask": mask} if prediction is None else {"mask": mask, "prediction": prediction}
        return draw_figure(key, image, masks, self.classes)

    def sample(self, key: str) -> Sample:
        """Read the image and the mask of a key.

        Raises:
            KeyError: There is no such key.
            DataError: A file is damaged, the sizes differ, or the mask holds a value that is no
                class; the message names the file.
        """
        image, mask = self.scene(key), self.mask(key)
        if image.shape[:2] != mask.shape:
            raise sizes_differ(self.mask_path(key), mask.shape[::-1], image.shape[1::-1])
        found = Sample(image, mask)
        found.key, found.classes = key, self.classes
        return found

    def scene(self, key: str) -> Scene:
        """Read the image of a key, shape (H, W, 3), uint8; raise as :meth:`sample` does."""
        return load_scene(self.scene_path(key), self.scaling(key))

    def scaling(self, key: str) -> Scaling | None:
        """Return which values of a scene of 16 bits become 0 and 255; None: it is read as it is.

        The manifest keeps it. It is not asked for scenes of 8 bits, nor if there is none.
        """
        is_asked = self.has_manifest and is_wide_file(self.scene_path(key))
        return self.row(key).scaling if is_asked else None

    def mask(self, key: str) -> Mask:
        """Read the mask of a key, shape (H, W), uint8; raise as :meth:`sample` does."""
        return load_mask(self.mask_path(key), len(self.classes))

    @property
    def all_keys(self) -> frozenset[str]:
        """Return the keys of the images of all splits."""
        return frozenset(self._scenes)

    def group(self, key: str) -> str:
        """Return the group of a key in the manifest; the key itself without a manifest."""
        return self.row(key).group if self.has_manifest else key

    @cached_property
    def has_manifest(self) -> bool:
        """Whether there is a ``manifest.csv``, which a benchmark made by other tools may lack."""
        return (self.root / "manifest.csv").is_file()

    def scene_path(self, key: str) -> Path:
        """Return the image file of a key; raise KeyError if there is no such key."""
        return self.root / "scenes" / self._scenes[key]

    def mask_path(self, key: str) -> Path:
        """Return the mask file of a key; raise KeyError if there is no such key."""
        return self.root / "masks" / self._masks[key]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the manifest's rows of this view, in the order of the keys; see :meth:`row`."""
        return tuple(self.row(key) for key in self.keys)

    def row(self, key: str) -> Row:
        """Return the manifest's row of a key.

        Raises:
            DataError: The manifest is missing or damaged, or has no such row.
        """
        if key not in self._manifest:
            what = f"has no row for {key!r}; run `dvc checkout`, or `dvc repro` after a change"
            problem = Problem(what, str(self.root / "manifest.csv"))
            raise DataError("the benchmark's manifest does not fit its masks", [problem])
        return self._manifest[key]

    def check(self) -> None:
        """Read every file of this view and compare it with the manifest, if there is one.

        Raises:
            DataError: Files are damaged, sizes differ, values are no class, or masks are not those
                that were built; the error lists all problems.
        """
        problems: list[Problem] = []
        for key in self.keys:
            try:
                mask = self.sample(key).mask
                if self.has_manifest and pixel_digest(mask) != self.row(key).mask_sha256:
                    problems.append(Problem(MASK_EDITED, str(self.mask_path(key))))
            except DataError as error:
                problems.extend(error.problems)
        if problems:
            raise DataError(f"{self.root} cannot be used as it is", problems)

    @cached_property
    def _manifest(self) -> dict[str, Row]:
        return read_manifest(self.root / "manifest.csv")

    def _view(self, split: str | None, problems: list[Problem]) -> tuple[str, ...]:
        """Return the keys of the view; add a problem for each missing scene or mask."""
        if split is not None and split not in self.splits:
            what = f"there is no split {split!r}; {did_you_mean(split, self.splits)}"
            problems.append(Problem(what, str(self.root / "splits" / f"{split}.txt")))
        everything = self._scenes.keys() | self._masks.keys()
        keys = sorted(everything) if split is None else self.splits.get(split, ())
        for key in keys:
            for name, files in (("scene", self._scenes), ("mask", self._masks)):
                if files and key not in files:
                    other = self.scene_path(key) if name == "mask" else self.mask_path(key)
                    what = f"has no {name} in {name}s/; run `dvc checkout combine`"
                    problems.append(Problem(what, str(other)))
        return tuple(keys)
