"""Where labels come from: drawn, corrected or accepted."""

import json

import pytest

from maskbench.labelstudio.export import essential, parse_task
from maskbench.labelstudio.stored import parse_stored_task, task_json
from maskbench.regions.task import label_origin
from tests.exports import annotation, box, task

SHOWN = {"id": 5, "model_version": "m1", "result": ["long"]}


def regions(*origins):
    return [box(["Canvas"], 0, 0, 50, 50 + i, number=i, origin=o) for i, o in enumerate(origins)]


@pytest.mark.parametrize(
    ("origins", "about", "expected"),
    [
        (["manual"], {}, ("drawn", None, None)),
        (["manual"], {"prediction": SHOWN}, ("drawn", None, None)),  # on show, but not taken
        ([], {}, ("drawn", None, None)),
        (["prediction"], {"parent_prediction": 5, "prediction": SHOWN}, ("accepted", 5, "m1")),
        (["prediction"], {"prediction": SHOWN}, ("accepted", 5, "m1")),  # the prediction is gone
        (["prediction"], {"parent_prediction": 6, "prediction": SHOWN}, ("accepted", 6, None)),
        (["prediction"], {}, ("accepted", None, None)),
        (["prediction", "prediction-changed"], {"parent_prediction": 5}, ("corrected", 5, None)),
        (["prediction", "manual"], {"parent_prediction": 5}, ("corrected", 5, None)),
        ([], {"parent_prediction": 5}, ("corrected", 5, None)),  # all of it was deleted
        (["prediction"], {"parent_prediction": "x", "prediction": "y"}, ("accepted", None, None)),
    ],
)
def test_where_labels_come_from(origins, about, expected):
    raw = task(1, annotation(1, regions(*origins), **about))
    for value in (raw, essential(raw)):
        [found] = parse_task(value).annotations
        assert (label_origin(found), found.parent_prediction, found.model_version) == expected
    assert parse_stored_task(task_json(parse_task(raw)), "a.json") == parse_task(raw)


def test_drawn_labels_keep_their_stored_bytes():
    [stored] = json.loads(task_json(parse_task(task(1, annotation(1, regions("manual"))))))[
        "annotations"
    ]
    assert not {"parent_prediction", "model_version"} & stored.keys()
    assert "origin" not in stored["regions"][0]
