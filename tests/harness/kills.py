"""Kill builds at random moments; every next ``dvc repro`` makes an undisturbed build's bytes.

  python -m tests.harness.kills --count 200 --seed 1 --json kills.json

At each moment ``SIGKILL`` hits ``dvc repro`` or a stage alone, with all its processes or only the
first one (its children live on while the next run begins), at a random time or as soon as files of
a kind are written. A quarter of the time the next run is killed as well. A fifth of the moments
is on a real Label Studio behind a proxy that does harm. Exit status 1 if a build was not as good as
undisturbed; ``steps`` counts where DVC's own files had to be mended first, and how.
"""

import argparse
import glob
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import psutil

from tests.harness import worlds

STAGES = ("fetch", "rasterize", "combine", "split", "quality")
AIMS = {
    "staged": ("data/.maskbench/*/staging/*", "data/.maskbench/*/staging/*/*/*"),
    "published": (
        "data/annotations", "data/images", "data/label_sets", "data/benchmark/masks",
        "data/benchmark/scenes", "data/benchmark/splits",
    ),
    "tables": ("metrics", "plots", "data", "data/benchmark"),
    "records": ("data/.maskbench/*", "data/.maskbench/*/*.json", "data/.maskbench/*/*.jsonl"),
    "downloads": ("data/.maskbench/fetch/downloads",),
    "dvc.lock": ("dvc.lock",),
    "rwlock": (".dvc/tmp/rwlock",),
    "cache": (".dvc/cache/files/md5", ".dvc/cache/files/md5/*"),
}  # fmt: skip
"""What a kill waits for: that files or folders of these names change, so and so often."""

OF_DVC = {"dvc.lock", "rwlock", "cache"}
SURVIVORS_END = 20.0
"""Seconds after which processes that outlived the first one must have ended by themselves."""

STEPS = {
    "rm .dvc/tmp/rwlock": re.compile(r"Unable to read RWLock-file"),
    "git checkout dvc.lock": re.compile(r"dvc\.lock' (validation failed|is invalid)"),
}
"""What DVC needs after a kill in the middle of its own writing, and its message then."""


@dataclass(frozen=True)
class Moment:
    """When and how to kill what.

    Attributes:
        source: ``folder`` or ``server``.
        build: One of :data:`tests.harness.worlds.BUILDS`.
        command: ``repro``, or the stage that runs alone.
        victim: ``group``: all its processes; ``first``: only the one that was started.
        aim: Which files to wait for; empty: a time.
        share: The time, as a share of an undisturbed run's; after an aim, milliseconds.
        change: How many changes of the files to wait for.
        twice: Whether the next run is killed, too, at a time.
    """

    source: str
    build: str
    command: str
    victim: str
    aim: str
    share: float
    change: int
    twice: bool

    def __str__(self):
        when = f"change {self.change} of {self.aim}" if self.aim else f"{self.share:.0%}"
        return (
            f"{self.command} on {self.source}, {self.build}: {self.victim} at {when}"
            f"{', twice' * self.twice}"
        )


def moments(count, seed, server_share=0.2):
    """So many moments, the same for the same seed; sorted, as inputs change from build to build."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        source = "server" if number < count * server_share else "folder"
        build = worlds.BUILDS[number % len(worlds.BUILDS)]
        command = chance.choice(("repro", "repro", "repro", *STAGES))
        if source == "server" and chance.random() < 0.3:
            command = "fetch"
        aims = ["staged", "published", "tables", "records"]
        aims += sorted(OF_DVC) if command == "repro" else []
        aims += ["downloads"] if source == "server" and command in ("repro", "fetch") else []
        made.append(
            Moment(
                source, build, command,
                victim=chance.choice(("group", "first")),
                aim=chance.choice(aims) if chance.random() < 0.5 else "",
                share=chance.random(),
                change=chance.choice((1, 1, 2, 3, 5)),
                twice=chance.random() < 0.25,
            )
        )  # fmt: skip
    return sorted(made, key=lambda m: (m.source == "folder", worlds.BUILDS.index(m.build)))


@dataclass
class Tally:
    """What a run came to."""

    seconds: float = 0.0
    kills: int = 0
    survived: int = 0
    missed: int = 0  # moments at which every run had ended already: nothing was tried
    by: dict = field(default_factory=lambda: {name: Counter() for name in _KINDS})
    steps: Counter = field(default_factory=Counter)
    findings: list = field(default_factory=list)

    def add(self, moment, stage):
        self.kills += 1
        kinds = (moment.command, moment.build, moment.source, moment.victim)
        for name, value in zip(_KINDS, (*kinds, moment.aim or "a time", stage), strict=True):
            self.by[name][value] += 1

    def __str__(self):
        lines = [
            f"{self.kills} kills in {self.seconds:.0f} s; after {self.survived} moments of "
            f"{self.survived + len(self.findings)} the next build was as good as undisturbed"
        ]
        for name, counts in self.by.items():
            lines.append(f"  by {name}: {', '.join(f'{n} {k}' for k, n in counts.most_common())}")
        lines += [f"  {n} times DVC needed a step first: {k}" for k, n in self.steps.items()]
        lines.append(f"  {self.missed} missed, {len(self.findings)} findings")
        return "\n".join([*lines, *(json.dumps(finding) for finding in self.findings)])


_KINDS = ("command", "build", "source", "victim", "aim", "stage")


class Running:
    """A command of a repository in a session of its own."""

    def __init__(self, repository, command):
        words = ["dvc", "repro"] if command == "repro" else ["python", f"stages/{command}.py"]
        self.log = repository.root.parent / "log"
        with self.log.open("ab") as log:
            log.write(f"{command}\n".encode())
            self.process = subprocess.Popen(
                words, cwd=repository.root, env=repository.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.repository, self.command = repository, command

    def ended(self):
        return self.process.poll() is not None

    def wait_for(self, moment, length):
        """Return at the moment; False if the command ended before."""
        begun, seen, changes = time.monotonic(), self._look(moment), 0
        while not self.ended():
            if not moment.aim and time.monotonic() - begun >= moment.share * length:
                return True
            if moment.aim:
                now = self._look(moment)
                changes += now != seen
                seen = now
                if changes >= moment.change:
                    time.sleep(moment.share / 1000 if moment.share > 0.5 else 0)
                    return True
            time.sleep(0.0001 if moment.aim else 0.001)
        return False

    def _look(self, moment):
        found = []
        for pattern in AIMS.get(moment.aim, ()):
            path = f"{self.repository.root}/{pattern}"
            for name in glob.glob(path) if "*" in pattern else [path]:  # noqa: PTH207 - faster
                try:
                    status = os.stat(name)  # noqa: PTH116 - likewise
                except OSError:
                    continue
                found.append((name, status.st_ino, status.st_size, status.st_mtime_ns))
        return found

    def kill(self, victim):
        """SIGKILL the first process, or all; returns the stage that ran."""
        (os.killpg if victim == "group" else os.kill)(self.process.pid, signal.SIGKILL)
        self.process.wait()
        text = self.log.read_text(errors="replace").rpartition(f"{self.command}\n")[2]
        named = [line.split("'")[1] for line in text.splitlines() if line.startswith("Running st")]
        return self.command if self.command != "repro" else (named or ["before the first"])[-1]

    def survivors(self):
        """Processes of the session that live on."""
        found = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.process.pid:
                    found.append(process)
            except (ProcessLookupError, psutil.Error):
                continue
        return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


class Trial:
    """One moment on one repository."""

    def __init__(self, world, moment, length):
        self.world, self.moment, self.length = world, moment, length
        done = () if moment.command == "repro" else STAGES[: STAGES.index(moment.command)]
        self.repository = world.start(done)
        self.killed = []

    def strike(self, moment):
        """Run and kill; returns the stage that ran, or None if the run ended before."""
        running = Running(self.repository, moment.command)
        if not running.wait_for(moment, self.length(moment.command)):
            running.process.wait()
            return None
        stage = running.kill(moment.victim)
        self.killed.append(running)
        return stage

    def recover(self, steps):
        """``dvc repro`` until it ends well, with the steps that DVC needs; what is wrong, if so."""
        for _ in range(3):
            done = self.repository.dvc("repro", check=False)
            said = done.stdout + done.stderr
            if done.returncode == 0:
                return self._compare()
            step = next((name for name, text in STEPS.items() if text.search(said)), None)
            if step is None:
                break
            steps[step] += 1
            if self.repository.run(*step.split(), check=False).returncode:
                (self.repository.root / "dvc.lock").unlink()  # nothing was committed yet
        return f"the next dvc repro ended with status {done.returncode}:\n{said[-1500:]}"

    def _compare(self):
        """What is wrong with the build, now and when all survivors have ended."""
        first = self._differences()
        deadline = time.monotonic() + SURVIVORS_END
        while (alive := self._alive()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in alive:
            process.kill()
        wrong = [f"outlived the first process for good: {p.pid}" for p in alive]
        return "; ".join(first + wrong + (self._differences() if not first else []))

    def _alive(self):
        return [process for running in self.killed for process in running.survivors()]

    def _differences(self):
        expected = self.world.expected
        different = worlds.describe(self.repository, expected)
        checks = {
            "other bytes": different,
            "left over": ", ".join(worlds.leftovers(self.repository)),
            "damaged in DVC's cache": ", ".join(worlds.damaged_objects(self.repository)),
        }
        return [f"{name}: {found}" for name, found in checks.items() if found]

    def clear(self):
        for process in self._alive():
            process.kill()
        shutil.rmtree(self.repository.root.parent)


class Harness:
    """Tries moments, one after the other, on worlds below a folder.

    ``server`` is a Label Studio that runs; None starts one if a moment is on a server.
    """

    def __init__(self, folder, seed=1, report=lambda text: None, server=None):
        self.folder, self.report, self.server = folder, report, server
        self.chance = random.Random(seed)
        self.tally = Tally()
        self.lengths = {}

    def run(self, wanted, seconds=float("inf")):
        """Try all moments, or as many as fit into so many seconds; returns the tally."""
        self.begun = time.monotonic()
        for source in dict.fromkeys(moment.source for moment in wanted):
            folder = self.folder / source
            if source == "server":
                world = worlds.ServerWorld(folder, self.server)
            else:
                world = worlds.FolderWorld(folder)
            world.begin()
            try:
                for build in dict.fromkeys(m.build for m in wanted if m.source == source):
                    world.change(build)
                    for moment in wanted:
                        late = time.monotonic() - self.begun > seconds
                        if (moment.source, moment.build) == (source, build) and not late:
                            self.try_one(world, moment)
            finally:
                world.close()
        return self.tally

    def try_one(self, world, moment):
        """Kill at one moment; sooner, if the run ends before."""
        for attempt in range(6):
            trial = Trial(world, moment, lambda command: self.length(world, command))
            world.disturb(self.chance)
            stage = trial.strike(moment)
            if stage is not None:
                wrong = self._go_on(world, trial, moment, stage)
                trial.clear()
                break
            trial.clear()
            sooner = {"aim": moment.aim if attempt < 2 else "", "change": 1}
            moment = replace(moment, **sooner, share=moment.share * 0.5)
        else:
            self.tally.missed += 1
            return
        if wrong:
            self.tally.findings.append({**asdict(moment), "wrong": wrong})
        self.tally.survived += not wrong
        self.tally.seconds = time.monotonic() - self.begun
        self.report(f"{self.tally.survived:4} {moment}{': ' * bool(wrong)}{wrong}")

    def _go_on(self, world, trial, moment, stage):
        """After the first kill: perhaps a second one, then the run that must succeed."""
        self.tally.add(moment, stage)
        if moment.twice:
            again = replace(
                moment, command="repro", aim="", share=self.chance.random(), victim="group"
            )
            world.disturb(self.chance)
            stage = trial.strike(again)
            if stage is not None:
                self.tally.add(again, stage)
        world.disturb(self.chance)
        return trial.recover(self.tally.steps)

    def length(self, world, command):
        """Seconds that the command takes undisturbed: measured once for each kind of build."""
        key = (world.name, world.clean, command)
        if key not in self.lengths:
            trial = Trial(world, Moment(*key[:2], command, "", "", 0, 0, False), None)
            begun = time.monotonic()
            running = Running(trial.repository, command)
            running.process.wait()
            self.lengths[key] = time.monotonic() - begun
            trial.clear()
        return self.lengths[key]


def _tell(text, tally, args):
    """Print, and write the figures so far: a run of half an hour may be cut short."""
    print(text, flush=True)
    if args.json:
        figures = vars(tally) | {"seed": args.seed, "moments": args.count}
        args.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="moments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server-share", type=float, default=0.2, help="on a Label Studio")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after that long")
    args = parser.parse_args()
    wanted = moments(args.count, args.seed, args.server_share)
    with tempfile.TemporaryDirectory() as folder:
        harness = Harness(Path(folder), args.seed)
        harness.report = lambda text: _tell(text, harness.tally, args)
        tally = harness.run(wanted, args.seconds)
    _tell(str(tally), tally, args)
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
