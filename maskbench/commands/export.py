"""Write the benchmark in the form of another ecosystem: coco, yolo, voc or hf.

coco and yolo hold the drawn regions as instances (they need data/annotations: `dvc pull fetch`),
voc and hf the masks.

  maskbench export coco exports/coco
  maskbench export hf exports/hf --rev v1.2
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("form", metavar="FORM", choices=["coco", "hf", "voc", "yolo"])
    parser.add_argument("out", metavar="OUT", type=Path, help="a new or empty folder")
    parser.add_argument(
        "--data", type=Path, default=Path("data/benchmark"), help="default: %(default)s"
    )
    parser.add_argument("--rev", help="the benchmark of this tag, branch or commit")


def run(args: Namespace) -> int:
    """Export and print one line; returns the exit status."""
    from maskbench.dataset import Benchmark  # noqa: PLC0415 - `maskbench --help` stays quick
    from maskbench.export import export  # noqa: PLC0415
    from maskbench.export.source import Source  # noqa: PLC0415
    from maskbench.params import load_params  # noqa: PLC0415
    from maskbench.versions import sibling  # noqa: PLC0415

    data, annotations = args.data, args.data.parent / "annotations"
    if args.rev:
        data, regions = sibling(data, args.rev), args.form in ("coco", "yolo")
        annotations = sibling(annotations, args.rev) if regions else None
    params = Path("params.yaml")
    threshold = load_params(params).rasterize.brush_threshold if params.is_file() else 128
    source = Source(Benchmark(data), annotations, threshold)
    print(f"{export(args.form, source, args.out)}: {args.out}")
    return 0
