"""Write a folder that appears when it is complete."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image

from maskbench.dataset import Benchmark
from maskbench.errors import MaskbenchError
from maskbench.files.atomic import write_bytes


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


def scene_name(benchmark: Benchmark, key: str) -> str:
    """Return the name of an exported scene; one with a scaling becomes a PNG of 8 bits."""
    path = benchmark.scene_path(key)
    return path.name if benchmark.scaling(key) is None else f"{key}.png"


def copy_scene(benchmark: Benchmark, key: str, folder: Path) -> str:
    """Copy a scene into a folder, or write it as loaders see it if it has a scaling.

    Returns:
        The file's name.
    """
    name = scene_name(benchmark, key)
    if benchmark.scaling(key) is None:
        copy(benchmark.scene_path(key), folder / name)
    else:
        write_bytes(folder / name, scaled_png(benchmark, key))
    return name


def scaled_png(benchmark: Benchmark, key: str) -> bytes:
    """Return a grey scene as loaders see it, as the bytes of a PNG of 8 bits."""
    stream = BytesIO()
    Image.fromarray(benchmark.scene(key)[:, :, 0]).save(stream, "PNG")
    return stream.getvalue()
