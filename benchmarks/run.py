"""Measure maskbench beside other tools; write docs/performance.md and docs/performance.svg.

Run ``python benchmarks/run.py`` for everything, ``python benchmarks/run.py tools scoring`` for some
sections only (the others stay as measured last), ``--images 5 --rounds 1`` for a quick look.

Times are wall times of whole processes, medians of interleaved rounds. maskbench and its peers each
run in an environment of their own (requirements/core.lock, peers.lock). Truth is the exact fill,
painted in the tool's order.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import workloads
from harness import CACHE, HERE, WORK, ours, prepare, python_of, recipe, theirs
from truth import area_bias, different, errors

from maskbench.files.atomic import write_text

PEERS = ("cv2", "supervision", "pillow", "pycocotools", "label-studio-sdk", "datumaro")
TOOLS = ("maskbench", "recipe", "floor", *PEERS)
TIMED = ("W1", "W2", "W3")
SMALL = {"S1": "radius 2 to 5", "S2": "radius 5 to 20"}
SECTIONS = ("tools", "small", "scaling", "incremental", "quality", "scoring")
RESULTS = CACHE / "bench/results"
TEMPLATE, DOCUMENT = HERE / "benchmarks/performance.template.md", HERE / "docs/performance.md"

QUICK = "*A quick look on few images, perhaps on a busy machine: no figures to rely on.*\n\n"

SLOW = ("pycocotools", "label-studio-sdk", "datumaro")
FEW = {"W1": 100, "W2": 60, "W3": 2}
"""The images of each workload that slow peers process, in one round."""


def timed(tool: str, root: Path, workload: workloads.Workload) -> float:
    """Return the wall seconds of a tool on a prepared workload."""
    if tool == "maskbench":
        return ours(root)
    if tool == "recipe":
        seconds = recipe(root, workload.labels)
        shutil.copy(root / "recipe/000001.png", root / "source/truth.png")  # for the floor
        return seconds
    return theirs(root, tool)


def measure(workload: workloads.Workload, images: int, rounds: int) -> list[dict[str, Any]]:
    """Return each tool's time and errors on a workload, as rows."""
    plans = [
        ([tool for tool in TOOLS if tool not in SLOW], images, rounds),
        (list(SLOW), min(images, FEW[workload.name]), 1),
    ]
    rows = []
    for tools, count, turns in plans:
        root = prepare(workload, count)
        times = [[timed(tool, root, workload) for tool in tools] for _ in range(turns)]
        for tool, taken in zip(tools, zip(*times, strict=True), strict=True):
            row = {"workload": workload.name, "tool": tool, "images": count, "rounds": turns}
            row["seconds"] = statistics.median(taken) / count
            row.update({} if tool == "floor" else vars(errors(root, tool)))
            rows.append(row)
    unlike = different(prepare(workload, images))
    pixels = images * workload.width * workload.height
    # The recipe moves shapes in the raster, and GDAL rounds: a centre on an edge may differ.
    assert unlike <= pixels * 1e-7, f"{workload.name}: {unlike} pixels differ from the recipe's"
    return sorted(rows, key=lambda row: TOOLS.index(row["tool"]))


def tools_section(images: int | None, rounds: int) -> str:
    """Measure the tools and draw the plot; return the table."""
    rows = []
    for name in TIMED:
        workload = workloads.WORKLOADS[name]
        rows += measure(workload, min(images or workload.images, workload.images), rounds)
    figures, picture = RESULTS / "tools.json", HERE / "docs/performance.svg"
    write_text(figures, json.dumps(rows, indent=1))
    words = [python_of("peers"), HERE / "benchmarks/plot.py", figures, picture]
    subprocess.run(words, check=True)
    head = "| workload | tool | ms an image | time, maskbench = 1 | wrong pixels | area bias |"
    base = {row["workload"]: row["seconds"] for row in rows if row["tool"] == "maskbench"}
    return "\n".join([head, "|---|---|--:|--:|--:|--:|", *(_tool_line(r, base) for r in rows)])


def _tool_line(row: dict[str, Any], base: dict[str, float]) -> str:
    share = row["seconds"] / base[row["workload"]]
    plural = "s" if row["images"] > 1 else ""
    once = f" ({row['images']} image{plural}, once)" if row["rounds"] == 1 else ""
    off = f"{row['wrong']:.2f} % | {row['bias']:+.2f} %" if "wrong" in row else "— | —"
    figures = f"{1000 * row['seconds']:.1f} | {share:.2f} | {off}"
    return f"| {row['workload']} | {row['tool']}{once} | {figures} |"


def small_section(images: int | None, _rounds: int) -> str:
    """Measure the bias of the areas of small objects; return the table."""
    biases: dict[str, list[float]] = {tool: [] for tool in TOOLS if tool != "floor"}
    for name in SMALL:
        workload = workloads.WORKLOADS[name]
        root = prepare(workload, min(images or workload.images, workload.images))
        for tool, found in biases.items():
            timed(tool, root, workload)
            found.append(area_bias(root, tool))
    head = "| tool | " + " | ".join(f"{text} px" for text in SMALL.values()) + " |"
    lines = [
        f"| {tool} | " + " | ".join(f"{bias:+.2f} %" for bias in found) + " |"
        for tool, found in biases.items()
    ]
    return "\n".join([head, "|---|" + "--:|" * len(SMALL), *lines])


def script_section(python: str | Path, name: str, *words: str) -> str:
    """Run a benchmark that is its own script; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    command = [python, HERE / f"benchmarks/{name}.py", *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def section(name: str, images: int | None, rounds: int) -> str:
    """Measure a section; return its Markdown."""
    few = ["--images", str(images)] if images else []
    turns = str(rounds)
    if name == "tools":
        return tools_section(images, rounds)
    if name == "small":
        return small_section(images, rounds)
    if name == "scaling":
        return script_section(sys.executable, "scaling", *few, "--rounds", turns)
    if name in ("incremental", "quality"):
        few = ["--tasks", str(10 * images)] if images else []
        return script_section(sys.executable, name, *few)
    return script_section(python_of("peers"), "evaluate")


def render(measured: Mapping[str, str]) -> str:
    """Return the document with these sections; keep the others as they are in it."""
    template = TEMPLATE.read_text()
    texts = dict.fromkeys(SECTIONS, "Not measured.") | as_it_stands(template) | measured
    for name in SECTIONS:
        template = template.replace(f"{{{name}}}", texts[name])
    return template.replace("{cores}", str(os.cpu_count()))


def as_it_stands(template: str) -> dict[str, str]:
    """Return the sections in the document, if it was made from this template."""
    pattern = re.escape(template).replace(re.escape("{cores}"), r"\d+")
    for name in SECTIONS:
        pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>.*?)")
    found = re.fullmatch(pattern, DOCUMENT.read_text(), re.DOTALL) if DOCUMENT.exists() else None
    return found.groupdict() if found else {}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "sections",
        nargs="*",
        default=SECTIONS,
        metavar="section",
        help="of these: " + ", ".join(SECTIONS),
    )
    parser.add_argument("--images", type=int, help="images a workload (default: all of them)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if unknown := set(args.sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    shutil.rmtree(WORK, ignore_errors=True)  # fetched by another version, perhaps
    for name in args.sections:
        text = section(name, args.images, args.rounds)
        if args.images:
            text = QUICK + text
        print(f"{name}\n{text}\n", flush=True)
        write_text(DOCUMENT, render({name: text}))


if __name__ == "__main__":
    main()
