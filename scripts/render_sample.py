"""Paint the sample's images; with `--check`, only see whether the stored ones are the same.

    python scripts/render_sample.py --check

Needs numpy and Pillow. The pixels follow from the code alone; the *bytes* of a file also
depend on Pillow's version, which the lock file pins.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sample.catalogue import scenes
from sample.folder import IMAGES, stored


def write(images: Path) -> int:
    """Write every scene to where it belongs below `images`; return how many bytes that is."""
    total = 0
    for scene in scenes():
        path, data = stored(scene, images), scene.encoded()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        total += len(data)
    return total


def differences(images: Path) -> list[str]:
    """Return a line for each scene whose stored file is missing or has other bytes than painted."""
    found = []
    for scene in scenes():
        path, data = stored(scene, images), scene.encoded()
        if not path.is_file():
            found.append(f"{scene.file}: missing")
        elif path.read_bytes() != data:
            found.append(f"{scene.file}: {_how_different(path.read_bytes(), data)}")
    return found


def _how_different(old: bytes, new: bytes) -> str:
    a, b = (_pixels(data) for data in (old, new))
    if a.shape != b.shape:
        return f"size {a.shape[:2]} stored, {b.shape[:2]} painted"
    return f"other bytes, pixels differ by {int(np.abs(a - b).max())} of 255 at most"


def _pixels(data: bytes) -> NDArray[np.int16]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.int16)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description="Paint the sample's images.")
    parser.add_argument("--images", type=Path, default=IMAGES, help=f"folder (default: {IMAGES})")
    parser.add_argument("--check", action="store_true", help="compare with the stored ones only")
    args = parser.parse_args(argv)
    if not args.check:
        print(f"{len(scenes())} images, {write(args.images):,} bytes, in {args.images}")
        return 0
    found = differences(args.images)
    print("\n".join(found) or f"{len(scenes())} images are as painted")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
