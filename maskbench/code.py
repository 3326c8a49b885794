"""Which code is running: what other code made is made anew, and workers must have the same."""

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

import maskbench
from maskbench.files import sha256_file

_LIBRARIES = ("numpy", "orjson", "pillow", "rasterio", "shapely", "zlib-ng")


@cache
def code_digest() -> str:
    """A digest of the library's code and of the versions that shape pixels and bytes."""
    total = hashlib.sha256()
    root = Path(maskbench.__file__).parent
    for file in sorted(root.rglob("*.py")):
        total.update(f"{file.relative_to(root).as_posix()}\0{sha256_file(file)}\n".encode())
    for name in _LIBRARIES:
        total.update(f"{name} {_version(name)}\n".encode())
    return total.hexdigest()


def _version(name: str) -> str:
    """A library's version, from the name of the folder that says it is installed, if one does."""
    prefix = f"{name.replace('-', '_')}-"
    for entry in _installed():
        if entry.startswith(prefix):
            return entry.removeprefix(prefix)
    from importlib.metadata import (  # noqa: PLC0415 - slow to import: as long as a stage may take
        PackageNotFoundError,
        version,
    )

    try:
        return version(name)
    except PackageNotFoundError:  # a training machine has not what builds
        return "none"


@cache
def _installed() -> tuple[str, ...]:
    """``name-version`` of what is installed, where Python looks first coming first."""
    folders = [folder for folder in sys.path if os.path.isdir(folder)]  # noqa: PTH112 - quick
    names = [sorted(os.listdir(folder)) for folder in folders]  # noqa: PTH208
    return tuple(
        name.removesuffix(".dist-info").lower()
        for found in names
        for name in found
        if name.endswith(".dist-info")
    )
