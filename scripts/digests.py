"""Build the tests' sample (tests/sample) and compare its outputs' digests with the committed ones.

  python scripts/digests.py            compare bytes and pixels; exit status 1 if any differs
  python scripts/digests.py --pixels   compare the pixels alone: other versions of the libraries
  python scripts/digests.py --write    what is built becomes what is committed

With a folder, what was built there is compared. Both files are in ``sha256sum``'s format.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from maskbench.files.hashing import sha256_file
from maskbench.files.label_sets import read_label_sets
from maskbench.files.masks import pixel_digest, read_mask
from maskbench.regions.label_set import LabelSet

ROOT = Path(__file__).resolve().parents[1]
BYTES = ROOT / "tests/sample.sha256"
PIXELS = ROOT / "tests/sample.pixels.sha256"
STAGES = ("fetch", "rasterize", "combine", "split", "quality")
OUTPUTS = (
    "data/annotations/*", "data/benchmark/**/*", "data/combined.csv", "data/images/*",
    "data/label_sets/*", "metrics/*", "plots/*",
)  # fmt: skip


def build_sample(root: Path) -> None:
    """Build the tests' sample in a folder by the stages of this repository, without DVC."""
    shutil.copytree(ROOT / "tests/sample", root, dirs_exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for stage in STAGES:
        script = ROOT / f"stages/{stage}.py"
        subprocess.run([sys.executable, script], cwd=root, env=environment, check=True)


def byte_digests(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that the stages write, by path."""
    files = sorted(file for pattern in OUTPUTS for file in root.glob(pattern) if file.is_file())
    return {file.relative_to(root).as_posix(): sha256_file(file) for file in files}


def pixel_digests(root: Path) -> dict[str, str]:
    """Return the SHA-256 of the pixels of every mask and label set, by path."""
    masks = sorted(root.glob("data/benchmark/masks/*"))
    found = {mask.relative_to(root).as_posix(): pixel_digest(read_mask(mask)) for mask in masks}
    for file in sorted(root.glob("data/label_sets/*")):
        found[file.relative_to(root).as_posix()] = _label_set_digest(file)
    return found


def _label_set_digest(file: Path) -> str:
    """Return the digest of each label's name and pixels, in the order of the names."""
    stored = read_label_sets(file)[0]
    label_set = LabelSet(stored.labels, stored.planes)
    seen = hashlib.sha256()
    for label in sorted(label_set.labels):
        seen.update(f"{label}\0{pixel_digest(label_set.on(label).astype('uint8'))}\n".encode())
    return seen.hexdigest()


def text_of(digests: dict[str, str]) -> str:
    """Return the digests as ``sha256sum`` writes them."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def differences(digests: dict[str, str], committed: Path) -> list[str]:
    """Return a line for each file that is missing, new or not as committed."""
    lines = committed.read_text(encoding="utf-8").splitlines()
    wanted = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    told = [f"{name}: is not there" for name in sorted(wanted.keys() - digests.keys())]
    told += [f"{name}: is new" for name in sorted(digests.keys() - wanted.keys())]
    same = sorted(wanted.keys() & digests.keys())
    return told + [f"{name}: differs" for name in same if wanted[name] != digests[name]]


def compare(root: Path, *, pixels: bool, write: bool) -> list[str]:
    """Return a line for each difference of what is built in ``root``, after writing if asked."""
    found = {PIXELS: pixel_digests(root)}
    if not pixels:
        found[BYTES] = byte_digests(root)
    told = []
    for file, digests in found.items():
        if write:
            file.write_text(text_of(digests), encoding="utf-8")
        told += [f"{file.name}: {line}" for line in differences(digests, file)]
        print(f"{file.name}: {len(digests)} digests")
    return told


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("root", type=Path, nargs="?", help="a repository that is built already")
    parser.add_argument("--write", action="store_true", help="commit to what is built")
    parser.add_argument("--pixels", action="store_true", help="compare the pixels alone")
    args = parser.parse_args()
    if args.root:
        told = compare(args.root, pixels=args.pixels, write=args.write)
    else:
        with tempfile.TemporaryDirectory() as folder:
            build_sample(Path(folder))
            told = compare(Path(folder), pixels=args.pixels, write=args.write)
    print("\n".join(told) or "all are the committed ones")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
