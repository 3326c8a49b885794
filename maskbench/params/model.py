"""Define the typed values of ``params.yaml``: a class for each section.

A new parameter is a field here, a check in ``sections`` beside it, and a line with its comment in
``params.yaml`` and ``maskbench/init/template/params.yaml``.
"""

from collections.abc import Mapping
from typing import NamedTuple

from maskbench.files.images import MOST_PIXELS
from maskbench.files.masks import IGNORE

IGNORED = "(ignored)"
"""Name of the value 255 where no class of ``labels_map`` has it."""

LEFT_OUT = "(left out)"
"""The word in reports for a label whose alias is null."""

SUBSETS = ("train", "valid", "test")
"""The subsets of a benchmark, in the order in which people list them."""

EXCLUDED = "excluded"
"""The manifest's word for an image that ``split.exclude_accepted`` keeps out of its subset."""


class FetchParams(NamedTuple):
    """Section ``fetch``: where annotations and images come from.

    Attributes:
        server: Label Studio's address, or None to read ``folder``.
        projects: Ids of the server's projects; empty without a server.
        folder: Folder with Label Studio JSON exports and their images; not read with a server.
        snapshot: Name of this state of the labels; another name fetches them again.
        private_hosts: Hosts, perhaps with a port, that images may lie on although they are on a
            private network.
        image_field: The field of a task's data that an image tag shows, by tag; None: the labelling
            setup or the tag's name decides.
        missing_images: ``error``, or ``skip`` to leave out tasks whose images are missing.
        max_pixels: Pixels beyond which an image is refused: a file of kilobytes can claim billions.
        same_image: How to treat tasks that show the same image: ``separate`` (a mask each), or
            ``one`` (one task with the annotations of all).
    """

    server: str | None
    projects: tuple[int, ...]
    folder: str
    snapshot: str
    private_hosts: tuple[str, ...] = ()
    image_field: Mapping[str, str] | None = None
    missing_images: str = "error"
    max_pixels: int = MOST_PIXELS
    same_image: str = "separate"

    def task_link(self, task: int, project: int | None) -> str | None:
        """Return a task's address in Label Studio; None if server or project are not known."""
        if project is None and len(self.projects) == 1:
            project = self.projects[0]
        if self.server is None or project is None:
            return None
        return f"{self.server}/projects/{project}/data?task={task}"


class RasterizeParams(NamedTuple):
    """Section ``rasterize``: which annotation counts and which pixels a region gets.

    Attributes:
        annotation: Criteria in order of preference: ``ground_truth``, ``latest``, ``earliest``,
            ``annotator:ID``, ``file:TABLE`` or ``consensus:N``; the first that an annotation meets
            chooses. See :func:`maskbench.regions.task.choose_votes`.
        overlap: ``keep`` every label, or let the ``top`` (later) or ``smallest`` region win.
        all_touched: Count every pixel that a region touches instead of those whose centre it holds.
        brush_threshold: Alpha (1…255) from which a brush pixel counts.
        label_aliases: Label as drawn → the class name it means, or None to leave it out. They
            apply first.
        strict: Stop where a region has no label, no pixel or no area, instead of dropping it.
        choices: Annotator by key, from the table of ``file:TABLE``.
    """

    annotation: tuple[str, ...] = ("ground_truth", "latest")
    overlap: str = "keep"
    all_touched: bool = False
    brush_threshold: int = 128
    label_aliases: Mapping[str, str | None] = {}
    strict: bool = False
    choices: Mapping[str, int] = {}

    @property
    def table(self) -> str | None:
        """Return the name of the file that chooses an annotator for each image, if one does."""
        files = (c.removeprefix("file:") for c in self.annotation if c.startswith("file:"))
        return next(files, None)

    def criteria(self, key: str) -> tuple[str, ...]:
        """Return the criteria for one task: the table's line in place of the table.

        >>> RasterizeParams(("file:votes.csv", "latest"), choices={"1-wall": 7}).criteria("1-wall")
        ('annotator:7', 'latest')
        """
        chosen = (f"annotator:{self.choices[key]}",) if key in self.choices else ()
        resolved = (chosen if c.startswith("file:") else (c,) for c in self.annotation)
        return tuple(criterion for own in resolved for criterion in own)


class Rule(NamedTuple):
    """One multi-label rule: pixels with exactly the labels ``when`` become class ``then``."""

    name: str
    when: frozenset[str]
    then: str


class ConsensusParams(NamedTuple):
    """Section ``combine.consensus``: which class the pixels get that several people annotated.

    Attributes:
        method: ``majority`` of the final classes, or ``staple``, which weighs the annotators by how
            reliable they appear.
        agreement: The share of annotators who have to have given a pixel its class.
        otherwise: The class of pixels with a tie or less agreement; ``ignore``: 255.
    """

    method: str = "majority"
    agreement: float = 0.0
    otherwise: str = "ignore"


class CombineParams(NamedTuple):
    """Section ``combine``: how label sets without a rule are treated, and the mask's file format.

    Attributes:
        unmatched: ``error``, ``priority``, or the name of a class.
        priority: Label names, strongest first, for ``unmatched: priority``.
        mask_format: ``png`` or ``tif``.
        scaling: How grey images of 16 bits become 8 in loaders: None for the upper 8 bits,
            ``range``, ``percentile``, or the values that become 0 and 255.
        consensus: What decides where several annotations count.
    """

    unmatched: str
    priority: tuple[str, ...]
    mask_format: str
    scaling: str | tuple[int, int] | None = None
    consensus: ConsensusParams = ConsensusParams()


class ValueFrom(NamedTuple):
    """Where a value of each image is read from.

    Attributes:
        kind: ``field`` of the task's data, ``choice`` in the annotation or its regions, regular
            expression on the image's file ``name`` or ``folder``, or CSV ``file``.
        what: The field, choice, expression (with one group) or path.
    """

    kind: str
    what: str


class SplitParams(NamedTuple):
    """Section ``split``: shares of train, valid and test, and what stays together.

    Attributes:
        ratios: Share by subset name; they add up to 1.
        group_by: What images of one group share: a value from somewhere, or the name of a choice of
            the whole image, else of a field; None: only equal images stay together.
        salt: Any text; another one draws other subsets.
        without_group: How to treat tasks without that value: ``error``, or ``alone`` (each a
            group by itself).
        same_image: How to treat groups that hold the same image: ``join`` or ``error``.
        published: Where the subset of images is read from; None: all are drawn.
        exclude_accepted: Subsets without images whose labels were accepted from a model unchanged.
    """

    ratios: Mapping[str, float]
    group_by: str | ValueFrom | None
    salt: str
    without_group: str = "error"
    same_image: str = "join"
    published: ValueFrom | None = None
    exclude_accepted: tuple[str, ...] = ()

    @property
    def table(self) -> str | None:
        """Return the name of the file that publishes the subset of each image, if one does."""
        source = self.published
        return source.what if source is not None and source.kind == "file" else None


class QualityParams(NamedTuple):
    """Section ``quality``: what is looked for in the labels.

    Attributes:
        checks: Threshold by name, of the checks that are on.
        fail: Checks whose findings stop the stage *quality*, unless they are accepted.
        accept: The reason by finding, of those that somebody looked at and accepted.
        predictions: The folder with predicted masks that regions are compared with; None: there is
            none.
    """

    checks: Mapping[str, float]
    fail: tuple[str, ...] = ()
    accept: Mapping[str, str] = {}
    predictions: str | None = None


class Params(NamedTuple):
    """All of ``params.yaml``. ``labels_map`` maps class names to mask values (0…254, 255 void)."""

    fetch: FetchParams
    labels_map: Mapping[str, int]
    rules: tuple[Rule, ...]
    rasterize: RasterizeParams
    combine: CombineParams
    split: SplitParams
    quality: QualityParams

    @property
    def class_names(self) -> dict[int, str]:
        """Return the class names by mask value."""
        return {IGNORE: IGNORED} | {value: name for name, value in self.labels_map.items()}
