"""Convert the benchmark to another format: coco, yolo, voc, hf or webdataset.

coco and yolo hold the drawn regions as instances, and need data/annotations (`dvc pull fetch`);
voc, hf and webdataset hold the masks.

  maskbench export coco exports/coco
  maskbench export hf exports/hf --rev v1.2
  maskbench export webdataset exports/shards --shard-size 100
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

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
    from maskbench.dataset import Benchmark  # noqa: PLC0415 - `maskbench --help` stays quick
    from maskbench.errors import MaskbenchError  # noqa: PLC0415
    from maskbench.export import export  # noqa: PLC0415
    from maskbench.export.source import Source  # noqa: PLC0415
    from maskbench.versions import sibling  # noqa: PLC0415

    options = {} if args.shard_size is None else {"shard_mb": args.shard_size}
    if options and (args.form != "webdataset" or not args.shard_size > 0):
        raise MaskbenchError("--shard-size is for webdataset, in megabytes above 0")
    data, annotations = args.data, args.data.parent / "annotations"
    if args.rev:
        data = sibling(data, args.rev)
        annotations = sibling(annotations, args.rev) if args.form in _REGIONS else None
    threshold = _brush_threshold(Path("params.yaml")) if args.form in _REGIONS else 128
    source = Source(Benchmark(data), annotations, threshold)
    print(f"{export(args.form, source, args.out, **options)}: {args.out}")
    return 0


def _brush_threshold(params: Path) -> int:
    from maskbench.params import load_params  # noqa: PLC0415

    return load_params(params).rasterize.brush_threshold if params.is_file() else 128
