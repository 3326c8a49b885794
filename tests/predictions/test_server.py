"""Predictions on a real Label Studio: pushed, accepted, fetched, replaced, deleted."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from maskbench.errors import DataError, MaskbenchError, SourceError, group_by_cause
from maskbench.labelstudio.server.auth import read_key
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.stored import read_task
from maskbench.pipeline.fetch import fetch
from maskbench.predictions import push as pushing
from maskbench.predictions.server import ProjectPredictions
from maskbench.predictions.versions import delete_version, list_versions
from maskbench.regions.task import label_origin
from maskbench.versions.refresh import find_changes
from tests.labelstudio.server.fixtures import triangle
from tests.predictions.conftest import SETUP
from tests.predictions.test_draw import blocks


@pytest.mark.parametrize("kind", ["brush", "polygon"])
def test_accepted_predictions_come_back_as_the_masks_that_were_pushed(loop, kind):
    keys = loop.images()
    assert sorted(keys.values()) == loop.tasks[1:]
    said = loop.predict(keys, kind=kind, tolerance=0, show=True)
    assert re.search(r"pushed 3 predictions with \d+ regions as 'm1'; Both becomes Canvas", said)
    loop.accept()
    loop.build()
    for i, key in enumerate(keys):
        mask = np.asarray(Image.open(loop.layout.benchmark / f"masks/{key}.png"))
        assert np.array_equal(mask, blocks(i))
    metrics = json.loads(loop.layout.metrics("split").read_text())
    assert metrics["models"] == {"m1": {"accepted": 3}}
    loop.proxy.forget()
    assert delete_version(loop.params, loop.layout, "m1") == "deleted 3 predictions of 'm1'"
    loop.predict(keys, version="m2")
    assert not find_changes(loop.params, loop.layout)
    fetch(loop.params, loop.layout)
    counts = loop.proxy.counts()
    assert counts["/export"] == counts["/data/"] == 0
    loop.api.annotate(loop.tasks[0], [triangle()])  # the server asks for what changed
    assert find_changes(loop.params, loop.layout).changed
    fetch(loop.params, loop.layout)
    metrics = json.loads(loop.layout.metrics("fetch").read_text())
    assert metrics["annotations"]["all"] == 5


SEPARATE = """<View><Image name="image" value="$image"/><Labels name="label" toName="image">
<Label value="Canvas"/><Label value="Obstruction"/></Labels><Rectangle name="box" toName="image"/>
<Brush name="paint" toName="image"/><Polygon name="poly" toName="image"/></View>"""


@pytest.mark.parametrize("kind", ["brush", "polygon"])
def test_labels_beside_separate_tools(loop, kind):
    loop.begin(SEPARATE)
    keys = loop.images()
    said = loop.predict(keys, kind=kind, tolerance=0)
    found = loop.predictions().values()
    regions = {(p["id"], region["id"]) for p in found for region in p["result"]}
    assert f"3 predictions with {len(regions)} regions" in said
    loop.accept()
    loop.build()
    for i, key in enumerate(keys):
        mask = np.asarray(Image.open(loop.layout.benchmark / f"masks/{key}.png"))
        assert np.array_equal(mask, blocks(i))


def test_what_people_change_is_told(loop):
    loop.predict(loop.images(), show=True)
    changed = {"origin": "prediction-changed"}
    loop.accept(edit=lambda result: [{**result[0], **changed}, *result[1:]])
    loop.build()
    files = sorted(loop.layout.annotations.glob("*.json"))
    found = [read_task(file).annotations[-1] for file in files]
    assert sorted(map(label_origin, found)) == ["corrected", "corrected", "corrected", "drawn"]
    assert {a.model_version for a in found if a.parent_prediction} == {"m1"}


def test_the_model_of_an_accepted_prediction_is_known_though_another_is_on_show(loop):
    keys = loop.images()
    loop.predict(keys)
    loop.push(version="m2", show=True)
    loop.accept("m1")
    loop.build()
    metrics = json.loads(loop.layout.metrics("split").read_text())
    assert metrics["models"] == {"m1": {"accepted": 3}}
    loop.proxy.forget()
    assert not find_changes(loop.params, loop.layout)
    assert not any("/api/predictions/" in path for _, path, _ in loop.proxy.requests)


def test_the_same_version_again_replaces_its_tasks_and_no_others(loop):
    keys = loop.images()
    first, second, third = keys
    loop.predict(keys)
    loop.predict([first], version="m10")
    before = loop.predictions()
    (loop.folder / f"{third}.png").unlink()
    loop.predict([second, first])
    after = loop.predictions()
    assert after.keys() == before.keys()
    assert after[keys[third]]["id"] == before[keys[third]]["id"]
    assert after[keys[first]]["id"] != before[keys[first]]["id"]
    assert after[keys[first]]["result"] != before[keys[first]]["result"]
    said = list_versions(loop.params, loop.layout)
    assert said.splitlines() == [
        f"project {loop.project}: 'm1', 3 predictions",
        f"project {loop.project}: 'm10', 3 predictions",
    ]
    with pytest.raises(MaskbenchError, match=r"no project has predictions of 'm2'; known: m1, m10"):
        delete_version(loop.params, loop.layout, "m2")


def test_a_push_that_stops_goes_on_and_doubles_nothing(loop, monkeypatch):
    monkeypatch.setattr(pushing, "CHUNK", 1)
    keys = loop.images()
    path = "/import/predictions"
    loop.proxy.fail(path, 403, skip=2)
    with pytest.raises(SourceError, match="this key may not change predictions, only read"):
        loop.predict(keys)
    sent = loop.predictions()
    assert len(sent) == 2
    loop.proxy.fail(path, "cut")  # it is done, but nobody hears of it
    assert "pushed 1 prediction" in loop.push()
    found = loop.predictions()
    assert len(found) == 3
    assert {task: found[task]["id"] for task in sent} == {t: p["id"] for t, p in sent.items()}


def test_what_a_server_drops_is_named_and_sent_again(loop):
    keys = loop.images()
    loop.proxy.fail("/import/predictions", "half")
    with pytest.raises(DataError) as caught:
        loop.predict(keys)
    what = "2 predictions of 3 did not arrive; run the same command to send only these"
    assert what in str(caught.value)
    assert [p.what for p in caught.value.problems] == [
        "the server dropped it without saying why"
    ] * 2
    [sent] = loop.predictions()
    assert sent not in {problem.task for problem in caught.value.problems}
    assert "pushed 2 predictions" in loop.push()
    assert len(loop.predictions()) == 3


def test_a_label_that_the_setup_lacks_is_named_and_nothing_is_sent(loop):
    loop.begin(SETUP.replace('<Label value="Obstruction"/>', ""))
    with pytest.raises(DataError, match="nothing was sent") as caught:
        loop.predict(loop.images())
    text = str(caught.value)
    assert "'Obstruction' cannot be drawn: the setup has no label for it" in text
    assert (
        "'Both' cannot be drawn: the rule that makes it needs labels that the setup lacks" in text
    )
    assert len(group_by_cause(caught.value.problems)) == 2
    assert text.count("3 tasks: ") == 2 and text.count(f"{next(iter(loop.images()))}.png") == 2
    assert not loop.predictions()


def test_a_task_that_is_deleted_meanwhile_is_named(loop, monkeypatch):
    keys = loop.images()
    gone = list(keys.values())[1]
    send = Client.send

    def late(client, method, path, body):
        if any(task["id"] == gone for task in loop.api.tasks(loop.project)):
            loop.api.call("DELETE", f"/api/tasks/{gone}/")
        return send(client, method, path, body)

    monkeypatch.setattr(Client, "send", late)
    with pytest.raises(DataError, match="1 prediction of 3 did not arrive") as caught:
        loop.predict(keys)
    assert [(p.task, p.what) for p in caught.value.problems] == [(gone, "the task was deleted")]
    assert len(loop.predictions()) == 2
    assert "1 prediction is of no task on the server, and left out" in loop.push()


def test_bad_predictions_are_all_named_and_nothing_is_sent(loop):
    first, second, third = loop.images()
    np.save(loop.folder / f"{first}.npy", np.full((30, 40), 9, np.uint8))
    np.save(loop.folder / f"{second}.npy", np.zeros((10, 40), np.uint8))
    np.save(loop.folder / f"{third}.npy", np.full((4, 30, 40), 7.5))
    with pytest.raises(DataError, match="nothing was sent") as caught:
        loop.push()
    assert [problem.what.partition(":")[0] for problem in caught.value.problems] == [
        "holds the value 9, which is not one of the 4 classes",
        "has 40 x 10 pixels, its image 40 x 30",
        "holds values that are not probabilities from 0 to 1",
    ]
    assert not loop.predictions()


def test_probabilities_get_a_score_and_a_dry_run_sends_nothing(loop):
    first, second, _ = keys = loop.images()
    chances = np.full((4, 30, 40), 0.1, np.float32)
    chances[1, :, :20] = chances[0, :, 20:] = 0.7
    np.savez(loop.folder / f"{first}.npz", chances)
    np.save(loop.folder / f"{second}.npy", np.moveaxis(chances, 0, 2).astype(np.float16))
    assert "would push 2 predictions with 2 regions as 'm1'" in loop.push(dry_run=True)
    assert not loop.predictions()
    loop.push(show=True)
    found = loop.predictions()
    assert [found[keys[key]]["score"] for key in (first, second)] == pytest.approx(
        [0.7, 0.7], abs=1e-3
    )
    [region] = found[keys[first]]["result"]
    assert sorted(region["value"]["points"]) == [[0, 0], [0, 100], [50, 0], [50, 100]]


def test_a_version_is_not_taken_for_one_whose_name_begins_with_it(loop):
    keys = loop.images()
    loop.predict(keys, version="m10")
    project = ProjectPredictions(
        Client(loop.proxy.url, read_key(loop.layout.root, loop.proxy.url)), loop.project
    )
    assert project.tasks_with("m10") == set(keys.values())
    assert project.tasks_with("m1") == set()
    first, *others = keys
    for key in others:
        (loop.folder / f"{key}.png").unlink()
    loop.push(version="m1")
    assert project.tasks_with("m1") == {keys[first]}


def test_no_task_has_these_names(loop):
    np.save(loop.folder / "nobody.npy", np.zeros((30, 40), np.uint8))
    with pytest.raises(DataError, match="no task of the server has an image of these names: nobo"):
        loop.push()


def test_a_version_on_show_stays_on_show_when_it_is_pushed_again(loop, monkeypatch):
    loop.predict(loop.images(), show=True)
    versions = ProjectPredictions(
        Client(loop.proxy.url, read_key(loop.layout.root, loop.proxy.url)), loop.project
    ).versions
    assert "annotators see" not in loop.push(tolerance=0)
    assert versions().shown == "m1"
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(ProjectPredictions, "create", lambda *_: 1 / 0)
        loop.push(tolerance=2)
    assert versions().shown == ""  # what was on show was deleted
    loop.push(tolerance=2)
    assert versions().shown == "m1"
