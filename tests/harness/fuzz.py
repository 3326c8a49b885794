"""Damaged exports and params through the whole pipeline: refused with a message, or built right.

  python -m tests.harness.fuzz --count 50000 --seed 1

Each input runs in this process, from nothing, on a few small images, under an alarm of five
seconds of the processor's time. A *finding* is an exception that is no MaskbenchError, a hang, a
mask although the input was refused, or an accepted input whose benchmark is not whole. Findings are
written to ``--findings`` as files that go into ``tests/harness/corpus`` once mended. Exit status 1
if there are any.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from maskbench.errors import MaskbenchError
from maskbench.files.csv import read_table
from maskbench.files.masks import read_mask
from maskbench.labelstudio.stored import read_task
from maskbench.params import load_params
from maskbench.pipeline.combine import codes, combine
from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.split import split
from maskbench.regions.task import choose
from tests.harness import seeds
from tests.harness.mutations import expand, mutate_params, mutate_tasks, mutate_text

SECONDS = 5.0
LONGEST = 1_000_000
"""Characters of an error's text beyond which nobody could read it, and logs would fill."""


class Hang(BaseException):
    """The alarm went off; no ``except Exception`` may swallow it."""


class Finding(AssertionError):
    """The pipeline did what it must never do."""


@dataclass(frozen=True)
class Case:
    """One input: the text of ``export.json`` (raw bytes as surrogate escapes) and of the params.

    ``damage`` names what was done to it: changes of values, ``text``, ``params``; none: nothing.
    """

    export: str
    params: str = seeds.PARAMS
    damage: tuple[str, ...] = ()


@dataclass
class Tally:
    """What a run came to."""

    tried: int = 0
    damage: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    accepted: int = 0
    slowest: float = 0.0
    findings: list = field(default_factory=list)

    def __str__(self):
        refused = ", ".join(f"{n} by {stage}" for stage, n in sorted(self.refused.items()))
        return (
            f"{self.tried} inputs: {self.refused.total()} refused ({refused}), {self.accepted} "
            f"accepted, slowest {self.slowest:.2f} s, {len(self.findings)} findings"
        )

    def figures(self):
        """The same as a mapping, for ``--json``: an input with two kinds of damage is in both."""
        return {
            "tried": self.tried,
            "damage": dict(sorted(self.damage.items())),
            "refused": dict(sorted(self.refused.items())),
            "accepted": self.accepted,
            "slowest": round(self.slowest, 2),
            "findings": len(self.findings),
        }


@contextmanager
def alarm(seconds):
    """Raise Hang in the block after so many seconds of the processor's time, or six times as many.

    A machine that does other things as well makes nothing hang; what waits for ever does.
    """

    def ring(_signal, _frame):
        raise Hang(f"still running after {seconds:g} s")

    clocks = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
    before = {number: signal.signal(number, ring) for number in clocks}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 6 * seconds)
    try:
        yield
    finally:
        for number, clock in clocks.items():
            signal.setitimer(clock, 0)
            signal.signal(number, before[number])


class Bench:
    """One folder in which inputs are run, one after the other, each from nothing."""

    def __init__(self, folder):
        self.source = folder / "source"
        self.layout = Layout(folder / "repo")
        self.layout.root.mkdir()
        seeds.write_images(self.source)
        os.environ["MASKBENCH_WORKERS"] = "1"

    def run(self, case):
        """The stage that refused the input, or None; raises Finding, Hang or whatever escaped."""
        root = self.layout.root
        for name in ("data", "metrics", "plots"):
            shutil.rmtree(root / name, ignore_errors=True)
        export = expand(case.export).encode("utf-8", "surrogateescape")
        (self.source / "export.json").write_bytes(export)
        (root / "params.yaml").write_bytes(expand(case.params).encode("utf-8", "surrogatepass"))
        stage = "params"
        try:
            with alarm(SECONDS):
                params = load_params(root / "params.yaml")
                ours = params.fetch._replace(server=None, folder=str(self.source))
                params = params._replace(fetch=ours)
                for function in (fetch, rasterize, combine, split):
                    stage = function.__name__
                    function(params, self.layout)
        except MaskbenchError as error:
            self._check_refused(stage, error)
            return stage
        self._check_built(params)
        return None

    def _check_refused(self, stage, error):
        text = str(error)
        if len(text) > LONGEST:
            raise Finding(f"the message of {stage} has {len(text)} characters")
        text.encode("utf-8", "backslashreplace")
        benchmark = self.layout.benchmark
        if stage != "split" and any(benchmark.glob("masks/*")):
            raise Finding(f"{stage} refused the input, but there are masks")
        if any(benchmark.glob("splits/*")) or (benchmark / "manifest.csv").exists():
            raise Finding(f"{stage} refused the input, but there are splits")

    def _check_built(self, params):
        layout = self.layout
        tasks = {file.stem: read_task(file) for file in layout.annotations.glob("*.json")}
        counting = params.rasterize.annotation
        expected = {key for key, t in tasks.items() if choose(t.annotations, counting) is not None}
        masks = {file.stem: file for file in layout.benchmark.glob("masks/*")}
        rows = {row["key"]: row for row in read_table(layout.benchmark / "manifest.csv")}
        if not expected == masks.keys() == rows.keys():
            raise Finding(f"{expected} count, masks of {masks.keys()}, rows of {rows.keys()}")
        allowed = {*range(len(codes(params.labels_map))), 255}
        for key, file in masks.items():
            mask = read_mask(file)
            if mask.shape != seeds.SIZE[::-1] or not set(mask.flat) <= allowed:
                raise Finding(f"the mask of {key} has {mask.shape} and values {set(mask.flat)}")
            if sum(json.loads(rows[key]["classes"]).values()) != mask.size:
                raise Finding(f"the manifest counts other pixels for {key}")


def inputs(count, seed):
    """So many damaged inputs, the same for the same seed; now and then an undamaged one."""
    chance = random.Random(seed)
    pool = [*seeds.sample_tasks(), *seeds.made_tasks() * 2]
    for _ in range(count):
        tasks = seeds.an_export(chance, pool)
        params, damage = seeds.PARAMS, []
        kind = chance.random()
        if kind < 0.2:
            params = mutate_params(chance, params)
            damage.append("params")
        if kind > 0.1 and chance.random() < 0.98:
            damage += mutate_tasks(chance, tasks)
        if chance.random() < 0.3:  # on: what is a group's name?
            params = params.replace("group_by:", f"group_by: {chance.choice(('room', 'image'))}")
        text = json.dumps(tasks)
        if chance.random() < 0.07:
            text = mutate_text(chance, text)
            damage.append("text")
        yield Case(text, params, tuple(damage))


def fuzz(cases, folder, report=lambda finding: None, seconds=float("inf")):
    """Run all cases in a new folder; ``report`` is told each finding: (case, traceback)."""
    bench, tally, end = Bench(folder), Tally(), time.monotonic() + seconds
    for case in cases:
        if time.monotonic() > end:
            break
        begun = time.process_time()
        try:
            stage = bench.run(case)
        except KeyboardInterrupt:
            break
        except BaseException:  # a hang is none of Exception's
            tally.findings.append((case, traceback.format_exc(limit=-6)))
            report(tally.findings[-1])
        else:
            tally.accepted += stage is None
            tally.refused.update([stage] if stage else [])
        tally.tried += 1
        tally.damage.update(set(case.damage) or ["none"])
        tally.slowest = max(tally.slowest, time.process_time() - begun)
    return tally


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after that long")
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir()) / "findings")
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    args = parser.parse_args()

    def report(finding):
        args.findings.mkdir(parents=True, exist_ok=True)
        number = len(list(args.findings.glob("*.json")))
        path = args.findings / f"{args.seed}-{number:05}.json"
        path.write_text(json.dumps(asdict(finding[0]) | {"trace": finding[1]}, indent=1))
        print(f"{path}: {finding[1].strip().splitlines()[-1][:200]}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        tally = fuzz(inputs(args.count, args.seed), Path(folder), report, args.seconds)
    print(tally)
    if args.json:
        figures = {"seed": args.seed, **tally.figures()}
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
