"""Convert the benchmark to a format of other tools, such as COCO or WebDataset.

Instance formats hold the drawn regions and need data/annotations (`dvc pull fetch`); the others
hold the masks.

  maskbench export coco exports/coco
  maskbench export hf exports/hf --rev v1.2
  maskbench export webdataset exports/shards --shard-size 100
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from maskbench.dataset import Benchmark
from maskbench.errors import CommandError
from maskbench.export import export, find_formats
from maskbench.export.source import ExportSource
from maskbench.pipeline.layout import find_benchmark, find_root
from maskbench.versions.download import sibling

if TYPE_CHECKING:
    from maskbench.params import RasterizeParams


def configure(parser: ArgumentParser) -> None:
    """Add the arguments, with the options of each format."""
    formats = find_formats()
    parser.epilog = "\n".join(["formats:", *map(_summary, formats, formats.values())])
    parser.add_argument("form", metavar="FORMAT", choices=list(formats), help="one of those below")
    parser.add_argument("out", metavar="OUT", type=Path, help="a new or empty folder")
    parser.add_argument("--data", type=Path, help="default: data/benchmark of the repository")
    parser.add_argument("--rev", help="export this tag, branch or commit")
    for name, module in formats.items():
        for option in module.OPTIONS:
            parser.add_argument(
                option.flag,
                dest=option.name,
                metavar=option.unit.upper(),
                type=float,
                help=f"{name}: {option.help}",
            )


def _summary(name: str, module: ModuleType) -> str:
    """Return a format's line in the help text."""
    first = (module.__doc__ or "").partition("\n")[0]
    kind = "instances" if module.NEEDS_REGIONS else "masks"
    return f"  {name:<12}{first} [{kind}]"


def run(args: Namespace) -> int:
    """Export and print one line; return the exit status."""
    form, options = find_formats()[args.form], _options(args)
    here, annotations, params = args.data or find_benchmark(), None, None
    data = sibling(here, args.rev) if args.rev else here
    if args.rev and form.NEEDS_REGIONS:
        annotations = sibling(here.parent / "annotations", args.rev)
        params = _rasterize_params(here, args.rev)
    source = ExportSource(Benchmark(data), annotations, params)
    print(f"{export(args.form, source, args.out, **options)}: {args.out}")
    return 0


def _options(args: Namespace) -> dict[str, float]:
    """Return the format's options that were given.

    Raises:
        CommandError: An option is another format's, or its number is not above 0.
    """
    given: dict[str, float] = {}
    for name, module in find_formats().items():
        for option in module.OPTIONS:
            value = getattr(args, option.name)
            if value is not None and (args.form != name or not value > 0):
                raise CommandError(f"{option.flag} is for {name}, in {option.unit} above 0")
            if value is not None:
                given[option.name] = value
    return given


def _rasterize_params(data: Path, rev: str) -> "RasterizeParams":
    """Return how regions became pixels in a version of the repository that ``data`` lies in."""
    from maskbench.versions.dvc import DvcRepository
    from maskbench.versions.revision import Version

    root = find_root(data)
    return Version(root, rev, DvcRepository(root)).params.rasterize
