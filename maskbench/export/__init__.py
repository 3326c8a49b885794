"""Convert a benchmark to the formats of other tools: a module for each in ``formats``."""

import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

from maskbench.dataset import Benchmark
from maskbench.errors import MaskbenchError, did_you_mean
from maskbench.export import formats
from maskbench.export.folder import new_folder
from maskbench.export.source import ExportSource


def find_formats() -> dict[str, ModuleType]:
    """Return the modules in :mod:`maskbench.export.formats` by the names of their formats."""
    names = sorted(module.name for module in pkgutil.iter_modules(formats.__path__))
    return {name: import_module(f"{formats.__name__}.{name}") for name in names}


def export(form: str, source: ExportSource | Benchmark, target: Path, **options: float) -> str:
    """Write a benchmark in another format; return a one-line summary.

    Args:
        form: One of :func:`find_formats`.
        source: The benchmark. Formats of instances need its regions and params, too: an
            :class:`ExportSource` says where these are if they are not where building puts them.
        target: A new or empty folder; it appears when all of it is written.
        **options: The format's own options, such as ``shard_mb`` of webdataset.

    Raises:
        MaskbenchError: The format is unknown, or the folder is not empty.
        DataError: The benchmark is damaged, or its regions are missing.
        ParamsError: Formats of instances: the ``params.yaml`` above the benchmark cannot be used.
    """
    known = find_formats()
    if form not in known:
        raise MaskbenchError(f"there is no format {form!r}; {did_you_mean(form, known)}")
    if not isinstance(source, ExportSource):
        source = ExportSource(source)
    with new_folder(target) as folder:
        return str(known[form].write(source, folder, **options))
