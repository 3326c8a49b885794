"""The nightly recipe of docs/loop.md, run by its crontab line in the bare environment of cron."""

import re
import subprocess
import sys
from datetime import date

import pytest

from tests.labelstudio.server.fixtures import built_from, filled, png, triangle
from tests.repositories import ROOT

SECTION = (ROOT / "docs/loop.md").read_text().partition("## Every night")[2].partition("\n## ")[0]
[SCRIPT] = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
[LINE] = re.findall(r"^    (?:[\d*]+ ){5} *(.*)$", SECTION, re.MULTILINE)

TRAIN = """
import sys
from pathlib import Path
from maskbench.dataset import Benchmark
Path(sys.argv[2]).write_text(f"{len(Benchmark(sys.argv[1]).all_keys)} images")
"""
PREDICT = """
import sys
from pathlib import Path
import numpy as np
model, images, predicted = map(Path, sys.argv[1:])
assert model.read_text() == "4 images"
predicted.mkdir()
for image in images.glob("*.png"):
    chances = np.zeros((7, 30, 40), np.float32)
    chances[0], chances[1, :, :20] = 0.3, 0.7
    chances[0, :, 20:] = 1
    np.save(predicted / f"{image.stem}.npy", chances)
"""


@pytest.fixture
def place(api, studio, tmp_path):
    """A repository with the recipe's files; its project has three annotated tasks of five."""
    project, tasks = filled(api, "nights", 3)
    api.upload_images(project, {f"new_{i}.png": png(i) for i in (3, 4)})
    place = built_from(studio, project, tmp_path / "repo")
    place.project, place.tasks = project, [task["id"] for task in api.tasks(project)]
    assert place.tasks[:3] == tasks
    (place.root / ".env").write_text(f"LABEL_STUDIO_API_KEY={studio.legacy_token}\n")
    (place.root / "next_round.sh").write_text(SCRIPT)
    (place.root / "predict.py").write_text(PREDICT)
    programs = place.root / ".venv/bin"
    programs.mkdir(parents=True)
    for name, words in (("python", ""), ("maskbench", " -m maskbench"), ("dvc", " -m dvc")):
        text = f'#!/bin/sh\nPYTHONPATH="{place.root}" exec "{sys.executable}"{words} "$@"\n'
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return place


def night(place):
    """Run the crontab's line as cron does: by /bin/sh, and with next to no environment.

    Returns the exit status and what is printed on standard output.
    """
    words = ["/bin/sh", "-c", LINE.replace("/srv/benchmark", str(place.root))]
    home = {"HOME": str(place.root.parent)}
    done = subprocess.run(words, env=home, cwd="/", stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def test_each_night_with_new_labels_trains_and_fills_the_view(api, place):
    nothing = (0, "nothing changed since the last fetch\n")
    assert night(place) == nothing
    api.annotate(place.tasks[3], [triangle()])
    assert night(place)[0] == 2  # train.py is not there yet: the next night repeats the round
    (place.root / "train.py").write_text(TRAIN)
    assert night(place)[0] == 0
    found = api.call("GET", f"/api/predictions/?project={place.project}")
    assert [(each["task"], each["model_version"]) for each in found] == [
        (place.tasks[4], f"round-{date.today()}")
    ]
    views = api.call("GET", f"/api/dm/views/?project={place.project}")
    assert [view["data"]["title"] for view in views] == ["maskbench: label next"]
    assert night(place) == nothing
    api.annotate(place.tasks[4], [triangle()])  # the last task: nothing is left to predict
    assert night(place)[0] == 0
    assert (place.root / "model.pt").read_text() == "5 images"
    assert night(place) == nothing
