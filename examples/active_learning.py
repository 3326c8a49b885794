"""Label what a model is unsure of, or at random: which makes the better model from as few labels?

    python examples/active_learning.py                        # under five minutes on two cores
    python examples/active_learning.py --seeds 8 --rounds 4

For each seed there is a new collection of short videos (see rooms.py). A small U-Net is trained on
a few labelled frames. Then, round by round, its predictions are pushed into a Label Studio of this
script's own, `maskbench rank` chooses a batch, a script that knows the truth corrects it,
`maskbench refresh` builds the next version, and the model is trained again. Beside it, the same
with batches chosen at random. Both are scored on the same test images, which nobody touches.

Prints a table with 95 % intervals of Student's t over the seeds; writes ``curve.csv`` and
``curve.png`` to --out.
"""

import argparse
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from curves import ARMS, RANK, Scores, report, write
from rooms import Frame, frames
from torch import nn
from unet import probabilities, train

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))

import maskbench
from label_studio import Server
from label_studio_api import Api, Json
from maskbench.dataset import Benchmark, load_scene
from maskbench.evaluate import evaluate
from sample.annotations import result

SETUP = """<View><Image name="image" value="$image"/>
<PolygonLabels name="polygon" toName="image"><Label value="Canvas"/><Label value="Obstruction"/>
</PolygonLabels></View>"""

PARAMS = """\
fetch:
  server: {server}
  project: {project}
  snapshot: start
labels_map: {{Background: 0, Canvas: 1, Obstruction: 2, ObstructedCanvas: 3}}
multi_label_rules:
  obstructed_canvas: {{when: [Canvas, Obstruction], then: ObstructedCanvas}}
rasterize: {{annotation: [latest], overlap: keep, all_touched: false, brush_threshold: 128}}
combine: {{unmatched: error, priority: [], mask_format: png}}
split:
  ratios: {{train: 0.6, valid: 0.2, test: 0.2}}
  group_by: {{field: video}}
  published: {{field: subset}}
  salt: rooms
"""

START = 4
"""Frames that are labelled before the first round."""

LENGTH, TESTED = 4, 40
"""Frames of a video that may be labelled; test videos, of which one frame each is taken."""


@dataclass(frozen=True)
class Job:
    """One curve: a seed, how batches are chosen, and where."""

    seed: int
    arm: str
    server: str
    key: str
    files: Path
    folder: Path
    rounds: int
    batch: int
    videos: int
    steps: int


class Loop:
    """A project, and the repository that is built from it.

    Args:
        job: The seed, the server and the folders.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.api = job, Api(job.server, job.key)
        self.root = job.folder / f"{job.arm}-{job.seed}"
        self.project = self.api.create_project(self.root.name, SETUP)
        _allow_local_files(self.api, self.project, job.files)
        self.frames = self._fill()
        first = [t for t, frame in self.frames.items() if frame.video.startswith("test")]
        pool = [task for task in self.frames if task not in first]
        chosen = np.random.default_rng(job.seed).choice(pool, START, replace=False).tolist()
        self.unlabelled = [task for task in pool if task not in chosen]
        for task in (*first, *chosen):
            self.api.annotate(task, result(self.frames[task].scene))
        self._begin(job.server)

    def _fill(self) -> dict[int, Frame]:
        """Import a task for each frame; return the frames by task."""
        all_frames, tasks = collection(self.job.seed, self.job.videos), []
        for frame in all_frames:
            subset = "test" if frame.video.startswith("test") else "train"
            image = f"/data/local-files/?d=frames/{frame.scene.file}"
            tasks.append({"data": {"image": image, "video": frame.video, "subset": subset}})
        numbers = self.api.import_tasks(self.project, tasks)
        return dict(zip(numbers, all_frames, strict=True))

    def _begin(self, server: str) -> None:
        """Make the repository and its first version."""
        pin = f"maskbench=={maskbench.__version__}"
        source = ("--server", server, "--project", str(self.project), "--maskbench", pin)
        self.root.mkdir(parents=True)
        self.maskbench("init", ".", *source)
        params = PARAMS.format(server=server, project=self.project)
        (self.root / "params.yaml").write_text(params, encoding="utf-8")
        self.refresh()

    def refresh(self) -> None:
        """Fetch the labels and build the next version."""
        self.maskbench("refresh")

    def maskbench(self, *words: str) -> None:
        """Run a command of maskbench in the repository; show what it says only if it fails.

        Raises:
            RuntimeError: It fails.
        """
        command = [sys.executable, "-m", "maskbench", *words]
        environment = {**os.environ, "LABEL_STUDIO_API_KEY": self.job.key}
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"maskbench {' '.join(words)}:\n{done.stdout}\n{done.stderr}")

    def trained(self) -> tuple[nn.Module, float]:
        """Train on what is labelled; return the model and its score on the test images."""
        began, data = time.monotonic(), self.root / "data/benchmark"
        labelled = Benchmark(data, "train")
        model = train(labelled, self.job.seed, self.job.steps)
        found = score(model, Benchmark(data, "test"))
        what = f"seed {self.job.seed}, {self.job.arm}, {len(labelled)} labels: mean IoU {found:.3f}"
        print(f"{time.monotonic() - began:3.0f} s  {what}", file=sys.stderr)
        return model, found

    def rank(self, model: nn.Module, version: str) -> list[int]:
        """Push a model's predictions of unlabelled frames; return the tasks to label next."""
        images, predicted = self.root / version / "images", self.root / version / "predicted"
        self.maskbench("predictions", "tasks", str(images))
        predicted.mkdir()
        for path in sorted(images.glob("*.png")):
            np.save(predicted / f"{path.stem}.npy", probabilities(model, load_scene(path)))
        what = (str(predicted), "--model-version", version, "--show")
        self.maskbench("predictions", "push", *what)
        table = self.root / version / "next.csv"
        batch = ("--batch", str(self.job.batch))
        self.maskbench("rank", str(predicted), *batch, "--csv", str(table), "--push")
        with table.open(encoding="utf-8") as lines:
            return [int(row["task"]) for row in csv.DictReader(lines)][: self.job.batch]

    def correct(self, tasks: list[int]) -> None:
        """Annotate tasks with the truth, as somebody does who corrects what was predicted."""
        for task in tasks:
            regions = result(self.frames[task].scene)
            predictions: list[Json] = self.api.call("GET", f"/api/predictions/?task={task}")
            if predictions:
                regions = [{**region, "origin": "prediction-changed"} for region in regions]
                newest = max(prediction["id"] for prediction in predictions)
                self.api.annotate(task, regions, parent_prediction=newest)
            else:
                self.api.annotate(task, regions)
            self.unlabelled.remove(task)


def collection(seed: int, videos: int) -> list[Frame]:
    """Return the frames of a seed: those that may be labelled, and those of the test."""
    return [*frames(seed, "pool", videos, LENGTH), *frames(seed, "test", TESTED, 1)]


def paint(seed: int, videos: int, folder: Path) -> None:
    """Write the images of a seed."""
    for frame in collection(seed, videos):
        (folder / frame.scene.file).write_bytes(frame.scene.encoded())


def _allow_local_files(api: Api, project: int, files: Path) -> None:
    body = {"project": project, "path": str(files / "frames"), "regex_filter": "none"}
    api.call("POST", "/api/storages/localfiles/", json={**body, "use_blob_urls": True})


def score(model: nn.Module, test: Benchmark) -> float:
    """Return the mean IoU over the classes, as ``maskbench evaluate`` has it."""
    masks = {key: probabilities(model, test.scene(key)).argmax(axis=0) for key in test.keys}
    report = evaluate({k: mask.astype(np.uint8) for k, mask in masks.items()}, test, resamples=0)
    return float(report.summary.figures.mean[0])


def curve(job: Job) -> list[float]:
    """Go through all rounds of a job; return the score before the first and after each."""
    torch.set_num_threads(1)
    loop, random = Loop(job), np.random.default_rng(job.seed)
    model, found = loop.trained()
    scores = [found]
    for number in range(1, job.rounds + 1):
        if job.arm == RANK:
            chosen = loop.rank(model, f"round-{number}")
        else:
            chosen = random.choice(loop.unlabelled, job.batch, replace=False).tolist()
        loop.correct(chosen)
        loop.refresh()
        model, found = loop.trained()
        scores.append(found)
    return scores


def run(folder: Path, args: argparse.Namespace) -> Scores:
    """Return the scores of each arm, a list for each seed."""
    files, seeds = folder / "files", range(args.seeds)
    (files / "frames").mkdir(parents=True)
    processes = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    with processes as pool, Server.start(folder / "server", None, files) as server:
        list(pool.map(partial(paint, videos=args.videos, folder=files / "frames"), seeds))
        where = (server.url, server.legacy_token, files, folder)
        size = (args.rounds, args.batch, args.videos, args.steps)
        jobs = [Job(seed, arm, *where, *size) for seed in seeds for arm in ARMS]
        curves = list(pool.map(curve, jobs))
    found = list(zip(jobs, curves, strict=True))
    return {arm: [scores for job, scores in found if job.arm == arm] for arm in ARMS}


def main() -> None:
    """Run all seeds, print the table and write the curve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=4, help="frames labelled in a round")
    parser.add_argument("--videos", type=int, default=24, help="videos that may be labelled")
    parser.add_argument("--steps", type=int, default=120, help="batches of each training")
    parser.add_argument("--out", type=Path, default=Path("runs/active_learning"))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that `with` ends the server
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        scores = run(Path(folder), args)
    labels = [START + number * args.batch for number in range(args.rounds + 1)]
    print(report(labels, scores))
    write(args.out, labels, scores)
    print(f"\n{time.monotonic() - began:.0f} s; the curve is in {args.out / 'curve.png'}")


if __name__ == "__main__":
    main()
