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
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from curves import ARMS, RANK, report, write
from rooms import Frame, frames
from torch import nn
from unet import UNet

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

VIDEOS, LENGTH, TESTED = 24, 4, 40
"""Videos that may be labelled and their frames; test videos, of which one frame each is taken."""


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


class Loop:
    """A project, and the repository that is built from it.

    Args:
        job: The seed, the server and the folders.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.api = job, Api(job.server, job.key)
        self.truth = {frame.scene.file: frame for frame in _collection(job.seed)}
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
        tasks = []
        for file, frame in self.truth.items():
            subset = "test" if frame.video.startswith("test") else "train"
            image = f"/data/local-files/?d=frames/{file}"
            tasks.append({"data": {"image": image, "video": frame.video, "subset": subset}})
        numbers = self.api.import_tasks(self.project, tasks)
        return dict(zip(numbers, self.truth.values(), strict=True))

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
        model = train(labelled, self.job.seed)
        found = score(model, Benchmark(data, "test"))
        what = f"seed {self.job.seed}, {self.job.arm}, {len(labelled)} labels: mean IoU {found:.3f}"
        print(f"{time.monotonic() - began:3.0f} s  {what}", file=sys.stderr)
        return model, found

    def rank(self, model: nn.Module, version: str) -> list[int]:
        """Push a model's predictions of unlabelled frames; return the tasks to label next."""
        self.maskbench("predictions", "tasks", "unlabelled")
        predicted = self.root / version
        predicted.mkdir()
        for path in sorted((self.root / "unlabelled").glob("*.png")):
            np.save(predicted / f"{path.stem}.npy", probabilities(model, load_scene(path)))
        self.maskbench("predictions", "push", version, "--model-version", version, "--show")
        batch = ("--batch", str(self.job.batch))
        self.maskbench("rank", version, *batch, "--csv", "next.csv", "--push")
        with (self.root / "next.csv").open(encoding="utf-8") as table:
            return [int(row["task"]) for row in csv.DictReader(table)][: self.job.batch]

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


def _collection(seed: int) -> list[Frame]:
    """Return the frames of a seed: those that may be labelled, and those of the test."""
    return [*frames(seed, "pool", VIDEOS, LENGTH), *frames(seed, "test", TESTED, 1)]


def _allow_local_files(api: Api, project: int, files: Path) -> None:
    body = {"project": project, "path": str(files / "frames"), "regex_filter": "none"}
    api.call("POST", "/api/storages/localfiles/", json={**body, "use_blob_urls": True})


def train(benchmark: Benchmark, seed: int, steps: int = 120) -> nn.Module:
    """Train a U-Net at half the images' size, from random weights.

    Args:
        benchmark: The images to train on, all of one size.
        seed: For weights and batches.
        steps: Batches of eight images.
    """
    images = _tensor(np.stack([benchmark.scene(key) for key in benchmark.keys]))
    masks = np.stack([benchmark.mask(key) for key in benchmark.keys])[:, ::2, ::2]
    classes = torch.from_numpy(masks.astype(np.int64))
    torch.manual_seed(seed)
    model = UNet(len(benchmark.classes), (8, 16, 32))
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    for _ in range(steps):
        batch = torch.randint(len(images), (8,))
        some, truth = images[batch], classes[batch]
        if torch.rand(()) < 0.5:
            some, truth = some.flip(3), truth.flip(2)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(some), truth).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def _tensor(images: np.ndarray[Any, np.dtype[np.uint8]]) -> torch.Tensor:
    """Return images (N, H, W, 3) as a tensor (N, 3, H / 2, W / 2) around 0."""
    floats = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - 0.5
    return nn.functional.avg_pool2d(floats, 2)


def probabilities(
    model: nn.Module, image: np.ndarray[Any, np.dtype[np.uint8]]
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the probability of each class at each pixel, (classes, H, W)."""
    with torch.no_grad():
        scores = model(_tensor(image[None]))
        full = nn.functional.interpolate(scores, size=image.shape[:2], mode="bilinear")
        return full[0].softmax(dim=0).numpy()


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


def run(folder: Path, seeds: int, rounds: int, batch: int) -> dict[str, list[list[float]]]:
    """Return the scores of each arm, a list for each seed."""
    files = folder / "files"
    (files / "frames").mkdir(parents=True)
    for seed in range(seeds):
        for frame in _collection(seed):
            (files / "frames" / frame.scene.file).write_bytes(frame.scene.encoded())
    processes = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    with Server.start(folder / "server", None, files) as server, processes as pool:
        where = (server.url, server.legacy_token, files, folder)
        jobs = [Job(s, arm, *where, rounds, batch) for s in range(seeds) for arm in ARMS]
        curves = list(pool.map(curve, jobs))
    pairs = list(zip(jobs, curves, strict=True))
    return {arm: [scores for job, scores in pairs if job.arm == arm] for arm in ARMS}


def main() -> None:
    """Run all seeds, print the table and write the curve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=4, help="frames labelled in a round")
    parser.add_argument("--out", type=Path, default=Path("runs/active_learning"))
    args = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        scores = run(Path(folder), args.seeds, args.rounds, args.batch)
    labels = [START + number * args.batch for number in range(args.rounds + 1)]
    print(report(labels, scores))
    write(args.out, labels, scores)
    print(f"\n{time.monotonic() - began:.0f} s; the curve is in {args.out / 'curve.png'}")


if __name__ == "__main__":
    main()
