"""Convert the benchmark to another format: coco, yolo, voc, hf or webdataset.

coco and yolo hold the drawn regions as instances, and need data/annotations (`dvc pull fetch`);
voc, hf and webdataset hold the masks.

  maskbench export coco exports/coco
  maskbench export hf exports/hf --rev v1.2
  maskbench export webdataset exports/shards --shard-size 100
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maskbench.params import RasterizeParams

_FORMS = ("coco", "hf", "voc", "webdataset", "yolo")
_REGIONS = ("coco", "yolo")  # made from regions; they need what building needs


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("form", metavar="FORM", choices=_FORMS)
    parser.add_argument("out", metavar="OUT", type=Path, help="a new or empty folder")
    parser.add_argument(
        "--data", type=Path, default=Path("data/benchmark"), help="default: %(default)s"
    )
    parser.add_argument("--rev", help="export this tag, branch or commit")
    parser.add_argument(
        "--shard-size",
        metavar="MB",
        type=float,
        help="webdataset: largest size of a shard, about, in megabytes (default: 256)",
    )


def run(args: Namespace) -> int:
    """Export and print one line; returns the exit status."""
    from maskbench.dataset import Benchmark
    from maskbench.errors import MaskbenchError
    from maskbench.export import export
    from maskbench.export.source import ExportSource
    from maskbench.versions.download import sibling

    options = {} if args.shard_size is None else {"shard_mb": args.shard_size}
    if options and (args.form != "webdataset" or not args.shard_size > 0):
        raise MaskbenchError("--shard-size is for webdataset, in megabytes above 0")
    data, annotations, params = args.data, None, None
    if args.rev:
        data = sibling(args.data, args.rev)
    if args.rev and args.form in _REGIONS:
        annotations = sibling(args.data.parent / "annotations", args.rev)
        params = _rasterize_params(args.data, args.rev)
    source = ExportSource(Benchmark(data), annotations, params)
    print(f"{export(args.form, source, args.out, **options)}: {args.out}")
    return 0


def _rasterize_params(data: Path, rev: str) -> "RasterizeParams":
    """Return how regions became pixels in a version of the repository that ``data`` lies in."""
    from maskbench.versions.dvc import DvcRepository
    from maskbench.versions.revision import Version, find_root

    root = find_root(data)
    return Version(root, rev, DvcRepository(root)).params.rasterize
