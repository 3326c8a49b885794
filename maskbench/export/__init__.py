"""A benchmark in the forms of other ecosystems: COCO, YOLO, VOC, Hugging Face, WebDataset."""

from importlib import import_module
from pathlib import Path

from maskbench.dataset import Benchmark
from maskbench.errors import MaskbenchError, did_you_mean
from maskbench.export.folder import filled
from maskbench.export.source import ExportSource

FORMATS = ("coco", "hf", "voc", "webdataset", "yolo")
"""Each is a module here with ``write``: (source, folder, its own options) → one-line summary.

coco and yolo need what building needs; the others numpy and Pillow only, as on a training machine.
"""


def export(form: str, source: ExportSource | Benchmark, target: Path, **options: float) -> str:
    """Write a benchmark in another form; return a one-line summary.

    Args:
        form: One of :data:`FORMATS`.
        source: The benchmark. COCO and YOLO need its regions and params, too: a :class:`Source`
            says where these are if they do not lie about the benchmark as they do when it is built.
        target: A folder that is not there yet, or is empty; it appears when all of it is written.
        **options: The form's own: ``shard_mb`` of webdataset.

    Raises:
        MaskbenchError: The form is unknown, or the folder holds something.
        DataError: The benchmark is damaged, or its regions are missing.
        ParamsError: COCO and YOLO: ``params.yaml`` above the benchmark cannot be used.
    """
    if form not in FORMATS:
        raise MaskbenchError(f"there is no form {form!r}; {did_you_mean(form, FORMATS)}")
    if not isinstance(source, ExportSource):
        source = ExportSource(source)
    module = import_module(f"{__name__}.{form}")
    with filled(target) as folder:
        return str(module.write(source, folder, **options))
