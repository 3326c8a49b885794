"""Labels under other names than their classes: through the stages, and lines to paste."""

import json

import numpy as np
import pytest

from maskbench.errors import DataError
from maskbench.files.masks import read_mask
from maskbench.files.yaml import parse_yaml
from maskbench.params import load_params
from tests.exports import annotation, box, region, task, write_export
from tests.pasting import paste, team_params
from tests.pipeline.test_build import contents, run

POINT = region("keypoint", ["Corner"], {"x": 50, "y": 50, "width": 1}, number=9)


def export(canvas, obstruction):
    """Two tasks whose labels have these names, and a key point."""
    return [
        task(
            number,
            annotation(
                number,
                [
                    box([canvas], 10, 10, 60, 70),
                    box([obstruction], 40, 30, 90, 80, number=2),
                    POINT,
                ],
            ),
        )
        for number in (1, 2)
    ]


def test_old_names_give_the_masks_of_new_names(tmp_path):
    write_export(tmp_path / "new/source", export("Canvas", "Obstruction"))
    run(tmp_path / "new", tmp_path / "new/source")
    tasks = [export("Painting", "Plant")[0], export("Poster", "Obstruction")[1]]
    write_export(tmp_path / "old/source", tasks)
    aliases = {"Painting": "Canvas", "Poster": "Canvas", "Plant": "Obstruction", "Tree": "Canvas"}
    run(
        tmp_path / "old",
        tmp_path / "old/source",
        rasterize={"label_aliases": {**aliases, "Corner": None}},
    )
    new, old = contents(tmp_path / "new"), contents(tmp_path / "old")
    same = ("data/benchmark/", "data/label_sets/")
    assert {k: v for k, v in old.items() if k.startswith(same)} == {
        k: v for k, v in new.items() if k.startswith(same)
    }
    metrics = json.loads((tmp_path / "old/metrics/rasterize.json").read_text())
    assert metrics["aliases"] == {
        "Corner → (left out)": 2,
        "Painting → Canvas": 1,
        "Plant → Obstruction": 1,
        "Poster → Canvas": 1,
        "Tree → Canvas": 0,
    }
    assert metrics["regions"] == {"Canvas": 2, "Obstruction": 2}
    assert metrics["dropped"]["left_out"] == 2
    dropped = (tmp_path / "old/plots/dropped.csv").read_text()
    assert "000001_scene_1,1,1,r9,Corner,left_out" in dropped


def test_masks_that_aliases_empty_stop_the_build(tmp_path):
    write_export(tmp_path / "source", export("Note", "Note"))
    with pytest.raises(DataError, match="have only labels that rasterize"):
        run(tmp_path, tmp_path / "source", rasterize={"label_aliases": {"Note": None}})


def sections(file):
    return {name: value for name, value in parse_yaml(file.read_text()).items() if name != "fetch"}


@pytest.mark.parametrize("name", ["No", "010", "a: b #c", "😀", "'t Hof"])
def test_pasting_what_the_messages_say_builds(tmp_path, name):
    write_export(tmp_path / "source", export(name, "obstructions "))
    file = tmp_path / "params.yaml"
    file.write_text(team_params({"Background": 0, "Canvas": 1, "Obstruction": 2}))
    for _ in range(2):  # labels, then combinations
        with pytest.raises(DataError) as caught:
            run(tmp_path, tmp_path / "source", **sections(file))
        file.write_text(paste(file.read_text(), str(caught.value)))
    run(tmp_path, tmp_path / "source", **sections(file))
    params = load_params(file)
    mask = read_mask(tmp_path / "data/benchmark/masks/000001_scene_1.png")
    both = "+".join(sorted([name, "Obstruction"]))
    classes = ("Background", name, "Obstruction", both)
    assert set(np.unique(mask).tolist()) == {params.labels_map[label] for label in classes}
