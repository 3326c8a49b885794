"""Which code is running: what other code made is made anew, and workers must have the same."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
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
    try:
        return version(name)
    except PackageNotFoundError:  # a training machine does not have what builds
        return "none"
