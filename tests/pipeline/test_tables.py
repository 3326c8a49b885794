"""A damaged table of masks ends in a message, in all that read it."""

import pytest

from maskbench.errors import DataError
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.split import split
from maskbench.versions.refresh import mask_digests
from tests.exports import annotation, box, task, write_export
from tests.pipeline.test_build import params, run


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.replace(b",", b";"),  # as a spreadsheet may save it
        lambda content: content[: len(content) // 2],
        lambda content: content + b"\xff",
    ],
)
def test_a_damaged_table_of_masks_is_told(tmp_path, damage):
    write_export(tmp_path / "source", [task(1, annotation(1, [box(["Canvas"], 0, 0, 50, 50)]))])
    run(tmp_path, tmp_path / "source")
    layout, settings = Layout(tmp_path), params(tmp_path / "source")
    layout.combined.write_bytes(damage(layout.combined.read_bytes()))
    for reads in (lambda: rasterize(settings, layout), lambda: split(settings, layout),
                  lambda: mask_digests(layout)):  # fmt: skip
        with pytest.raises(DataError, match="run `dvc checkout -f combine`"):
            reads()
