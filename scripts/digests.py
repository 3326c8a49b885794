"""Compares the digests of a build's outputs, of bytes and of pixels, with the committed ones.

  python scripts/digests.py            compare; exit status 1 if any differs
  python scripts/digests.py --pixels   compare the pixels alone: other versions of the libraries
  python scripts/digests.py --write    what is built becomes what is committed

Both files are in ``sha256sum``'s format; ``sha256sum -c tests/trust/sample.sha256`` compares, too.
"""

import argparse
import hashlib
import sys
from pathlib import Path

from maskbench.codecs import read_label_set
from maskbench.files import sha256_file
from maskbench.mask import pixel_digest
from maskbench.pixels import read_mask

BYTES = Path("tests/trust/sample.sha256")
PIXELS = Path("tests/trust/sample.pixels.sha256")
OUTPUTS = (
    "data/annotations/*", "data/benchmark/**/*", "data/combined.csv", "data/images/*",
    "data/label_sets/*", "metrics/*", "plots/*",
)  # fmt: skip


def byte_digests(root: Path) -> dict[str, str]:
    """SHA-256 of every file that the stages write, by path."""
    files = sorted(file for pattern in OUTPUTS for file in root.glob(pattern) if file.is_file())
    return {file.relative_to(root).as_posix(): sha256_file(file) for file in files}


def pixel_digests(root: Path) -> dict[str, str]:
    """SHA-256 of the pixels of every mask and label set, whatever encodes them, by path."""
    masks = sorted(root.glob("data/benchmark/masks/*"))
    found = {mask.relative_to(root).as_posix(): pixel_digest(read_mask(mask)) for mask in masks}
    for file in sorted(root.glob("data/label_sets/*")):
        found[file.relative_to(root).as_posix()] = _label_set_digest(file)
    return found


def _label_set_digest(file: Path) -> str:
    """Of each label's name and pixels, in the order of the names."""
    label_set = read_label_set(file).label_set
    seen = hashlib.sha256()
    for label in sorted(label_set.labels):
        seen.update(f"{label}\0{pixel_digest(label_set.on(label).astype('uint8'))}\n".encode())
    return seen.hexdigest()


def text_of(digests: dict[str, str]) -> str:
    """The digests as ``sha256sum`` writes them."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def differences(digests: dict[str, str], committed: Path) -> list[str]:
    """A line for each file that is missing, new or other than committed."""
    lines = committed.read_text(encoding="utf-8").splitlines()
    wanted = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    told = [f"{name}: is not there" for name in sorted(wanted.keys() - digests.keys())]
    told += [f"{name}: is new" for name in sorted(digests.keys() - wanted.keys())]
    same = sorted(wanted.keys() & digests.keys())
    return told + [f"{name}: differs" for name in same if wanted[name] != digests[name]]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("root", type=Path, nargs="?", default=Path(), help="the repository")
    parser.add_argument("--write", action="store_true", help="commit to what is built")
    parser.add_argument("--pixels", action="store_true", help="compare the pixels alone")
    args = parser.parse_args()
    found = {PIXELS: pixel_digests(args.root)}
    if not args.pixels:
        found[BYTES] = byte_digests(args.root)
    told = []
    for file, digests in found.items():
        if args.write:
            (args.root / file).write_text(text_of(digests), encoding="utf-8")
        told += [f"{file}: {line}" for line in differences(digests, args.root / file)]
        print(f"{file}: {len(digests)} digests")
    print("\n".join(told) or "all are the committed ones")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
