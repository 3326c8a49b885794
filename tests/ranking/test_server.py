"""A ranking on a real Label Studio: scores are written, and a view opens the batch in order."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from maskbench.cli import main
from maskbench.errors import DataError, MaskbenchError, SourceError
from maskbench.pipeline.fetch import fetch
from maskbench.predictions.versions import delete_version
from maskbench.ranking.labelled import rank_labelled
from maskbench.ranking.model import RankOptions
from maskbench.ranking.push import push_ranking
from maskbench.ranking.report import as_text
from maskbench.ranking.unlabelled import rank_unlabelled
from maskbench.versions.refresh import find_changes
from tests.exports import PARAMS

OPTIONS = RankOptions(by="entropy", diversity=0)


def sure(share):
    """Probabilities of four classes: certain on a share of the pixels, even on the others."""
    chances = np.full((4, 30, 40), 0.25, np.float32)
    chances[:, :, : round(40 * share)] = np.array([1, 0, 0, 0], np.float32)[:, None, None]
    return chances


def predict(loop, shares, **options):
    """Save probabilities for each key and push them."""
    for key, share in shares.items():
        np.save(loop.folder / f"{key}.npy", sure(share))
    loop.push(**{"show": True, **options})


def ranked(loop, options=OPTIONS):
    return rank_unlabelled(loop.params, loop.layout, [loop.folder], options)


def put(loop, ranking, **options):
    return push_ranking(loop.params, loop.layout, ranking, **options)


def views(loop):
    """The tasks of each view by its title, in the order in which it opens them."""
    found = loop.api.call("GET", f"/api/dm/views/?project={loop.project}")
    assert len({view["data"]["title"] for view in found}) == len(found)
    return {view["data"]["title"]: opened(loop, view["id"]) for view in found}


def opened(loop, view):
    query = f"project={loop.project}&view={view}"
    return [task["id"] for task in loop.api.call("GET", f"/api/tasks/?{query}")["tasks"]]


def next_task(loop, as_displayed=True):
    """The task that the label stream opens, as the Data Manager asks for it."""
    [view] = loop.api.call("GET", f"/api/dm/views/?project={loop.project}")
    body = {name: view["data"][name] for name in ("filters", "ordering")} if as_displayed else {}
    path = f"/api/dm/actions?id=next_task&project={loop.project}&tabID={view['id']}"
    return loop.api.call("POST", path, json=body)["id"]


def view_number(said):
    return int(re.search(r"\?tab=(\d+)", said)[1])


def test_a_view_opens_the_batch_in_its_order_and_is_replaced(loop):
    keys = loop.images()
    one, two, three = keys
    predict(loop, {one: 0.5, two: 0.9, three: 0.2})
    loop.proxy.forget()
    ranking = ranked(loop)
    assert loop.proxy.counts()["/data/"] == 0  # images that are here are not asked for
    assert [image.key for image in ranking.images] == [three, one, two]
    assert [image.score for image in ranking.images] == pytest.approx([0.8, 0.5, 0.1])
    said = put(loop, ranking, dry_run=True)
    assert "would write 3 scores of 'm1'; make the view 'maskbench: label next'" in said
    assert views(loop) == {}
    fetch(loop.params, loop.layout)
    said = put(loop, ranking)
    assert f"{loop.proxy.url}/projects/{loop.project}/data?tab=" in said
    order = [keys[three], keys[one], keys[two]]
    assert views(loop) == {"maskbench: label next": order}
    scores = {task: each["score"] for task, each in loop.predictions().items()}
    assert [scores[task] for task in order] == [1e-5, 2e-5, 3e-5]
    assert next_task(loop) == keys[three]
    assert not find_changes(loop.params, loop.layout)
    np.save(loop.folder / f"{two}.npy", sure(0))
    batch = ranked(loop, RankOptions(by="margin", batch=2))
    assert "would write 2 scores of 'm1'; replace" in put(loop, batch, dry_run=True)
    assert view_number(put(loop, batch)) == view_number(said)
    assert views(loop) == {"maskbench: label next": [keys[two], keys[three]]}
    assert next_task(loop) == keys[two]
    assert not find_changes(loop.params, loop.layout)


def test_what_cannot_be_pushed_is_named_and_nothing_is_changed(loop):
    one, two, _ = keys = loop.images()
    for key in keys:
        np.save(loop.folder / f"{key}.npy", sure(0.5))
    with pytest.raises(MaskbenchError, match="shows no predictions, so there are no scores"):
        put(loop, ranked(loop))
    (loop.folder / f"{two}.npy").rename(loop.folder.parent / f"{two}.npy")
    predict(loop, {one: 0.5})
    (loop.folder.parent / f"{two}.npy").rename(loop.folder / f"{two}.npy")
    ranking = ranked(loop)
    with pytest.raises(DataError, match="nothing was changed in Label Studio") as caught:
        put(loop, ranking)
    [problem] = caught.value.problems
    assert problem.task == keys[two]
    assert "has no prediction of 'm1', the version that the project shows" in problem.what
    loop.push(show=True)
    loop.proxy.fail("/api/predictions/", 403, skip=3)
    before = loop.predictions()
    with pytest.raises(SourceError, match="this key may not change predictions, only read"):
        put(loop, ranking)
    assert loop.predictions() == before
    assert views(loop) == {}
    elsewhere = ranking.images[0]._replace(project=loop.project + 1000)
    with pytest.raises(DataError, match="nothing was changed") as caught:
        put(loop, replace(ranking, images=[elsewhere, *ranking.images[1:]]))
    assert "is not in fetch.project; add it there" in caught.value.problems[0].what
    with pytest.raises(MaskbenchError, match="at most 500 tasks; use --batch 500 or less"):
        put(loop, replace(ranking, batch=501))


def test_a_task_that_is_deleted_meanwhile_is_left_out(loop):
    one, two, three = keys = loop.images()
    predict(loop, {one: 0.5, two: 0.9, three: 0.2})
    ranking = ranked(loop)
    loop.api.call("DELETE", f"/api/tasks/{keys[one]}/")
    assert put(loop, ranking).endswith(f"left out, because the task was deleted: {one}")
    assert views(loop) == {"maskbench: label next": [keys[three], keys[two]]}
    assert "not ranked" not in as_text(ranked(loop))


def test_a_push_whose_answer_is_lost_makes_no_second_view(loop):
    one, two, three = keys = loop.images()
    predict(loop, {one: 0.9, two: 0.2, three: 0.5})
    loop.proxy.fail("/api/dm/views/", "cut", skip=1)  # it is made, but nobody hears of it
    put(loop, ranked(loop, replace(OPTIONS, batch=2)))
    assert views(loop) == {"maskbench: label next": [keys[two], keys[three]]}
    sampling = {"sampling": "Uncertainty sampling"}
    loop.api.call("PATCH", f"/api/projects/{loop.project}/", json=sampling)
    assert next_task(loop, as_displayed=False) == keys[two]


def test_scores_of_other_versions_do_not_count(loop):
    one, two, three = keys = loop.images()
    predict(loop, {one: 0.1, two: 0.5, three: 0.9})
    predict(loop, {one: 0.9, two: 0.5, three: 0.1}, version="m2")
    put(loop, ranked(loop))
    assert views(loop) == {"maskbench: label next": [keys[three], keys[two], keys[one]]}
    assert max(each["score"] for each in loop.predictions("m2").values()) < 0.01
    assert min(each["score"] for each in loop.predictions("m1").values()) > 0.01
    assert next_task(loop) == keys[three]


def test_bad_predictions_are_named_and_nothing_is_ranked(loop):
    one, two, three = keys = loop.images()
    np.save(loop.folder / f"{one}.npy", sure(0.5)[:, :10])
    np.save(loop.folder / f"{two}.npy", sure(0.5) * 0.5)
    np.save(loop.folder / f"{three}.npy", np.zeros((30, 40), np.uint8))
    with pytest.raises(DataError, match="nothing was ranked") as caught:
        ranked(loop)
    assert [(p.task, p.what[:31]) for p in caught.value.problems] == [
        (keys[one], "has 40 x 10 pixels, its image 4"),
        (keys[two], "holds a pixel whose probabiliti"),
        (keys[three], "holds class values, but --by en"),
    ]
    for key in keys:
        (loop.folder / f"{key}.npy").rename(loop.folder / f"no-{key}.npy")
    with pytest.raises(DataError, match="3 tasks without annotations, but no prediction for any"):
        ranked(loop)
    for task in keys.values():
        loop.api.annotate(task, [])
    with pytest.raises(MaskbenchError, match="every task has an annotation; --labelled ranks"):
        ranked(loop)


def test_what_suits_the_predictions_is_the_measure(loop, tmp_path):
    one, two, three = loop.images()
    other = tmp_path / "other"
    other.mkdir()
    masks = {one: (0, 1), two: (0, 0), three: (0, 2)}
    for key, (first, second) in masks.items():
        np.save(loop.folder / f"{key}.npy", np.full((30, 40), first, np.uint8))
        mask = np.zeros((30, 40), np.uint8)
        mask[:15] = second
        np.save(other / f"{key}.npy", mask)
    found = rank_unlabelled(loop.params, loop.layout, [loop.folder, other], RankOptions())
    assert found.by == "disagreement"
    assert [(i.key, i.score) for i in found.images] == [(one, 0.5), (three, 0.5), (two, 0)]
    with pytest.raises(DataError, match=r"manifest cannot be used"):
        ranked(loop, RankOptions())
    loop.build()  # one labelled image, of Canvas and Background
    rare = rank_unlabelled(loop.params, loop.layout, [other], RankOptions())
    assert rare.by == "rarity"
    assert [image.key for image in rare.images] == [three, one, two]
    (other / f"{one}.npy").unlink()
    few = rank_unlabelled(loop.params, loop.layout, [other], RankOptions())
    assert few.notes == [f"1 task not ranked for lack of a prediction: {one}"]


def test_images_of_one_group_are_not_chosen_together(loop):
    keys = loop.images()
    for number, task in enumerate(keys.values()):
        data = next(t["data"] for t in loop.api.tasks(loop.project) if t["id"] == task)
        loop.api.patch_task(task, {**data, "video": "ab"[number // 2]})
    for share, key in zip((0, 0.1, 0.3), keys, strict=True):
        np.save(loop.folder / f"{key}.npy", sure(share))
    split = loop.params.split._replace(group_by="video")
    loop.params = loop.params._replace(split=split)
    one, two, three = keys
    found = ranked(loop, RankOptions(by="entropy", batch=2, diversity=1))
    assert [image.key for image in found.images] == [one, three, two]
    assert [image.details["group"] for image in found.images] == ["a", "b", "a"]


def test_labels_to_look_at_again_have_a_view_of_their_own(loop):
    keys = loop.images()
    predict(loop, dict.fromkeys(keys, 0.5))
    put(loop, ranked(loop))
    loop.build()
    [file] = (loop.layout.benchmark / "masks").iterdir()
    np.save(loop.folder / f"{file.stem}.npy", sure(1))
    loop.push(show=True)
    ranking = rank_labelled(loop.layout, loop.folder, RankOptions())
    put(loop, ranking)
    assert views(loop) == {
        "maskbench: label next": list(keys.values()),
        "maskbench: look again": [loop.tasks[0]],
    }
    assert not find_changes(loop.params, loop.layout)
    delete_version(loop.params, loop.layout, "m1")
    assert not find_changes(loop.params, loop.layout)


def test_as_it_is_typed(loop, tmp_path, monkeypatch, capsys):
    one, two, three = keys = loop.images()
    predict(loop, {one: 0.5, two: 0.9, three: 0.2})
    fetch_params = {**PARAMS["fetch"], "server": loop.proxy.url, "project": loop.project}
    root = loop.layout.root
    (root / "params.yaml").write_text(json.dumps({**PARAMS, "fetch": fetch_params}))
    (root / "dvc.yaml").write_text("")
    monkeypatch.chdir(root)
    words = ["rank", str(loop.folder), "--batch", "2", "--diversity", "0"]
    assert main([*words, "--push", "--html", "page", "--csv", "next.csv"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("3 images by entropy; the first 2 to label\n")
    assert f"project {loop.project}: wrote 2 scores of 'm1'; 'Label Tasks As Displayed' in" in said
    assert views(loop) == {"maskbench: label next": [keys[three], keys[one]]}
    assert [line.split(",")[1] for line in (root / "next.csv").read_text().splitlines()] == [
        "key", three, one, two,
    ]  # fmt: skip
    pictures = sorted(path.name for path in (root / "page/images").iterdir())
    assert pictures == [f"0000{i}-{kind}.jpg" for i in (0, 1) for kind in ("model", "where")]
    where = np.asarray(Image.open(root / "page/images/00000-where.jpg").convert("HSV"))
    assert where[:, 12:, 1].min() > 100 > where[:, :4, 1].max()  # grey where the model is sure
    assert main([*words[:2], str(loop.folder), "--html", "page"]) == 0
    names = {path.name.partition("-")[2] for path in (root / "page/images").iterdir()}
    assert names == {"model.jpg", "other-model.jpg", "where.jpg"}
