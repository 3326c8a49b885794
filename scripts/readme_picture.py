"""Draw the README's picture from the built sample: scene, mask, and both together, with a legend.

Run ``python scripts/readme_picture.py``; it writes docs/sample.png.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from maskbench.dataset import Benchmark
from maskbench.files.atomic import replacing
from maskbench.files.csv import read_table
from maskbench.files.masks import Mask
from maskbench.pages.palette import class_colors

SHOWN = ("mural", "crowd", "Red_Sofa_Corner")
WIDTH, HEIGHT, GAP, TEXT = 300, 200, 12, 15
PALETTE = np.array(class_colors(256), dtype=np.uint8)
INK, PAPER = (32, 36, 44), (255, 255, 255)


def fitted(image: Image.Image, resample: Image.Resampling) -> Image.Image:
    """Return the image, cut to the cell's shape at its centre and scaled."""
    scale = max(WIDTH / image.width, HEIGHT / image.height)
    size = (round(image.width * scale), round(image.height * scale))
    left, top = (size[0] - WIDTH) // 2, (size[1] - HEIGHT) // 2
    return image.resize(size, resample).crop((left, top, left + WIDTH, top + HEIGHT))


def row(picture: Image.Image, values: Mask) -> list[Image.Image]:
    """Return the scene, the coloured mask, and the mask laid over the scene."""
    colours = Image.fromarray(PALETTE[values])
    weight = np.where(values[..., np.newaxis] == 0, 0.0, 0.55)
    mixed = np.asarray(picture) * (1 - weight) + np.asarray(colours) * weight
    cells = [fitted(picture, Image.Resampling.LANCZOS), fitted(colours, Image.Resampling.NEAREST)]
    return [*cells, fitted(Image.fromarray(mixed.astype(np.uint8)), Image.Resampling.LANCZOS)]


def legend(benchmark: Benchmark, plots: Path) -> list[tuple[int, str]]:
    """Return (class value, text) of each class that occurs, with the labels that make it."""
    found = [(row["class"], row["labels"]) for row in read_table(plots / "combinations.csv")]
    lines = []
    for value, name in enumerate(benchmark.classes):
        sets = [labels for became, labels in found if became == name and " + " in labels]
        lines.append((value, name + "".join(f"  =  {labels}" for labels in sets[:1])))
    return lines


def draw(benchmark: Benchmark, plots: Path) -> Image.Image:
    """Return the whole picture."""
    chosen = [next(key for key in benchmark.keys if key.endswith(name)) for name in SHOWN]
    lines = legend(benchmark, plots)
    rows = (len(lines) + 1) // 2
    size = (3 * WIDTH + 4 * GAP, 30 + len(chosen) * (HEIGHT + GAP) + rows * 24 + GAP)
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    for column, title in enumerate(("scene", "mask", "overlay")):
        pen.text((GAP + column * (WIDTH + GAP), 8), title, INK, font)
    for index, key in enumerate(chosen):
        picture = Image.fromarray(benchmark.scene(key))
        for column, cell in enumerate(row(picture, benchmark.mask(key))):
            sheet.paste(cell, (GAP + column * (WIDTH + GAP), 30 + index * (HEIGHT + GAP)))
    _draw_legend(pen, font, lines, 30 + len(chosen) * (HEIGHT + GAP))
    return sheet


def _draw_legend(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    lines: list[tuple[int, str]],
    top: int,
) -> None:
    rows = (len(lines) + 1) // 2
    for index, (value, text) in enumerate(lines):
        x = GAP + (index // rows) * (WIDTH + 50 + GAP)
        y = top + (index % rows) * 24
        pen.rectangle((x, y + 2, x + 16, y + 18), fill=class_colors(256)[value], outline=INK)
        pen.text((x + 24, y), text, INK, font)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--benchmark", type=Path, default=Path("data/benchmark"))
    parser.add_argument("--plots", type=Path, default=Path("plots"))
    parser.add_argument("--out", type=Path, default=Path("docs/sample.png"))
    args = parser.parse_args()
    with replacing(args.out) as temporary:
        drawn = draw(Benchmark(args.benchmark), args.plots)
        picture = drawn.quantize(192, dither=Image.Dither.FLOYDSTEINBERG)
        picture.save(temporary, format="PNG", optimize=True)
    print(f"{args.out}: {args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
