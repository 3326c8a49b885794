"""Write a folder that appears when it is complete."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maskbench.errors import MaskbenchError


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``target`` when the block ends well.

    Raises:
        MaskbenchError: ``target`` is a file, or a folder that is not empty.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise MaskbenchError(f"{target} is not empty: name a new folder, or remove it first")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".tmp-"))
    try:
        yield temporary
        temporary.chmod(0o755)
        if target.is_dir():
            target.rmdir()
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def copy(source: Path, target: Path) -> None:
    """Copy a file's bytes; a link would let an edit of the export change the benchmark."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
